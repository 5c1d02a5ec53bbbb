"""The flags that keep even root from changing a file or folder: immutable and append-only, as chattr(1) sets them."""

import fcntl
import os
import stat
from pathlib import Path
from typing import Final

_GET_FLAGS: Final = 0x80086601
_SET_FLAGS: Final = 0x40086602
_IMMUTABLE_OR_APPEND: Final = 0x10 | 0x20
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def is_fixed(path: Path) -> bool:
    """Tell whether one of the flags is set on ``path``; False for what is absent, or whose file system has no flags."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return False
    try:
        return bool(_flags(descriptor) & _IMMUTABLE_OR_APPEND)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def lift(name: bytes, folder: int) -> bool:
    """Take the flags off the file or folder ``name`` in the open ``folder``; whatever else is there has none.

    Returns whether it had any. Raises OSError if it is not there or cannot be opened.
    """
    kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return False
    descriptor = os.open(name, _OPEN, dir_fd=folder)
    try:
        flags = _flags(descriptor)
        if not flags & _IMMUTABLE_OR_APPEND:
            return False
        fcntl.ioctl(descriptor, _SET_FLAGS, (flags & ~_IMMUTABLE_OR_APPEND).to_bytes(8, "little"))
    except OSError:
        return False  # a file system without such flags
    else:
        return True
    finally:
        os.close(descriptor)


def _flags(descriptor: int) -> int:
    return int.from_bytes(fcntl.ioctl(descriptor, _GET_FLAGS, b"\0" * 8)[:4], "little")
