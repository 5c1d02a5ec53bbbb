"""The tree that scanning gives: nodes with their spans, and the values they stand for."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from dockerd_cfg.config.text import Encoding, Place, place_of

__all__ = [
    "DEEPEST",
    "ArrayNode",
    "Document",
    "JsonValue",
    "Member",
    "Node",
    "ObjectNode",
    "Scalar",
    "ScalarNode",
    "Span",
    "same",
]

Scalar: TypeAlias = bool | int | float | str | None
JsonValue: TypeAlias = "Scalar | list[JsonValue] | dict[str, JsonValue]"

DEEPEST: Final = 200
"""Objects and arrays may nest this deep; no daemon.json comes near it, and no recursion gets out of hand."""


class Span(NamedTuple):
    """A stretch of a document's text, in characters: `text[start:end]`."""

    start: int
    end: int


class ScalarNode(NamedTuple):
    """A string, number, boolean or null; its exact text is `document.text[start:end]`."""

    start: int
    end: int
    value: Scalar


class ArrayNode(NamedTuple):
    """An array, brackets included in its span."""

    start: int
    end: int
    items: tuple["Node", ...]

    @property
    def value(self) -> list[JsonValue]:
        """The array as a new list."""
        return [item.value for item in self.items]

    @property
    def spans(self) -> tuple[Span, ...]:
        """The span of each item."""
        return tuple(Span(item.start, item.end) for item in self.items)


class Member(NamedTuple):
    """A key with its value; the key's span includes its quotes."""

    key: str
    key_span: Span
    value: "Node"

    @property
    def span(self) -> Span:
        """From the key's first quote to the end of the value."""
        return Span(self.key_span.start, self.value.end)


class ObjectNode(NamedTuple):
    """An object, braces included in its span; its keys are all different."""

    start: int
    end: int
    members: tuple[Member, ...]

    @property
    def value(self) -> dict[str, JsonValue]:
        """The object as a new dict, in the order of the text."""
        return {member.key: member.value.value for member in self.members}

    @property
    def spans(self) -> tuple[Span, ...]:
        """The span of each member."""
        return tuple(member.span for member in self.members)

    def member(self, key: str) -> Member | None:
        """The member with this key, if there is one."""
        return next((member for member in self.members if member.key == key), None)


Node: TypeAlias = ScalarNode | ArrayNode | ObjectNode


class Document(NamedTuple):
    """A scanned daemon.json.

    `root` is None where dockerd reads an empty configuration without an object: an absent or blank file, or
    `null`. `body` is the span of the top-level value; for an absent or blank file it is the whole text.
    """

    text: str
    encoding: Encoding
    root: ObjectNode | None
    body: Span

    @property
    def value(self) -> dict[str, JsonValue]:
        """What the document says, as a new dict in the order of the text."""
        return self.root.value if self.root else {}

    def member(self, path: Sequence[str]) -> Member | None:
        """The member at `path`, if every step of it is there; an empty path names none."""
        node: Node | None = self.root
        member = None
        for key in path:
            member = node.member(key) if isinstance(node, ObjectNode) else None
            node = member.value if member else None
        return member

    def place(self, offset: int) -> Place:
        """The line and column of the character at `offset`."""
        return place_of(self.text, offset)


def same(left: JsonValue, right: JsonValue) -> bool:
    """Whether two values are the same JSON: `1`, `1.0` and `true` are three; the order of keys says nothing."""
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(same(value, right[key]) for key, value in left.items())
        )
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(same(one, other) for one, other in zip(left, right, strict=True))
        )
    return type(left) is type(right) and left == right
