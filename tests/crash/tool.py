"""The tool as a process that can be killed, for tests."""

import json
import shlex
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.crash.tool_server import READY, Strike

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How the tool ended: its exit code, or minus the signal that ended it, and what it said."""

    status: int
    out: str
    err: str


class Running:
    """The tool at work."""

    def __init__(self, connection: socket.socket, out: Path, err: Path) -> None:
        self._connection = connection
        self._lines = connection.makefile("r", encoding="utf-8")
        self._out, self._err = out, err
        self.pid = int(self._lines.readline())

    def wait(self) -> Ended:
        """Wait until it has ended."""
        status = int(self._lines.readline())
        self._lines.close()
        self._connection.close()
        said = Ended(status, self._out.read_text(encoding="utf-8"), self._err.read_text(encoding="utf-8"))
        self._out.unlink()
        self._err.unlink()
        return said


class Tool:
    """Starts the tool; may be used from several threads."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "tool.sock"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.tool_server", str(self._socket)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == f"{READY}\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def start(
        self,
        root: Path,
        command: str,
        *strikes: Strike,
        ignored: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> Running:
        """Start ``command`` on the sandbox in ``root`` and return at once."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(self._socket))
        out, err = (root.with_name(f"{root.name}.{connection.fileno()}.{name}") for name in ("out", "err"))
        request: dict[str, Any] = {
            "root": str(root),
            "argv": shlex.split(command),
            "out": str(out),
            "err": str(err),
            "strikes": list(strikes),
            "ignored": list(ignored),
            "environment": environment or {},
        }
        connection.sendall(json.dumps(request).encode() + b"\n")
        return Running(connection, out, err)

    def run(self, root: Path, command: str, *strikes: Strike) -> Ended:
        """Run ``command`` on the sandbox in ``root`` to its end."""
        return self.start(root, command, *strikes).wait()
