"""The gateways of a root that is not running."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, NoReturn

from dockerd_cfg.errors import CommandFailed, UsageProblem
from dockerd_cfg.host.disk_usage import DiskUsage
from dockerd_cfg.host.docker import Container, Info, LogConfig
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import LinuxFilesystems, Mount, Usage
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.host.unit_files import read_unit
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DOCKER_SOCKET, HostPath, Layout
from dockerd_cfg.runner import Runner

_FSTAB: Final = HostPath("/etc/fstab")
_DPKG: Final = HostPath("/var/lib/dpkg/status")
_PACKAGES: Final = ("docker-ce", "docker.io", "moby-engine")


def offline_host(text: str) -> Host:
    """Return the root in the folder ``text`` as a host; nothing is read yet. Raises UsageProblem for no such folder."""
    root = Path(text)
    if not root.is_absolute() or ".." in root.parts or not root.is_dir():
        raise UsageProblem(
            f"--root takes the absolute path of a folder, not {text!r}", hint="for instance: /mnt/image"
        )
    layout, runner = Layout(root.resolve()), Runner()
    return Host(
        layout=layout,
        runner=runner,
        systemd=NoSystemd(layout),
        docker=NoDocker(),
        dockerd=NoDockerd(layout),
        filesystems=RootFilesystems(layout, runner),
        processes=NoProcesses(),
        is_privileged=os.geteuid() == 0 or layout.root.stat().st_uid == os.geteuid(),
        is_offline=True,
    )


class NoSystemd:
    """Unit files without a systemd: what is written here is read at the next boot."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def is_running(self) -> bool:
        """It need not."""
        return True

    def unit(self, name: str) -> UnitState:
        """Return what a unit's files say; of a mount point, whether fstab will mount it."""
        if name.startswith("/"):
            return UnitState(name, load="loaded", sources=(str(_FSTAB),) if self._is_in_fstab(name) else ())
        return read_unit(self._layout, name)

    def _is_in_fstab(self, point: str) -> bool:
        try:
            lines = self._layout.file(_FSTAB).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return False
        fields = [line.split() for line in lines if not line.lstrip().startswith("#")]
        return any(len(one) > 1 and one[1] == point for one in fields)

    def start(self, *names: str, patience: float | None = None) -> None:
        """Nothing: there is nothing to start."""

    def stop(self, *names: str) -> None:
        """Nothing: nothing runs."""

    def restart(self, name: str) -> None:
        """Nothing: nothing runs."""

    def reload(self, name: str) -> None:
        """Nothing: nothing runs."""

    def stays_up(self, name: str) -> bool:
        """Tell no: nothing runs here."""
        return False

    def enable(self, name: str) -> None:
        """Nothing: what is needed at boot is pulled in by drop-ins."""

    def disable(self, name: str) -> None:
        """Nothing: nothing was enabled."""

    def reset_failed(self, *names: str) -> None:
        """Nothing has failed."""

    def daemon_reload(self) -> None:
        """The next boot reads everything."""

    def next_elapse(self, timer: str) -> float | None:
        """Return None: no timer runs."""
        return None

    def calendar_fault(self, expression: str) -> str | None:
        """Return None: nobody can tell."""
        return None

    def unit_faults(self, *paths: HostPath) -> list[str]:
        """Return nothing: nobody can tell."""
        return []

    def inhibit_shutdown(self, why: str) -> None:
        """Nothing shuts down here."""

    def allow_shutdown(self) -> None:
        """Nothing shuts down here."""

    def log_tail(self, name: str, lines: int, *, since: float = 0) -> str:
        """Return nothing: nothing ran."""
        return ""


class NoDocker:
    """The daemon of a root that is not running cannot be asked."""

    @property
    def address(self) -> HostPath:
        """The socket it will listen on."""
        return DOCKER_SOCKET

    def info(self) -> Info:
        """Raise CommandFailed."""
        _refuse()

    def containers(self) -> list[Container]:
        """Raise CommandFailed."""
        _refuse()

    def options(self) -> Mapping[str, JsonValue]:
        """Raise CommandFailed."""
        _refuse()

    def log_config(self, container_id: str) -> LogConfig:
        """Raise CommandFailed."""
        _refuse()

    def disk_usage(self) -> DiskUsage:
        """Raise CommandFailed."""
        _refuse()

    def ask(self, method: str, path: str, *, timeout: float = 0) -> NoReturn:
        """Raise CommandFailed."""
        _refuse()

    def reloads(self, since: float) -> int:
        """Raise CommandFailed."""
        _refuse()

    def images(self) -> frozenset[str]:
        """Raise CommandFailed."""
        _refuse()

    def volumes(self) -> frozenset[str]:
        """Raise CommandFailed."""
        _refuse()

    def networks(self) -> frozenset[str]:
        """Raise CommandFailed."""
        _refuse()

    def start_container(self, container_id: str) -> None:
        """Raise CommandFailed."""
        _refuse()

    def probe_log_config(self, image: str) -> LogConfig:
        """Raise CommandFailed."""
        _refuse()


def _refuse() -> NoReturn:
    raise CommandFailed(
        "Docker does not run in this root", hint="leave out --root to ask the Docker of this host"
    )


class NoDockerd:
    """The daemon's program in a root, which is not run: it may be of another machine."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def version(self) -> str | None:
        """Return the version that dpkg knows of; None without dpkg or Docker."""
        try:
            status = self._layout.file(_DPKG).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        for stanza in status.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line[:40])
            if fields.get("Package") in _PACKAGES and "installed" in fields.get("Status", ""):
                version = fields.get("Version", "").rpartition(":")[2]  # without the epoch
                return version.partition("+")[0].partition("-")[0].partition("~")[0] or None
        return None

    def validate(self, data: bytes, flags: Sequence[str]) -> str | None:
        """Return None: it is not asked."""
        return None


class RootFilesystems:
    """The file systems of this machine, as far as they lie below the root."""

    def __init__(self, layout: Layout, runner: Runner) -> None:
        self._layout = layout
        self._real = LinuxFilesystems(runner)

    def mounts(self) -> list[Mount]:
        """Return the mounts below the root by their places in it, and the one that the root itself lies on as ``/``."""
        root = PurePosixPath(self._layout.root)
        above: Mount | None = None
        below = []
        for mount in self._real.mounts():
            if mount.point.is_relative_to(root) and mount.point != root:
                point = HostPath("/") / mount.point.relative_to(root)
                below.append(Mount(point, mount.fstype, mount.source, mount.options, mount.device))
            elif root.is_relative_to(mount.point) and (
                above is None or len(mount.point.parts) >= len(above.point.parts)
            ):
                above = mount
        first = (
            []
            if above is None
            else [Mount(HostPath("/"), above.fstype, above.source, above.options, above.device)]
        )
        return [*first, *below]

    def usage(self, path: Path) -> Usage:
        """Return the room on the file system of ``path``. Raises FileProblem."""
        return self._real.usage(path)

    def try_overlay(self, folder: Path) -> str | None:
        """Return None: what counts is the kernel that will boot, not this one."""
        return None


class NoProcesses:
    """No process of this machine belongs to the root."""

    def arguments(self, pid: int) -> list[str]:
        """Return nothing."""
        return []

    def of_rootless(self) -> list[str]:
        """Return nothing."""
        return []

    def of_docker(self) -> list[str]:
        """Return nothing."""
        return []
