"""Whether a host is fit for a move: all findings at once. Pure."""

from collections.abc import Iterator
from typing import Final

from dockerd_cfg.findings import Finding, preflight_error, preflight_warning
from dockerd_cfg.quantities import counted, shown_bytes
from dockerd_cfg.storage.facts import StorageFacts
from dockerd_cfg.storage.plan import MoveRequest
from dockerd_cfg.storage.preflight_modes import listed, mode_findings
from dockerd_cfg.storage.preflight_target import is_prepared, target_findings

_MARGIN: Final = 1.05
_MARGIN_BYTES: Final = 64 << 20
_MARGIN_INODES: Final = 1000
_UNUSABLE_DRIVERS: Final = {
    "btrfs": "its layers are subvolumes, which a copy would turn into full-size folders",
    "zfs": "its layers are datasets",
    "devicemapper": "its layers are block devices",
    "aufs": "Docker no longer has it",
    "vfs": "its layers are full copies; change to overlay2 first",
    "fuse-overlayfs": "it belongs to rootless Docker",
}
_CONTAINERD_DRIVERS: Final = frozenset({"overlayfs"})


def preflight(facts: StorageFacts, request: MoveRequest) -> tuple[Finding, ...]:
    """Return everything that speaks against the move (errors) or should be known before it (warnings)."""
    if facts.target.kind == "missing":
        return (
            preflight_error(
                "target-missing",
                f"{facts.target.resolved} does not exist",
                "create it or, if it is a disk, mount it, and see that it is mounted at boot too "
                "(the data goes to a folder named docker in it)",
            ),
        )
    if facts.target.kind == "file":
        return (
            preflight_error(
                "target-not-a-folder",
                f"{facts.target.resolved} is not a folder",
                "name a folder on the new disk",
            ),
        )
    return (
        *_docker(facts, request),
        *_workloads(facts),
        *_places(facts),
        *_contents(facts, request),
        *mode_findings(facts, request),
        *target_findings(facts, request),
        *_room(facts, request),
        *_containerd(facts),
    )


