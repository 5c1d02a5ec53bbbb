"""What is left to do when all contents are copied: further names of linked files, attributes of folders and files."""

import os
import stat
from collections.abc import Callable

from dockerd_cfg.copier.attributes import Traits, give
from dockerd_cfg.copier.failure import failed
from dockerd_cfg.copier.folders import Root, remove
from dockerd_cfg.copier.links import Links
from dockerd_cfg.copier.progress import Tally
from dockerd_cfg.copier.spool import Spool


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
    """Make all further names. ``copy`` copies a name (folder and name) whose first one has vanished meanwhile.

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
            except FileNotFoundError:
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


def give_attributes(unfinished: Spool, target: Root) -> None:
    """Give folders, large files and those with holes what they are to have, times last of all. Raises CopyFailed."""
    above_folder = _Opened(target)
    for path, fields in unfinished:
        traits = Traits(*fields)
        try:
            if stat.S_ISDIR(traits.mode):
                file = target.open(path)
            else:
                above, _, name = path.rpartition(b"/")
                flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
                file = os.open(name, flags, dir_fd=above_folder.folder(above))
            try:
                give(file, traits)
            finally:
                os.close(file)
        except OSError as error:
            raise failed(path, error) from error
