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


_WHOLE: Final = Path("/")
_MOST_LINKS: Final = 40  # as the kernel (path_resolution(7))


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
        if self.root == _WHOLE:
            return Path(path)
        return self._inside(path.parent) / path.name if path.name else self.root

    def _inside(self, folder: HostPath) -> Path:
        """Return the path to open for ``folder`` with its links followed as they would be in the root, never out of it."""
        real, waiting, links = self.root, list(folder.parts[1:]), 0
        while waiting:
            part = waiting.pop(0)
            if part == "..":
                real = real.parent if real != self.root else real
                continue
            place = real / part
            if links < _MOST_LINKS and os.path.islink(place):  # noqa: PTH114  # not where it cannot be told, as with realpath
                links += 1
                text = place.readlink()
                real = self.root if text.is_absolute() else real
                waiting = [*(one for one in text.parts if one != text.anchor), *waiting]
            else:
                real = place
        return real

    def resolve(self, path: HostPath) -> HostPath:
        """Return the host path that ``path`` leads to, symbolic links followed, its last part too.

        A link that leads to itself is as good as any other end: a move that was cut off may have left one.
        """
        return self.host(self._inside(path))

    def file(self, path: HostPath) -> Path:
        """Return the path to open or replace for the file ``path``: below a root, no link leads out of it."""
        return Path(path) if self.root == _WHOLE else self.real(self.resolve(path))

    def resolved(self, text: str) -> str:
        """Return the host path ``text`` with its symbolic links followed; as it is when it is not plain or absolute."""
        path = HostPath(text)
        if not path.is_absolute() or ".." in path.parts:
            return text
        return str(self.resolve(path))

    def host(self, path: Path) -> HostPath:
        """Return the host path of ``path``, a real path below ``root``."""
        return HostPath("/") / path.relative_to(self.root)

    def link_text(self, path: HostPath, at: HostPath) -> str:
        """Return what a symbolic link at ``at`` must hold to lead to ``path``, below ``root`` too."""
        if self.root == _WHOLE:
            return str(path)
        return os.path.relpath(self.real(path), self.real(at).parent)

    def drop_in(self, unit: str) -> HostPath:
        """Return the path of our drop-in for the systemd unit ``unit``."""
        return UNITS / f"{unit}.d" / "50-dockerd-cfg.conf"
