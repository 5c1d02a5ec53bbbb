"""The gateway to /proc: which processes still use Docker's data."""

import itertools
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
        found = []
        for folder in self._proc.iterdir():
            if not folder.name.isdecimal():
                continue
            argv = self.arguments(int(folder.name))
            if argv and _SHIM in argv[0] and _namespace(argv).startswith(_DOCKER_NAMESPACES):
                found.append(f"{Path(argv[0]).name} (pid {folder.name})")
        return found


def _namespace(argv: list[str]) -> str:
    for flag, value in itertools.pairwise(argv):
        if flag in {"-namespace", "--namespace"}:
            return value
    return ""
