"""The plan of a move. Pure: facts and request in, steps out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dockerd_cfg import __version__
from dockerd_cfg.change.plan import Plan, Step
from dockerd_cfg.config.daemon_json import KeyEdit
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson, edit_step
from dockerd_cfg.host.systemd import CONTAINERD_SERVICE, DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.service.hold import FreeUnits, HoldUnits
from dockerd_cfg.service.steps import CheckDocker, StartDocker, StopDocker
from dockerd_cfg.storage.boot import drop_in_step, mount_unit_step
from dockerd_cfg.storage.containerd import containerd_step
from dockerd_cfg.storage.copying import CatchUp, FinalCopy, PreCopy, VerifyTree
from dockerd_cfg.storage.facts import StorageFacts, Tree
from dockerd_cfg.storage.hand_over import Edit, HandOver
from dockerd_cfg.storage.moved_tree import Mode, MovedTree, name_aside
from dockerd_cfg.storage.old_tree import CarryAhead, DropLink, RemoveTree, SetAside
from dockerd_cfg.storage.selinux import LabelTarget
from dockerd_cfg.storage.stored_paths import MoveStoredPaths
from dockerd_cfg.storage.target import ReserveTarget

# Measured on two cores with a virtual disk: 3 GB in 59,000 files took 8 s. For an estimate.
_BYTES_PER_SECOND: Final = 600e6
_FILES_PER_SECOND: Final = 20_000.0
# What Docker itself takes to stop and start, and how many files a second are looked at meanwhile.
_RESTART_SECONDS: Final = 1.5
_LOOKED_AT_PER_SECOND: Final = 30_000.0


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """What is asked for.

    ``adopt``: the data is at the target already. ``full``: verify contents, too. ``limit`` is in bytes per second
    for the copy while Docker runs, None: unlimited. ``confirm``: the step that has it all undone unless somebody confirms. ``patience``: how many seconds
    Docker may take to start on the new place. ``polite``: the copy gives way to what else uses the disk.
    """

    mode: Mode = "data-root"
    adopt: bool = False
    full: bool = False
    limit: int | None = None
    confirm: ExpectConfirmation | None = None
    patience: float = 300.0
    polite: bool = True


def data_root_edit(facts: StorageFacts, request: MoveRequest) -> EditDaemonJson | None:
    """Return the step that names the new data root in daemon.json, None when it is right or not to be named there.

    20.10's ``graph`` is replaced where it is used.
    """
    tree = facts.tree("docker")
    if tree is None or request.mode != "data-root":
        return None
    edits = [KeyEdit(key=("data-root",), value=str(tree.target))]
    if "graph" in facts.file.value:
        edits.insert(0, KeyEdit(key=("graph",), unset=True))
    return edit_step(facts.file, edits)


def plan_move(facts: StorageFacts, layout: Layout, request: MoveRequest, *, created: str, stamp: str) -> Plan:
    """Return the plan that moves the trees of ``facts``; ``stamp`` makes the names of what is set aside unique.

    The order is that of least risk: nothing of the old tree is touched before the copy is verified, and Docker starts
    on the new one only after everything needed to come back is recorded.
    """
    return _Planner(facts, layout, request, stamp).plan(created)


class _Planner:
    """Puts the steps together."""

    def __init__(self, facts: StorageFacts, layout: Layout, request: MoveRequest, stamp: str) -> None:
        self._facts = facts
        self._layout = layout
        self._request = request
        self._edits: list[Edit] = []
        self._moved = [self._move(tree, stamp) for tree in facts.trees]
        self._copied = [tree for tree in self._moved if tree.placement == "copied"]
        self._renamed = [tree for tree in self._moved if tree.placement == "renamed"]
        self._units = self._touched_units()

    def plan(self, created: str) -> Plan:
        """Return the plan."""
        confirm = self._request.confirm
        return Plan(
            command="move-storage",
            subject="storage",
            tool=__version__,
            created=created,
            steps=(
                *self._before_the_stop(),
                *([confirm] if confirm else []),  # only now: its time must not run out during the copy
                *self._in_the_stop(),
                *self._after_the_stop(),
            ),
            finish=tuple(RemoveTree(path=self._old(tree), current=tree.target) for tree in self._copied),
            summary=self._summary(),
            confirm_within=confirm.seconds if confirm else None,
        )

    def _before_the_stop(self) -> Iterator[Step]:
        contents, live = self._request.full, self._facts.docker.was_up
        for tree in self._moved:
            if tree.placement == "copied":
                yield ReserveTarget(target=tree.target, source=tree.source)
            if self._facts.is_selinux_enforcing:
                yield LabelTarget(source=tree.source, target=tree.target)
            if tree.placement != "copied":
                continue
            yield PreCopy(
                source=tree.source,
                target=tree.target,
                allocated=self._allocated(tree),
                live=live,
                contents=contents,
                limit=self._request.limit,
                polite=self._request.polite,
            )
        for unit, tree in self._needing():
            places = (tree.target, tree.named) if self._request.mode == "bind" else (tree.target,)
            yield drop_in_step(self._layout, unit, self._facts.drop_ins[unit], *places)
        if not self._facts.is_offline:
            yield HoldUnits(units=self._units)
        for tree in self._copied if live else ():
            yield CatchUp(
                source=tree.source,
                target=tree.target,
                allocated=self._allocated(tree),
                limit=self._request.limit,
                polite=self._request.polite,
            )

    def _needing(self) -> Iterator[tuple[str, MovedTree]]:
        """Yield each unit that must not start without the disk of a moved tree."""
        for tree in self._moved:
            if tree.name == "docker":
                yield DOCKER_SERVICE, tree
            if tree.name == "containerd" or self._facts.containerd.is_inside:
                yield CONTAINERD_SERVICE, tree

    def _in_the_stop(self) -> Iterator[Step]:
        if not self._facts.is_offline:
            yield StopDocker(units=self._units, roots=tuple(tree.source for tree in self._facts.trees))
        for tree in self._copied:
            yield FinalCopy(source=tree.source, target=tree.target, allocated=self._allocated(tree))
            yield VerifyTree(source=tree.source, target=tree.target, contents=self._request.full)
        yield from self._stored_paths(self._copied)
        yield HandOver(
            mode=self._request.mode,
            trees=tuple(self._moved),
            edits=tuple(self._edits),
            stops=self._units,
        )
        yield from self._stored_paths(
            [tree for tree in self._moved if tree.placement != "copied"], self._units
        )
        docker = self._facts.docker
        units = tuple(
            unit
            for unit in self._units
            if unit in docker.active_units or (unit == DOCKER_SERVICE and docker.should_run)
        )
        if units:
            yield StartDocker(
                units=units,
                stops=self._units,
                roots=tuple(tree.target for tree in self._moved),
                patience=self._request.patience,
            )
        if docker.should_run:
            yield CheckDocker(
                noted_by="stop-docker",
                data_root=self._new_data_root(),
                contents=not self._request.adopt,
                roots=tuple(tree.target for tree in self._moved),
            )

    def _after_the_stop(self) -> Iterator[Step]:
        if not self._facts.is_offline:
            yield FreeUnits(units=self._units)
        for tree in self._copied:
            old = tree.aside if self._stands_aside(tree) else tree.source
            yield CarryAhead(old=old, new=tree.target, source=tree.source)
        for tree in self._copied:
            if not self._stands_aside(tree) and self._old(tree) != tree.source:
                yield SetAside(source=tree.source, aside=tree.aside)
        for tree in self._renamed:
            if self._request.mode != "symlink" or tree.named != tree.source:
                yield DropLink(source=tree.source, target=tree.target)

    def _stored_paths(self, trees: list[MovedTree], stops: tuple[str, ...] = ()) -> Iterator[Step]:
        for tree in trees:
            if tree.name == "docker" and self._request.mode != "bind":
                yield MoveStoredPaths(source=tree.source, target=tree.target, stops=stops)

    def _move(self, tree: Tree, stamp: str) -> MovedTree:
        edit = self._edit(tree)
        if edit is not None:
            self._edits.append(edit)
        index = len(self._edits) - 1 if edit is not None else None
        if tree.name == "docker":
            self._edits += self._edits_of_what_is_inside(tree)
        place = tree.named if self._request.mode == "bind" else tree.source
        return MovedTree(
            name=tree.name,
            source=tree.source,
            named=tree.named,
            target=tree.target,
            aside=name_aside(place, stamp),
            placement=tree.placement(adopt=self._request.adopt),
            edit=index,
        )

    def _edit(self, tree: Tree) -> Edit | None:
        match self._request.mode:
            case "bind":
                return mount_unit_step(tree.target, tree.named)
            case "symlink":
                return None
            case "data-root":
                if tree.name == "docker":
                    return data_root_edit(self._facts, self._request)
                return containerd_step(self._facts.containerd, tree.target)

    def _edits_of_what_is_inside(self, docker: Tree) -> Iterator[Edit]:
        """Containerd's root may lie below Docker's: it moves with it, and only its configuration needs to follow."""
        containerd = self._facts.containerd
        if self._request.mode == "data-root" and containerd.is_inside:
            yield containerd_step(containerd, docker.target / containerd.root.relative_to(docker.source))

    def _touched_units(self) -> tuple[str, ...]:
        is_moved = any(tree.name == "containerd" for tree in self._moved) or self._facts.containerd.is_inside
        return (DOCKER_SOCKET_UNIT, DOCKER_SERVICE, *((CONTAINERD_SERVICE,) if is_moved else ()))

    def _stands_aside(self, tree: MovedTree) -> bool:
        """Tell whether the hand-over itself sets the old tree aside, since something else takes its place."""
        return self._request.mode == "bind" or (self._request.mode == "symlink" and tree.named == tree.source)

    def _old(self, tree: MovedTree) -> HostPath:
        """A mount point cannot be renamed: its tree stays where it is."""
        is_mount_point = any(one.is_mount_point for one in self._facts.trees if one.name == tree.name)
        return tree.source if is_mount_point else tree.aside

    def _allocated(self, tree: MovedTree) -> int:
        return sum(one.size.allocated for one in self._facts.trees if one.name == tree.name)

    def _new_data_root(self) -> HostPath | None:
        """With user namespaces the daemon names the folder below the root (DATA-ROOT/UID.GID)."""
        tree = self._facts.tree("docker")
        if tree is None:
            return None
        root = tree.named if self._request.mode == "bind" else tree.target
        info = self._facts.docker.info
        if info is not None and info.data_root.parent == self._facts.data_root:
            return root / info.data_root.name
        return root

    def _summary(self) -> dict[str, JsonValue]:
        sizes = [one.size for one in self._facts.trees if one.name in {tree.name for tree in self._copied}]
        allocated, inodes = sum(size.allocated for size in sizes), sum(size.inodes for size in sizes)
        rest = inodes - sum(size.sealed_inodes for size in sizes)
        seconds = allocated / _BYTES_PER_SECOND + inodes / _FILES_PER_SECOND
        if self._request.limit:
            seconds = max(seconds, allocated / self._request.limit)
        return {
            "mode": self._request.mode,
            "bytes": allocated,
            "inodes": inodes,
            "sealed_bytes": sum(size.sealed_bytes for size in sizes),
            "copy_seconds": round(seconds, 1),
            "stop_seconds": round(_RESTART_SECONDS + rest / _LOOKED_AT_PER_SECOND, 1),
            "trees": [
                {
                    "name": tree.name,
                    "source": str(tree.source),
                    "target": str(tree.target),
                    "old": str(self._old(tree)) if tree.placement == "copied" else None,
                }
                for tree in self._moved
            ],
            "running_containers": [container.name for container in self._facts.docker.running],
            "dependent_units": list(self._facts.docker.dependents),
        }
