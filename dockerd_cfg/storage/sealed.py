"""What in a data root never changes again, so that it can be copied and verified while Docker runs.

An image layer of overlay2 is sealed when it is registered: the file that names its folder
(image/overlay2/layerdb/sha256/*/cache-id) is written last (moby layer/filestore.go, fileMetadataStore.Commit), and
from then on its folder ``diff`` is only mounted as a lower one. Folders that no such file names belong to containers
or to BuildKit and are never sealed. In containerd's store the content blobs are sealed, named by their digests and
renamed into place when they are complete (containerd plugins/content/local/writer.go), and so are the snapshots
committed (see `dockerd_cfg.storage.snapshots`).
"""

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.storage.snapshots import committed

NOTE: Final = ".dockerd-cfg-settled"
_CACHE_ID: Final = re.compile(r"[0-9a-z]{1,128}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SNAPSHOTTER: Final = "io.containerd.snapshotter.v1.overlayfs"
_BLOBS: Final = "io.containerd.content.v1.content/blobs/sha256"


def sealed(root: Path, before: float) -> frozenset[bytes]:
    """Return what below ``root``, of Docker or of containerd, was sealed before the Unix time ``before``.

    Paths are relative to ``root``: folders with all that is below them, and files. What cannot be read for certain
    is not sealed. With user namespaces Docker's root proper is a folder UID.GID; a containerd that dockerd runs by
    itself has its root below Docker's.
    """
    found: set[bytes] = set()
    for docker in _docker_roots(root):
        found.update(_layers(docker, before))
    for containerd in _containerd_roots(root):
        found.update(_blobs(containerd, before))
        found.update(_snapshots(containerd, before))
    top = len(os.fsencode(root)) + 1
    return frozenset(path[top:] for path in found)


def _docker_roots(root: Path) -> Iterator[Path]:
    yield root
    yield from (path for path in root.glob("[0-9]*.[0-9]*") if path.is_dir() and not path.is_symlink())


def _containerd_roots(root: Path) -> Iterator[Path]:
    yield root
    yield from (docker / "containerd/daemon" for docker in _docker_roots(root))


def _layers(docker: Path, before: float) -> Iterator[bytes]:
    for name in (docker / "image/overlay2/layerdb/sha256").glob("*/cache-id"):
        try:
            status, cache_id = name.lstat(), name.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue  # removed just now, or no file of Docker's
        diff = docker / "overlay2" / cache_id / "diff"
        is_older = status.st_mtime < before
        if is_older and stat.S_ISREG(status.st_mode) and _CACHE_ID.fullmatch(cache_id) and _is_folder(diff):
            yield os.fsencode(diff)


def _blobs(containerd: Path, before: float) -> Iterator[bytes]:
    try:
        with os.scandir(containerd / _BLOBS) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                is_older = status.st_mtime < before
                if is_older and stat.S_ISREG(status.st_mode) and _DIGEST.fullmatch(entry.name):
                    yield os.fsencode(entry.path)
    except OSError:
        return


def _snapshots(containerd: Path, before: float) -> Iterator[bytes]:
    snapshotter = containerd / _SNAPSHOTTER
    for number in committed(snapshotter / "metadata.db", before):
        layer = snapshotter / "snapshots" / str(number) / "fs"
        if _is_folder(layer):
            yield os.fsencode(layer)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode) and stat.S_ISDIR(path.parent.lstat().st_mode)
    except OSError:
        return False


class Moment(NamedTuple):
    """A moment by the clock of then: its Unix time, and that of the host's start, by which to see a clock set back."""

    unix: float
    booted: float = 0.0  # not noted

    @classmethod
    def now(cls) -> "Moment":
        """Return this moment."""
        unix = time.time()
        return cls(unix, unix - time.clock_gettime(time.CLOCK_BOOTTIME))

    @classmethod
    def noted(cls, before: Before, name: str) -> "Moment":
        """Return the moment that a step captured as ``name``; earlier versions did not note the host's start."""
        return cls(float(str(before[name])), float(str(before.get("booted", 0.0))))

    @property
    def today(self) -> float:
        """The Unix time from which on, by today's clock, all lies that came after: earlier if that was set back."""
        return self.unix + min(0.0, self.now().booted - self.booted)


@dataclass(frozen=True, slots=True)
class Settled:
    """What of a copy needs no second look.

    ``paths`` are sealed, copied, verified and on disk. Of all else, whatever changed at ``since`` (Unix time) or later
    has to be copied again.
    """

    since: float
    paths: frozenset[bytes] = frozenset()
    booted: float = field(default=0.0, compare=False)  # see `Moment`

    @property
    def moment(self) -> Moment:
        """From when on changes count."""
        return Moment(self.since, self.booted)

    def write(self, target: Path) -> None:
        """Note it in the copy ``target``. Raises FileProblem."""
        lines = [f"{self.since!r} {self.booted!r}".encode(), *sorted(self.paths)]
        files.replace_file(target / NOTE, FileImage(b"\0".join(lines), 0o600))

    @classmethod
    def read(cls, target: Path, source: Path) -> "Settled | None":
        """Return what is noted in ``target`` and still sealed in ``source``; None without a note that can be read."""
        try:
            since, *paths = (files.read_image(target / NOTE).data or b"").split(b"\0")
            moment = Moment(*map(float, since.split()))
        except (FileProblem, ValueError, TypeError):
            return None
        now = Moment(moment.today, Moment.now().booted)
        return cls(now.unix, frozenset(paths) & sealed(source, now.unix), now.booted)
