"""Copying the bytes of a file, holes left out."""

import errno
import os
from collections import deque
from typing import Final

from dockerd_cfg.copier import page_cache
from dockerd_cfg.copier.pace import Pace

_BUFFER: Final = 1 << 18  # bytes; more than the processor's cache holds is slower
_AHEAD: Final = 2 << 20  # bytes of a large file that the kernel is told to read at once
_BLOCK: Final = 512  # bytes, the unit of st_blocks


class Content:
    """Copies from descriptor to descriptor, with one buffer for all files."""

    def __init__(self, pace: Pace) -> None:
        self._buffer = memoryview(bytearray(_BUFFER))
        self._pieces = [self._buffer]
        self._pace = pace

    def copy(self, source: int, target: int, status: os.stat_result) -> int:
        """Copy all of ``source``, which has ``status``, into the empty ``target``; return the bytes of data.

        Less than its size may be there by now; it is then copied as far as it goes. Where the source ends with a
        hole, the target is left without it. Raises OSError.
        """
        size = status.st_size
        if has_holes(status):
            return self.copy_data(source, target, 0, size)
        if not size:
            return 0
        if size > _BUFFER:
            return self._copy_range(source, target, 0, size)
        self._pace.before(size)
        got = os.readv(source, self._pieces)
        _write(target, self._buffer[:got])
        self._pace.after()
        return got

    def copy_data(self, source: int, target: int, start: int, end: int) -> int:
        """Copy what is no hole between the offsets ``start`` and ``end``; return the bytes of data. Raises OSError."""
        done = 0
        while start < end:
            try:
                start = os.lseek(source, start, os.SEEK_DATA)
                hole = os.lseek(source, start, os.SEEK_HOLE)
            except OSError as error:
                if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                    break
                raise
            if start < end:
                done += self._copy_range(source, target, start, min(hole, end))
            start = hole
        return done

    def _copy_range(self, source: int, target: int, start: int, end: int) -> int:
        os.lseek(source, start, os.SEEK_SET)
        os.lseek(target, start, os.SEEK_SET)
        page_cache.fetch_alone(source)
        fetched: deque[tuple[int, int, bool]] = (
            deque()
        )  # where from, how much, and whether it is for us alone
        here = ahead = start
        while here < end:
            while ahead < end and ahead - here < _AHEAD:
                size = min(_AHEAD, end - ahead)
                fetched.append((ahead, size, page_cache.fetch(source, ahead, size)))
                ahead += size
            wanted = min(_BUFFER, end - here)
            self._pace.before(wanted)
            got = os.readv(source, self._pieces if wanted == _BUFFER else [self._buffer[:wanted]])
            if not got:
                break
            _write(target, self._buffer[:got])
            self._pace.after()
            here += got
            if here >= sum(fetched[0][:2]):
                _forget(source, fetched.popleft())
        for one in fetched:
            _forget(source, one)
        return here - start


def _forget(source: int, fetched: tuple[int, int, bool]) -> None:
    start, size, is_for_us = fetched
    if is_for_us:
        page_cache.forget(source, start, size)


def is_small(status: os.stat_result) -> bool:
    """Tell whether a file with ``status`` is copied in one piece, so that all of it may be read beforehand."""
    return 0 < status.st_size <= _BUFFER and not has_holes(status)


def has_holes(status: os.stat_result) -> bool:
    """Tell whether a file with ``status`` has less on disk than its size."""
    return status.st_blocks * _BLOCK < status.st_size


def _write(target: int, data: memoryview) -> None:
    while data:
        data = data[os.write(target, data) :]
