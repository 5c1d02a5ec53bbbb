"""How fast to go: as fast as can be, at most so many bytes a second, or giving way to others."""

import mmap
import os
import struct
import time
from typing import Final

_MOMENT: Final = struct.Struct("=d")
_TURN: Final = b"."
_LIMIT_AT: Final = 0  # places in the shared memory
_REST_AT: Final = 8
_BURST: Final = 0.2  # seconds' worth of bytes that may come at once
_SHORT: Final = 0.005  # seconds of work that need no rest yet
_LONGEST_WORK: Final = 0.25  # seconds; longer was rather a wait for something to do
_LONGEST_REST: Final = 5.0  # seconds
_NAP: Final = 0.2  # seconds after which to look whether rest is needed still
_SHARE: Final = 0.07  # of the time of one process, for all of them together, when others need the disk


class Pace:
    """One for all processes, which share it by forking: `before` and `after` stand around each read with its write."""

    def __init__(self, processes: int, bytes_per_second: int | None) -> None:
        """Limit the bytes of all ``processes`` together, or not (None)."""
        self._rate = bytes_per_second
        self._rest = processes / _SHARE - 1  # of the time worked
        self._since = time.monotonic()
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._turn, self._turn_over = os.pipe()  # whoever has read the byte in it has its turn
        os.write(self._turn_over, _TURN)

    def give_way(self, *, needed: bool) -> None:
        """Let all processes rest most of the time from now on, or not any more."""
        _MOMENT.pack_into(self._memory, _REST_AT, self._rest if needed else 0.0)

    def before(self, size: int) -> None:
        """Wait until ``size`` bytes may be copied."""
        if self._rate is None:
            return
        os.read(self._turn, len(_TURN))
        try:
            now = time.monotonic()
            (free,) = _MOMENT.unpack_from(self._memory, _LIMIT_AT)
            start = max(free, now - _BURST)
            _MOMENT.pack_into(self._memory, _LIMIT_AT, start + size / self._rate)
        finally:
            os.write(self._turn_over, _TURN)
        if start > now:
            time.sleep(start - now)

    def after(self) -> None:
        """Rest, if others need the disk, in proportion to the time worked."""
        if not self._needed_rest():
            return
        now = time.monotonic()
        worked = min(now - self._since, _LONGEST_WORK)
        if worked < _SHORT:
            return
        until = now + min(self._needed_rest() * worked, _LONGEST_REST)
        while now < until and self._needed_rest():
            time.sleep(min(_NAP, until - now))
            now = time.monotonic()
        self._since = now

    def _needed_rest(self) -> float:
        """Return how long to rest for each second worked."""
        rest: float
        (rest,) = _MOMENT.unpack_from(self._memory, _REST_AT)
        return rest
