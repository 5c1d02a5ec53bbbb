"""The kernel's page cache: what is to come is read ahead into it, and what the copy alone has read leaves it again.

So a copy larger than the memory does not push out what the containers use; and memory that was just given back is
also the quickest to get, on virtual machines that return what is free to their host above all.
"""

import os
from typing import Final

_SCRATCH: Final = memoryview(bytearray(1 << 18))


def fetch(file: int, start: int, size: int) -> bool:
    """Like `read_ahead`; tell whether the beginning was in memory before.

    preadv2(2): with RWF_NOWAIT, EAGAIN tells that the disk would have to be read; newer kernels begin with that, so
    the whole is asked for, in one request to the disk. Where the file system does not tell, it might be in memory.
    """
    was_there = True
    try:
        os.preadv(file, [_SCRATCH[:size]], start, os.RWF_NOWAIT)
    except BlockingIOError:
        was_there = False
    except OSError:
        pass
    read_ahead(file, start, size)
    return was_there


def read_ahead(file: int, start: int, size: int) -> None:
    """Let the kernel begin to read ``size`` bytes of ``file`` from ``start`` on."""
    os.posix_fadvise(file, start, size, os.POSIX_FADV_WILLNEED)


def read_no_further(file: int) -> None:
    """Let the kernel read of ``file`` only what it is told to, and nothing beyond on its own."""
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)


def forget(file: int, start: int, size: int) -> None:
    """Let the kernel drop what it holds of ``file``, ``size`` bytes from ``start`` on (0: to its end)."""
    os.posix_fadvise(file, start, size, os.POSIX_FADV_DONTNEED)
