"""What a move depends on, read from the host before anything is planned."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dockerd_cfg import files
from dockerd_cfg.config.daemon_json import DaemonJson, config_path, read_daemon_json
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.errors import PreflightRefused
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines, command_lines
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import mount_of, mounts_below
from dockerd_cfg.host.systemd import CONTAINERD_SERVICE, DOCKER_SERVICE
from dockerd_cfg.paths import DEFAULT_DATA_ROOT, HostPath
from dockerd_cfg.service.state import DockerState, observe
from dockerd_cfg.service.stopping import restless
from dockerd_cfg.storage.binds import Bind, binds_into
from dockerd_cfg.storage.containerd import ContainerdFacts, read_containerd
from dockerd_cfg.storage.moved_tree import Placement
from dockerd_cfg.storage.own_mounts import is_own_mount
from dockerd_cfg.storage.sealed import sealed
from dockerd_cfg.storage.survey import TreeSize, survey
from dockerd_cfg.storage.target_facts import TargetFacts, read_target, resolve


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree to be moved: from where, to where, and how big it is.

    ``named`` is the path by which the daemon is told of it: ``source``, or a link to it. ``is_near``: source and
    target are on one mount, and in one subvolume, so that it can be renamed. ``foreign_mounts`` are mount points below
    it that are neither Docker's nor containerd's own, ``subvolumes`` parts of it that are file systems of their own
    without being mounted. A tree that is ``missing`` can only be adopted.
    """

    name: Literal["docker", "containerd"]
    source: HostPath
    named: HostPath
    target: HostPath
    size: TreeSize
    device: int
    is_mount_point: bool
    foreign_mounts: tuple[HostPath, ...]
    is_near: bool = False
    missing: bool = False
    subvolumes: tuple[HostPath, ...] = ()

    @property
    def is_renamed(self) -> bool:
        """Whether a rename moves it, and no copy has to be made."""
        return self.is_near and not self.is_mount_point

    def placement(self, *, adopt: bool) -> Placement:
        """Return how the data comes to the target, in a move that is told to ``adopt`` what is there or not."""
        if adopt or self.missing:
            return "adopted"
        return "renamed" if self.is_renamed else "copied"


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """Everything the preflight and the plan look at.

    ``trees`` are those that are not at the target yet; none: there is nothing to do. ``drop_ins`` are our drop-ins
    as they are now, by unit. ``binds`` are those of containers' bind mounts that lead into the data root, as
    CONTAINER: PATH. ``is_offline``: it is a root that does not run. ``users``, in words, is what uses the data all the
    same, in such a root or where Docker is down.
    """

    docker: DockerState
    file: DaemonJson
    arguments: CommandLines
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
    has_semanage: bool = True
    is_offline: bool = False
    users: tuple[str, ...] = ()
    binds: tuple[Bind, ...] = ()
    has_project_quotas: bool = False

    def tree(self, name: str) -> Tree | None:
        """Return the tree of that name if it is to be moved."""
        return next((tree for tree in self.trees if tree.name == name), None)


def read_facts(host: Host, target: HostPath, containerd_mode: str) -> StorageFacts:
    """Read all facts for a move to ``target``. Changes nothing, but for a trial mount in the target.

    Raises InvalidConfig, CommandFailed or PreflightRefused when the host cannot be understood.
    """
    unit = host.systemd.unit(DOCKER_SERVICE)
    arguments = command_lines(host, unit)
    flags = parse_flags(arguments.now)
    file = read_daemon_json(host.layout, config_path(arguments.now))
    docker = observe(host)
    root_flag = next((name for name in ("data-root", "graph") if name in flags), None)
    configured = _configured_root(file, flags.get(root_flag or "", []))
    data_root = _used_root(host, docker, configured)
    driver, store = _driver(host, docker, file, data_root)
    if not store:  # the old disk may be dead, and the data at the target already
        driver, store = _driver(host, docker, file, resolve(host, target) / "docker")
    containerd = read_containerd(host, data_root)
    moved: dict[Literal["docker", "containerd"], tuple[HostPath, HostPath]] = {
        "docker": (data_root, _own_name(host, configured))
    }
    if containerd_mode == "yes" or (
        containerd_mode == "auto" and store == "containerd" and containerd.is_separate
    ):
        moved["containerd"] = (containerd.root, _own_name(host, containerd.named))
    if host.layout.real(target).is_dir():
        target = resolve(host, target)
    folders = {
        name: target / name
        for name, (source, _) in moved.items()
        if not _is_same(host, source, target / name)
    }
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
        target=read_target(host, target, tuple(folders.values())),
        trees=tuple(_tree(host, name, *moved[name], folder) for name, folder in folders.items()),
        drop_ins={unit: files.read_image(host.layout.file(host.layout.drop_in(unit))) for unit in units},
        has_rsync=host.runner.find("rsync") is not None,
        is_selinux_enforcing=_selinux(host),
        is_offline=host.is_offline,
        users=_users(host, containerd, {name: source for name, (source, _) in moved.items()}),
        has_semanage=host.runner.find("semanage") is not None,
        binds=binds_into(host.layout, data_root),
        has_project_quotas=_has_project_quotas(host, data_root),
    )


