"""The command demo: both jobs on a sandbox made on the spot."""

import json as json_module
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

import typer

from dockerd_cfg.cli.options import Json, Verbose, session_of
from dockerd_cfg.cli.report import Report
from dockerd_cfg.cli.result import Result
from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host

_FILE_BYTES: Final = 64 << 10


class DemoFailed(DockerdCfgError):
    """The demo did not go as it should."""

    code = "demo-failed"


def demo(
    context: typer.Context,
    *,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Show both jobs on a sandbox made on the spot: no root, no Docker, nothing outside it touched."""
    session = session_of(context, "demo")
    with tempfile.TemporaryDirectory(prefix="dockerd-cfg-demo-") as folder:
        root = Path(folder) / "host"
        scenes = _Scenes(session.report.inner(), root, make_sandbox(root, file_bytes=_FILE_BYTES))
        scenes.play()
    session.report.text(
        "\nThe sandbox is gone again. That was all of it: on a real host, the same commands do the same."
    )
    return Result(command="demo", data={"commands": list(scenes.commands)})


class _Scenes:
    """The demo's scenes, each a command with what it should come to."""

    def __init__(self, report: Report, root: Path, services: SandboxServices) -> None:
        self._report = report
        self._root = root
        self._services = services
        self.commands: list[str] = []

    def play(self) -> None:
        """Play all scenes. Raises DemoFailed when one ends otherwise than it should."""
        self._tell(
            f"A sandbox host in {self._root}: a daemon.json, a Docker data root with images, containers and a volume,\n"
            "and an empty second disk at /mnt/data. Files and copies are real; systemd and Docker are pretended."
        )
        self._tell("1. No log fills the disk again")
        self._run("set-logs --max-size 50m --max-file 3 --yes", 0)
        self._tell("   The same again: twice is once")
        self._run("set-logs --max-size 50m --max-file 3 --yes", 0)
        self._tell(
            "2. A move that fails in the middle (Docker will not start from the new place) undoes itself"
        )
        self._services.write(failing_starts=1)
        before = self._state()
        self._run("move-storage /mnt/data --yes", 6)
        self._expect(self._state() == before, "the failed move should have left everything as it was")
        self._tell("3. Docker's data on another disk")
        self._run("move-storage /mnt/data --yes", 0)
        self._expect(
            str(self._services.info().data_root) == "/mnt/data/docker", "Docker should use the new place"
        )
        self._tell("4. What the journal says")
        self._run("history", 0)
        self._run("history 3", 0)
        self._run("status", 0)
        self._tell("5. Back again, and nothing is lost")
        (self._root / "mnt/data/docker/volumes/records/_data/new.txt").write_text(
            "written after the move\n", encoding="utf-8"
        )
        self._run("rollback --yes", 0)
        kept = self._root / "var/lib/docker/volumes/records/_data/new.txt"
        self._expect(kept.exists(), "what was written after the move should have come back with it")

    def _state(self) -> tuple[object, ...]:
        config = (self._root / "etc/docker/daemon.json").read_bytes()
        data = self._root / "var/lib/docker"
        names = sorted(str(path.relative_to(data)) for path in data.rglob("*"))
        containers = [asdict(container) for container in self._services.containers()]
        return config, names, json_module.dumps(containers), sorted((self._root / "mnt/data").iterdir())

    def _run(self, command: str, expected: int) -> None:
        from dockerd_cfg.cli.app import run  # noqa: PLC0415  # the demo is itself one of its commands

        self.commands.append(command)
        self._report.text(f"\n$ dockerd-cfg {command}")
        code = run(command.split(), make_host=partial(sandbox_host, self._root), report=self._report)
        self._report.answer(f"(exit code {code})")
        self._expect(code == expected, f"“{command}” ended with exit code {code} instead of {expected}")

    def _tell(self, text: str) -> None:
        self._report.text(f"\n{text}")

    @staticmethod
    def _expect(truth: bool, otherwise: str) -> None:  # noqa: FBT001  # reads like a sentence
        if not truth:
            raise DemoFailed(otherwise)
