"""What the walk hands to the workers: names, many at a time."""

import marshal
from collections.abc import Callable
from typing import Final, NamedTuple

_MOST_NAMES: Final = 64
_MOST_BYTES: Final = 8 << 20  # of contents
_LONGEST: Final = 48 << 10  # bytes of a message


class Part(NamedTuple):
    """Names in one folder (a path relative to the root), by what is to be done with them."""

    folder: bytes
    is_new: bool
    """Whether the folder was made by this run, so that nothing can be in it yet."""
    files: list[bytes]
    others: list[bytes]
    pieces: list[tuple[bytes, int, int, int]]
    """Of large files: name, inode, and the range to copy into the file that is there already."""


def message_of(parts: list[Part]) -> bytes:
    """Return a message that holds ``parts``."""
    return marshal.dumps([tuple(part) for part in parts])


def parts_of(message: bytes) -> list[Part]:
    """Return what a message holds."""
    return [Part(*part) for part in marshal.loads(message)]  # noqa: S302  # our own


class Batch:
    """Gathers names until they are worth a message."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._parts: list[Part] = []
        self._names = self._bytes = self._length = 0

    def enter(self, folder: bytes, *, is_new: bool) -> None:
        """Let the names that follow be in ``folder``."""
        if self._parts and not any(self._parts[-1][2:]):
            self._parts.pop()
        self._parts.append(Part(folder, is_new, [], [], []))
        self._length += len(folder)

    def add_file(self, name: bytes, size: int) -> None:
        """Add a regular file of ``size`` bytes."""
        self._parts[-1].files.append(name)
        self._count(name, size)

    def add_other(self, name: bytes) -> None:
        """Add what is neither file nor folder."""
        self._parts[-1].others.append(name)
        self._count(name, 0)

    def add_piece(self, name: bytes, inode: int, start: int, end: int) -> None:
        """Add a part of a large file, between two offsets."""
        self._parts[-1].pieces.append((name, inode, start, end))
        self._count(name, end - start)

    def flush(self) -> None:
        """Send what has been gathered; names that follow are in the same folder still."""
        if self._names:
            self._send(message_of(self._parts))
        last = self._parts[-1]
        self._parts = []
        self._names = self._bytes = self._length = 0
        self.enter(last.folder, is_new=last.is_new)

    def _count(self, name: bytes, size: int) -> None:
        self._names += 1
        self._bytes += size
        self._length += len(name)
        if self._names >= _MOST_NAMES or self._bytes >= _MOST_BYTES or self._length >= _LONGEST:
            self.flush()
