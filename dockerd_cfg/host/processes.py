"""The gateway to /proc: which processes still use Docker's data."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SHIM: Final = "containerd-shim"
_DOCKER_NAMESPACES: Final = ("moby", "plugins.moby")


class ProcProcesses:
    """The processes of the running kernel, by way of /proc."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc

    def arguments(self, pid: int) -> list[str]:
        """Return a process's argument vector, empty when it is gone."""
        try:
            data = (self._proc / str(pid) / "cmdline").read_bytes()
        except OSError:
            return []
        return [part.decode("utf-8", "surrogateescape") for part in data.split(b"\0")[:-1]]

    def of_docker(self) -> list[str]:
        """Return, for people, each shim that containerd runs for Docker (namespace moby or one below it)."""
        return [
            f"{Path(argv[0]).name} (pid {pid})"
            for pid, argv in self._all()
            if _SHIM in argv[0] and _namespace(argv).startswith(_DOCKER_NAMESPACES)
        ]

    def of_rootless(self) -> list[str]:
        """Return, for people, each RootlessKit that runs a dockerd for a user (dockerd-rootless.sh(1))."""
        return [
            f"{Path(argv[0]).name} (pid {pid})"
            for pid, argv in self._all()
            if Path(argv[0]).name == "rootlesskit" and any("dockerd" in word for word in argv[1:])
        ]

    def _all(self) -> Iterator[tuple[str, list[str]]]:
        for folder in self._proc.iterdir():
            argv = self.arguments(int(folder.name)) if folder.name.isdecimal() else []
            if argv:
                yield folder.name, argv


def _namespace(argv: list[str]) -> str:
    for flag, value in itertools.pairwise(argv):
        if flag in {"-namespace", "--namespace"}:
            return value
    return ""
