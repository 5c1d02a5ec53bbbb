"""Strict JSON into a tree with spans; what is wrong with a text that is none is told by `diagnosis`.

What this accepts, Go's json.Unmarshal (dockerd) and Python's json accept too, with the same value.
"""

import re
from json import loads
from math import isinf
from typing import Final

from dockerd_cfg.config import diagnosis, diagnosis_tokens
from dockerd_cfg.config.text import Place, ScanError, decode, place_of
from dockerd_cfg.config.tree import (
    DEEPEST,
    ArrayNode,
    Document,
    JsonValue,
    Member,
    Node,
    ObjectNode,
    Scalar,
    ScalarNode,
    Span,
)

__all__ = [
    "DEEPEST",
    "ArrayNode",
    "Document",
    "JsonValue",
    "Member",
    "Node",
    "ObjectNode",
    "Place",
    "Scalar",
    "ScalarNode",
    "ScanError",
    "Span",
    "scan",
    "scan_value",
]

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_PLAIN: Final = re.compile(r'"([^"\\\x00-\x1f]*)"')
_ESCAPED: Final = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*+"')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)((?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)")
_WORDS: Final[dict[str, tuple[str, Scalar]]] = {
    "t": ("true", True),
    "f": ("false", False),
    "n": ("null", None),
}


def scan(data: bytes | None) -> Document:
    r"""The tree of a daemon.json; None stands for an absent file.

    An absent or blank file and a top-level `null` are an empty configuration, as for dockerd since 23.0
    (moby daemon/config/config.go; 20.10 dies on an empty file). A byte order mark is kept, UTF-16 with one too.

    Raises ScanError for everything dockerd refuses, and for what it reads differently from what is written:
    duplicate keys (Go merges or overwrites), escapes of lone surrogates (Go puts U+FFFD), numbers beyond the
    range of a 64-bit float, and nesting deeper than `DEEPEST`.
    """
    text, encoding = decode(data or b"")
    start = _skip_blank(text, 0)
    if start == len(text):
        return Document(text, encoding, None, Span(0, len(text)))
    scanner = _Scanner(text, start)
    node = scanner.read()
    rest = _skip_blank(text, node.end)
    if rest < len(text) or not (isinstance(node, ObjectNode) or text[node.start : node.end] == "null"):
        raise _error(text, diagnosis.top_level(text, start, rest))
    return Document(
        text, encoding, node if isinstance(node, ObjectNode) else None, Span(node.start, node.end)
    )


def scan_value(text: str) -> JsonValue:
    """The value that `text`, JSON of any kind, stands for. Raises ScanError for what `scan` refuses within a file."""
    scanner = _Scanner(text, _skip_blank(text, 0))
    node = scanner.read()
    rest = _skip_blank(text, node.end)
    if rest < len(text):
        raise _error(text, diagnosis_tokens.Fault(rest, "something follows the value", "write one value"))
    return node.value


def _skip_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _error(text: str, fault: diagnosis_tokens.Fault) -> ScanError:
    line, column = place_of(text, fault.offset)
    return ScanError(fault.message, line, column, fault.hint)


class _OpenArray:
    """An array whose end has not been read yet."""

    __slots__ = ("items", "start")
    closer = "]"

    def __init__(self, start: int) -> None:
        self.start = start
        self.items: list[Node] = []

    def add(self, node: Node) -> None:
        self.items.append(node)

    def close(self, end: int) -> ArrayNode:
        return ArrayNode(self.start, end, tuple(self.items))


class _OpenObject:
    """An object whose end has not been read yet, with the key whose value comes next."""

    __slots__ = ("key", "key_span", "members", "places", "start")
    closer = "}"

    def __init__(self, start: int) -> None:
        self.start = start
        self.members: list[Member] = []
        self.places: dict[str, int] = {}
        self.key = ""
        self.key_span = Span(start, start)

    def add(self, node: Node) -> None:
        self.members.append(Member(self.key, self.key_span, node))

    def close(self, end: int) -> ObjectNode:
        return ObjectNode(self.start, end, tuple(self.members))


