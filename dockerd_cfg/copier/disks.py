"""Which disk lies on which: the file behind a loop device may be on the very disk that is copied from."""

import fcntl
import os
import struct
from pathlib import Path
from typing import Final

_LOOP: Final = 7  # major number
_LOOP_GET_STATUS64: Final = 0x4C05  # linux/loop.h, like the structure
_STATUS: Final = struct.Struct("=QQQQQIIII64s64s32s2Q")


def lies_on(device: int, disk: int) -> bool:
    """Tell whether what is written to ``device`` comes to ``disk`` as well (numbers as in st_dev).

    So it may be with a loop device that does not tell where its file is.
    """
    while device != disk and os.major(device) == _LOOP:
        file_is_on = _file_of(device)
        if file_is_on is None:
            return True
        device = file_is_on
    return device == disk


def _file_of(device: int) -> int | None:
    """Return the number of what the file of a loop device is on, asked of the device itself: its path may be of elsewhere."""
    name = f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"
    try:
        node = os.open(Path("/dev") / Path(name).resolve(strict=True).name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = fcntl.ioctl(node, _LOOP_GET_STATUS64, bytes(_STATUS.size))
        finally:
            os.close(node)
    except OSError:
        return None
    found: int = _STATUS.unpack(status)[0]
    return found
