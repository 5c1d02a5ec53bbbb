"""How fast to go: as fast as can be, or so that what runs beside is hardly disturbed."""

import fcntl
import mmap
import os
import struct
import time
from typing import Final

_MOMENT: Final = struct.Struct("=d")
_BURST: Final = 0.2  # seconds' worth of bytes that may come at once


class Pace:
    """No limit. `before` and `after` stand around each read with its write."""

    def before(self, size: int) -> None:
        """Wait until ``size`` bytes may be copied."""

    def after(self) -> None:
        """Rest, if that is due."""


class LimitedPace(Pace):
    """So many bytes per second for all processes that share it by forking."""

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._file = os.memfd_create("pace")  # its lock is what the processes take turns by
        os.ftruncate(self._file, mmap.PAGESIZE)
        self._memory = mmap.mmap(self._file, mmap.PAGESIZE)

    def before(self, size: int) -> None:
        """Wait until ``size`` bytes may be copied."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            now = time.monotonic()
            (free,) = _MOMENT.unpack_from(self._memory)
            start = max(free, now - _BURST)
            _MOMENT.pack_into(self._memory, 0, start + size / self._rate)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        if start > now:
            time.sleep(start - now)
