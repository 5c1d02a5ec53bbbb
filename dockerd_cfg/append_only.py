"""Files of lines that only grow, each line on disk before anything is done about it."""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final

from dockerd_cfg.files import read_descriptor, sync_folder, translated

_FALLOC_FL_KEEP_SIZE: Final = 1
# A line that is longer is only begun when after it there is so much room as well: what comes then is short.
_LONG: Final = 8 << 10
_ROOM_AFTER: Final = 64 << 10


class AppendFile:
    """A file of lines that only grows; a line counts once it is on disk, with its newline.

    Opening cuts off a torn last line, left when the machine stopped in the middle of a write, so that the next
    line cannot be glued to it.
    """

    def __init__(self, path: Path) -> None:
        with translated(f"cannot open {path}"):
            self._path = path
            self._descriptor = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
            data = read_descriptor(self._descriptor)
            whole = data.rfind(b"\n") + 1
            if whole != len(data):
                os.ftruncate(self._descriptor, whole)
            os.fsync(self._descriptor)
            sync_folder(path.parent)
            self.lines = data[:whole].splitlines()

    def append(self, line: bytes) -> None:
        """Add ``line`` (without newline) and return when it is on disk. Raises FileProblem."""
        with translated(f"cannot append to {self._path}"):
            whole = os.fstat(self._descriptor).st_size
            if len(line) > _LONG:
                _set_apart(self._descriptor, whole + len(line) + _ROOM_AFTER)
            rest = memoryview(line + b"\n")
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, whole)  # half a line would spoil the next one
                raise

    def reserve(self) -> None:
        """Set room apart for as much as the longest line so far takes, and for what comes after it. Raises FileProblem."""
        with translated(f"cannot reserve room for {self._path}"):
            longest = max(map(len, self.lines), default=0)
            _set_apart(self._descriptor, os.fstat(self._descriptor).st_size + longest + _ROOM_AFTER)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_lines(path: Path) -> list[bytes]:
    """Return the whole lines of ``path``, without a torn last one. Raises FileProblem."""
    with translated(f"cannot read {path}"):
        data = path.read_bytes()
        return data[: data.rfind(b"\n") + 1].splitlines()


def reserve(path: Path, room: int) -> None:
    """Create the file ``path`` with ``room`` bytes of disk set apart for it, its length still 0.

    A journal must be able to tell the end of what it began, even when the disk has filled meanwhile. A file system
    that cannot set room apart is taken as it is. Raises FileProblem when there is not that much room.
    """
    with translated(f"cannot reserve room for {path}"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _set_apart(descriptor, room)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(path.parent)


def _set_apart(descriptor: int, room: int) -> None:
    """Set the first ``room`` bytes of a file apart, its length as it is. Raises OSError when there is not that much room."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if libc.fallocate(descriptor, _FALLOC_FL_KEEP_SIZE, 0, room) != 0:
        number = ctypes.get_errno()
        if number in {errno.ENOSPC, errno.EDQUOT}:
            raise OSError(number, os.strerror(number))
