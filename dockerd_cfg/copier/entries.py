"""Copying single entries of a folder, other than folders."""

import errno
import os
import stat
from typing import Final, NamedTuple

from dockerd_cfg.copier import page_cache
from dockerd_cfg.copier.attributes import (
    Traits,
    by_descriptor,
    extended_attributes,
    give_by_name,
    give_new_file,
    is_same,
    traits_of,
)
from dockerd_cfg.copier.content import Content, has_holes, is_small
from dockerd_cfg.copier.folders import GONE, joined, remove
from dockerd_cfg.copier.progress import Tally
from dockerd_cfg.copier.spool import Spool

# Opening must not wait for anyone, should a fifo have come in the file's place, nor stamp the file as read.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PERMISSIONS: Final = 0o777
_BLOCK: Final = 512  # bytes, the unit of st_blocks


class Folder(NamedTuple):
    """A folder opened in both trees."""

    path: bytes
    source: int
    target: int
    is_new: bool


class OpenFile(NamedTuple):
    """A source file waiting for its turn, a small one being read by the kernel; with its status from before that."""

    folder: Folder
    name: bytes
    file: int
    status: os.stat_result
    is_fetched: bool
    """Whether it is in memory for this copy alone."""


class Entries:
    """Copies entries, one at a time, with the tally and the buffer of one process."""

    def __init__(self, content: Content, tally: Tally, unfinished: Spool) -> None:
        """Note in ``unfinished`` what is to get its attributes when all is copied and on disk."""
        self._content = content
        self._tally = tally
        self._unfinished = unfinished

    def open(self, folder: Folder, name: bytes) -> OpenFile | None:
        """Open a regular file; None when nothing is to be copied: it has vanished, or is in the target. Raises OSError."""
        if not folder.is_new and self._is_done(folder, name):
            return None
        try:
            file = open_source(name, folder.source)
        except OSError as error:
            if error.errno not in GONE:
                raise
            self._tally.miss()
            return None
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            os.close(file)
            self._tally.miss()
            return None
        is_fetched = is_small(status) and page_cache.fetch(file, 0, status.st_size)
        return OpenFile(folder, name, file, status, is_fetched)

    def copy_file(self, waiting: OpenFile) -> None:
        """Copy an opened file into a new one, and close it. Raises OSError.

        Its times come last: a file half written has never those of its source.
        """
        folder, name, file, status, is_fetched = waiting
        try:
            target = self.create(folder, name, status.st_mode)
            try:
                done = self._content.copy(file, target, status)
                extended = extended_attributes(file)
                if has_holes(status):
                    # Its size would be on disk before its contents, and with times it would pass for whole.
                    os.ftruncate(target, status.st_size)
                    self.finish_later(folder, name, target, traits_of(status, extended))
                else:
                    give_new_file(target, status, extended)
            finally:
                os.close(target)
            if is_fetched:
                page_cache.forget(file, 0, status.st_size)
        finally:
            os.close(file)
        self._tally.add(done)

    def finish_later(self, folder: Folder, name: bytes, target: int, traits: Traits) -> None:
        """Let the file just made and opened as ``target`` have its ``traits`` when all is on disk. Raises OSError."""
        self._unfinished.append((joined(folder.path, name), os.fstat(target).st_ino, tuple(traits)))

    def create(self, folder: Folder, name: bytes, mode: int) -> int:
        """Make a new, empty file, in the place of what has the name in the target. Raises OSError."""
        try:
            return os.open(name, _WRITE, mode & _PERMISSIONS, dir_fd=folder.target)
        except FileExistsError:
            remove(name, folder.target)
            return os.open(name, _WRITE, mode & _PERMISSIONS, dir_fd=folder.target)

    def copy_piece(self, folder: Folder, name: bytes, inode: int, start: int, end: int) -> None:
        """Copy a part of a large file into the one that was made for it. Raises OSError."""
        try:
            file = open_source(name, folder.source)
        except OSError as error:
            if error.errno not in GONE:
                raise
            self._tally.miss()
            return
        try:
            if os.fstat(file).st_ino != inode:
                self._tally.miss()
                return
            target = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder.target)
            try:
                done = self._content.copy_data(file, target, start, end)
            finally:
                os.close(target)
        finally:
            os.close(file)
        self._tally.add(done, files=1 if start == 0 else 0)

    def copy_other(self, folder: Folder, name: bytes) -> None:
        """Copy a symlink, device, fifo or socket. Raises OSError."""
        if not folder.is_new and self._is_done(folder, name):
            return
        try:
            status = os.stat(name, dir_fd=folder.source, follow_symlinks=False)
            points_to = os.readlink(name, dir_fd=folder.source) if stat.S_ISLNK(status.st_mode) else b""
            extended = extended_attributes(by_descriptor(folder.source, name))
        except OSError as error:
            if error.errno not in GONE and error.errno != errno.EINVAL:  # a symlink no more
                raise
            self._tally.miss()
            return
        if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
            self._tally.miss()
            return
        try:
            self._make(folder, name, status, points_to)
        except FileExistsError:
            remove(name, folder.target)
            self._make(folder, name, status, points_to)
        give_by_name(name, folder.target, traits_of(status, extended))
        self._tally.add(0)

    def _make(self, folder: Folder, name: bytes, status: os.stat_result, points_to: bytes) -> None:
        if stat.S_ISLNK(status.st_mode):
            os.symlink(points_to, name, dir_fd=folder.target)
        else:
            os.mknod(name, status.st_mode, status.st_rdev, dir_fd=folder.target)

    def _is_done(self, folder: Folder, name: bytes) -> bool:
        """Tell whether the target has it already, as written to its end by an earlier run."""
        try:
            new = os.stat(name, dir_fd=folder.target, follow_symlinks=False)
        except FileNotFoundError:
            return False
        try:
            old = os.stat(name, dir_fd=folder.source, follow_symlinks=False)
            is_done = is_same(old, new)
            if is_done and stat.S_ISLNK(old.st_mode):
                points_to = os.readlink(name, dir_fd=folder.source)
                is_done = points_to == os.readlink(name, dir_fd=folder.target)
        except OSError as error:
            if error.errno in GONE:
                return False  # told when it is to be opened
            raise
        if is_done:
            self._tally.add(min(old.st_size, old.st_blocks * _BLOCK))
        return is_done


def open_source(name: bytes, folder: int) -> int:
    """Open ``name`` for reading, without a trace where that is allowed. Raises OSError."""
    try:
        return os.open(name, _READ | os.O_NOATIME, dir_fd=folder)
    except PermissionError:
        return os.open(name, _READ, dir_fd=folder)
