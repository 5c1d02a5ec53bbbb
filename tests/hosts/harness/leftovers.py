"""Who a host belongs to, and ending one for good: processes, and with them mounts; loop devices, control groups, folders."""

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

from tests.hosts.harness import cache, cgroups, disks
from tests.hosts.harness.cgroups import Groups

OWNER = "owner.json"
NEW = 60.0  # seconds that a folder may lack its owner's record: it is being made


def hosts() -> Path:
    """The folder with a folder for each host."""
    return cache.folder() / "run"


def claim(folder: Path, groups: Groups, layers: tuple[Path, ...]) -> None:
    """Make a host's folder and write down whose it is and what it takes, before anything else of the host exists."""
    folder.mkdir(parents=True, mode=0o700)
    pid = os.getpid()
    record = {
        "pid": pid,
        "started": _started(pid),
        "boot": _boot(),
        "groups": [str(group) for group in groups],
        "layers": [str(layer) for layer in layers],
    }
    (folder / OWNER).write_text(json.dumps(record))


def sweep() -> list[str]:
    """End every host whose owner is gone; says which they were."""
    ended = []
    with cache.locked("sweep"):
        for folder in sorted(hosts().glob("*")):
            if not _is_owned(folder):
                end(folder)
                ended.append(folder.name)
    return ended


def end(folder: Path) -> None:
    """End a host, whatever state it is in, and leave nothing of it behind."""
    groups = _groups(folder)
    cgroups.kill(groups)
    disks.release(folder.rglob("*.img"))
    cgroups.remove(groups)
    (folder.parent / f".#{folder.name}.lck").unlink(missing_ok=True)
    shutil.rmtree(folder)


def _is_owned(folder: Path) -> bool:
    try:
        record = json.loads((folder / OWNER).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        with contextlib.suppress(FileNotFoundError):
            return time.time() - folder.stat().st_mtime < NEW
        return True
    return bool(record["boot"] == _boot() and record["started"] == _started(record["pid"]))


def _groups(folder: Path) -> Groups:
    try:
        record = json.loads((folder / OWNER).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return ()
    return tuple(Path(group) for group in record["groups"])


def _started(pid: int) -> int | None:
    """When a process started, in ticks since boot; with the id this names one process, None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(rest[18])


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
