"""Whether others use the disk that is copied from.

The kernel's own means do not tell: the idle class is heeded by one scheduler (bfq), and pressure counts our own
waiting. But we write nothing to the source's disk, so whatever is written there is others'; and what is read there
beyond our own reads. Where the copy comes to the same disk, writes are ours, too: then others are those that wait until
what they wrote is on the disk, as databases do.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

_INTERVAL: Final = 0.4  # seconds between two looks
_MANY: Final = 25  # writes, or flushes, a second: logs and journals alone make less, and so do our own syncs
_MUCH_READ: Final = 2 << 20  # bytes a second
_QUIET: Final = 2.0  # seconds without use after which the disk is taken for free
_READ_SECTORS, _WRITES, _FLUSHES = 2, 4, 15  # fields of /sys/dev/block/*/stat, the last since Linux 5.5
_SECTOR: Final = 512  # bytes


class Neighbours:
    """Watches one disk, now and then."""

    def __init__(self, device: int, pids: Callable[[], Iterable[int]], *, is_written: bool = False) -> None:
        """Watch ``device`` (as in st_dev), leaving out what the processes ``pids`` read, and, if it ``is_written``, write."""
        self._file = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
        self._pids = pids
        self._sign = _FLUSHES if is_written else _WRITES
        self._looked = time.monotonic()
        self._busy_until = 0.0
        self._last = self._counts()

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return time.monotonic() >= self._looked + _INTERVAL

    def are_busy(self) -> bool:
        """Look; tell whether others have used the disk lately. Where nothing is counted (btrfs), they might."""
        counts, now = self._counts(), time.monotonic()
        if counts is None or self._last is None:
            return True
        seconds = now - self._looked
        signs, read = (new - old for new, old in zip(counts, self._last, strict=True))
        # Of our own reads the disk counts when they are done, the kernel when they begin: what has not come back yet
        # is missing, and never are there too many. So only more than ever before was read by others.
        self._last, self._looked = (counts[0], max(counts[1], self._last[1])), now
        if signs > _MANY * seconds or read > _MUCH_READ * seconds:
            self._busy_until = now + _QUIET
        return now < self._busy_until

    def _counts(self) -> tuple[int, int] | None:
        """Return the writes or flushes, and the bytes read by others."""
        try:
            fields = [int(field) for field in self._file.read_text(encoding="ascii").split()]
        except OSError:
            return None
        signs = fields[self._sign] if self._sign < len(fields) else 0
        return signs, fields[_READ_SECTORS] * _SECTOR - sum(map(_bytes_read_by, self._pids()))


def _bytes_read_by(pid: int) -> int:
    """Return what ``pid`` has read, and those of its children that have ended (kernel/exit.c, wait_task_zombie)."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.partition(":")[2]) for line in lines if line.startswith("read_bytes"))