class _Scanner:
    """Reads one value with a stack of its own, so that no depth of nesting becomes a depth of calls."""

    __slots__ = ("opened", "position", "text")

    def __init__(self, text: str, position: int) -> None:
        self.text = text
        self.position = position
        self.opened: list[_OpenArray | _OpenObject] = []

    def read(self) -> Node:
        node = self._begin()
        while node is None or self.opened:
            node = self._begin() if node is None else self._continue(node)
        return node

    def _begin(self) -> Node | None:
        """Read a value, or only the opening of an object or array that is not empty: None."""
        text, start = self.text, self.position
        first = text[start : start + 1]
        if first == '"':
            value = self._string()
            return ScalarNode(start, self.position, value)
        if first in ("{", "["):
            return self._enter(start)
        if first in _WORDS:
            word, constant = _WORDS[first]
            if text.startswith(word, start):
                self.position += len(word)
                return ScalarNode(start, self.position, constant)
        number = _NUMBER.match(text, start)
        if number is None:
            raise self._fail(diagnosis.no_value)
        self.position = number.end()
        return ScalarNode(start, self.position, self._number(number))

    def _enter(self, start: int) -> Node | None:
        container = _OpenObject(start) if self.text[start] == "{" else _OpenArray(start)
        if len(self.opened) == DEEPEST:
            raise _error(self.text, diagnosis.too_deep(start, DEEPEST))
        self.position = _skip_blank(self.text, start + 1)
        if self.text.startswith(container.closer, self.position):
            self.position += 1
            return container.close(self.position)
        self.opened.append(container)
        if isinstance(container, _OpenObject):
            self._key(container)
        return None

    def _continue(self, node: Node) -> Node | None:
        """Put `node` where it belongs; give the container if that ends it, None if another value follows."""
        container = self.opened[-1]
        container.add(node)
        self.position = _skip_blank(self.text, self.position)
        after = self.text[self.position : self.position + 1]
        if after == ",":
            self.position = _skip_blank(self.text, self.position + 1)
            if isinstance(container, _OpenObject):
                self._key(container)
            return None
        if after == container.closer:
            self.position += 1
            self.opened.pop()
            return container.close(self.position)
        raise self._fail(diagnosis.no_comma)

    def _key(self, container: _OpenObject) -> None:
        start = self.position
        if not self.text.startswith('"', start):
            raise self._fail(diagnosis.no_key)
        key = self._string()
        earlier = container.places.setdefault(key, start)
        if earlier != start:
            raise _error(self.text, diagnosis.duplicate_key(self.text, key, earlier, start))
        container.key, container.key_span = key, Span(start, self.position)
        self.position = _skip_blank(self.text, self.position)
        if not self.text.startswith(":", self.position):
            raise self._fail(diagnosis.no_colon)
        self.position = _skip_blank(self.text, self.position + 1)

    def _string(self) -> str:
        start = self.position
        plain = _PLAIN.match(self.text, start)
        if plain:
            self.position = plain.end()
            return plain[1]
        escaped = _ESCAPED.match(self.text, start)
        if escaped is None:
            raise self._fail(diagnosis_tokens.bad_string)
        value = loads(escaped[0])
        if not isinstance(value, str) or _has_surrogate(value):
            raise self._fail(diagnosis_tokens.lone_surrogate)
        self.position = escaped.end()
        return value

    def _number(self, number: re.Match[str]) -> int | float:
        real = float(number[0])
        if isinf(real):
            raise _error(self.text, diagnosis_tokens.too_large(number.start(), number[0]))
        return real if number[1] else int(number[0])

    def _fail(self, diagnose: diagnosis.Diagnose) -> ScanError:
        opened = self.opened[-1].start if self.opened else None
        return _error(self.text, diagnose(self.text, self.position, opened))


def _has_surrogate(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)
