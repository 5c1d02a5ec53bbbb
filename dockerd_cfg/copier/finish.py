"""What is left to do when all contents are copied: further names of linked files, attributes of folders and files."""

import errno
import os
import stat
from collections.abc import Callable
from typing import Final

from dockerd_cfg.copier.attributes import Traits, give
from dockerd_cfg.copier.failure import failed
from dockerd_cfg.copier.folders import GONE, Root, remove
from dockerd_cfg.copier.links import Links
from dockerd_cfg.copier.progress import Tally
from dockerd_cfg.copier.spool import Spool

# Opening must not wait for anyone, should a fifo stand in the file's place.
_WRITE: Final = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OTHER: Final = GONE | {errno.EISDIR}


class _Opened:
    """The folder used last, kept open: names come folder by folder."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._path: bytes | None = None
        self._folder = -1

    def folder(self, path: bytes) -> int:
        """Return the folder ``path`` as a descriptor, good until the next call."""
        if path != self._path:
            opened = self._root.open(path)
            if self._path is not None:
                os.close(self._folder)
            self._path, self._folder = path, opened
        return self._folder


def make_links(links: Links, target: Root, tally: Tally, copy: Callable[[bytes, bytes], None]) -> None:
    """Make all further names. ``copy`` copies a name (folder and name) whose first one has vanished or become a folder meanwhile.

    Raises CopyFailed.
    """
    first_folder, folder = _Opened(target), _Opened(target)
    instead: dict[int, bytes] = {}  # first names that were not there, rare
    for path, place in links.further():
        above, _, name = path.rpartition(b"/")
        first_above, _, first_name = (instead.get(place) or links.first(place)).rpartition(b"/")
        try:
            there = first_folder.folder(first_above)
            try:
                _link(first_name, there, name, folder.folder(above))
            except (FileNotFoundError, PermissionError):  # a folder cannot be linked to: EPERM
                instead[place] = path
                copy(above, name)
                continue
        except OSError as error:
            raise failed(path, error) from error
        tally.add(0)


def _link(first_name: bytes, first_folder: int, name: bytes, folder: int) -> None:
    try:
        os.link(first_name, name, src_dir_fd=first_folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        first = os.stat(first_name, dir_fd=first_folder, follow_symlinks=False)
        if os.path.samestat(first, os.stat(name, dir_fd=folder, follow_symlinks=False)):
            return
        remove(name, folder)
        os.link(first_name, name, src_dir_fd=first_folder, dst_dir_fd=folder, follow_symlinks=False)


def give_attributes(unfinished: Spool, target: Root, tally: Tally) -> None:
    """Give folders, large files and those with holes what they are to have, times last of all. Raises CopyFailed.

    Something else may stand there by now, when a name of the source came to be something else while it was copied.
    """
    above_folder = _Opened(target)
    for path, inode, fields in unfinished:
        traits = Traits(*fields)
        try:
            if stat.S_ISDIR(traits.mode):
                file = target.open(path)
            else:
                above, _, name = path.rpartition(b"/")
                file = os.open(name, _WRITE, dir_fd=above_folder.folder(above))
            try:
                if inode in {0, os.fstat(file).st_ino}:
                    give(file, traits)
                else:
                    tally.miss()
            finally:
                os.close(file)
        except OSError as error:
            if error.errno not in _OTHER:
                raise failed(path, error) from error
            tally.miss()
