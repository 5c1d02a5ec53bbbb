"""What a move depends on, read from the host before anything is planned."""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dockerd_cfg import files
from dockerd_cfg.config.daemon_json import DaemonJson, config_path, read_daemon_json
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.errors import PreflightRefused
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import daemon_arguments
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import Usage, mount_of, mounts_below
from dockerd_cfg.host.systemd import CONTAINERD_SERVICE, DOCKER_SERVICE
from dockerd_cfg.paths import DEFAULT_DATA_ROOT, HostPath
from dockerd_cfg.service.state import DockerState, observe
from dockerd_cfg.storage.containerd import ContainerdFacts, read_containerd
from dockerd_cfg.storage.survey import TreeSize, survey

# Where Docker itself mounts something below its roots; any other mount there is somebody's, and would be missed.
_OWN_MOUNTS: Final = (
    "overlay2",
    "containers",
    "rootfs",
    "volumes",
    "plugins",
    "network",
    "buildkit",
    "netns",
)
_ROOT: Final = HostPath("/")
_OWN_MOUNTS_CONTAINERD: Final = ("io.containerd.", "tmpmounts")


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree to be moved: from where, to where, and how big it is.

    ``foreign_mounts`` are mount points below it that are neither Docker's nor containerd's own.
    """

    name: str
    source: HostPath
    target: HostPath
    size: TreeSize
    device: int
    is_mount_point: bool
    foreign_mounts: tuple[HostPath, ...]


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """The folder given as target: what it is, and what its file system is and can do.

    ``unsafe`` are it and those of its parents that others than root may write to, ``closed`` those that others may
    not pass through. ``occupied`` are folders to be made in it that exist and are not empty. ``returns`` tells
    whether its mount comes back after a reboot.
    """

    kind: str
    resolved: HostPath
    usage: Usage | None = None
    fstype: str = ""
    mount_point: HostPath = _ROOT
    mount_source: str = ""
    mount_options: frozenset[str] = frozenset()
    returns: bool = True
    overlay_failure: str | None = None
    unsafe: tuple[HostPath, ...] = ()
    closed: tuple[HostPath, ...] = ()
    occupied: tuple[HostPath, ...] = ()


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """Everything the preflight and the plan look at.

    ``trees`` are those that are not at the target yet; none: there is nothing to do. ``drop_ins`` are our drop-ins
    as they are now, by unit.
    """

    docker: DockerState
    file: DaemonJson
    arguments: Sequence[str]
    configured_root: HostPath
    root_flag: str | None
    data_root: HostPath
    driver: str
    image_store: str
    containerd: ContainerdFacts
    target: TargetFacts
    trees: tuple[Tree, ...]
    drop_ins: Mapping[str, FileImage]
    has_rsync: bool
    is_selinux_enforcing: bool


def read_facts(host: Host, target: HostPath, containerd_mode: str) -> StorageFacts:
    """Read all facts for a move to ``target``. Changes nothing, but for a trial mount in the target.

    Raises InvalidConfig, CommandFailed or PreflightRefused when the host cannot be understood.
    """
    unit = host.systemd.unit(DOCKER_SERVICE)
    arguments = daemon_arguments(host, unit)
    flags = parse_flags(arguments)
    file = read_daemon_json(host.layout, config_path(arguments))
    docker = observe(host)
    root_flag = next((name for name in ("data-root", "graph") if name in flags), None)
    configured = _configured_root(file, flags.get(root_flag or "", []))
    data_root = _used_root(host, docker, configured)
    driver, store = _driver(host, docker, data_root)
    containerd = read_containerd(host, data_root)
    moved = {"docker": data_root}
    if containerd_mode == "yes" or (
        containerd_mode == "auto" and store == "containerd" and containerd.is_separate
    ):
        moved["containerd"] = containerd.root
    if host.layout.real(target).is_dir():
        target = resolve(host, target)
    folders = {name: target / name for name, source in moved.items() if source != target / name}
    units = (DOCKER_SERVICE, CONTAINERD_SERVICE)
    return StorageFacts(
        docker=docker,
        file=file,
        arguments=arguments,
        configured_root=configured,
        root_flag=root_flag,
        data_root=data_root,
        driver=driver,
        image_store=store,
        containerd=containerd,
        target=_target(host, target, tuple(folders.values())),
        trees=tuple(_tree(host, name, moved[name], folder) for name, folder in folders.items()),
        drop_ins={unit: files.read_image(host.layout.real(host.layout.drop_in(unit))) for unit in units},
        has_rsync=host.runner.find("rsync") is not None,
        is_selinux_enforcing=_selinux(host),
    )


def _configured_root(file: DaemonJson, flag: Sequence[str]) -> HostPath:
    if flag:
        return HostPath(flag[-1])
    named = file.value.get("data-root") or file.value.get("graph")
    if isinstance(named, str) and not named.startswith("/"):
        message = f"the data root in {file.path} is not absolute: {named}"
        finding = Finding(code="data-root-relative", severity="error", stage="preflight", message=message)
        raise PreflightRefused(
            message,
            hint="write the whole path there (see: docker info), and restart Docker",
            findings=(finding,),
        )
    return HostPath(named) if isinstance(named, str) else DEFAULT_DATA_ROOT


def resolve(host: Host, path: HostPath) -> HostPath:
    """Return the host path that ``path`` leads to, symbolic links followed."""
    return host.layout.host(host.layout.real(path).resolve())


def _used_root(host: Host, docker: DockerState, configured: HostPath) -> HostPath:
    """Return the data root in use, links followed; with user namespaces the root above the one Docker names.

    (moby daemon/daemon_unix.go, setupDaemonRoot: the root is then DATA-ROOT/UID.GID.)
    """
    resolved = resolve(host, configured)
    if docker.info is None:
        return resolved
    used = docker.info.data_root
    if used in (resolved, configured) or used.parent == resolved:
        return resolved
    raise PreflightRefused(
        f"Docker runs with the data root {used}, but its configuration says {configured}",
        hint="restart Docker first, so that it uses its configuration, and see whether your data is there",
        findings=(_mismatch(used, configured),),
    )


def _mismatch(used: HostPath, configured: HostPath) -> Finding:
    message = f"the running Docker uses {used}, its configuration says {configured}"
    return Finding(code="data-root-mismatch", severity="error", stage="preflight", message=message)


def _driver(host: Host, docker: DockerState, data_root: HostPath) -> tuple[str, str]:
    """Return storage driver and image store: as the daemon says or, when it is down, by what the root holds."""
    if docker.info is not None:
        return docker.info.driver, docker.info.image_store
    real = host.layout.real(data_root)
    for driver in ("overlay2", "btrfs", "zfs", "devicemapper", "aufs", "fuse-overlayfs", "vfs"):
        if (real / "image" / driver).is_dir():
            return driver, "graphdriver"
    return ("overlayfs", "containerd") if (real / "containers").is_dir() else ("", "")


def _tree(host: Host, name: str, source: HostPath, target: HostPath) -> Tree:
    mounts = host.filesystems.mounts()
    real = host.layout.real(source)
    own = _OWN_MOUNTS if name == "docker" else _OWN_MOUNTS_CONTAINERD
    foreign = tuple(
        mount.point
        for mount in mounts_below(source, mounts)
        if not mount.point.relative_to(source).parts[0].startswith(own)
        and not _is_remapped(mount.point, source)
    )
    try:
        device, size = real.stat().st_dev, survey(real)
    except OSError as error:
        message = f"{source} cannot be read: {error.strerror}"
        raise PreflightRefused(
            message, hint="is that where Docker keeps its data? see: docker info"
        ) from error
    is_mount_point = any(mount.point == source for mount in mounts)
    return Tree(name, source, target, size, device, is_mount_point, foreign)


def _is_remapped(point: HostPath, source: HostPath) -> bool:
    first = point.relative_to(source).parts[0]
    return first.replace(".", "").isdecimal()


def _target(host: Host, target: HostPath, folders: tuple[HostPath, ...]) -> TargetFacts:
    real = host.layout.real(target)
    if not os.path.lexists(real):
        return TargetFacts("missing", target)
    resolved = resolve(host, target)
    if not real.is_dir():
        return TargetFacts("file", resolved)
    mount = mount_of(resolved, host.filesystems.mounts())
    point = mount.point if mount else HostPath("/")
    unit = host.systemd.unit(str(point)) if mount and point != HostPath("/") else None
    unsafe, closed = _parents(host, resolved)
    return TargetFacts(
        kind="folder",
        resolved=resolved,
        usage=host.filesystems.usage(real),
        fstype=mount.fstype if mount else "",
        mount_point=point,
        mount_source=mount.source if mount else "",
        mount_options=mount.options if mount else frozenset(),
        returns=unit is None
        or any(not source.startswith("/run/systemd/transient") for source in unit.sources),
        overlay_failure=host.filesystems.try_overlay(real) if host.is_privileged else None,
        unsafe=unsafe,
        closed=closed,
        occupied=tuple(folder for folder in folders if _is_occupied(host, folder)),
    )


def _parents(host: Host, resolved: HostPath) -> tuple[tuple[HostPath, ...], tuple[HostPath, ...]]:
    unsafe, closed = [], []
    for folder in (resolved, *resolved.parents):
        status = host.layout.real(folder).stat()
        if status.st_uid not in {0, os.geteuid()} or _lets_others_write(status, is_parent=folder != resolved):
            unsafe.append(folder)
        if not status.st_mode & stat.S_IXOTH:
            closed.append(folder)
        if host.layout.real(folder) == host.layout.root:
            break
    return tuple(unsafe), tuple(closed)


def _lets_others_write(status: os.stat_result, *, is_parent: bool) -> bool:
    if is_parent and status.st_mode & stat.S_ISVTX:
        return False  # with the sticky bit, others cannot rename or replace what is root's
    by_group = bool(status.st_mode & stat.S_IWGRP) and status.st_gid not in {0, os.getegid()}
    return by_group or bool(status.st_mode & stat.S_IWOTH)


def _is_occupied(host: Host, folder: HostPath) -> bool:
    real = host.layout.real(folder)
    if not os.path.lexists(real):
        return False
    if real.is_symlink() or not real.is_dir() or real.stat().st_uid not in {0, os.geteuid()}:
        return True
    return any(real.iterdir())


def _selinux(host: Host) -> bool:
    try:
        return (
            host.layout.real(HostPath("/sys/fs/selinux/enforce")).read_text(encoding="ascii").strip() == "1"
        )
    except (OSError, UnicodeDecodeError):
        return False
