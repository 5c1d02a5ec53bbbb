"""What tests do in a host: commands, docker, files. How a host lives and dies is not here."""

import base64
import io
import tarfile
from pathlib import Path

from tests.hosts.harness import commands
from tests.hosts.harness.commands import Result
from tests.hosts.harness.inside import Process
from tests.hosts.harness.machine import Machine


class Host(Machine):
    """A disposable host, as tests use it; every call has a time limit."""

    def run(
        self, *argv: str, check: bool = True, stdin: str | bytes | None = None, timeout: float = 60
    ) -> Result:
        """Run a command in the host to its end; `CommandError` for a code other than 0 unless `check` is off."""
        return commands.run(self.entering(*argv), stdin=stdin, timeout=timeout, check=check, shown=argv)

    def shell(self, script: str, *, check: bool = True, timeout: float = 60) -> str:
        """What a shell script says in the host, without space around it."""
        return self.run("sh", "-euc", script, check=check, timeout=timeout).stdout.strip()

    def popen(self, *argv: str) -> Process:
        """Start a command in the host and leave it running; it has no terminal."""
        process = Process(self.entering(*argv))
        self._processes.append(process)
        return process

    def tool(self, *args: str, check: bool = False, stdin: str | None = None, timeout: float = 300) -> Result:
        """Run `dockerd-cfg` in the host; its exit code is the caller's to judge."""
        return self.run("dockerd-cfg", *args, check=check, stdin=stdin, timeout=timeout)

    def docker(self, *args: str, check: bool = True, timeout: float = 60) -> str:
        """What a docker command answers; mind that any of them may start docker through its socket."""
        return self.run("docker", *args, check=check, timeout=timeout).stdout.strip()

    def systemctl(self, *args: str, check: bool = True, timeout: float = 120) -> str:
        """What systemctl answers."""
        return self.run("systemctl", *args, check=check, timeout=timeout).stdout.strip()

    def is_active(self, unit: str) -> bool:
        """Whether a unit is active; unlike a docker command, asking starts nothing."""
        return self.systemctl("is-active", unit, check=False) == "active"

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file, with the folders it needs."""
        script = 'mkdir -p "$(dirname "$1")"; cat > "$1"; chmod "$2" "$1"'
        self.run("sh", "-euc", script, "write", path, f"{mode:o}", stdin=content)

    def read(self, path: str) -> str:
        """A file's text."""
        return self.read_bytes(path).decode()

    def read_bytes(self, path: str) -> bytes:
        """A file's bytes."""
        return base64.b64decode(self.run("base64", path).stdout)

    def exists(self, path: str) -> bool:
        """Whether the path exists; a dangling link does not."""
        return self.run("test", "-e", path, check=False).returncode == 0

    def copy_in(self, source: Path, folder: str) -> None:
        """Copy a file or a tree into a folder of the host, as root's."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.add(source, arcname=source.name)
        self.run("mkdir", "-p", folder)
        self.run("tar", "-C", folder, "--no-same-owner", "-x", stdin=buffer.getvalue())

    def free_bytes(self, path: str) -> int:
        """What root may still write to the file system that holds the path."""
        free, size = self.run("stat", "-f", "-c", "%f %S", path).stdout.split()
        return int(free) * int(size)

    def journal(self, *units: str, lines: int = 80) -> str:
        """The end of the journal of some units since the last boot."""
        selected = [word for unit in units for word in ("-u", unit)]
        return self.run(
            "journalctl", *selected, "--no-pager", "-n", str(lines), timeout=10, check=False
        ).stdout
