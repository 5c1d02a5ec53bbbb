"""Comparing two trees: whether one is a faithful copy of the other."""

import errno
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from dockerd_cfg.files.reach import Reach
from dockerd_cfg.host.mounts import present_mounts
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.copy import OWN_FILES
from dockerd_cfg.storage.walk import walk

_SHOWN: Final = 10
_ENDS: Final = 200  # of a path that is shown, at most so much of its beginning and end
_PIECE: Final = 1 << 20


_NOTHING: Final[Collection[bytes]] = frozenset()


def differences(
    source: Path, target: Path, *, settled: Collection[bytes] = _NOTHING, contents: bool = False
) -> Iterator[str]:
    """Yield, in words, each way in which ``target`` is no faithful copy of ``source``.

    Compared are: names, types, owners, modes, sizes, times of files and folders to the nanosecond, targets of
    symbolic links, device numbers, extended attributes (so ACLs and capabilities too), and which names are hard
    links to each other. Mount points below ``source`` and our own files are left out, and so is what lies in the
    folders ``settled`` (paths relative to ``source``). A subvolume (btrfs) is no mount point: it was not copied. With ``contents`` the files are read, too.
    """
    with Reach(os.fsencode(source)) as old, Reach(os.fsencode(target)) as new:
        yield from _Comparison(old, new, settled, contents=contents).run()


def is_same(source: Path, target: Path, path: bytes, *, contents: bool = False) -> bool:
    """Tell whether what is at ``path`` in ``target``, with all below it, is a faithful copy of that in ``source``.

    What cannot be read is not the same.
    """
    with Reach(os.fsencode(source)) as old, Reach(os.fsencode(target)) as new:
        try:
            return next(_Comparison(old, new, contents=contents).of(path), None) is None
        except OSError:
            return False


def changed_since(source: Path, moment: float, settled: Collection[bytes] = _NOTHING) -> Iterator[bytes]:
    """Yield the regular files below ``source``, as paths relative to it, changed at ``moment`` (Unix time) or later.

    The time of the last status change counts too: a program can put back the other one, but not this. It also tells
    of a hard link made or broken. What lies in the folders ``settled`` is not looked at, nor what vanishes meanwhile.
    """
    limit = int(moment * 1e9)
    for path, status in walk(source, settled):
        if stat.S_ISREG(status.st_mode) and max(status.st_mtime_ns, status.st_ctime_ns) >= limit:
            yield path


class _Comparison:
    """One walk over two trees, folder by folder."""

    def __init__(
        self,
        source: Reach,
        target: Reach,
        settled: Collection[bytes] = _NOTHING,
        *,
        contents: bool = False,
    ) -> None:
        self._source = source
        self._target = target
        self._settled = settled
        self._reads_contents = contents
        self._device = os.lstat(source(b"")).st_dev
        self._links: dict[int, int] = {}
        self._copied_links: dict[int, int] = {}

    def of(self, path: bytes) -> Iterator[str]:
        """Yield the differences of ``path`` and all below it."""
        old = os.lstat(self._source(path))
        new = os.lstat(self._target(path))
        yield from self._compare(path, old, new)
        if stat.S_ISDIR(old.st_mode) and stat.S_ISDIR(new.st_mode):
            yield from self.run(path + b"/")

    def run(self, top: bytes = b"") -> Iterator[str]:
        """Yield the differences of what is below ``top``."""
        folders = [top]
        while folders:
            folder = folders.pop()
            old, new = _names(self._source(folder)), _names(self._target(folder))
            if folder == b"":
                old.difference_update(map(os.fsencode, OWN_FILES))
                new.difference_update(map(os.fsencode, OWN_FILES))
            for name in old:
                path = folder + name
                was = os.lstat(self._source(path))
                if was.st_dev != self._device:
                    # something is mounted there: an empty folder in its place is right
                    if not _is_mount_point(self._source(path)):
                        yield f"{_shown(path)} is a subvolume of its own, which is not copied"
                elif name not in new:
                    yield f"{_shown(path)} is missing"
                else:
                    now = os.lstat(self._target(path))
                    yield from self._compare(path, was, now)
                    are_folders = stat.S_ISDIR(was.st_mode) and stat.S_ISDIR(now.st_mode)
                    if are_folders and path not in self._settled:
                        folders.append(path + b"/")
            new -= old
            for name in new:
                yield f"{_shown(folder + name)} is too much"

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
        source, target = self._source(path), self._target(path)
        if stat.S_ISLNK(old.st_mode) and os.readlink(source) != os.readlink(target):  # noqa: PTH115  # names may be any bytes
            yield f"{_shown(path)} points elsewhere"
        if _attributes(source) != _attributes(target):
            yield f"{_shown(path)} has other extended attributes"
        if self._reads_contents and stat.S_ISREG(old.st_mode) and not _same_contents(source, target):
            yield f"{_shown(path)} has other contents"

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


def _names(folder: bytes) -> set[bytes]:
    """Return what is in ``folder``; there may be a million, so that no more is kept of each. Raises OSError."""
    return set(os.listdir(folder))  # noqa: PTH208  # names may be any bytes


def _is_mount_point(path: bytes) -> bool:
    real = HostPath(os.fsdecode(os.path.realpath(path)))
    return any(mount.point == real for mount in present_mounts())


def _same_contents(source: bytes, target: bytes) -> bool:
    with (
        open(source, "rb", buffering=0) as old,  # noqa: PTH123  # names may be any bytes
        open(target, "rb", buffering=0) as new,  # noqa: PTH123  # likewise
    ):
        while True:
            was, now = old.read(_PIECE), new.read(_PIECE)
            if was != now:
                return False
            if not was:
                return True


def _attributes(path: bytes) -> dict[str, bytes]:
    """Return all extended attributes of ``path``, none on a file system that has no such thing. Raises OSError."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return {}
        raise
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}


def _shown(path: bytes) -> str:
    text = path.decode("utf-8", "backslashreplace").replace("\n", "\\n")
    return text if len(text) <= 2 * _ENDS else f"{text[:_ENDS]}...{text[-_ENDS:]}"


def summary(found: list[str]) -> str:
    """Return a sentence of the first few of ``found`` differences, with how many more there are."""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more
