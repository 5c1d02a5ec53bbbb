"""Where everything is: the one place that knows paths, relocatable as a whole.

A *host path* (``PurePosixPath``) is a path as the host's own programs see it, as written into daemon.json; it
cannot be opened. ``Layout.real`` turns it into the ``Path`` to open: the same on a running host, below ``root``
in a sandbox. The types keep the two from being mixed up.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

HostPath = PurePosixPath

DAEMON_JSON: Final = HostPath("/etc/docker/daemon.json")
DEFAULT_DATA_ROOT: Final = HostPath("/var/lib/docker")
CONTAINERD_TOML: Final = HostPath("/etc/containerd/config.toml")
DEFAULT_CONTAINERD_ROOT: Final = HostPath("/var/lib/containerd")
STATE: Final = HostPath("/var/lib/dockerd-cfg")
LOCK: Final = HostPath("/run/dockerd-cfg.lock")
UNITS: Final = HostPath("/etc/systemd/system")
SYSTEMD_RUNTIME: Final = HostPath("/run/systemd/system")
DOCKER_SOCKET: Final = HostPath("/run/docker.sock")


@dataclass(frozen=True, slots=True)
class Layout:
    """All paths of one host, below ``root``."""

    root: Path = Path("/")

    def real(self, path: HostPath) -> Path:
        """Return the path to open for the host path ``path``, which must be absolute.

        Raises ValueError for a relative path or one with ``..``, which could leave ``root``.
        """
        if not path.is_absolute() or ".." in path.parts:
            raise ValueError(f"not an absolute, plain path: {path}")
        return self.root / path.relative_to("/")

    def resolved(self, text: str) -> str:
        """Return the host path ``text`` with its symbolic links followed; as it is when it is not plain or absolute."""
        path = HostPath(text)
        if not path.is_absolute() or ".." in path.parts:
            return text
        real = self.real(path).resolve()
        return str(self.host(real)) if real.is_relative_to(self.root) else text

    def host(self, path: Path) -> HostPath:
        """Return the host path of ``path``, a real path below ``root``."""
        return HostPath("/") / path.relative_to(self.root)

    def link_text(self, path: HostPath, at: HostPath) -> str:
        """Return what a symbolic link at ``at`` must hold to lead to ``path``, below ``root`` too."""
        if self.root == Path("/"):
            return str(path)
        return os.path.relpath(self.real(path), self.real(at).parent)

    def run_folder(self, run_id: str) -> Path:
        """Return the folder that holds the record of the run ``run_id``."""
        return self.real(STATE) / "runs" / run_id

    def drop_in(self, unit: str) -> HostPath:
        """Return the path of our drop-in for the systemd unit ``unit``."""
        return UNITS / f"{unit}.d" / "50-dockerd-cfg.conf"
