"""Commands started from outside in a running host: in its namespaces, in its control groups, never in its way."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.hosts.harness.cgroups import COMMANDS, Groups
from tests.hosts.harness.commands import kill_session, text_of

ENVIRONMENT = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
)
# systemd removes empty groups that are not its own when it starts, so they are made again here.
JOIN = 'while [ "$1" != -- ]; do mkdir -p "$1"; echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@"'
# The shell stays between nsenter and the command. nsenter itself would stop when systemd stops everything at a
# shutdown, and then hold the dead command's process namespace, and with it the shutdown, for ever.
STAY = '"$@"; exit $?'


def entering(leader: int, groups: Groups, argv: Sequence[str], *, terminal: str = "dumb") -> list[str]:
    """The command line that runs a command in the host whose first process is `leader`."""
    leaves = [str(group / COMMANDS) for group in groups]
    return [
        *("sh", "-c", JOIN, "join", *leaves, "--"),
        *("nsenter", "-F", "-t", str(leader), "-m", "-u", "-i", "-n", "-p", "-C", "--"),
        *("env", "-i", *ENVIRONMENT, f"TERM={terminal}", "sh", "-c", STAY, "stay", *argv),
    ]


def children(parent: int) -> list[tuple[int, str]]:
    """Process id and name of a process's children."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                head, _, tail = (folder / "stat").read_text().rpartition(")")
                if int(tail.split()[1]) == parent:
                    found.append((int(folder.name), head.partition("(")[2]))
    return found


class Process:
    """A command running in a host, without a terminal; its output is kept."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is looked at
        self._err = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is looked at
        self._popen = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """The command itself, as numbered outside the host."""
        deadline = time.monotonic() + 30
        while self.poll() is None and time.monotonic() < deadline:
            # The starter, which has children of its own, becomes nsenter, env, then the shell that stays.
            words = Path(f"/proc/{self._popen.pid}/cmdline").read_bytes().split(b"\0")
            found = children(self._popen.pid) if words[2:3] == [STAY.encode()] else []
            if found:
                return found[0][0]
            time.sleep(0.002)
        raise ProcessLookupError(f"no command left: {self.stderr}")

    @property
    def stdout(self) -> str:
        """What it has written so far."""
        return text_of(self._out)

    @property
    def stderr(self) -> str:
        """What it has said so far."""
        return text_of(self._err)

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float = 60) -> int:
        """The exit code; 128 and the signal's number for a command that died of one."""
        return self._popen.wait(timeout)

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the command alone, not what it started."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the command alone, as the kernel does when memory is short; then wait for its end."""
        self.send_signal(signal.SIGKILL)
        self.wait()

    def close(self) -> None:
        """End it with everything in its session and forget its output."""
        if self._popen.poll() is None:
            kill_session(self._popen)
        self._out.close()
        self._err.close()
