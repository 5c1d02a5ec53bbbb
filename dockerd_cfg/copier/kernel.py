"""System calls that the standard library has no names for."""

import ctypes
import errno
import mmap
import os
import signal
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG: Final = 1
_OPENAT2: Final = 437  # the same on all architectures that Docker runs on
_RESOLVE_NO_XDEV: Final = 1
_RESOLVE_NO_SYMLINKS: Final = 4
_CACHESTAT: Final = 451  # likewise
_IOPRIO_SET: Final = {
    "x86_64": 251,
    "aarch64": 30,
    "armv7l": 314,
    "ppc64le": 273,
    "s390x": 282,
    "riscv64": 30,
}
_IOPRIO_WHO_PROCESS: Final = 1
_IOPRIO_IDLE: Final = 3 << 13


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_FOLDER: Final = _OpenHow(
    os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, 0, _RESOLVE_NO_XDEV | _RESOLVE_NO_SYMLINKS
)
_syscall: Final = _LIBC.syscall
_syscall.restype = ctypes.c_long
_HOW: Final = ctypes.byref(_FOLDER)
_HOW_SIZE: Final = ctypes.c_size_t(ctypes.sizeof(_FOLDER))
_OPENAT2_NUMBER: Final = ctypes.c_long(_OPENAT2)


def _failed() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def open_folder_below(folder: int, path: bytes) -> int:
    """Open the folder ``path`` below ``folder``, following no symlink and crossing no mount point on the way.

    Raises OSError: ELOOP at a symlink, EXDEV at a mount point, ENOSYS or EPERM where the kernel (before 5.6) or a
    filter has no openat2(2).
    """
    opened: int = _syscall(_OPENAT2_NUMBER, folder, path, _HOW, _HOW_SIZE)
    if opened < 0:
        raise _failed()
    return opened


def has_openat2() -> bool:
    """Tell whether `open_folder_below` works here."""
    root = os.open("/", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.close(open_folder_below(root, b"."))
    except OSError as error:
        return error.errno not in {errno.ENOSYS, errno.EPERM}
    finally:
        os.close(root)
    return True


def die_with(parent: int) -> None:
    """Let the kernel kill this process when ``parent`` (its pid) dies, and end it now if that has happened."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def sync_filesystem(folder: int) -> None:
    """Bring everything on the file system of ``folder`` to disk; raises OSError when that fails."""
    if _LIBC.syncfs(folder) != 0:
        raise _failed()


def be_idle() -> None:
    """Ask the disk's scheduler to serve everyone else first; only bfq heeds it, others do nothing. Never fails."""
    number = _IOPRIO_SET.get(os.uname().machine)
    if number is not None:
        _LIBC.syscall(ctypes.c_long(number), _IOPRIO_WHO_PROCESS, 0, _IOPRIO_IDLE)


class _CacheRange(ctypes.Structure):
    _fields_ = (("offset", ctypes.c_uint64), ("length", ctypes.c_uint64))


class _CacheStat(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_uint64) for name in ("cache", "dirty", "writeback", "evicted", "recently_evicted")
    )


_range: Final = _CacheRange()
_cached: Final = _CacheStat()
_RANGE: Final = ctypes.byref(_range)
_CACHED: Final = ctypes.byref(_cached)
_CACHESTAT_NUMBER: Final = ctypes.c_long(_CACHESTAT)
_NO_FLAGS: Final = ctypes.c_uint(0)


def has_cachestat() -> bool:
    """Tell whether `is_cached` works here: Linux 6.5, and no filter of system calls against it."""
    file = os.memfd_create("copier")
    try:
        return _count_cached(file, 0, mmap.PAGESIZE)
    finally:
        os.close(file)


def is_cached(file: int, start: int, size: int) -> bool:
    """Tell whether any of ``size`` bytes of ``file`` from ``start`` on is in the page cache, by cachestat(2).

    Where the kernel does not tell, of files that this user may not write for instance, some might be.
    """
    return not _count_cached(file, start, size) or bool(_cached.cache)


def _count_cached(file: int, start: int, size: int) -> bool:
    _range.offset, _range.length = start, size
    counted: int = _syscall(_CACHESTAT_NUMBER, file, _RANGE, _CACHED, _NO_FLAGS)
    return counted == 0


_MOST_PAGES: Final = 2048
_pages: Final = ctypes.create_string_buffer(_MOST_PAGES)
_mmap: Final = _LIBC.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_longlong,
)
_munmap: Final = _LIBC.munmap
_munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_mincore: Final = _LIBC.mincore
_mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
_MAP_FAILED: Final = ctypes.c_void_p(-1).value
_RESIDENT: Final = int.from_bytes(b"\1" * _MOST_PAGES, "little")  # the other bits are not defined


def is_resident(file: int, start: int, size: int) -> bool:
    """Like `is_cached`, of at most 4 MB, by mincore(2): any kernel has it, but it takes three calls."""
    begin = start - start % mmap.PAGESIZE
    length = start + size - begin
    pages = -(-length // mmap.PAGESIZE)
    address = _mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, file, begin)
    if address == _MAP_FAILED:
        return True
    try:
        if _mincore(address, length, _pages) != 0:
            return True
        return bool(int.from_bytes(_pages.raw[:pages], "little") & _RESIDENT)
    finally:
        _munmap(address, length)
