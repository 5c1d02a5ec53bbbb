"""One walk of a tree that tells what each part of it takes on disk."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from dockerd_cfg.files.reach import Reach

_BLOCK = 512

Kind = Literal[
    "images", "containers", "volumes", "build-cache", "logs", "containerd", "plugins", "old-data", "other"
]


class Part(NamedTuple):
    """What something on disk belongs to: a kind and, where that is known, which one: a container, a volume, a layer."""

    kind: Kind
    name: str = ""


def walk(root: Path, parts: Mapping[str, Part], top: Part) -> dict[Part, int]:
    """Return the bytes allocated in the tree at ``root`` by part, as ``du -x`` counts: hard links once, no other mounts.

    ``parts`` says what folders (with all below them, but for what is named in turn) and files belong to, by their
    paths; all else belongs to ``top``. What vanishes meanwhile is not counted. Raises OSError when ``root`` is not there.
    """
    with Reach(os.fsencode(root)) as reach:
        return _walked(reach, os.fspath(root), parts, top)


def _walked(reach: Reach, root: str, parts: Mapping[str, Part], top: Part) -> dict[Part, int]:
    status = os.lstat(root)
    device = status.st_dev
    taken: dict[Part, int] = {top: status.st_blocks * _BLOCK}
    linked: set[int] = set()
    folders = [("", top)]
    while folders:
        folder, part = folders.pop()
        try:
            entries = os.scandir(os.fsdecode(reach(os.fsencode(folder))))
        except OSError:
            continue
        own = 0
        with entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if status.st_dev != device:
                    continue
                is_folder = stat.S_ISDIR(status.st_mode)
                if not is_folder and status.st_nlink > 1:
                    if status.st_ino in linked:
                        continue
                    linked.add(status.st_ino)
                path = f"{folder}{entry.name}"
                named = parts.get(f"{root}/{path}", part)
                if named is part:
                    own += status.st_blocks
                else:
                    taken[named] = taken.get(named, 0) + status.st_blocks * _BLOCK
                if is_folder:
                    folders.append((f"{path}/", named))
        taken[part] = taken.get(part, 0) + own * _BLOCK
    return taken
