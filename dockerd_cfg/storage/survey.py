"""How much a tree holds: what a copy of it has to allocate."""

import os
import stat
from pathlib import Path

from dockerd_cfg.documents import Document

_BLOCK = 512


class TreeSize(Document):
    """Room a tree takes: allocated bytes (sparse files count what they hold) and inodes, hard links once."""

    allocated: int
    inodes: int


def survey(root: Path) -> TreeSize:
    """Return the size of the tree at ``root``, other file systems mounted below it left out.

    What vanishes meanwhile is not counted: Docker may be running. Raises OSError when ``root`` itself is not there.
    """
    top = os.lstat(root)
    allocated, inodes = top.st_blocks * _BLOCK, 1
    linked: set[int] = set()
    folders = [os.fsencode(root)]
    while folders:
        try:
            entries = os.scandir(folders.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if status.st_dev != top.st_dev:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    folders.append(entry.path)
                elif status.st_nlink > 1:
                    if status.st_ino in linked:
                        continue
                    linked.add(status.st_ino)
                allocated += status.st_blocks * _BLOCK
                inodes += 1
    return TreeSize(allocated=allocated, inodes=inodes)
