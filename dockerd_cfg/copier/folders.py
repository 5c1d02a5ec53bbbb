"""Opening folders below a root, and nothing outside: no symlink is followed, whoever puts one there and when."""

import errno
import os
import stat
from collections.abc import Iterator
from typing import Final

from dockerd_cfg.copier.kernel import has_openat2, open_folder_below

_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST: Final = 3500  # bytes handed to one call: the kernel takes 4095
# What tells that something was there a moment ago, or was something else.
GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE, errno.ENXIO, errno.EXDEV})


class Root:
    """A folder whose contents are reached by paths relative to it, of any length."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        self.folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.device = os.fstat(self.folder).st_dev
        self._is_quick = has_openat2()

    def open(self, path: bytes) -> int:
        """Open the folder ``path`` (empty: the root itself) and return its descriptor.

        Raises OSError, with one of `GONE` when it is not there, is no folder or is (where the kernel tells) on
        another mount.
        """
        if not path:
            return os.dup(self.folder)
        if self._is_quick and len(path) <= _LONGEST:
            return open_folder_below(self.folder, path)
        here = os.dup(self.folder)
        for piece in _pieces(path) if self._is_quick else path.split(b"/"):
            above = here
            try:
                here = (
                    open_folder_below(above, piece)
                    if self._is_quick
                    else os.open(piece, _FLAGS, dir_fd=above)
                )
            finally:
                os.close(above)
        if not self._is_quick and os.fstat(here).st_dev != self.device:
            os.close(here)
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return here


def _pieces(path: bytes) -> Iterator[bytes]:
    while len(path) > _LONGEST:
        end = path.rindex(b"/", 0, _LONGEST)
        yield path[:end]
        path = path[end + 1 :]
    yield path


def joined(folder: bytes, name: bytes) -> bytes:
    """Return the path of ``name`` in ``folder`` (empty: the root)."""
    return folder + b"/" + name if folder else name


def remove(name: bytes, folder: int) -> None:
    """Remove ``name`` in ``folder``, whatever it is, with all below it; a mount point stays and is an OSError."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise
        _remove_folder(name, folder)


def _remove_folder(name: bytes, folder: int) -> None:
    """Remove the folder ``name``, going down and up again without recursion: it may be deep."""
    device = os.fstat(folder).st_dev
    names, opened = [name], [os.dup(folder)]
    try:
        while names:
            try:
                os.rmdir(names[-1], dir_fd=opened[-1])
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
            else:
                names.pop()
                os.close(opened.pop())
                continue
            below = os.open(names[-1], _FLAGS, dir_fd=opened[-1])
            if os.fstat(below).st_dev != device:
                os.close(below)
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            subfolder = _remove_files(below)
            if subfolder is None:
                os.close(below)
            else:
                names.append(subfolder)
                opened.append(below)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _remove_files(folder: int) -> bytes | None:
    """Remove what is in ``folder`` but its folders; return the name of one of these, if any."""
    found = None
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                found = os.fsencode(entry.name)
            else:
                os.unlink(entry.name, dir_fd=folder)
    return found
