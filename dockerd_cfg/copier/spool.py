"""Records kept out of memory, in an unlinked file on the target's disk."""

import errno
import marshal
import os
import struct
from collections.abc import Iterator
from typing import Any, Final

_LENGTH: Final = struct.Struct("=I")
_PIECE: Final = 1 << 16  # bytes gathered before they are written, and read at once


class Spool:
    """Records of simple values, appended one by one and read back in the same order or one by its place."""

    def __init__(self, folder: int) -> None:
        """Keep them on the disk of ``folder``, or in memory where its file system makes no unnamed files.

        A process forked from this one can read them too, or this one what that one has written.
        """
        try:
            self._file = os.open(b".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder)
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT}:
                raise
            self._file = os.memfd_create("copier")
        self._waiting = bytearray()
        self._written = 0

    def append(self, record: Any) -> int:
        """Add ``record`` and return its place. Raises OSError, of a full disk for instance."""
        place = self._written + len(self._waiting)
        data = marshal.dumps(record)
        self._waiting += _LENGTH.pack(len(data))
        self._waiting += data
        if len(self._waiting) >= _PIECE:
            self.flush()
        return place

    def at(self, place: int) -> Any:
        """Return the record at ``place``."""
        self.flush()
        (length,) = _LENGTH.unpack(os.pread(self._file, _LENGTH.size, place))
        return marshal.loads(os.pread(self._file, length, place + _LENGTH.size))  # noqa: S302  # our own

    def __iter__(self) -> Iterator[Any]:
        self.flush()
        place = 0
        piece = b""
        here = 0
        size = os.fstat(self._file).st_size
        while place < size:
            if len(piece) - here < _LENGTH.size:
                piece, here = os.pread(self._file, _PIECE, place), 0
            (length,) = _LENGTH.unpack_from(piece, here)
            end = here + _LENGTH.size + length
            if end > len(piece):
                piece, here = os.pread(self._file, max(_PIECE, _LENGTH.size + length), place), 0
                end = _LENGTH.size + length
            yield marshal.loads(memoryview(piece)[here + _LENGTH.size : end])  # noqa: S302  # our own
            place += end - here
            here = end

    def flush(self) -> None:
        """Let other processes see what was appended. Raises OSError."""
        data = memoryview(self._waiting)
        while data:
            written = os.pwrite(self._file, data, self._written)
            self._written += written
            data = data[written:]
        data.release()
        self._waiting = bytearray()
