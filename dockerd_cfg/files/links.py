"""Symbolic links, and two names that change places: at no instant is nothing there."""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import beside, remove_empty_folder, remove_file, sync_folder, translated

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_NOTHING_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})


class Switch(NamedTuple):
    """What stands ready at ``new`` is to stand at ``place``; with ``keeps`` what was there goes to ``new``."""

    new: Path
    place: Path
    keeps: bool


def switch_together(switches: Sequence[Switch]) -> None:
    """Make several switches one right after the other, and then bring them to disk.

    When the machine stops in between, all are made or none, unless it happens within the few microseconds between two:
    a journaling file system brings both to disk in one transaction. No place is ever empty. Raises FileProblem.
    """
    for new, place, keeps in switches:
        with translated(f"cannot put {new} in the place of {place}"):
            if keeps:
                _exchange(new, place)
            else:
                os.replace(new, place)
    for folder in {path.parent for switch in switches for path in (switch.new, switch.place)}:
        with translated(f"cannot sync {folder}"):
            sync_folder(folder)


def exchange(one: Path, other: Path) -> None:
    """Let two names of the same file system change places, at once and durably: neither is ever missing.

    Raises FileProblem.
    """
    switch_together([Switch(one, other, keeps=True)])


def _exchange(one: Path, other: Path) -> None:
    """Let two names change places (renameat2(2), RENAME_EXCHANGE)."""
    import ctypes  # noqa: PLC0415  # only a move needs it

    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def is_folder(path: Path) -> bool:
    """Tell whether a folder is there, and no link to one. Raises FileProblem when that cannot be told."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    """Return type and mode of what is at ``path``, 0 when nothing is, or can be since its name is too long."""
    with translated(f"cannot look at {path}"):
        try:
            return path.lstat().st_mode
        except OSError as error:
            if error.errno in _NOTHING_THERE:
                return 0
            raise


def put_back(aside: Path, place: Path) -> None:
    """Let the folder set aside as ``aside`` stand at ``place`` again, where an empty one is. Raises FileProblem.

    Nothing is done when there is none, or when it is the empty one.
    """
    with translated(f"cannot put {aside} back"):
        if not is_folder(aside):
            return
        if any(aside.iterdir()):
            exchange(aside, place)
        remove_empty_folder(aside)


def make_link(path: Path, text: str) -> None:
    """Make ``path`` a symbolic link to ``text``, at once and durably; a link that is there is replaced.

    Raises FileProblem when something else is there.
    """
    switch_together([link_beside(path, text)])


def link_beside(path: Path, text: str) -> Switch:
    """Make a symbolic link to ``text`` beside ``path``, and return the switch that puts it there.

    Raises FileProblem when something else than a link is there.
    """
    with translated(f"cannot make the link {path}"):
        if os.path.lexists(path) and not path.is_symlink():
            raise FileProblem(f"cannot make the link {path}: that name is taken")
        temporary = beside(path)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(text)
        return Switch(temporary, path, keeps=False)


def remove_link(path: Path) -> None:
    """Remove the symbolic link ``path``, durably; anything else stays. Raises FileProblem."""
    if stat.S_ISLNK(_mode(path)):
        remove_file(path)
