"""The two right states of a sandbox after a move, and all that tells them apart from anything else."""

import hashlib
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from dockerd_cfg.change.history import History
from dockerd_cfg.paths import STATE, Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.steps import KINDS

MOVE = "move-storage /mnt/data --yes"
SET_LOGS = "set-logs --max-size 7m --yes"
AT_ONCE = 6
MARKER = ".dockerd-cfg-target.json"
_WRITTEN = {"etc", "etc/docker", "etc/docker/daemon.json", "etc/systemd/system", "mnt/data", "var/lib", "var"}
_RUNTIME = ("run", "var/log", "var/lib/dockerd-cfg/runs")


def fingerprint(root: Path, *, but: Iterable[str] = ()) -> dict[str, Any]:
    """All there is below ``root``: types, modes, owners, times, contents, attributes, which names are one file.

    ``but`` are folders, relative to ``root``, that are left out. Written apart from the tool's own comparison.
    """
    left_out = {root / name for name in but}
    first_names: dict[int, str] = {}
    found: dict[str, Any] = {}
    folders = [root]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path in left_out:
                continue
            name = str(path.relative_to(root))
            status = path.lstat()
            is_folder = stat.S_ISDIR(status.st_mode)
            if is_folder:
                folders.append(path)
            found[name] = (
                oct(status.st_mode),
                (status.st_uid, status.st_gid),
                status.st_mtime_ns,
                None if is_folder else first_names.setdefault(status.st_ino, name),
                _content(path, status),
                {key: os.getxattr(path, key, follow_symlinks=False) for key in _attributes(path)},
            )
    return found


def _attributes(path: Path) -> list[str]:
    return os.listxattr(path, follow_symlinks=False)


def _content(path: Path, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return str(path.readlink())
    return hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""


def deviations(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What of ``found`` is other than ``wanted``, a few names of it."""
    names = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    return [f"{name}: {wanted.get(name)} -> {found.get(name)}" for name in names[:5]]


@dataclass(frozen=True)
class Docker:
    """How the pretended Docker runs."""

    active: frozenset[str]
    failed: tuple[str, ...]
    root: str
    options: str
    running: frozenset[str]


def docker(root: Path) -> Docker:
    state = SandboxServices(Layout(root)).read()
    return Docker(
        frozenset(state["active"]),
        tuple(state["failed"]),
        state["config"]["data-root"],
        str(state["config"]["log-opts"]),
        frozenset(state["running"]),
    )


def history(root: Path) -> History:
    return History(Layout(root).real(STATE) / "runs", KINDS)


def run_state(root: Path) -> str:
    return history(root).runs()[-1].record.state


def entries(root: Path) -> list[str]:
    """What the latest run's journal holds, as words."""
    return [f"{entry.event} {entry.kind or ''}".strip() for entry in history(root).runs()[-1].record.entries]


class State:
    """A sandbox as it should be: every byte of it, and how its Docker runs."""

    def __init__(self, root: Path) -> None:
        self._files = self._look(root)
        self._docker = docker(root)

    @staticmethod
    def _look(root: Path) -> dict[str, Any]:
        found = fingerprint(root, but=_RUNTIME)
        return {
            _plain(name): value for name, value in found.items() if not name.startswith("var/lib/dockerd")
        }

    def deviations(self, root: Path) -> list[str]:
        """What is other than it should be in ``root``."""
        found = deviations(_still(self._files), _still(self._look(root)))
        if docker(root) != self._docker:
            found.append(f"Docker: {self._docker} -> {docker(root)}")
        return found


def _plain(name: str) -> str:
    """The name of the old tree carries the time at which it was set aside."""
    head, mark, tail = name.partition("docker.old-")
    return f"{head}{mark}{tail.partition('/')[2]}" if mark else name


def _still(files: dict[str, Any]) -> dict[str, Any]:
    """The files without the times of what a run itself writes, and of the folders it writes into."""
    return {
        name: (*value[:2], None, *value[3:]) if _is_written_by_a_run(name) else value
        for name, value in files.items()
    }


def _is_written_by_a_run(name: str) -> bool:
    parts = name.split("/")
    is_record = parts[-1] in {"config.v2.json", MARKER} or (len(parts) > 1 and parts[-2] == "containers")
    return is_record or name in _WRITTEN or name.startswith("etc/systemd/system/")


class Sandboxes:
    """Copies of sandboxes, made and removed quickly, on a file system in memory where there is one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._lock = threading.Lock()

    def copy(self, root: Path) -> Path:
        """A sandbox just like the one in ``root``."""
        with self._lock:
            copied = self._folder / f"sandbox-{next(self._numbers)}"
        subprocess.run(["cp", "-a", root, copied], check=True)
        return copied

    @staticmethod
    def remove(*roots: Path) -> None:
        for root in roots:
            shutil.rmtree(root)


Point = TypeVar("Point")
Outcome = TypeVar("Outcome")


def at_once(points: Iterable[Point], trial: Callable[[Point], Outcome]) -> dict[Point, Outcome]:
    """Make a trial for each point, several at once: mostly they wait for rsync and the disk."""
    points = list(points)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(points, pool.map(trial, points), strict=True))
