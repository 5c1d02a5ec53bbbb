"""Comparing two trees: whether one is a faithful copy of the other."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dockerd_cfg.storage.copy import MARKER

_SHOWN: Final = 10


def differences(source: Path, target: Path) -> Iterator[str]:
    """Yield, in words, each way in which ``target`` is no faithful copy of ``source``.

    Compared are: names, types, owners, modes, sizes, times of files and folders to the nanosecond, targets of
    symbolic links, device numbers, extended attributes (so ACLs and capabilities too), and which names are hard
    links to each other. Mount points below ``source`` and our marker are left out. Contents are not read.
    """
    yield from _Comparison(os.fsencode(source), os.fsencode(target)).run()


def changed_since(source: Path, moment: float) -> Iterator[bytes]:
    """Yield the regular files below ``source``, as paths relative to it, changed at ``moment`` (Unix time) or later.

    The time of the last status change counts too: a program can put back the other one, but not this. It also tells
    of a hard link made or broken.
    """
    root = os.fsencode(source)
    limit = int(moment * 1e9)
    for path, status in _walk(root, os.lstat(root).st_dev):
        if stat.S_ISREG(status.st_mode) and max(status.st_mtime_ns, status.st_ctime_ns) >= limit:
            yield path[len(root) + 1 :]


def _walk(root: bytes, device: int) -> Iterator[tuple[bytes, os.stat_result]]:
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if status.st_dev == device:
                    yield entry.path, status
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(entry.path)


class _Comparison:
    """One walk over two trees, folder by folder."""

    def __init__(self, source: bytes, target: bytes) -> None:
        self._source = source
        self._target = target
        self._device = os.lstat(source).st_dev
        self._links: dict[int, int] = {}
        self._copied_links: dict[int, int] = {}

    def run(self) -> Iterator[str]:
        folders = [b""]
        while folders:
            folder = folders.pop()
            old, new = self._entries(self._source, folder), self._entries(self._target, folder)
            if folder == b"":
                new.pop(os.fsencode(MARKER), None)
                old.pop(os.fsencode(MARKER), None)
            for name in [name for name, status in old.items() if status.st_dev != self._device]:
                del old[name]  # something is mounted there: an empty folder in its place is right
                new.pop(name, None)
            for name in old.keys() - new.keys():
                yield f"{_shown(folder + name)} is missing"
            for name in new.keys() - old.keys():
                yield f"{_shown(folder + name)} is too much"
            for name in old.keys() & new.keys():
                path = folder + name
                yield from self._compare(path, old[name], new[name])
                if stat.S_ISDIR(old[name].st_mode) and stat.S_ISDIR(new[name].st_mode):
                    folders.append(path + b"/")

    def _entries(self, root: bytes, folder: bytes) -> dict[bytes, os.stat_result]:
        found: dict[bytes, os.stat_result] = {}
        with os.scandir(os.path.join(root, folder)) as entries:  # noqa: PTH118  # names may be any bytes
            for entry in entries:
                found[entry.name] = entry.stat(follow_symlinks=False)
        return found

    def _compare(self, path: bytes, old: os.stat_result, new: os.stat_result) -> Iterator[str]:
        if stat.S_IFMT(old.st_mode) != stat.S_IFMT(new.st_mode):
            yield f"{_shown(path)} has another type"
            return
        for what, was, now in self._traits(old, new):
            if was != now:
                yield f"{_shown(path)} has another {what} ({was}, copied as {now})"
        is_linked = old.st_nlink > 1 and not stat.S_ISDIR(old.st_mode)
        if is_linked and self._links.setdefault(old.st_ino, new.st_ino) != new.st_ino:
            yield f"{_shown(path)} is no longer a hard link to its other names"
        is_linked = new.st_nlink > 1 and not stat.S_ISDIR(new.st_mode)
        if is_linked and self._copied_links.setdefault(new.st_ino, old.st_ino) != old.st_ino:
            yield f"{_shown(path)} is one file with another name, but only in the copy"
        source, target = self._source + b"/" + path, self._target + b"/" + path
        if stat.S_ISLNK(old.st_mode) and os.readlink(source) != os.readlink(target):  # noqa: PTH115  # names may be any bytes
            yield f"{_shown(path)} points elsewhere"
        if _attributes(source) != _attributes(target):
            yield f"{_shown(path)} has other extended attributes"

    @staticmethod
    def _traits(old: os.stat_result, new: os.stat_result) -> Iterator[tuple[str, object, object]]:
        yield "owner", (old.st_uid, old.st_gid), (new.st_uid, new.st_gid)
        if not stat.S_ISLNK(old.st_mode):
            yield "mode", oct(stat.S_IMODE(old.st_mode)), oct(stat.S_IMODE(new.st_mode))
        if stat.S_ISREG(old.st_mode):
            yield "size", old.st_size, new.st_size
        if stat.S_ISREG(old.st_mode) or stat.S_ISDIR(old.st_mode):
            yield "time", old.st_mtime_ns, new.st_mtime_ns
        if stat.S_ISBLK(old.st_mode) or stat.S_ISCHR(old.st_mode):
            yield "device number", old.st_rdev, new.st_rdev


def _attributes(path: bytes) -> dict[str, bytes]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    except OSError:
        return {}


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace").replace("\n", "\\n")


def summary(found: list[str]) -> str:
    """Return a sentence of the first few of ``found`` differences, with how many more there are."""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more
