"""The files and folders of an old tree that flags keep from becoming what they are in the new one by now.

A copy carries no such flags (immutable, append-only): in the new tree Docker and its containers change what they like.
"""

import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Final

from dockerd_cfg.files import inode_flags, translated
from dockerd_cfg.files.reach import Reach
from dockerd_cfg.storage.walk import walk

_NOTHING: Final[Collection[bytes]] = frozenset()


def lift_flags(old: Path, new: Path, since: float, leave: Collection[bytes] = _NOTHING) -> bool:
    """Take the flags off what is another in ``new``, or gone, or was changed there ``since`` (Unix time); tell if any was.

    The flags of what did not change stay. What lies in the folders ``leave`` (relative paths) is not looked at. Raises
    FileProblem.
    """
    is_any = False
    with (
        translated(f"cannot lift flags in {old}"),
        Reach(os.fsencode(old)) as reach,
        Reach(os.fsencode(new)) as other,
    ):
        for path, status in walk(old, leave):
            if _stays(status, other, path, int(since * 1e9)):
                continue
            above, _, name = path.rpartition(b"/")
            folder = reach.open(above)
            try:
                # a name is made, removed or replaced in its folder
                is_any |= inode_flags.lift(b".", folder) | inode_flags.lift(name, folder)
            finally:
                os.close(folder)
    return is_any


def _stays(status: os.stat_result, new: Reach, path: bytes, since: int) -> bool:
    try:
        now = os.lstat(new(path))
    except OSError:
        return False
    return now.st_ctime_ns < since and _traits(now) == _traits(status)


def _traits(status: os.stat_result) -> tuple[int, ...]:
    is_folder = stat.S_ISDIR(status.st_mode)
    counted = () if is_folder else (status.st_size, status.st_nlink)
    return (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, *counted)
