"""Stopping Docker, and being sure of it."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import mounts_below
from dockerd_cfg.locks import is_locked
from dockerd_cfg.paths import HostPath
from dockerd_cfg.service.hold import hold, is_held
from dockerd_cfg.service.state import wait_until

_GONE_PATIENCE: Final = 60.0
_STOP_ATTEMPTS: Final = 10
_STOP_AGAIN_AFTER: Final = 0.1  # seconds, more at each attempt
_DATABASES: Final = (
    "volumes/metadata.db",
    "[0-9]*.[0-9]*/volumes/metadata.db",  # with user namespaces the root proper is UID.GID below the data root
    "io.containerd.metadata.v1.bolt/meta.db",
    "containerd/daemon/io.containerd.metadata.v1.bolt/meta.db",  # of a containerd that dockerd itself starts
)


def stop(
    host: Host, units: tuple[str, ...], roots: tuple[HostPath, ...], *, daemon_only: bool = False
) -> None:
    """Stop ``units``, hold them lest anybody start them again, and wait until all is quiet.

    Quiet: no unit up, no container process, nothing mounted below ``roots``, no lock held on Docker's databases
    there; with ``daemon_only`` no unit up and no such lock. Raises CommandFailed when that does not come about.
    """
    if host.is_offline:
        return  # nothing runs in it, as was seen before
    hold(host, units)
    for attempt in range(_STOP_ATTEMPTS):
        time.sleep(attempt * _STOP_AGAIN_AFTER)
        up = _bring_down(host, units)
        if not up:
            break
    else:
        raise CommandFailed(
            f"{up[0]} is up again although it was stopped", hint="see what starts it, and stop that first"
        )

    def left() -> list[str]:
        return _locks_held(host, roots) if daemon_only else restless(host, roots)

    if not wait_until(lambda: not left(), _GONE_PATIENCE):
        raise CommandFailed(
            f"Docker was stopped, but {(left() or ['it took too long to end'])[0]}",
            hint="end what uses it, or unmount what an earlier crash left mounted (see: findmnt), then try again",
        )


def _bring_down(host: Host, units: tuple[str, ...]) -> list[str]:
    """Stop ``units``; return which are up all the same, when somebody's start, asked for meanwhile, ended the stop.

    Raises CommandFailed when it fails for another reason.
    """
    try:
        host.systemd.stop(*units)
    except CommandFailed as error:
        if "canceled" not in error.message:
            raise
    return [name for name in units if host.systemd.unit(name).is_active]


def restless(host: Host, roots: Sequence[HostPath]) -> list[str]:
    """Return, in words, what still uses Docker's data below ``roots``."""
    found = [f"{process} still runs a container" for process in host.processes.of_docker()]
    mounts = host.filesystems.mounts()
    for root in roots:
        found += [f"{mount.point} is still mounted" for mount in mounts_below(root, mounts)]
        found += _locks_held(host, (root,))
    return found


def _locks_held(host: Host, roots: tuple[HostPath, ...]) -> list[str]:
    found = []
    for root in roots:
        real = host.layout.real(root)
        if real.is_dir():  # in a move on one file system it can be a link to itself for a moment
            there = [path for pattern in _DATABASES for path in _matching(real, pattern)]
            found += [root / path.relative_to(real) for path in there if is_locked(path)]
    return [f"some process still holds {path}" for path in found]


def _matching(root: Path, pattern: str) -> list[Path]:
    try:
        return list(root.glob(pattern))
    except OSError:
        return []  # a disk that broke: what can be seen without looking into it has to do


def is_stopped(host: Host, units: tuple[str, ...]) -> bool:
    """Tell whether none of ``units`` is up, and none can come up."""
    return is_held(host) and not any(host.systemd.unit(name).is_active for name in units)