def _docker(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    info = facts.docker.info
    if facts.root_flag is not None and request.mode == "data-root":
        yield preflight_error(
            "data-root-flag",
            f"the data root is given as a flag (--{facts.root_flag}), so daemon.json cannot change it",
            "add --mode symlink or --mode bind, which leave the flag as it is; or "
            f"take --{facts.root_flag} out of docker.service (see: systemctl cat docker.service, /etc/default/docker), "
            f'write "data-root": "{facts.configured_root}" into daemon.json instead, and restart Docker',
        )
    if info is not None and any("rootless" in option for option in info.security):
        yield preflight_error(
            "rootless", "this Docker is rootless", "its data belongs to a user; move it as that user, by hand"
        )
    if facts.image_store == "graphdriver" and facts.driver != "overlay2":
        why = _UNUSABLE_DRIVERS.get(facts.driver, "only overlay2 is known to survive a copy")
        yield preflight_error(
            "unsupported-driver", f"the storage driver is {facts.driver}: {why}", "only overlay2 can be moved"
        )
    elif facts.image_store == "containerd" and facts.driver not in _CONTAINERD_DRIVERS:
        yield preflight_error(
            "unsupported-driver",
            f"the snapshotter is {facts.driver}: only overlayfs is known to survive a copy",
            "only overlayfs can be moved",
        )
    elif not facts.image_store and not is_prepared(facts):
        yield preflight_error(
            "unknown-driver",
            f"Docker is down, and {facts.data_root} does not tell which storage driver it uses",
            "start Docker, then try again",
        )
    if any(tree.placement(adopt=request.adopt) == "copied" for tree in facts.trees) and not facts.has_rsync:
        yield preflight_error(
            "no-rsync", "rsync is not installed", "install it: apt-get install rsync, or dnf install rsync"
        )
    if facts.is_selinux_enforcing and not facts.has_semanage:
        yield preflight_error(
            "no-semanage",
            "SELinux is enforcing, and semanage is not installed: a relabelling of the disk would take Docker's labels away",
            "install it: dnf install policycoreutils-python-utils, or apt-get install policycoreutils-python-utils",
        )
    if facts.has_project_quotas and facts.image_store == "graphdriver":
        yield preflight_warning(
            "project-quotas",
            f"{facts.data_root} lies on a file system with project quotas: limits on the size of containers and volumes "
            "are no part of a copy",
            "mount the target with prjquota, and recreate the containers and volumes that have a limit",
        )


def _workloads(facts: StorageFacts) -> Iterator[Finding]:
    info = facts.docker.info
    if info is not None and info.live_restore and facts.docker.all_running:
        yield preflight_error(
            "live-restore",
            f"live-restore is on: {counted(len(facts.docker.all_running), 'running container')} would go on writing to the old place",
            "stop the containers first, or set live-restore to false and restart Docker",
        )
    paused = [container.name for container in facts.docker.running if container.state == "paused"]
    if paused:
        yield preflight_warning(
            "paused-containers",
            f"{', '.join(paused)} is paused: after the stop it is started again, and no longer paused",
            "pause it again afterwards: docker pause NAME",
        )
    if facts.docker.run_with_rm:
        yield preflight_warning(
            "run-with-rm",
            f"{', '.join(facts.docker.run_with_rm)} was run with --rm: the stop removes it, and its anonymous volumes, for good",
            "take out of it what is needed (docker cp), and run it anew afterwards",
        )
    if info is not None and info.swarm != "inactive":
        yield preflight_warning(
            "swarm-active",
            f"this host is a swarm node ({info.swarm}): its tasks will be rescheduled while Docker is stopped",
            "drain it first: docker node update --availability drain NODE",
        )


def _places(facts: StorageFacts) -> Iterator[Finding]:
    for tree in facts.trees:
        if tree.target.is_relative_to(tree.source) or facts.target.resolved.is_relative_to(tree.source):
            yield preflight_error(
                "target-inside-source",
                f"{tree.target} lies inside {tree.source}, which is to be moved",
                "name another disk",
            )
        elif tree.source.is_relative_to(tree.target):
            yield preflight_error(
                "source-inside-target", f"{tree.source} lies inside {tree.target}", "name another folder"
            )
        for point in tree.foreign_mounts:
            yield preflight_error(
                "foreign-mount",
                f"{point} is mounted below {tree.source}: it would not be copied",
                f"mount it somewhere else; if Docker's data is on it: stop Docker, umount {point}, and bring that into the folder itself",
            )
    for folder in facts.target.unsafe:
        yield preflight_error(
            "target-writable-by-others",
            f"others than root may write to {folder}: they could put something in the place of Docker's data",
            f"chown root:root {folder} && chmod go-w {folder}",
        )
    for folder in facts.target.closed:
        yield preflight_error(
            "target-not-traversable",
            f"{folder} does not let others pass: containers that run as another user could not reach their files",
            f"chmod o+x {folder}",
        )


def _contents(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    for tree in facts.trees:
        for subvolume in () if request.adopt or tree.is_renamed else tree.subvolumes:
            yield preflight_error(
                "subvolume",
                f"{subvolume} is a subvolume: it would not be copied",
                "move it aside, cp -a it to a folder of its name, and delete it: btrfs subvolume delete",
            )
        if tree.missing and not request.adopt and not facts.is_offline:
            yield preflight_error(
                "source-missing",
                f"{tree.source}, where the data should be, is not there or cannot be read",
                "is that where Docker keeps its data? see: docker info; if the data is at the target already: --adopt",
            )
    if facts.target.unmounted is not None and not is_prepared(facts):
        yield preflight_error(
            "target-not-mounted",
            f"something will be mounted at {facts.target.unmounted} at boot, but is not now: what is put there would be "
            "hidden beneath it",
            f"mount it: mount {facts.target.unmounted}"
            + ("; in a root, below the root" if facts.is_offline else ""),
        )
    if facts.users and facts.is_offline:
        yield preflight_error(
            "root-in-use",
            f"something uses Docker's data in this root, so it is no root that does not run: {listed(facts.users)}",
            "end what uses it; on the running host itself, leave out --root",
        )
    elif facts.users:
        yield preflight_error(
            "root-in-use",
            f"Docker is down, and something uses its data all the same: {listed(facts.users)}",
            "end what uses it, unmount what an earlier crash left mounted (see: findmnt), or start Docker; then try again",
        )
    for folder in facts.target.half_copied:
        yield preflight_error(
            "half-copy",
            f"{folder} holds a copy that a move began and never completed",
            f"it is of no use: rm -r {folder}; then move again",
        )
    if request.adopt and not facts.target.holds_data:
        places = ", ".join(str(tree.target) for tree in facts.trees)
        yield preflight_error(
            "nothing-to-adopt",
            f"{places} does not look like Docker's data",
            "--adopt is for data that is there already; leave it out to have it copied",
        )
    occupied = [folder for folder in facts.target.occupied if folder not in facts.target.half_copied]
    for folder in () if request.adopt else occupied:
        yield preflight_error(
            "target-not-empty",
            f"{folder} exists and is not an empty folder of root",
            f"move it away or remove it, if it is not needed: ls -la {folder}; if it is Docker's data: --adopt",
        )


def _room(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    usage = facts.target.usage
    copied = [tree for tree in facts.trees if not tree.is_renamed]
    if usage is None or request.adopt or not copied:
        return
    needed = int(sum(tree.size.allocated for tree in copied) * _MARGIN) + _MARGIN_BYTES
    if usage.free_bytes < needed:
        yield preflight_error(
            "no-room",
            f"{facts.target.resolved} has {shown_bytes(usage.free_bytes)} free, "
            f"and {shown_bytes(needed)} are needed (Docker's data and a margin)",
            "name a larger disk, or make Docker's data smaller: docker system prune",
        )
    inodes = int(sum(tree.size.inodes for tree in copied) * _MARGIN) + _MARGIN_INODES
    if usage.free_inodes is not None and usage.free_inodes < inodes:
        yield preflight_error(
            "no-inodes",
            f"{facts.target.resolved} has {usage.free_inodes} inodes free, and {inodes} are needed",
            "make the file system with more inodes (mkfs.ext4 -N), or use xfs",
        )


def _containerd(facts: StorageFacts) -> Iterator[Finding]:
    containerd = facts.containerd
    if facts.tree("containerd") is None:
        if facts.image_store == "containerd" and containerd.is_separate:
            yield preflight_warning(
                "images-stay",
                f"images and containers' layers live in {containerd.root}, which is not moved",
                "leave out --containerd no to move it as well",
            )
        return
    if containerd.trouble is not None:
        yield preflight_error(
            "containerd-config",
            f"containerd's root cannot be moved: {containerd.trouble}",
            "use --containerd no",
        )
    if not containerd.is_separate:
        yield preflight_error(
            "containerd-not-separate", "no containerd of its own runs beside Docker", "use --containerd auto"
        )
    if containerd.strangers:
        yield preflight_error(
            "containerd-shared",
            f"containerd also serves {', '.join(containerd.strangers)}: that would be stopped and moved with it",
            "stop what else uses it and remove those namespaces, or use --containerd no",
        )
