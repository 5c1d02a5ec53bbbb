"""Going through the source: making its folders in the target, handing out what is in them."""

import errno
import os
import stat
from collections.abc import Iterator
from itertools import islice
from typing import Final

from dockerd_cfg.copier.attributes import (
    by_descriptor,
    extended_attributes,
    is_same,
    keep_to_ourselves,
    traits_of,
)
from dockerd_cfg.copier.batch import Batch
from dockerd_cfg.copier.entries import Entries, Folder
from dockerd_cfg.copier.failure import failed
from dockerd_cfg.copier.folders import GONE, Root, joined, remove
from dockerd_cfg.copier.links import Links
from dockerd_cfg.copier.progress import Tally
from dockerd_cfg.copier.spool import Spool

_TOGETHER: Final = 2000  # entries sorted by inode, so that a disk reads them in the order it holds them
_LARGE: Final = 128 << 20  # bytes of data; what has more is copied by several workers
_PIECE: Final = 32 << 20  # bytes
_BLOCK: Final = 512  # bytes, the unit of st_blocks
_FOLDER: Final = 0  # in the place of the inode of a file
_NEW, _OLD = b"+", b"-"
_NO_NAME: Final = b"\0"


class Walk:
    """One walk, depth first, with no more in memory than the names of folders still to be visited."""

    def __init__(
        self,
        source: Root,
        target: Root,
        *,
        excluded: frozenset[bytes],
        batch: Batch,
        links: Links,
        unfinished: Spool,
        entries: Entries,
        tally: Tally,
    ) -> None:
        """Leave out the paths ``excluded``, and note in ``unfinished`` what gets its attributes when all is copied."""
        self._source = source
        self._target = target
        self._excluded = excluded
        self._batch = batch
        self._links = links
        self._unfinished = unfinished
        self._entries = entries
        self._tally = tally
        self._below = bytearray()

    def run(self) -> None:
        """Walk. Raises CopyFailed."""
        levels = [(b"", self._visit(b"", is_new=False))]
        while levels:
            above, names = levels[-1]
            if not names:
                levels.pop()
                continue
            start = names.rfind(_NO_NAME, 0, -1) + 1
            mark, name = bytes(names[start : start + 1]), bytes(names[start + 1 : -1])
            del names[start:]
            path = above + name
            below = self._visit(path, is_new=mark == _NEW)
            if below:
                levels.append((path + b"/", below))
        self._batch.flush()

    def _visit(self, path: bytes, *, is_new: bool) -> bytearray:
        """Hand out what is in the folder ``path``; return the names of its folders, each marked and ended by a zero."""
        self._below = bytearray()
        try:
            source = self._source.open(path)
        except OSError as error:
            if error.errno == errno.EXDEV:
                self._note_mount_point(path)
            elif error.errno in GONE and path:
                self._tally.miss()
            else:
                raise failed(path, error) from error
            return self._below
        try:
            target = self._target.open(path)
            try:
                folder = Folder(path, source, target, is_new)
                self._note(folder)
                self._batch.enter(path, is_new=is_new)
                for name, status in self._entries_of(source):
                    self._hand_out(folder, name, status)
            finally:
                os.close(target)
        except OSError as error:
            raise failed(path, error) from error
        finally:
            os.close(source)
        return self._below

    def _note(self, folder: Folder) -> None:
        traits = traits_of(os.fstat(folder.source), extended_attributes(folder.source))
        self._unfinished.append((folder.path, _FOLDER, tuple(traits)))
        if not folder.is_new:
            keep_to_ourselves(folder.target)

    def _note_mount_point(self, path: bytes) -> None:
        """Note what is seen of a folder on which something of the same file system is mounted."""
        above, _, name = path.rpartition(b"/")
        try:
            folder = self._source.open(above)
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            finally:
                os.close(folder)
        except OSError:
            self._tally.miss()
        else:
            self._unfinished.append((path, _FOLDER, tuple(traits_of(status, []))))

    def _entries_of(self, source: int) -> Iterator[tuple[bytes, os.stat_result]]:
        with os.scandir(source) as entries:
            while together := list(islice(entries, _TOGETHER)):
                together.sort(key=os.DirEntry.inode)
                for entry in together:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        self._tally.miss()
                    else:
                        yield os.fsencode(entry.name), status

    def _hand_out(self, folder: Folder, name: bytes, status: os.stat_result) -> None:
        path = joined(folder.path, name)
        if path in self._excluded:
            return
        if stat.S_ISDIR(status.st_mode):
            self._make_folder(folder, name, path, status)
        elif status.st_dev != self._source.device:
            pass  # something is mounted on a file
        elif status.st_nlink > 1 and self._links.is_further(status.st_ino, path):
            pass
        elif not stat.S_ISREG(status.st_mode):
            self._batch.add_other(name)
        elif status.st_size < _LARGE or status.st_blocks * _BLOCK < _LARGE:
            self._batch.add_file(name, status.st_size)
        else:
            self._split(folder, name, status)

    def _make_folder(self, folder: Folder, name: bytes, path: bytes, status: os.stat_result) -> None:
        mark = _NEW
        try:
            os.mkdir(name, 0o700, dir_fd=folder.target)
        except FileExistsError:
            there = os.stat(name, dir_fd=folder.target, follow_symlinks=False)
            if stat.S_ISDIR(there.st_mode):
                mark = _OLD
            else:
                remove(name, folder.target)
                os.mkdir(name, 0o700, dir_fd=folder.target)
        if status.st_dev == self._source.device:
            self._below += mark + name + _NO_NAME
        else:
            self._unfinished.append((path, _FOLDER, tuple(traits_of(status, []))))

    def _split(self, folder: Folder, name: bytes, status: os.stat_result) -> None:
        """Make a large file and hand out its pieces."""
        if not folder.is_new:
            try:
                there = os.stat(name, dir_fd=folder.target, follow_symlinks=False)
            except FileNotFoundError:
                pass
            else:
                if is_same(status, there):
                    self._tally.add(min(status.st_size, status.st_blocks * _BLOCK))
                    return
        try:
            extended = extended_attributes(by_descriptor(folder.source, name))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            self._tally.miss()
            return
        file = self._entries.create(folder, name, status.st_mode)
        try:
            os.ftruncate(file, status.st_size)
            self._entries.finish_later(folder, name, file, traits_of(status, extended))
        finally:
            os.close(file)
        for start in range(0, status.st_size, _PIECE):
            self._batch.add_piece(name, status.st_ino, start, min(start + _PIECE, status.st_size))
