"""What the folder is that the data is to go to."""

import os
import stat
from dataclasses import dataclass
from typing import Final

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import Usage, fstab_line, mount_of
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.returning import mounted_instead, returns
from dockerd_cfg.storage.target import is_half_copied

_ROOT: Final = HostPath("/")


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """The folder given as target: what it is, and what its file system is and can do.

    ``unsafe`` are it and those of its parents that others than root may write to, ``closed`` those that others may
    not pass through. ``occupied`` are folders to be made in it that exist and are not empty; ``holds_data``: they
    look like roots of Docker and containerd. ``returns`` tells whether its mount comes back after a reboot, ``fstab`` is
    the line that would make it again, ``mounted_instead`` what is mounted in its place then; ``unmounted``
    is where something will be mounted then, over it, that is not mounted now.
    """

    kind: str
    resolved: HostPath
    usage: Usage | None = None
    fstype: str = ""
    mount_point: HostPath = _ROOT
    fstab: str = ""
    mount_options: frozenset[str] = frozenset()
    returns: bool = True
    mounted_instead: str | None = None
    overlay_failure: str | None = None
    unsafe: tuple[HostPath, ...] = ()
    closed: tuple[HostPath, ...] = ()
    occupied: tuple[HostPath, ...] = ()
    half_copied: tuple[HostPath, ...] = ()
    holds_data: bool = False
    unmounted: HostPath | None = None


def read_target(host: Host, target: HostPath, folders: tuple[HostPath, ...]) -> TargetFacts:
    """Return the facts about the folder ``target``, in which ``folders`` are to be made.

    A trial mount is made in it, unless others could put something in the way of what root does there.
    """
    real = host.layout.real(target)
    if not os.path.lexists(real):
        return TargetFacts("missing", target)
    resolved = resolve(host, target)
    if not real.is_dir():
        return TargetFacts("file", resolved)
    mounts = host.filesystems.mounts()
    mount = mount_of(resolved, mounts)
    point = mount.point if mount else HostPath("/")
    unit = host.systemd.unit(str(point)) if mount and point != HostPath("/") else None
    unsafe, closed = _parents(host, resolved)
    return TargetFacts(
        kind="folder",
        resolved=resolved,
        usage=host.filesystems.usage(real),
        fstype=mount.fstype if mount else "",
        mount_point=point,
        fstab=fstab_line(mount, mounts) if mount else "",
        mount_options=mount.options if mount else frozenset(),
        returns=unit is None or returns(unit),
        mounted_instead=mounted_instead(host, mount, unit) if mount and unit else None,
        overlay_failure=host.filesystems.try_overlay(real) if host.is_privileged and not unsafe else None,
        unsafe=unsafe,
        closed=closed,
        occupied=tuple(folder for folder in folders if _is_occupied(host, folder)),
        half_copied=tuple(folder for folder in folders if is_half_copied(host.layout.real(folder))),
        unmounted=_unmounted(host, resolved),
        holds_data=bool(folders) and all(_is_root(host, folder) for folder in folders),
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


def _unmounted(host: Host, target: HostPath) -> HostPath | None:
    """Return the place at or above ``target`` at which something will be mounted at boot, but is not mounted now."""
    points = {mount.point for mount in host.filesystems.mounts()}
    for folder in (target, *target.parents):
        if folder in points or folder == _ROOT:
            return None
        unit = host.systemd.unit(str(folder))
        if unit.exists and unit.sources:
            return folder
    return None


def _is_root(host: Host, folder: HostPath) -> bool:
    """Tell whether ``folder`` looks like the root of Docker or of containerd."""
    real = host.layout.real(folder)
    if folder.name == "containerd":
        return (real / "io.containerd.metadata.v1.bolt").is_dir()
    return (real / "containers").is_dir() and (real / "volumes").is_dir()


def resolve(host: Host, path: HostPath) -> HostPath:
    """Return the host path that ``path`` leads to, symbolic links followed."""
    return host.layout.resolve(path)
