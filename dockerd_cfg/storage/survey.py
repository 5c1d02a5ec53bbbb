"""How much a tree holds: what a copy of it has to allocate."""

import os
import stat
from collections.abc import Collection
from pathlib import Path

from dockerd_cfg.documents import Document
from dockerd_cfg.files.reach import Reach

_BLOCK = 512


class TreeSize(Document):
    """Room a tree takes: allocated bytes (sparse files count what they hold) and inodes, hard links once.

    ``sealed_bytes`` and ``sealed_inodes`` are what of it never changes again: it is not looked at during a stop.
    ``elsewhere`` are folders, relative to the tree, that belong to another file system: mount points or subvolumes.
    """

    allocated: int
    inodes: int
    sealed_bytes: int = 0
    sealed_inodes: int = 0
    elsewhere: tuple[str, ...] = ()


def survey(root: Path, sealed: Collection[bytes] = ()) -> TreeSize:
    """Return the size of the tree at ``root``, other file systems mounted below it left out.

    ``sealed``: paths relative to ``root`` that count as sealed, with all below them.
    What vanishes meanwhile is not counted: Docker may be running. Raises OSError when ``root`` itself is not there.
    """
    with Reach(os.fsencode(root)) as reach:
        return _Survey(reach, sealed).of_all()


class _Survey:
    """One walk over a tree."""

    def __init__(self, reach: Reach, sealed: Collection[bytes]) -> None:
        top = os.lstat(reach(b""))
        self._reach, self._device = reach, top.st_dev
        self._sealed = sealed
        self._linked: set[int] = set()
        self._elsewhere: list[str] = []
        self._allocated, self._inodes = top.st_blocks * _BLOCK, 1
        self._sealed_bytes = self._sealed_inodes = 0
        self._folders = [(b"", False)]

    def of_all(self) -> TreeSize:
        """Return the size of it all."""
        while self._folders:
            folder, is_sealed = self._folders.pop()
            try:
                entries = os.scandir(self._reach(folder))
            except OSError:
                continue
            with entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    self._count(folder + entry.name, status, is_sealed=is_sealed)
        return TreeSize(
            allocated=self._allocated,
            inodes=self._inodes,
            sealed_bytes=self._sealed_bytes,
            sealed_inodes=self._sealed_inodes,
            elsewhere=tuple(self._elsewhere),
        )

    def _count(self, name: bytes, status: os.stat_result, *, is_sealed: bool) -> None:
        if status.st_dev != self._device:
            self._elsewhere.append(os.fsdecode(name))
            return
        is_sealed = is_sealed or name in self._sealed
        if stat.S_ISDIR(status.st_mode):
            self._folders.append((name + b"/", is_sealed))
        elif status.st_nlink > 1:
            if status.st_ino in self._linked:
                return
            self._linked.add(status.st_ino)
        self._allocated += status.st_blocks * _BLOCK
        self._inodes += 1
        if is_sealed:
            self._sealed_bytes += status.st_blocks * _BLOCK
            self._sealed_inodes += 1
