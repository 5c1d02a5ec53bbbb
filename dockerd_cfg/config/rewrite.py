"""A document made to say another value by the fewest splices, and proof that nothing else moved."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias

from dockerd_cfg.config.layout import Layout, Style, render, render_member
from dockerd_cfg.config.scan import scan
from dockerd_cfg.config.text import ScanError, begins_line, line_start
from dockerd_cfg.config.tree import ArrayNode, Document, JsonValue, Node, ObjectNode, Span, same

__all__ = ["EditBugError", "rewrite"]

_Container: TypeAlias = ObjectNode | ArrayNode
_COMMA_ENDS_LINE: Final = re.compile(r"[ \t]*,[ \t]*(?:\r\n|\n|\r)")
_BLANK_LINE: Final = re.compile(r"(?>\r\n|\n|\r)[ \t]*[\r\n]")


class EditBugError(RuntimeError):
    """An edit did not give what was wanted: a bug in dockerd-cfg, found before anything was written."""


class _Splice(NamedTuple):
    """Put `text` where `start` to `end` was."""

    start: int
    end: int
    text: str


def rewrite(document: Document, wanted: dict[str, JsonValue]) -> bytes:
    """The bytes of `document` with the least change that makes it say `wanted`.

    Members and items that stay keep their bytes and their place; new members come last, in the order of
    `wanted`. An absent or blank document becomes a new file, `{}` at least.
    Raises EditBugError if the outcome, scanned again, is not exactly that.
    """
    edits = _Edits(document)
    if document.root is not None:
        edits.change(document.root, wanted, None)
    else:
        edits.replace_body(wanted)
    splices = sorted(edits.splices)
    after = document.encoding.encode(_spliced(document.text, splices))
    _prove(document, splices, after, wanted)
    return after


class _Edits:
    """Collects the splices of one rewrite."""

    def __init__(self, document: Document) -> None:
        self.splices: list[_Splice] = []
        self._document = document
        self._layout = Layout(document)

    def replace_body(self, wanted: dict[str, JsonValue]) -> None:
        """Put an object where the document has none."""
        start, end = self._document.body
        style = self._layout.style_within(None)
        if self._document.text[start:end] != "null":
            self._splice(start, end, render(wanted, style, "") + style.newline)
        elif wanted:
            self._splice(start, end, render(wanted, style, self._layout.indent_at(start)))

    def change(self, node: Node, wanted: JsonValue, parent: _Container | None) -> None:
        """Make `node`, an item of `parent`, say `wanted`."""
        if isinstance(node, ObjectNode) and node.members and isinstance(wanted, dict) and wanted:
            self._change_object(node, wanted)
        elif isinstance(node, ArrayNode) and node.items and isinstance(wanted, list) and wanted:
            self._change_array(node, wanted)
        elif not same(node.value, wanted):
            style = self._layout.style_within(parent)
            self._splice(node.start, node.end, render(wanted, style, self._layout.indent_at(node.start)))

    def _change_object(self, node: ObjectNode, wanted: dict[str, JsonValue]) -> None:
        for member in node.members:
            if member.key in wanted:
                self.change(member.value, wanted[member.key], node)
        keeps = [member.key in wanted for member in node.members]
        present = {member.key for member in node.members}
        fresh = {key: value for key, value in wanted.items() if key not in present}
        self._insert(node, keeps, fresh, len(keeps))
        self._remove(node, keeps)

    def _change_array(self, node: ArrayNode, wanted: list[JsonValue]) -> None:
        """Keep the items that are the same at both ends; what is between changes one by one."""
        first = _common(node.items, wanted)
        last = _common(node.items[first:][::-1], wanted[first:][::-1])
        old, new = node.items[first : len(node.items) - last], wanted[first : len(wanted) - last]
        for item, value in zip(old, new, strict=False):
            self.change(item, value, node)
        at = first + min(len(old), len(new))
        keeps = [not at <= index < first + len(old) for index in range(len(node.items))]
        self._insert(node, keeps, new[len(old) :], at)
        self._remove(node, keeps)

    def _insert(
        self,
        node: _Container,
        keeps: Sequence[bool],
        fresh: dict[str, JsonValue] | Sequence[JsonValue],
        at: int,
    ) -> None:
        """Put `fresh` in front of the item of `node` that has the index `at`, or behind its last one."""
        if not fresh:
            return
        spans = node.spans
        style = self._layout.style_within(node)
        separator = self._layout.separator(node, style)
        anchor = spans[at - 1].end if at else spans[0].start
        texts = _rendered(fresh, style, self._layout.indent_after(separator, anchor))
        if not any(keeps):
            self._splice(spans[0].start, spans[-1].end, separator.join(texts))
        elif at:
            self._splice(anchor, anchor, "".join(separator + text for text in texts))
        else:
            self._splice(anchor, anchor, "".join(text + separator for text in texts))

    def _remove(self, node: _Container, keeps: Sequence[bool]) -> None:
        """Take out the items that are not kept, each with the lines it has for itself, or with the comma in front.

        At the beginning it is the one behind.
        """
        if not any(keeps):
            return
        spans = node.spans
        for is_kept, run in groupby(range(len(keeps)), key=keeps.__getitem__):
            if is_kept:
                continue
            indices = list(run)
            first, last = indices[0], indices[-1]
            if first:
                lines = _own_lines(self._document.text, spans, first, last)
                self._splice(*(lines or (spans[first - 1].end, spans[last].end)), "")
            else:
                self._splice(spans[0].start, spans[last + 1].start, "")

    def _splice(self, start: int, end: int, text: str) -> None:
        self.splices.append(_Splice(start, end, text))


def _own_lines(text: str, spans: Sequence[Span], first: int, last: int) -> Span | None:
    """What the items `first` to `last` leave no gap without, where they begin a line and others stay behind them.

    Those are their lines, or the beginning of one that others share. None also where blank lines stand on both sides:
    one of these goes as well.
    """
    start, end = spans[first].start, spans[last].end
    if last + 1 == len(spans) or not begins_line(text, start):
        return None
    behind = spans[last + 1].start
    before, after = text[spans[first - 1].end : start], text[end:behind]
    if "\n" not in after and "\r" not in after:
        return Span(start, behind)
    comma = _COMMA_ENDS_LINE.match(text, end)
    if comma is None or all(map(_BLANK_LINE.search, (before, after))):
        return None
    return Span(line_start(text, start), comma.end())


def _common(items: Sequence[Node], values: Sequence[JsonValue]) -> int:
    """How many items at the beginning say the same as `values`."""
    count = 0
    for item, value in zip(items, values, strict=False):
        if not same(item.value, value):
            break
        count += 1
    return count


def _rendered(fresh: dict[str, JsonValue] | Sequence[JsonValue], style: Style, indent: str) -> list[str]:
    if isinstance(fresh, dict):
        return [render_member(key, value, style, indent) for key, value in fresh.items()]
    return [render(value, style, indent) for value in fresh]


def _spliced(text: str, splices: Sequence[_Splice]) -> str:
    parts = []
    position = 0
    for start, end, new in splices:
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


def _prove(before: Document, splices: Sequence[_Splice], data: bytes, wanted: dict[str, JsonValue]) -> None:
    try:
        after = scan(data)
    except ScanError as error:
        raise EditBugError(f"editing daemon.json would break it: {error}") from error
    if not _is_what_was_wanted(before.value, wanted, after.value):
        raise EditBugError("editing daemon.json would not give the wanted values")
    if after.encoding != before.encoding or not _is_same_outside(before.text, splices, after.text):
        raise EditBugError("editing daemon.json would change more than was asked for")


def _is_what_was_wanted(before: JsonValue, wanted: JsonValue, after: JsonValue) -> bool:
    """Whether `after` is `wanted`, with the keys of `before` in their places and new ones behind them."""
    if not isinstance(wanted, dict) or not isinstance(after, dict):
        return same(wanted, after)
    old = before if isinstance(before, dict) else {}
    order = [key for key in old if key in wanted] + [key for key in wanted if key not in old]
    return list(after) == order and all(
        _is_what_was_wanted(old.get(key), value, after[key]) for key, value in wanted.items()
    )


def _is_same_outside(before: str, splices: Sequence[_Splice], after: str) -> bool:
    """Whether `after` is `before` except inside the splices."""
    done = reached = 0
    for start, end, new in splices:
        kept = before[done:start]
        if not after.startswith(kept, reached):
            return False
        done, reached = end, reached + len(kept) + len(new)
    return before[done:] == after[reached:]
