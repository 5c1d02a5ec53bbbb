"""The format of files that EnvironmentFile= names: that of a shell's assignments, in systemd's reading of it.

As src/basic/env-file.c of systemd 252 has it; systemd.exec(5) tells most of it. A backslash at the end of a line joins
the next one, in double quotes and without; what is in quotes may have several lines; quoted parts of a value that
follow each other are one. A quote within an unquoted value stands for itself.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dockerd_cfg.paths import HostPath, Layout

_NEWLINE: Final = "\n\r"
_BLANK: Final = " \t\n\r"
_COMMENT: Final = "#;"
_PATTERN: Final = frozenset("*?[")
_ESCAPED: Final = '"\\`$'  # in double quotes a backslash before anything else stands for itself
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"


def matching_files(layout: Layout, names: Iterable[str]) -> Iterator[HostPath]:
    """Yield the files that ``EnvironmentFile=`` means by ``names``: each may be a pattern of glob(7)."""
    for name in names:
        if not _PATTERN.intersection(name):
            yield HostPath(name)
            continue
        import glob  # noqa: PLC0415  # patterns are rare

        found = sorted(glob.glob(name.lstrip("/"), root_dir=layout.root))  # noqa: PTH207  # leaves hidden files out, as systemd does
        yield from (HostPath("/") / one for one in found)


def parse_environment(text: str) -> dict[str, str]:
    """Return the variables that ``text`` assigns; what is no assignment of a valid name is left out."""
    found: dict[str, str] = {}
    reader = _Reader(text)
    while reader.has_more:
        name, value = reader.assignment()
        if re.fullmatch(_NAME, name):
            found[name] = value
    return found


class _Reader:
    """Goes through a text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    @property
    def has_more(self) -> bool:
        """Whether there is something left but blanks."""
        while self._place < len(self._text) and self._text[self._place] in _BLANK:
            self._place += 1
        return self._place < len(self._text)

    def assignment(self) -> tuple[str, str]:
        """Return the next name and value; an empty name for a comment, or a line without an equals sign."""
        if self._text[self._place] in _COMMENT:
            self._skip_comment()
            return "", ""
        start = self._place
        while self._place < len(self._text) and self._text[self._place] not in f"={_NEWLINE}":
            self._place += 1
        name = self._text[start : self._place].rstrip(_BLANK)
        if self._next() != "=":
            return "", ""
        return name, self._value()

    def _next(self) -> str:
        """Return the next character, empty at the end."""
        found = self._text[self._place : self._place + 1]
        self._place += 1
        return found

    def _skip_comment(self) -> None:
        while (here := self._next()) and here not in _NEWLINE:
            if here == "\\":
                self._next()

    def _value(self) -> str:
        value = ""
        while (here := self._next()) and here not in _NEWLINE:
            if here == "'":
                value += self._single_quoted()
            elif here == '"':
                value += self._double_quoted()
            elif here not in _BLANK:
                self._place -= 1
                return value + self._unquoted()
        return value

    def _unquoted(self) -> str:
        value, kept = "", 0  # ``kept``: how much of it is not blanks at its end
        while (here := self._next()) and here not in _NEWLINE:
            if here == "\\":
                here = self._next()
                value += here if here not in _NEWLINE else ""
                kept = len(value)
            else:
                value += here
                kept = kept if here in _BLANK else len(value)
        return value[:kept]

    def _single_quoted(self) -> str:
        value = ""
        while (here := self._next()) and here != "'":
            value += here
        return value

    def _double_quoted(self) -> str:
        value = ""
        while (here := self._next()) and here != '"':
            if here == "\\":
                here = self._next()
                here = here if here in _ESCAPED else "" if here == "\n" else f"\\{here}"
            value += here
        return value
