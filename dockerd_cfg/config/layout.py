"""How a daemon.json is laid out: what its author would type for one more option, and values rendered that way."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from json import dumps
from typing import Any, Final, NamedTuple, TypeAlias

from dockerd_cfg.config.text import begins_line, line_indent
from dockerd_cfg.config.tree import ArrayNode, Document, JsonValue, Node, ObjectNode, ScalarNode

__all__ = ["Layout", "Style", "render", "render_member"]

_Container: TypeAlias = ObjectNode | ArrayNode
_LINE_END: Final = r"\r\n|\n|\r"
_INDENTED_LINE: Final = r"(?<=[\r\n])[ \t]+[^ \t\r\n]"
_BLANKS_AT_LINE_END: Final = r"(?<=,)[ \t]+(?=[\r\n])|(?<=[\r\n])[ \t]+(?=[\r\n])"
_BLANK_LINES: Final = r"(?>\r\n|\n|\r)(?:[ \t]*(\r\n|\n|\r))+"
_LONGEST_ARRAY: Final = 80


class Style(NamedTuple):
    """How new text is written; the defaults are those of a new file."""

    newline: str = "\n"
    unit: str = "  "
    colon: str = ": "
    comma: str = ", "
    """Between items on one line."""
    object_pad: str = ""
    array_pad: str = ""
    objects_on_lines: bool = True
    array_unit: str | None = None
    """The indent unit of items in arrays; None: the same."""
    arrays_on_lines: bool | None = None
    """None: an array of short scalars goes on one line, any other follows the objects."""


class Layout:
    """The styles of one document: of the siblings in an object first, then of the whole."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._root = document.root
        self._styles: dict[int, Style] = {}

    def style_within(self, container: _Container | None) -> Style:
        """The style of a new value in `container`, which is not empty; None: of a new top-level object."""
        if container is None:
            return Style()._replace(**self._whole)
        if container.start not in self._styles:
            self._styles[container.start] = self._style_within(container)
        return self._styles[container.start]

    def _style_within(self, container: _Container) -> Style:
        own = self._traits([container])
        kin = self._traits(node for node in reversed(children(container)) if not isinstance(node, ScalarNode))
        written = {trait: own[trait] for trait in ("colon", "comma") if trait in own}
        traits = self._whole | own | kin | written
        if not self.on_lines(container):
            traits |= {"objects_on_lines": False, "arrays_on_lines": False}
        if "comma" not in traits and traits.get("colon", "").endswith(":"):
            traits["comma"] = ","
        return Style()._replace(**traits)

    def on_lines(self, container: _Container) -> bool:
        """Whether the items of `container` stand on lines of their own."""
        return any(re.search(_LINE_END, gap) for gap in self._gaps(container))

    def separator(self, container: _Container, style: Style) -> str:
        """The comma with the blanks around it that a new last item of `container`, which has some, follows."""
        first, *between, last = self._gaps(container)
        votes = Counter(_tidy(gap) for gap in reversed(between))
        if re.search(_LINE_END, first):
            opening = _tidy("," + first)
            votes[opening if between else re.sub(_BLANK_LINES, r"\1", opening)] += 1
        if votes:
            return max(votes, key=lambda gap: (votes[gap], -len(re.findall(_LINE_END, gap))))
        if re.search(_LINE_END, last):
            return "," + style.newline + line_indent(self._text, container.start) + style.unit
        return style.comma

    def indent_at(self, offset: int) -> str:
        """The indentation of the line of the character at `offset`."""
        return line_indent(self._text, offset)

    def indent_after(self, separator: str, offset: int) -> str:
        """The indentation of the line an item stands on that is put behind `separator` at `offset`."""
        lines = re.split(_LINE_END, separator)
        return line_indent(lines[-1], 0) if len(lines) > 1 else line_indent(self._text, offset)

    @cached_property
    def _whole(self) -> dict[str, Any]:
        traits = self._traits(_containers(self._root)) if self._root else {}
        ends = Counter(re.findall(_LINE_END, self._text))
        return traits | ({"newline": ends.most_common(1)[0][0]} if ends else {})

    def _traits(self, containers: Iterable[_Container]) -> dict[str, Any]:
        """What most of `containers` have in common; fields of Style, left out where none shows it."""
        votes: dict[str, Counter[Any]] = {}
        for container in containers:
            for trait, value in self._signs(container):
                votes.setdefault(trait, Counter())[value] += 1
        return {trait: counter.most_common(1)[0][0] for trait, counter in votes.items()}

    def _signs(self, container: _Container) -> Iterator[tuple[str, Any]]:
        if not children(container):
            return
        first, *between, _ = self._gaps(container)
        on_lines = self.on_lines(container)
        is_object = isinstance(container, ObjectNode)
        if isinstance(container, ObjectNode):
            yield from (("colon", colon) for colon in self._colons(container))
            yield "objects_on_lines", on_lines
        else:
            scalars = all(isinstance(item, ScalarNode) for item in container.items)
            yield "arrays_on_lines" if scalars else "objects_on_lines", on_lines
        if on_lines:
            yield from (("unit" if is_object else "array_unit", unit) for unit in self._units(container))
            return
        yield "object_pad" if is_object else "array_pad", first
        yield from (("comma", gap) for gap in between)

    def _colons(self, container: ObjectNode) -> Iterator[str]:
        for member in reversed(container.members):
            colon = self._text[member.key_span.end : member.value.start]
            if not re.search(_LINE_END, colon):
                yield re.sub(r"[ \t]+$", " ", colon)

    def _units(self, container: _Container) -> Iterator[str]:
        """By what the first line inside is indented; one that is not, in a text with indents, is no example."""
        base = line_indent(self._text, container.start)
        for span in container.spans:
            indent = line_indent(self._text, span.start)
            if begins_line(self._text, span.start):
                if indent.startswith(base) and (indent != base or not self._has_indents):
                    yield indent.removeprefix(base)
                return

    @cached_property
    def _has_indents(self) -> bool:
        return re.search(_INDENTED_LINE, self._text) is not None

    def _gaps(self, container: _Container) -> list[str]:
        """The text in front of, between and behind the items of `container`."""
        spans = container.spans
        starts = [container.start + 1, *(span.end for span in spans)]
        ends = [*(span.start for span in spans), container.end - 1]
        return [self._text[start:end] for start, end in zip(starts, ends, strict=True)]


