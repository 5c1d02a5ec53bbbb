"""How far the copy has come: counted by each process in shared memory, told by one."""

import mmap
import os
import time
from typing import Final

_INTERVAL: Final = 0.2  # seconds between two lines
_BYTES, _FILES, _MISSED, _WIDTH = 0, 1, 2, 8  # places of a process; it has a cache line of its own
_SIZE: Final = 8  # bytes of a number


class Tally:
    """The counts of one process; only that process writes them."""

    def __init__(self, cells: memoryview, number: int) -> None:
        self._cells = cells
        self._first = number * _WIDTH

    def add(self, done_bytes: int, files: int = 1) -> None:
        """Count ``files`` as done, with so many bytes."""
        self._cells[self._first + _BYTES] += done_bytes
        self._cells[self._first + _FILES] += files

    def miss(self, files: int = 1) -> None:
        """Count ``files`` that vanished or changed while they were copied."""
        self._cells[self._first + _MISSED] += files


class Board:
    """The counts of all processes."""

    def __init__(self, processes: int) -> None:
        self._memory = mmap.mmap(-1, processes * _WIDTH * _SIZE)
        self._cells = memoryview(self._memory).cast("Q")
        self._due = 0.0

    def tally(self, number: int) -> Tally:
        """Return the counts of the process ``number``, from 0 on."""
        return Tally(self._cells, number)

    def tell(self, *, last: bool = False) -> None:
        """Write a line to standard output, ``BYTES FILES``, unless one was written just now."""
        now = time.monotonic()
        if now < self._due and not last:
            return
        self._due = now + _INTERVAL
        os.write(1, b"%d %d\n" % (sum(self._cells[_BYTES::_WIDTH]), sum(self._cells[_FILES::_WIDTH])))

    @property
    def missed(self) -> int:
        """How many files vanished or changed meanwhile."""
        return sum(self._cells[_MISSED::_WIDTH])
