"""Giving up the front of a file: the newest part stays, in the same file, and the room before it becomes free."""

import ctypes
import errno
import fcntl
import os
import signal
from pathlib import Path
from typing import Final

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import beside, sync_folder, translated

_COLLAPSE_RANGE: Final = 8
_HARMLESS: Final = signal.SIGURG  # ignored unless a program asks for it
_PIECE: Final = 1 << 20
_CANNOT_COLLAPSE: Final = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})


class InUse(Exception):
    """Another process has the file open."""


def drop_front(path: Path, keep: int) -> int:
    """Give up whole lines at the front of the file ``path`` so that about its last ``keep`` bytes stay.

    Returns how many bytes it is shorter. Nothing happens while another process has the file open, or if it opens it
    meanwhile and a copy is being made: then InUse is raised. A write lease (fcntl(2), F_SETLEASE) tells, and makes
    whoever opens it wait until this is done. ext4 and xfs take blocks out of the middle of a file at once
    (fallocate(2), FALLOC_FL_COLLAPSE_RANGE), which needs no room and cannot be half done; elsewhere the newest part is
    copied to a new file that takes the old one's place. Raises FileProblem.
    """
    with translated(f"cannot shorten {path}"):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _lease(descriptor)
            size = os.fstat(descriptor).st_size
            begin = _line_start(descriptor, size - keep)
            if begin <= 0:
                return 0
            if begin == size:
                os.ftruncate(descriptor, 0)
            elif not _collapse(descriptor, begin):
                _replace(path, descriptor, begin)
                return begin
            os.fsync(descriptor)
            return size - os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)


def is_open(path: Path) -> bool:
    """Whether another process has the file ``path`` open; a file that is not there is not. Raises FileProblem."""
    with translated(f"cannot look at {path}"):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return False
        try:
            _lease(descriptor)
        except InUse:
            return True
        finally:
            os.close(descriptor)
    return False


def _lease(descriptor: int) -> None:
    # the signal that somebody waits must not end this process: by default SIGIO does
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, _HARMLESS)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY}:
            raise InUse from error
        raise


def _line_start(descriptor: int, wanted: int) -> int:
    """Return where the first line begins at or after ``wanted``; the file's end when none does."""
    if wanted <= 0:
        return 0
    position = wanted - 1
    while piece := os.pread(descriptor, _PIECE, position):
        end = piece.find(b"\n")
        if end >= 0:
            return position + end + 1
        position += len(piece)
    return position


def _collapse(descriptor: int, begin: int) -> bool:
    """Take out the blocks before ``begin``; what is left of the last of them becomes blanks. False: it cannot be done here.

    The file system takes out whole blocks only, so that the file's front becomes up to one block of blanks, which any
    reader of JSON skips.
    """
    block = os.fstatvfs(descriptor).f_bsize
    whole = begin // block * block
    if whole == 0:
        return True
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    rest = os.pread(descriptor, begin - whole, whole)
    _write(descriptor, b" " * (len(rest) - 1) + b"\n" if rest else b"", whole)
    if libc.fallocate(descriptor, _COLLAPSE_RANGE, 0, whole) == 0:
        return True
    number = ctypes.get_errno()
    _write(descriptor, rest, whole)
    if number in _CANNOT_COLLAPSE:
        return False
    raise OSError(number, os.strerror(number))


def _write(descriptor: int, data: bytes, position: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, position)
        view, position = view[written:], position + written


def _replace(path: Path, descriptor: int, begin: int) -> None:
    """Let a new file with all from ``begin`` on take the place of ``path``. Raises InUse when somebody opens it meanwhile."""
    status = os.fstat(descriptor)
    temporary = beside(path)
    temporary.unlink(missing_ok=True)
    new = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchown(new, status.st_uid, status.st_gid)
        os.fchmod(new, status.st_mode & 0o7777)
        position = begin
        while piece := os.pread(descriptor, _PIECE, position):
            _write(new, piece, position - begin)
            position += len(piece)
        os.fsync(new)
        # whoever began to open it waits for the lease, and would get the file that goes
        if fcntl.fcntl(descriptor, fcntl.F_GETLEASE) != fcntl.F_WRLCK:
            raise InUse
        os.replace(temporary, path)
        if fcntl.fcntl(descriptor, fcntl.F_GETLEASE) != fcntl.F_WRLCK:
            raise FileProblem(
                f"{path} was opened in the moment it was shortened",
                hint="if its container runs now, restart it: what it writes is not in the file that its log is read from",
            )
        sync_folder(path.parent)
    finally:
        os.close(new)
        temporary.unlink(missing_ok=True)
