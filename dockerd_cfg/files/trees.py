"""Removing whole trees."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import Final

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import sync_folder, translated


def remove_tree(path: Path) -> None:
    """Remove the folder ``path`` and all below it; an absent one is fine. A mount point is emptied and stays.

    The caller has made sure that nothing is mounted below. Immutable flags are lifted on the way. Raises FileProblem
    at the first thing that cannot be removed.
    """
    with translated(f"cannot remove {path}"):
        if not os.path.lexists(path):
            return
        if path.is_symlink() or not path.is_dir():
            raise FileProblem(f"cannot remove {path}: it is not a folder")
        if os.path.ismount(path):
            empty_tree(path)
            return
        shutil.rmtree(path, onerror=_lift_immutable)
        sync_folder(path.parent)


def empty_tree(path: Path, *, last: str | None = None) -> None:
    """Remove everything below the folder ``path``, the entry named ``last`` at the very end, and keep the folder.

    Raises FileProblem.
    """
    with translated(f"cannot empty {path}"):
        with os.scandir(path) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name == last)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, onerror=_lift_immutable)
            else:
                _unlink(entry.path)
        sync_folder(path)


def _unlink(name: str) -> None:
    try:
        os.unlink(name)
    except PermissionError as error:
        _lift_immutable(os.unlink, name, (type(error), error, None))


_GET_FLAGS: Final = 0x80086601
_SET_FLAGS: Final = 0x40086602
_IMMUTABLE_OR_APPEND: Final = 0x10 | 0x20


def _lift_immutable(
    function: object, name: str, failure: tuple[type[BaseException], BaseException, object]
) -> None:
    """Take the immutable and append-only flags off a name and its folder, and try once more."""
    error = failure[1]
    if isinstance(error, FileNotFoundError):
        return
    if not isinstance(error, PermissionError) or not callable(function):
        raise error
    for place in (os.path.dirname(name), name):
        if os.path.islink(place) or (not os.path.isdir(place) and not os.path.isfile(place)):
            continue
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            flags = int.from_bytes(fcntl.ioctl(descriptor, _GET_FLAGS, b"\0" * 8)[:4], "little")
            if flags & _IMMUTABLE_OR_APPEND:
                fcntl.ioctl(descriptor, _SET_FLAGS, (flags & ~_IMMUTABLE_OR_APPEND).to_bytes(8, "little"))
        except OSError:
            continue  # a file system without such flags
        finally:
            os.close(descriptor)
    function(name)
