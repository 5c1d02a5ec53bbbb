"""Bytes to text and back, and places in a text; JSON itself is none of this module's business."""

import codecs
from typing import Final, NamedTuple

__all__ = [
    "UTF_8",
    "Encoding",
    "Place",
    "ScanError",
    "begins_line",
    "decode",
    "line_indent",
    "line_start",
    "place_of",
]


class Place(NamedTuple):
    """A line and a column, both from 1, the column counted in characters; a byte order mark is not counted."""

    line: int
    column: int


class ScanError(ValueError):
    """The bytes are no daemon.json: `message` says what is wrong, `hint` what to do, `line` and `column` where."""

    def __init__(self, message: str, line: int, column: int, hint: str) -> None:
        super().__init__(message, line, column, hint)
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class Encoding(NamedTuple):
    """How a text was stored: the codec, and the byte order mark in front of it (empty: none)."""

    codec: str
    mark: bytes

    def encode(self, text: str) -> bytes:
        """The bytes of `text` in this encoding, byte order mark included."""
        return self.mark + text.encode(self.codec)


UTF_8: Final = Encoding("utf-8", b"")

_MARKED: Final = (
    Encoding("utf-8", codecs.BOM_UTF8),
    Encoding("utf-16-le", codecs.BOM_UTF16_LE),
    Encoding("utf-16-be", codecs.BOM_UTF16_BE),
)


def decode(data: bytes) -> tuple[str, Encoding]:
    """The text of `data` without its byte order mark, and the encoding that gives back the same bytes.

    A mark decides the encoding, as in moby's daemon/config/config.go since 23.0 (20.10 refuses every mark);
    without one it is UTF-8. Raises ScanError where the bytes are not valid in that encoding.
    """
    encoding = next((known for known in _MARKED if data.startswith(known.mark)), UTF_8)
    body = data.removeprefix(encoding.mark)
    try:
        return body.decode(encoding.codec), encoding
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(encoding.codec)
        line, column = place_of(before, len(before))
        name = encoding.codec.upper()
        raise ScanError(
            f"not valid {name}: byte 0x{body[error.start]:02x} at offset {len(encoding.mark) + error.start}",
            line,
            column,
            "save the file as UTF-8 without a byte order mark",
        ) from error


def place_of(text: str, offset: int) -> Place:
    r"""The line and column of the character at `offset`; `\n`, `\r\n` and a lone `\r` end a line."""
    if text[max(offset - 1, 0) : offset + 1] == "\r\n":
        offset -= 1
    feeds, returns, pairs = (text.count(end, 0, offset) for end in ("\n", "\r", "\r\n"))
    return Place(1 + feeds + returns - pairs, offset - line_start(text, offset) + 1)


def line_indent(text: str, offset: int) -> str:
    """The spaces and tabs that begin the line of the character at `offset`."""
    start = end = line_start(text, offset)
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return text[start:end]


def begins_line(text: str, offset: int) -> bool:
    """Whether only spaces and tabs stand in front of `offset` on its line."""
    return not text[line_start(text, offset) : offset].strip(" \t")


def line_start(text: str, offset: int) -> int:
    """Where the line of the character at `offset` begins."""
    start = text.rfind("\n", 0, offset) + 1
    return max(start, text.rfind("\r", start, offset) + 1)
