"""Symbolic links, and two names that change places: at no instant is nothing there."""

import os
from pathlib import Path
from typing import Final

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import TEMPORARY, remove_empty_folder, remove_file, sync_folder, translated

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2


def exchange(one: Path, other: Path) -> None:
    """Let two names of the same file system change places, at once and durably: neither is ever missing.

    (renameat2(2), RENAME_EXCHANGE.) Raises FileProblem.
    """
    import ctypes  # noqa: PLC0415  # only a move needs it

    with translated(f"cannot exchange {one} and {other}"):
        library = ctypes.CDLL(None, use_errno=True)
        if library.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        for folder in {one.parent, other.parent}:
            sync_folder(folder)


def put_back(aside: Path, place: Path) -> None:
    """Let the folder set aside as ``aside`` stand at ``place`` again, where an empty one is. Raises FileProblem.

    Nothing is done when there is none, or when it is the empty one.
    """
    with translated(f"cannot put {aside} back"):
        if not aside.is_dir() or aside.is_symlink():
            return
        if any(aside.iterdir()):
            exchange(aside, place)
        remove_empty_folder(aside)


def make_link(path: Path, text: str) -> None:
    """Make ``path`` a symbolic link to ``text``, at once and durably; a link that is there is replaced.

    Raises FileProblem when something else is there.
    """
    with translated(f"cannot make the link {path}"):
        if os.path.lexists(path) and not path.is_symlink():
            raise FileProblem(f"cannot make the link {path}: that name is taken")
        temporary = path.with_name(f".{path.name}{TEMPORARY}")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(text)
        os.replace(temporary, path)
        sync_folder(path.parent)


def remove_link(path: Path) -> None:
    """Remove the symbolic link ``path``, durably; anything else stays. Raises FileProblem."""
    if path.is_symlink():
        remove_file(path)
