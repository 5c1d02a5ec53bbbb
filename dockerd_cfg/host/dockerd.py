"""The gateway to the daemon's program: its version, and its own judgement of a daemon.json."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.runner import Runner

_VERSION: Final = r"version (\S+?),"
_KNOWS_VALIDATE: Final = 23


class DockerdProgram:
    """``dockerd`` as installed; ``program`` is the path in the unit when it is another than the one on PATH."""

    def __init__(self, runner: Runner, program: str = "dockerd") -> None:
        self._runner = runner
        self._program = program

    def version(self) -> str | None:
        """Return the version of the installed dockerd, None when there is none or it does not say."""
        if self._runner.find(self._program) is None:
            return None
        found = re.search(
            _VERSION, self._runner.run([self._program, "--version"], check=False, timeout=30).stdout
        )
        return found.group(1) if found else None

    def validate(self, data: bytes, flags: Sequence[str]) -> str | None:
        """Let dockerd judge a daemon.json of the contents ``data`` with ``flags``; return its complaint, None if it has none.

        ``dockerd --validate`` exists since 23.0; an older one is not asked. It neither looks at log options nor
        needs the daemon stopped (moby daemon/command/daemon.go).
        """
        version = self.version()
        if (
            version is None
            or not version.split(".")[0].isdecimal()
            or int(version.split(".")[0]) < _KNOWS_VALIDATE
        ):
            return None
        with _in_memory(data) as config:
            argv = [self._program, "--validate", f"--config-file={config}", *_without_config_file(flags)]
            try:
                judged = self._runner.run(argv, check=False, timeout=30)
            except CommandFailed:
                return None  # a judge that cannot be asked is no reason to refuse: the running daemon will be checked
        if judged.is_success:
            return None
        # wrong arguments make it print its whole usage
        said = (judged.stderr.strip() or judged.stdout.strip()).partition("Usage:")[0]
        complaint = " / ".join(line.strip() for line in said.splitlines() if line.strip())
        return complaint.replace(config, "daemon.json") or "it does not understand the arguments of its unit"


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """Yield the path of a file that holds ``data`` and takes no room on a disk: all of them may be full."""
    with os.fdopen(os.memfd_create("daemon.json"), "wb") as file:
        file.write(data)
        file.flush()
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}"


def _without_config_file(flags: Sequence[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for flag in flags:
        if skip:
            skip = False
        elif flag == "--config-file":
            skip = True
        elif not flag.startswith("--config-file="):
            kept.append(flag)
    return kept
