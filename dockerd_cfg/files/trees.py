"""Removing whole trees: of any depth, however long the paths are, and following no link."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import inode_flags, sync_folder, translated

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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
        with _opened(path.parent) as parent:
            remove_in(parent, os.fsencode(path.name))
        sync_folder(path.parent)


def empty_tree(path: Path, *, last: str | None = None) -> None:
    """Remove everything below the folder ``path``, the entry named ``last`` at the very end, and keep the folder.

    Raises FileProblem.
    """
    with translated(f"cannot empty {path}"), _opened(path) as folder:
        for name in sorted(
            map(os.fsencode, os.listdir(folder)), key=lambda name: name == os.fsencode(last or "")
        ):
            remove_in(folder, name)
        sync_folder(path)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)


class _Level(NamedTuple):
    """A folder that is being emptied: its name, which file the folder above it is, and the folders left in it."""

    name: bytes
    above: tuple[int, int]
    left: list[bytes]


def remove_in(folder: int, name: bytes) -> None:
    """Remove ``name`` in the open ``folder``, with all below it; an absent one is fine. Raises OSError, FileProblem.

    One folder is open at a time, reached from the one above or below: neither depth nor length of a path is limited.
    """
    if not _unlink(name, folder):
        return
    at = os.dup(folder)
    levels = [_Level(b".", _identity(at), [name])]
    try:
        while levels[-1].left or len(levels) > 1:
            if levels[-1].left:
                name, above = levels[-1].left.pop(), _identity(at)
                try:
                    at = _step(at, name)
                except FileNotFoundError:
                    continue  # it went by itself
                levels.append(_Level(name, above, _empty(at)))
            else:
                level = levels.pop()
                at = _step(at, b"..")
                if _identity(at) != level.above:
                    raise FileProblem("a folder was moved elsewhere while it was being removed")
                _insist(os.rmdir, level.name, at)
    finally:
        os.close(at)


def _step(at: int, name: bytes) -> int:
    """Open the folder ``name``, no link, in the folder ``at``, which is closed."""
    folder = os.open(name, _FOLDER, dir_fd=at)
    os.close(at)
    return folder


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


def _empty(folder: int) -> list[bytes]:
    """Remove what is in the open ``folder`` but for its folders; return their names."""
    return [name for name in map(os.fsencode, os.listdir(folder)) if _unlink(name, folder)]


def _unlink(name: bytes, folder: int) -> bool:
    """Remove ``name`` in ``folder`` unless it is a folder itself; return whether it is."""
    try:
        _insist(os.unlink, name, folder)
    except IsADirectoryError:
        return True
    return False


class _Remover(Protocol):
    def __call__(self, path: bytes, /, *, dir_fd: int) -> None: ...


def _insist(remove: _Remover, name: bytes, folder: int) -> None:
    """Remove ``name`` in ``folder``; what is gone is fine. Flags that keep it there are taken off it and its folder."""
    with contextlib.suppress(FileNotFoundError):
        try:
            remove(name, dir_fd=folder)
        except PermissionError:
            inode_flags.lift(b".", folder)
            inode_flags.lift(name, folder)
            remove(name, dir_fd=folder)
