"""Removing whole trees."""

import os
import shutil
from pathlib import Path

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import inode_flags, sync_folder, translated


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
        if not os.path.islink(place) and (os.path.isdir(place) or os.path.isfile(place)):
            inode_flags.lift(Path(place))
    function(name)
