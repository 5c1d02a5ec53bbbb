"""The paths of volumes that Docker stores in its containers' records, which must follow a move.

A container's record (containers/ID/config.v2.json) names the folder of each of its volumes. Docker 20.10 looks that
folder up before it asks the volume for its present one (moby volume/mounts/mounts.go, MountPoint.Setup, as long as
the volume's mode asks for relabelling, which is the default), so that after a move no container with a named volume
starts. Newer ones correct the record at the container's next start.
"""

import errno
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.config.edit import Change, Set, edit
from dockerd_cfg.config.scan import ScanError, scan
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.files.many import replace_many, write_over
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath
from dockerd_cfg.service.stopping import is_stopped, stop

_log: Final = logging.getLogger(__name__)


class MoveStoredPaths(Step):
    """Let the containers' records below ``target`` name volumes there, instead of below ``source``.

    ``stops`` are the units to be down for it: after a power cut Docker may have come up on ``target`` by itself, and a
    running one keeps the old paths in memory and writes them again.
    """

    kind: Literal["move-stored-paths"] = "move-stored-paths"
    source: HostPath
    target: HostPath
    stops: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Let containers look for their volumes in {self.target}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Let containers look for their volumes in {self.source} again"

    def apply(self, context: Context, before: Before) -> None:
        """Rewrite the records in the new tree. Raises FileProblem or CommandFailed."""
        host: Host = context.host
        self._see_that_docker_is_down(host)
        rewrite_records(host.layout.real(self.target), self.source, self.target)

    def revert(self, context: Context, before: Before) -> None:
        """Rewrite those in the old tree, which may have been carried back from the new one. Raises FileProblem or CommandFailed."""
        host: Host = context.host
        self._see_that_docker_is_down(host)
        rewrite_records(host.layout.real(self.source), self.target, self.source)

    def _see_that_docker_is_down(self, host: Host) -> None:
        if self.stops and not is_stopped(host, self.stops):
            stop(host, self.stops, (self.target,))


def rewrite_records(tree: Path, old: HostPath, new: HostPath, *, writes_over: bool = False) -> None:
    """Let the records of the containers in the data root ``tree`` name volumes below ``new`` instead of ``old``.

    All else in a record stays, to the byte. A record that cannot be read is left to Docker, which will say so.
    ``writes_over``: on a full disk the records may be written over, since they can be had again after a power cut. Raises FileProblem when one cannot be written.
    """
    changed: dict[Path, FileImage] = {}
    for record in _records(tree):
        image = files.read_image(record)
        try:
            data = rewritten(image.data or b"", old, new)
        except ScanError as error:
            _log.warning("%s is left as it is: %s", record, error)
            continue
        if data != image.data:
            changed[record] = FileImage(data, image.mode, image.owner, image.group)
    if changed:
        try:
            replace_many(tree, changed)
        except FileProblem as problem:
            is_full = isinstance(problem.__cause__, OSError) and problem.__cause__.errno == errno.ENOSPC
            if not (writes_over and is_full):
                raise
            write_over(tree, changed)


def _records(tree: Path) -> Iterator[Path]:
    """With user namespaces, the root proper is a folder named UID.GID below the data root. No link is followed."""
    for pattern in ("containers/*/config.v2.json", "[0-9]*.[0-9]*/containers/*/config.v2.json"):
        for record in tree.glob(pattern):
            below = [record, *record.parents[: len(record.relative_to(tree).parts) - 1]]
            if not any(path.is_symlink() for path in below):
                yield record


def rewritten(data: bytes, old: HostPath, new: HostPath) -> bytes:
    """Return a container's record with each volume's folder below ``old`` named below ``new``. Raises ScanError."""
    points = scan(data).value.get("MountPoints")
    changes: list[Change] = []
    for destination, point in (points if isinstance(points, dict) else {}).items():
        if not isinstance(point, dict) or point.get("Type") != "volume":
            continue
        source = point.get("Source")
        if isinstance(source, str) and source.startswith("/") and HostPath(source).is_relative_to(old):
            moved = str(new / HostPath(source).relative_to(old))
            changes.append(Set(("MountPoints", destination, "Source"), moved))
    return edit(data, changes) if changes else data
