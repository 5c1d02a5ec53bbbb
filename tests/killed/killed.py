"""The tool in a process of its own, which ends itself at a chosen moment."""

import os
import signal
import subprocess
import threading
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

from dockerd_cfg.change.journal import Entry
from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import sandbox_host
from dockerd_cfg.sandbox.tree import identifier
from dockerd_cfg.storage.copy import OWN_FILES

MOVE: Final = ("move-storage", "/mnt/data", "--yes")
OLD_ROOT: Final = "var/lib/docker"
NEW_ROOT: Final = "mnt/data/docker"


@dataclass
class SignalAt:
    """Sends this process a signal just before or just after it writes the journal entry of that number."""

    number: int
    before: bool
    sent: signal.Signals = signal.SIGKILL

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""
        if self.before:
            self._count(entry)

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""
        if not self.before:
            self._count(entry)

    def _count(self, entry: Entry) -> None:
        if entry.seq == self.number:
            os.kill(os.getpid(), self.sent)


@dataclass(frozen=True)
class Outcome:
    """How a child ended: its exit code (negative: the signal that ended it), and what it said."""

    code: int
    said: str


def tool(
    root: Path,
    *argv: str,
    witness: Any = None,
    after: tuple[float, signal.Signals] | None = None,
    upon: tuple[Path, signal.Signals] | None = None,
) -> Outcome:
    """Run the tool on the sandbox in ``root`` in a forked child.

    ``after`` sends it a signal after so many seconds, ``upon`` as soon as there is that file.

    A fork, since starting Python anew hundreds of times would take minutes.
    """
    said = root.parent / "said"
    child = os.fork()
    if child == 0:
        os._exit(_child(root, argv, witness, said))
    if after is not None:
        seconds, number = after
        timer = threading.Timer(seconds, _kill, (child, number))
        timer.start()
        _, status = os.waitpid(child, 0)
        timer.cancel()
        timer.join()
    elif upon is not None:
        file, number = upon
        ended, status = 0, 0
        while not ended and not file.exists():
            ended, status = os.waitpid(child, os.WNOHANG)
        if not ended:
            os.kill(child, number)
            _, status = os.waitpid(child, 0)
    else:
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    text = said.read_text(encoding="utf-8") if said.exists() else ""
    said.unlink(missing_ok=True)
    return Outcome(code, text)


def _kill(child: int, number: signal.Signals) -> None:
    try:
        os.kill(child, number)
    except ProcessLookupError:
        return


def _child(root: Path, argv: tuple[str, ...], witness: Any, said: Path) -> int:
    stream = StringIO()
    try:
        os.setsid()
        witnesses = () if witness is None else (witness,)
        report = Report(out=stream, err=stream)
        return run(argv, make_host=lambda: sandbox_host(root), report=report, witnesses=witnesses)
    finally:
        said.write_text(stream.getvalue(), encoding="utf-8")


def copy_of(pristine: Path, folder: Path) -> Path:
    """Return a copy of the pristine sandbox, hard links and times kept."""
    subprocess.run(["cp", "-a", str(pristine), str(folder)], check=True)
    return folder


def content(root: Path, tree: str) -> dict[str, tuple[object, ...]]:
    """Return everything about the tree that matters: types, modes, sizes, times, links, contents."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted((root / tree).rglob("*")):
        status = path.lstat()
        data: object = None
        if path.is_symlink():
            data = str(path.readlink())
        elif path.is_file():
            data = path.read_bytes()
        time = status.st_mtime_ns if path.is_file() and not path.is_symlink() else 0
        found[str(path.relative_to(root / tree))] = (
            status.st_mode,
            status.st_nlink if path.is_file() else 0,
            time,
            data,
        )
    return found


def without_records(tree: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Return a tree's content without the containers' records, which a move rewrites, and without our marker."""
    return {
        name: what
        for name, what in tree.items()
        if not name.endswith("config.v2.json") and name not in OWN_FILES
    }


def assert_old_state(root: Path, pristine: Path) -> None:
    """Assert that the host is as it was before a move: every byte of the data, the configuration, what runs."""
    services = SandboxServices(Layout(root))
    assert str(services.info().data_root) == "/var/lib/docker"
    assert running(services) >= {"job", "web"}
    assert (root / "etc/docker/daemon.json").read_bytes() == (
        pristine / "etc/docker/daemon.json"
    ).read_bytes()
    assert not (root / "etc/systemd/system/docker.service.d").exists()
    assert list((root / "mnt/data").iterdir()) == []
    assert [path.name for path in (root / "var/lib").iterdir() if path.name.startswith("docker.")] == []
    old, now = content(pristine, OLD_ROOT), content(root, OLD_ROOT)
    assert without_records(now) == without_records(old)
    assert records(root, OLD_ROOT) == records(pristine, OLD_ROOT)


def assert_new_state(root: Path, pristine: Path) -> None:
    """Assert that the move is complete: all data at the target, Docker on it, the old tree set aside."""
    services = SandboxServices(Layout(root))
    assert str(services.info().data_root) == "/mnt/data/docker"
    assert running(services) >= {"job", "web"}
    assert b'"data-root": "/mnt/data/docker"' in (root / "etc/docker/daemon.json").read_bytes()
    assert (root / "etc/systemd/system/docker.service.d/50-dockerd-cfg.conf").exists()
    assert not (root / OLD_ROOT).exists()
    assert without_records(content(root, NEW_ROOT)) == without_records(content(pristine, OLD_ROOT))
    assert all("/mnt/data/docker/volumes/" in record for record in records(root, NEW_ROOT))
    (aside,) = (path for path in (root / "var/lib").iterdir() if path.name.startswith("docker.old-"))
    assert without_records(content(root, f"var/lib/{aside.name}")) == without_records(
        content(pristine, OLD_ROOT)
    )


def records(root: Path, tree: str) -> list[str]:
    """Return the containers' records."""
    paths = sorted((root / tree / "containers").glob("*/config.v2.json"))
    return [path.read_text(encoding="utf-8") for path in paths]


def running(services: SandboxServices) -> set[str]:
    """Return the names of the containers that run."""
    return {container.name for container in services.containers() if container.is_running}


def identifiers(*names: str) -> list[str]:
    """Return the ids of the containers so named."""
    return [identifier(name) for name in names]
