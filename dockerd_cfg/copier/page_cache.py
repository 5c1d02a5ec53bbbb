"""The kernel's page cache: what is to come is read ahead into it, and what the copy alone has read leaves it again.

So a copy larger than the memory does not push out what the containers use; and memory that was just given back is
also the quickest to get, on virtual machines that return what is free to their host above all.
"""

import os
from typing import Final

from dockerd_cfg.copier import kernel

_is_in_memory: Final = kernel.is_cached if kernel.has_cachestat() else kernel.is_resident


def fetch(file: int, start: int, size: int) -> bool:
    """Let the kernel begin to read ``size`` bytes of ``file`` from ``start`` on; tell whether none was in memory before."""
    is_for_us = not _is_in_memory(file, start, size)
    os.posix_fadvise(file, start, size, os.POSIX_FADV_WILLNEED)
    return is_for_us


def fetch_alone(file: int) -> None:
    """Let the kernel read nothing of ``file`` beyond what it is told to: it would be taken for somebody else's."""
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)


def forget(file: int, start: int, size: int) -> None:
    """Let the kernel drop what it holds of ``file``, ``size`` bytes from ``start`` on."""
    os.posix_fadvise(file, start, size, os.POSIX_FADV_DONTNEED)
