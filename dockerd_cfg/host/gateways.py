"""What the tool needs of a host, as interfaces: the real host and the sandbox both give it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from dockerd_cfg.host.disk_usage import DiskUsage
    from dockerd_cfg.host.docker import Container, Info, LogConfig
    from dockerd_cfg.host.mounts import Mount, Usage
    from dockerd_cfg.host.systemd import UnitState
    from dockerd_cfg.json_value import JsonValue
    from dockerd_cfg.paths import HostPath, Layout
    from dockerd_cfg.runner import Runner


class Systemd(Protocol):
    """The service manager."""

    def is_running(self) -> bool:
        """Whether systemd is this host's init."""

    def unit(self, name: str) -> "UnitState":
        """Return the state of a unit, also of one that does not exist (``load`` is then ``not-found``)."""

    def start(self, *names: str, patience: float | None = None) -> None:
        """Start units and wait until they are up, for at most ``patience`` seconds if given. Raises CommandFailed."""

    def stop(self, *names: str) -> None:
        """Stop units and wait until they are down. Raises CommandFailed."""

    def restart(self, name: str) -> None:
        """Stop and start a unit, and wait until it is up. Raises CommandFailed."""

    def reload(self, name: str) -> None:
        """Make a service read its configuration anew. Raises CommandFailed."""

    def stays_up(self, name: str) -> bool:
        """Tell whether a unit that was started is up since; may wait a moment, to be sure. Raises CommandFailed."""

    def enable(self, name: str) -> None:
        """Have a unit started at boot, too. Raises CommandFailed."""

    def disable(self, name: str) -> None:
        """Have a unit no longer started at boot; one that does not exist is fine."""

    def reset_failed(self, *names: str) -> None:
        """Forget failures and start limits of units."""

    def daemon_reload(self) -> None:
        """Read unit files and drop-ins anew. Raises CommandFailed."""

    def next_elapse(self, timer: str) -> float | None:
        """Return when a timer elapses next, as Unix time in seconds; None when it does not, or nobody can tell."""

    def calendar_fault(self, expression: str) -> str | None:
        """Return what is wrong with a calendar expression, None when it is right or nobody can tell."""

    def unit_faults(self, *paths: "HostPath") -> list[str]:
        """Return what is wrong with unit files, nothing when they are right or nobody can tell."""

    def inhibit_shutdown(self, why: str) -> None:
        """Keep the host from being shut down or rebooted, where that can be done, until `allow_shutdown`."""

    def allow_shutdown(self) -> None:
        """Let the host be shut down again; it also may when this process ends."""

    def log_tail(self, name: str, lines: int, *, since: float = 0) -> str:
        """Return the unit's last log lines since ``since`` (Unix time), empty when there are none to be had."""


class Docker(Protocol):
    """The Engine API of the running daemon. Never call it while docker.service is down: the socket starts it."""

    @property
    def address(self) -> "HostPath":
        """The socket on which the daemon is asked."""

    def info(self) -> "Info":
        """Return what the daemon says of itself. Raises CommandFailed when it does not answer."""

    def containers(self) -> "list[Container]":
        """Return all containers, stopped ones too."""

    def options(self) -> "Mapping[str, JsonValue]":
        """Return the options of daemon.json that the daemon tells it uses, by name (dotted for ``proxies``)."""

    def reloads(self, since: float) -> int:
        """Return how often the daemon took over a changed configuration since ``since``, a Unix time in seconds."""

    def images(self) -> frozenset[str]:
        """Return the ids of all images."""

    def volumes(self) -> frozenset[str]:
        """Return the names of all volumes."""

    def networks(self) -> frozenset[str]:
        """Return the ids of user-defined networks and the names of the predefined ones."""

    def disk_usage(self) -> "DiskUsage":
        """Return what Docker counts of images and build cache. Raises CommandFailed."""

    def start_container(self, container_id: str) -> None:
        """Start a container; one that runs already is fine. Raises CommandFailed."""

    def log_config(self, container_id: str) -> "LogConfig | None":
        """Return the log configuration the daemon has for a container, None when there is no such container."""

    def ask(self, method: str, path: str, *, timeout: float = 30.0) -> Any:
        """Return the answer to a request as it is; ``timeout`` in seconds. Raises CommandFailed."""

    def probe_log_config(self, image: str) -> "LogConfig | None":
        """Return the log configuration a container created now gets: one is created and removed, never started.

        None where Docker creates none, whatever its log configuration. Raises CommandFailed.
        """


class Dockerd(Protocol):
    """The daemon's program."""

    def version(self) -> str | None:
        """Return the version of the installed dockerd, None when there is none."""

    def validate(self, data: bytes, flags: Sequence[str]) -> str | None:
        """Let dockerd judge a candidate daemon.json with its unit's flags; return its complaint, None if none."""


class Filesystems(Protocol):
    """Mounts and what file systems can do."""

    def mounts(self) -> "list[Mount]":
        """Return the mount table."""

    def usage(self, path: Path) -> "Usage":
        """Return the room on the file system of ``path``."""

    def try_overlay(self, folder: Path) -> str | None:
        """Try what Docker's overlay2 needs in ``folder``; return what failed, None when it works."""


class Processes(Protocol):
    """Processes that use Docker's data."""

    def arguments(self, pid: int) -> list[str]:
        """Return a process's argument vector, empty when it is gone."""

    def of_rootless(self) -> list[str]:
        """Return, for people, each RootlessKit that runs a dockerd for a user."""

    def of_docker(self) -> list[str]:
        """Return, for people, each container process (shim) that containerd runs for Docker."""


class Host(NamedTuple):
    """One host: its paths and its gateways. ``is_offline``: it is a root that does not run."""

    layout: "Layout"
    runner: "Runner"
    systemd: Systemd
    docker: Docker
    dockerd: Dockerd
    filesystems: Filesystems
    processes: Processes
    is_privileged: bool
    is_offline: bool = False