def _users(
    host: Host, containerd: ContainerdFacts, roots: dict[Literal["docker", "containerd"], HostPath]
) -> tuple[str, ...]:
    """Return what uses ``roots`` although Docker does not run, and would not be gone after a stop either.

    What a containerd that is up holds, is gone then.
    """
    if not host.is_offline:
        is_containerd_up = host.systemd.unit(CONTAINERD_SERVICE).is_active
        if host.systemd.unit(DOCKER_SERVICE).is_active or (is_containerd_up and containerd.is_inside):
            return ()
        if is_containerd_up:
            roots = {"docker": roots["docker"]}
    return tuple(restless(host, list(roots.values())))


def _own_name(host: Host, path: HostPath) -> HostPath:
    """Return ``path`` with the links on the way to it followed: it is a link only if its last part is one."""
    return resolve(host, path.parent) / path.name


def _is_same(host: Host, source: HostPath, target: HostPath) -> bool:
    """Tell whether both are one folder: by name, by a link or by a bind mount."""
    one, other = host.layout.real(source), host.layout.real(target)
    return source == target or (one.is_dir() and other.is_dir() and one.samefile(other))


def _has_project_quotas(host: Host, data_root: HostPath) -> bool:
    mount = mount_of(data_root, host.filesystems.mounts())
    return mount is not None and bool(mount.options & {"prjquota", "pquota"})


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


def _driver(host: Host, docker: DockerState, file: DaemonJson, data_root: HostPath) -> tuple[str, str]:
    """Return storage driver and image store: as the daemon says or, when it is down, by its file and what the root holds."""
    if docker.info is not None:
        return docker.info.driver, docker.info.image_store
    real = host.layout.real(data_root)
    features = file.value.get("features")
    if (
        isinstance(features, dict)
        and features.get("containerd-snapshotter") is True
        and (real / "containers").is_dir()
    ):
        return "overlayfs", "containerd"  # what a graph driver left behind is not in use
    for driver in ("overlay2", "btrfs", "zfs", "devicemapper", "aufs", "fuse-overlayfs", "vfs"):
        if (real / "image" / driver).is_dir():
            return driver, "graphdriver"
    return ("overlayfs", "containerd") if (real / "containers").is_dir() else ("", "")


def _tree(
    host: Host,
    name: Literal["docker", "containerd"],
    source: HostPath,
    named: HostPath,
    target: HostPath,
) -> Tree:
    mounts = host.filesystems.mounts()
    real = host.layout.real(source)
    foreign = tuple(
        mount.point
        for mount in mounts_below(source, mounts)
        if not is_own_mount(name, mount.point.relative_to(source).parts, real)
    )
    try:
        device, size, missing = real.stat().st_dev, survey(real, sealed(real, time.time())), False
    except OSError:
        device, size, missing = 0, TreeSize(allocated=0, inodes=0), True
    return Tree(
        name=name,
        source=source,
        named=named,
        target=target,
        size=size,
        device=device,
        is_mount_point=any(mount.point == source for mount in mounts),
        foreign_mounts=foreign,
        is_near=mount_of(source, mounts) == mount_of(target, mounts)
        and not _is_elsewhere(host, target.parent, device),
        missing=missing,
        subvolumes=_subvolumes(host, source, size.elsewhere),
    )


def _subvolumes(host: Host, source: HostPath, elsewhere: Sequence[str]) -> tuple[HostPath, ...]:
    """Return which of the folders ``elsewhere`` are no mount points; Docker may mount and unmount meanwhile."""
    found = [source / name for name in elsewhere]
    for _ in range(2 if found else 0):
        points = {mount.point for mount in host.filesystems.mounts()}
        device = host.layout.real(source).stat().st_dev
        found = [path for path in found if path not in points and _is_elsewhere(host, path, device)]
    return tuple(found)


def _is_elsewhere(host: Host, path: HostPath, device: int) -> bool:
    try:
        return host.layout.real(path).lstat().st_dev != device
    except (OSError, ValueError):
        return False


def _selinux(host: Host) -> bool:
    try:
        return (
            host.layout.real(HostPath("/sys/fs/selinux/enforce")).read_text(encoding="ascii").strip() == "1"
        )
    except (OSError, UnicodeDecodeError):
        return False
