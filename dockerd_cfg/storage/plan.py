"""The plan of a move. Pure: facts and request in, steps out."""

from collections.abc import Iterator
from typing import Final

from dockerd_cfg import __version__
from dockerd_cfg.change.plan import Plan, Step
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.config.daemon_json import KeyEdit
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson, edit_step
from dockerd_cfg.files import FileImage
from dockerd_cfg.host.systemd import CONTAINERD_SERVICE, DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.service.steps import CheckDocker, StartDocker, StopDocker
from dockerd_cfg.storage.containerd import containerd_step
from dockerd_cfg.storage.facts import StorageFacts, Tree
from dockerd_cfg.storage.steps import (
    FinalCopy,
    HandOver,
    PreCopy,
    RemoveTree,
    ReserveTarget,
    SetAside,
    VerifyTree,
    WriteDropIn,
)
from dockerd_cfg.storage.stored_paths import MoveStoredPaths

# Measured on two cores with a virtual disk: 3 GB in 59,000 files took rsync 20 s. For an estimate.
_BYTES_PER_SECOND: Final = 150e6
_FILES_PER_SECOND: Final = 3000.0


def data_root_edit(facts: StorageFacts) -> EditDaemonJson | None:
    """Return the step that names the new data root in daemon.json, None when it is right or not moved.

    20.10's ``graph`` is replaced where it is used.
    """
    tree = _docker_tree(facts)
    if tree is None:
        return None
    edits = [KeyEdit(key=("data-root",), value=str(tree.target))]
    if "graph" in facts.file.value:
        edits.insert(0, KeyEdit(key=("graph",), unset=True))
    return edit_step(facts.file, edits)


def plan_move(facts: StorageFacts, layout: Layout, *, created: str, stamp: str) -> Plan:
    """Return the plan that moves the trees of ``facts``; ``stamp`` makes the names of what is set aside unique.

    The order is that of least risk: nothing of the old tree is touched before the copy is verified, Docker starts
    on the new one only after everything needed to come back is recorded.
    """
    trees = facts.trees
    asides = {tree.name: _aside(tree, stamp) for tree in trees}
    return Plan(
        command="move-storage",
        subject="storage",
        tool=__version__,
        created=created,
        steps=(*_copying(facts), *_switching(facts, layout, asides), *_starting(facts)),
        finish=tuple(RemoveTree(path=asides[tree.name], current=tree.target) for tree in trees),
        summary=_summary(facts, asides),
    )


def _copying(facts: StorageFacts) -> Iterator[Step]:
    for tree in facts.trees:
        yield ReserveTarget(target=tree.target, source=tree.source)
        if facts.docker.was_up:
            yield PreCopy(source=tree.source, target=tree.target, allocated=tree.size.allocated)
    yield StopDocker(units=_units(facts), roots=tuple(tree.source for tree in facts.trees))
    for tree in facts.trees:
        yield FinalCopy(source=tree.source, target=tree.target, allocated=tree.size.allocated)
        yield VerifyTree(source=tree.source, target=tree.target)


def _switching(facts: StorageFacts, layout: Layout, asides: dict[str, HostPath]) -> Iterator[Step]:
    docker, edit = _docker_tree(facts), data_root_edit(facts)
    if docker is not None:
        yield MoveStoredPaths(source=docker.source, target=docker.target)
    if edit is not None:
        yield edit
    for tree in facts.trees:
        if tree.name == "containerd":
            yield containerd_step(facts.containerd, tree.target)
    for tree in facts.trees:
        yield _drop_in(
            facts, layout, DOCKER_SERVICE if tree.name == "docker" else CONTAINERD_SERVICE, tree.target
        )
    for tree in facts.trees:
        if asides[tree.name] != tree.source:
            yield SetAside(source=tree.source, aside=asides[tree.name])
    for tree in facts.trees:
        yield HandOver(old=asides[tree.name], new=tree.target, source=tree.source)


def _starting(facts: StorageFacts) -> Iterator[Step]:
    if not facts.docker.should_run:
        return
    units = tuple(
        unit for unit in _units(facts) if unit == DOCKER_SERVICE or unit in facts.docker.active_units
    )
    yield StartDocker(units=units, stops=_units(facts), roots=tuple(tree.target for tree in facts.trees))
    yield CheckDocker(noted_by="stop-docker", data_root=_new_data_root(facts))


def _docker_tree(facts: StorageFacts) -> Tree | None:
    return next((tree for tree in facts.trees if tree.name == "docker"), None)


def _units(facts: StorageFacts) -> tuple[str, ...]:
    is_containerd_moved = any(tree.name == "containerd" for tree in facts.trees)
    return (DOCKER_SOCKET_UNIT, DOCKER_SERVICE, *((CONTAINERD_SERVICE,) if is_containerd_moved else ()))


def _aside(tree: Tree, stamp: str) -> HostPath:
    """A mount point cannot be renamed: its tree stays where it is."""
    return tree.source if tree.is_mount_point else tree.source.with_name(f"{tree.source.name}.old-{stamp}")


def _new_data_root(facts: StorageFacts) -> HostPath | None:
    """With user namespaces the daemon names the folder below the root (DATA-ROOT/UID.GID)."""
    tree = _docker_tree(facts)
    if tree is None or facts.docker.info is None:
        return None if tree is None else tree.target
    used = facts.docker.info.data_root
    return tree.target / used.name if used.parent == facts.data_root else tree.target


def _drop_in(facts: StorageFacts, layout: Layout, unit: str, root: HostPath) -> WriteDropIn:
    text = (
        f"# Written by dockerd-cfg: without its disk, {unit} would start on an empty folder.\n"
        f"[Unit]\nRequiresMountsFor={_quoted(root)}\n"
    )
    new = StoredImage.of(FileImage(text.encode()))
    return WriteDropIn(path=layout.drop_in(unit), new=new, expected=facts.drop_ins[unit].digest, unit=unit)


def _quoted(path: HostPath) -> str:
    """Quote a path for a unit file (systemd.syntax(7)); ``%`` begins a specifier there."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"' if " " in text or text != str(path) else text


def _summary(facts: StorageFacts, asides: dict[str, HostPath]) -> dict[str, JsonValue]:
    allocated = sum(tree.size.allocated for tree in facts.trees)
    inodes = sum(tree.size.inodes for tree in facts.trees)
    seconds = allocated / _BYTES_PER_SECOND + inodes / _FILES_PER_SECOND
    return {
        "bytes": allocated,
        "inodes": inodes,
        "copy_seconds": round(seconds, 1),
        "trees": [
            {
                "name": tree.name,
                "source": str(tree.source),
                "target": str(tree.target),
                "old": str(asides[tree.name]),
            }
            for tree in facts.trees
        ],
        "running_containers": [container.name for container in facts.docker.running],
    }