def children(container: _Container) -> Sequence[Node]:
    """The values in `container`."""
    if isinstance(container, ArrayNode):
        return container.items
    return [member.value for member in container.members]


def _containers(root: ObjectNode) -> Iterator[_Container]:
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ScalarNode):
            yield node
            waiting.extend(children(node))


def _tidy(gap: str) -> str:
    return re.sub(_BLANKS_AT_LINE_END, "", gap)


def render_member(key: str, value: JsonValue, style: Style, indent: str) -> str:
    """The text of a member; `indent` is the indentation of the line it stands on."""
    return _string(key) + style.colon + render(value, style, indent)


def render(value: JsonValue, style: Style, indent: str) -> str:
    """The text of a value; `indent` is the indentation of the line it begins on."""
    if isinstance(value, dict):
        return _rendered_object(value, style, indent)
    if isinstance(value, list):
        return _rendered_array(value, style, indent)
    if isinstance(value, str):
        return _string(value)
    return dumps(value)


def _string(value: str) -> str:
    return dumps(value, ensure_ascii=False)


def _rendered_object(value: dict[str, JsonValue], style: Style, indent: str) -> str:
    if not value:
        return "{}"
    inner = indent + style.unit
    if style.objects_on_lines:
        members = [render_member(key, item, style, inner) for key, item in value.items()]
        return _on_lines("{", members, "}", style.newline + indent, style.unit)
    members = [render_member(key, item, style, indent) for key, item in value.items()]
    return "{" + style.object_pad + style.comma.join(members) + style.object_pad + "}"


def _rendered_array(value: list[JsonValue], style: Style, indent: str) -> str:
    if not value:
        return "[]"
    on_lines = style.arrays_on_lines
    if any(isinstance(item, dict | list) for item in value):
        on_lines = style.objects_on_lines
    if not on_lines:
        items = [render(item, style, indent) for item in value]
        line = "[" + style.array_pad + style.comma.join(items) + style.array_pad + "]"
        if on_lines is False or len(indent) + len(line) <= _LONGEST_ARRAY:
            return line
    unit = style.unit if style.array_unit is None else style.array_unit
    items = [render(item, style, indent + unit) for item in value]
    return _on_lines("[", items, "]", style.newline + indent, unit)


def _on_lines(opener: str, items: Sequence[str], closer: str, line: str, unit: str) -> str:
    return opener + line + unit + ("," + line + unit).join(items) + line + closer
