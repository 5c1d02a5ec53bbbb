"""The command usage: where Docker's disk space goes, on which file system, and what could be had back."""

from collections.abc import Mapping, Sequence
from threading import Thread
from typing import NamedTuple

import typer

from dockerd_cfg.cli.disks import are_images_in_containerd, containerd_of
from dockerd_cfg.cli.options import Json, Root, Verbose, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.cli.table import bar, show_table, shown_share
from dockerd_cfg.cli.whereabouts import Whereabouts, whereabouts
from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.host.disk_usage import DiskUsage
from dockerd_cfg.host.mounts import mount_of
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.logs.containers import read_containers
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import shown_bytes
from dockerd_cfg.storage.outcome import old_trees
from dockerd_cfg.usage.elsewhere import elsewhere
from dockerd_cfg.usage.layers import containerd_parts, read_layers
from dockerd_cfg.usage.summary import Share, shares
from dockerd_cfg.usage.walk import Part, walk


class _Tree(NamedTuple):
    """A tree that was walked: what it is, where, on which file system, and what is in it."""

    what: str
    path: HostPath
    point: HostPath
    taken: Mapping[Part, int]

    @property
    def total(self) -> int:
        return sum(self.taken.values())


def usage(
    context: typer.Context,
    *,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Show where Docker's disk space goes, on which disk, what could be had back, and by which command."""
    session = session_of(context, "usage")
    session.refuse_without_rights()
    place = whereabouts(session)
    counting = _Counting(session, place)
    layout = session.host.layout
    containers = read_containers(layout.real(place.data_root))
    layers = read_layers(layout.real(place.data_root), containers)
    trees = _trees(session, place, layers.parts)
    taken: dict[Part, int] = {}
    for tree in trees:
        for part, size in tree.taken.items():
            taken[part] = taken.get(part, 0) + size
    found = shares(
        taken,
        containers=containers,
        unused=layers.unused,
        docker_runs=place.runs,
        counted=counting.result(),
        prunes_all_volumes=place.info is None or not place.info.version.startswith("20."),
    )
    disks = _disks(session, trees)
    _show(session, place, found, trees, disks)
    data: dict[str, JsonValue] = {
        "docker": place.runs,
        "bytes": sum(taken.values()),
        "reclaimable_bytes": sum(share.reclaimable or 0 for share in found),
        "kinds": [_as_json(share, trees) for share in found],
        "trees": [
            {"what": one.what, "path": str(one.path), "mount_point": str(one.point), "bytes": one.total}
            for one in trees
        ],
        "filesystems": disks,
    }
    return Result(command=session.command, data=data)


def _trees(session: Session, place: Whereabouts, parts: Mapping[str, Part]) -> list[_Tree]:
    """Walk the data root, with what of it lies elsewhere, the system containerd's root, and old data set aside by a move."""
    found = [_tree(session, "data root", place.data_root, parts, Part("other"))]
    apart = elsewhere(session.host.layout, place.data_root, parts)
    found += [_tree(session, "data root", one.path, one.parts, one.top) for one in apart]
    containerd = _containerd(session, place)
    if containerd is not None:
        has_images = are_images_in_containerd(session, place.info, place.data_root)
        known = containerd_parts(session.host.layout.real(containerd)) if has_images else {}
        found.append(_tree(session, "containerd", containerd, known, Part("containerd")))
    seen = {tree.path for tree in found if tree is not None}
    try:
        runs = [run for run in session.runs() if run.record.state in {"applied", "finishing"}]
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        runs = []
    for run in runs:
        for old, _ in old_trees(run):
            if old not in seen and session.host.layout.real(old).is_dir():
                seen.add(old)
                found.append(_tree(session, "old data", old, {}, Part("old-data", run.id)))
    return [tree for tree in found if tree is not None]


def _tree(session: Session, what: str, path: HostPath, parts: Mapping[str, Part], top: Part) -> _Tree | None:
    try:
        taken = walk(session.host.layout.real(path), parts, top)
    except OSError as error:
        session.report.say(f"warning: {path} cannot be read: {error.strerror}")
        return None
    mount = mount_of(path, session.host.filesystems.mounts())
    return _Tree(what, path, HostPath("/") if mount is None else mount.point, taken)


def _containerd(session: Session, place: Whereabouts) -> HostPath | None:
    """Return the root of the system's containerd, unless it is in the data root or not there."""
    found = containerd_of(session, place.data_root)
    if found is None or found.root.is_relative_to(place.data_root):
        return None
    return found.root if session.host.layout.real(found.root).is_dir() else None


class _Counting:
    """Lets Docker count while we walk: it takes about as long."""

    def __init__(self, session: Session, place: Whereabouts) -> None:
        self._session = session
        self._found: DiskUsage | None = None
        self._trouble: DockerdCfgError | None = None
        self._thread = Thread(target=self._count, daemon=True) if place.info is not None else None
        if self._thread is not None:
            self._thread.start()

    def result(self) -> DiskUsage | None:
        """Return what Docker counted, when it has; None when it does not run or cannot tell."""
        if self._thread is not None:
            self._thread.join()
        if self._trouble is not None:
            self._session.report.say(f"warning: {self._trouble.message}")
        return self._found

    def _count(self) -> None:
        try:
            self._found = self._session.host.docker.disk_usage()
        except DockerdCfgError as error:
            self._trouble = error


def _disks(session: Session, trees: Sequence[_Tree]) -> list[JsonValue]:
    """Return, for each file system that holds any of it, how large and how full it is, and how much is Docker's."""
    found: dict[HostPath, dict[str, JsonValue]] = {}
    for tree in trees:
        sizes: dict[str, JsonValue] = {"total_bytes": None, "free_bytes": None}
        try:
            room = session.host.filesystems.usage(session.host.layout.real(tree.path))
            sizes = {"total_bytes": room.total_bytes, "free_bytes": room.free_bytes}
        except DockerdCfgError as error:
            session.report.say(f"warning: {error.message}")
        mine = sum(one.total for one in trees if one.point == tree.point)
        found.setdefault(tree.point, {"mount_point": str(tree.point), **sizes, "docker_bytes": mine})
    return list[JsonValue](found.values())


def _show(
    session: Session,
    place: Whereabouts,
    found: Sequence[Share],
    trees: Sequence[_Tree],
    disks: Sequence[JsonValue],
) -> None:
    report = session.report
    if place.info is None:
        report.say("Docker does not answer: this is what its files say.")
    total = sum(share.taken for share in found)
    heads = ["WHAT", "ON DISK", "", "DOCKER COUNTS", "RECLAIMABLE", "BY"]
    lines = [
        [
            share.kind.replace("-", " "),
            shown_bytes(share.taken),
            bar(report, shown_share(share.taken, total)),
            "" if share.counted is None else shown_bytes(share.counted.total),
            "not known" if share.reclaimable is None else shown_bytes(share.reclaimable),
            share.command,
        ]
        for share in found
    ]
    if not report.is_terminal:
        heads.remove("")
        for line in lines:
            del line[2]
    right = {1, 3, 4} if report.is_terminal else {1, 2, 3}
    show_table(report, heads, lines, right=frozenset(right))
    reclaimable = sum(share.reclaimable or 0 for share in found)
    report.answer(f"together {shown_bytes(total)}, {shown_bytes(reclaimable)} of it reclaimable")
    for disk in disks:
        if not isinstance(disk, dict):
            continue
        places = ", ".join(
            f"{tree.what} {tree.path}" for tree in trees if str(tree.point) == disk["mount_point"]
        )
        free, size = disk["free_bytes"], disk["total_bytes"]
        room = (
            f"{shown_bytes(free)} free of {shown_bytes(size)}, "
            if isinstance(free, int) and isinstance(size, int)
            else ""
        )
        mine = disk["docker_bytes"]
        part = f"{shown_bytes(mine)} of it Docker's" if isinstance(mine, int) else ""
        report.answer(f"{disk['mount_point']}: {room}{part} ({places})")


def _as_json(share: Share, trees: Sequence[_Tree]) -> JsonValue:
    points = {
        str(tree.point): size
        for tree in trees
        if (size := sum(taken for part, taken in tree.taken.items() if part.kind == share.kind))
    }
    return {
        "kind": share.kind,
        "bytes": share.taken,
        "reclaimable_bytes": share.reclaimable,
        "command": share.command or None,
        "docker_bytes": None if share.counted is None else share.counted.total,
        "docker_reclaimable_bytes": None if share.counted is None else share.counted.reclaimable,
        "mount_points": list[JsonValue](sorted(points)),
    }
