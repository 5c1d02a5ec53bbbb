"""Whether a file system tells the type of a folder's entries along with their names, as overlay needs."""

import ctypes
import os
from pathlib import Path
from typing import Final

_DT_UNKNOWN: Final = 0


class _Dirent(ctypes.Structure):
    """struct dirent of Linux with 64-bit offsets (readdir(3))."""

    _fields_ = (
        ("ino", ctypes.c_uint64),
        ("off", ctypes.c_int64),
        ("reclen", ctypes.c_ushort),
        ("type", ctypes.c_ubyte),
        ("name", ctypes.c_char * 256),
    )


def tells_types(folder: Path) -> bool:
    """Tell it by the first entry of ``folder``, which must not be empty. Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    library.opendir.restype = ctypes.c_void_p
    library.readdir64.restype = ctypes.POINTER(_Dirent)
    handle = library.opendir(os.fsencode(folder))
    if not handle:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        while entry := library.readdir64(ctypes.c_void_p(handle)):
            if entry.contents.name not in {b".", b".."}:
                return bool(entry.contents.type != _DT_UNKNOWN)
    finally:
        library.closedir(ctypes.c_void_p(handle))
    return True
