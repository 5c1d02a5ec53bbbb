"""How much a tree holds: what a copy of it has to allocate."""

import os
import stat
from collections.abc import Collection
from pathlib import Path

from dockerd_cfg.documents import Document

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
    top = os.lstat(root)
    allocated, inodes, sealed_bytes, sealed_inodes = top.st_blocks * _BLOCK, 1, 0, 0
    linked: set[int] = set()
    elsewhere: list[str] = []
    folders, begin = [(os.fsencode(root), False)], len(os.fsencode(root)) + 1
    while folders:
        folder, is_sealed = folders.pop()
        try:
            entries = os.scandir(folder)
        except OSError:
            continue
        with entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if status.st_dev != top.st_dev:
                    elsewhere.append(os.fsdecode(entry.path[begin:]))
                    continue
                is_below = is_sealed or entry.path[begin:] in sealed
                if stat.S_ISDIR(status.st_mode):
                    folders.append((entry.path, is_below))
                elif status.st_nlink > 1:
                    if status.st_ino in linked:
                        continue
                    linked.add(status.st_ino)
                allocated += status.st_blocks * _BLOCK
                inodes += 1
                if is_below:
                    sealed_bytes += status.st_blocks * _BLOCK
                    sealed_inodes += 1
    return TreeSize(
        allocated=allocated,
        inodes=inodes,
        sealed_bytes=sealed_bytes,
        sealed_inodes=sealed_inodes,
        elsewhere=tuple(elsewhere),
    )
