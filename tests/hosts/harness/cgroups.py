"""A host's own control groups, one in every hierarchy: without them all hosts would share one and its limits."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

Groups = tuple[Path, ...]

COMMANDS = "commands"  # the leaf for what is started from outside


def plan(name: str) -> Groups:
    """Where a host's groups will be: below the groups of this process, so that its limits still hold."""
    hierarchies = _hierarchies()
    groups = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in hierarchies:
            mount, root = hierarchies[controllers]
            groups.append(mount / os.path.relpath(path, root) / name)
    return tuple(groups)


def create(groups: Groups) -> None:
    """Make the groups, each with the leaf that commands from outside join."""
    for group in groups:
        for folder in (group, group / COMMANDS):
            folder.mkdir(exist_ok=True)
            for setting in ("cpuset.cpus", "cpuset.mems"):
                # A cgroup v1 cpuset starts empty and refuses processes until it is told what to use.
                if (folder / setting).exists() and "cpuset" in str(folder):
                    (folder / setting).write_text((folder.parent / setting).read_text())


def processes(groups: Groups) -> set[int]:
    """Every process in the groups or below."""
    found: set[int] = set()
    for group in groups:
        for folder in _folders(group):
            with contextlib.suppress(OSError):
                found.update(int(pid) for pid in (folder / "cgroup.procs").read_text().split())
    return found - {0}


def set_frozen(groups: Groups, *, frozen: bool, patience: float = 5) -> None:
    """Stop or continue everything in the groups, and wait until it is so, but no longer than `patience` seconds."""
    for group in groups:
        if (group / "freezer.state").exists():
            wanted = "FROZEN" if frozen else "THAWED"
            deadline = time.monotonic() + patience
            (group / "freezer.state").write_text(wanted)
            while (group / "freezer.state").read_text().strip() != wanted and time.monotonic() < deadline:
                time.sleep(0.01)
        elif (group / "cgroup.freeze").exists() and not _has_freezer(groups):
            (group / "cgroup.freeze").write_text(str(int(frozen)))


def memory_bytes(groups: Groups) -> int:
    """What the groups' memory controller counts at present, page cache included."""
    for group in groups:
        for name in ("memory.usage_in_bytes", "memory.current"):
            if (group / name).exists():
                return int((group / name).read_text())
    return 0


def kill(groups: Groups, *, timeout: float = 10) -> None:
    """Kill everything in the groups, frozen or not, and wait until it is gone."""
    deadline = time.monotonic() + timeout
    while pids := processes(groups):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        set_frozen(groups, frozen=False)  # only now: what was frozen does nothing any more
        _thaw_below(groups)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {sorted(pids)} do not die")
        time.sleep(0.01)


def _thaw_below(groups: Groups) -> None:
    """Continue what the host itself has stopped, such as containers that are paused."""
    for group in groups:
        for folder in _folders(group):
            with contextlib.suppress(OSError):
                (folder / "freezer.state").write_text("THAWED")


def remove(groups: Groups, *, timeout: float = 5) -> None:
    """Remove the groups and all below them; the kernel lets go of one a moment after its last process."""
    deadline = time.monotonic() + timeout
    for group in reversed(groups):
        while group.exists():
            for folder in sorted(_folders(group), key=lambda path: len(path.parts), reverse=True):
                with contextlib.suppress(OSError):
                    folder.rmdir()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{group} cannot be removed")
            time.sleep(0.005)


def _folders(group: Path) -> Iterable[Path]:
    """A group and all below it; those that end meanwhile are left out, where Path.rglob would raise."""
    yield group
    for root, names, _ in os.walk(group):
        yield from (Path(root, name) for name in names)


def _has_freezer(groups: Groups) -> bool:
    return any((group / "freezer.state").exists() for group in groups)


def _hierarchies() -> dict[str, tuple[Path, str]]:
    """The mounted hierarchies: the controllers as /proc/PID/cgroup names them, to mount point and root."""
    found: dict[str, tuple[Path, str]] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        kind, _, options = fields[fields.index("-") + 1 :][:3]
        if kind == "cgroup2":
            found[""] = (Path(fields[4]), fields[3])
        elif kind == "cgroup":
            controllers = [
                name for name in options.split(",") if name not in {"rw", "ro", "xattr", "clone_children"}
            ]
            named = [name for name in controllers if name.startswith("name=")]
            found[named[0] if named else ",".join(controllers)] = (Path(fields[4]), fields[3])
    return found
