"""The log files in a container's folder, and which of them dockerd still knows.

``ID-json.log`` of json-file, ``local-logs/container.log`` of local and ``container-cached.log`` of the cache, each with
rotated ones: ``.1`` is the newest, ``.gz`` a compressed one. dockerd removes the last one it may keep and renames the
others, all by the names that its options give now (moby daemon/logger/loggerutils/logfile.go, rotate): a higher number,
left by a smaller ``max-file``, or another ending, left by a change of ``compress``, stays for ever.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from dockerd_cfg.logs.limits import Limits

Role = Literal["current", "rotated", "orphan", "foreign"]
"""What a file is: written to; read and renamed by dockerd; not known to it any more; made by somebody else."""

_BLOCK: Final = 512
_NUMBER: Final = re.compile(r"\.([1-9][0-9]{0,8})(\.gz)?")
_LOCAL: Final = "local-logs/container.log"
_CACHE: Final = "container-cached.log"


class LogFile(NamedTuple):
    """One log file: ``size`` is its length, ``allocated`` what it takes on disk, ``block`` the least it takes; in bytes."""

    path: Path
    size: int
    allocated: int
    role: Role
    block: int = _BLOCK


def log_files(folder: Path, driver: str | None, limits: Limits | None) -> list[LogFile]:
    """Return the log files in a container's ``folder``, the current one first.

    ``driver``: None when it is not known; then files count as the ones of the driver they look like, and none as
    orphans. Links and whatever else is no regular file are left out: they are not Docker's. Raises OSError when the
    folder cannot be read.
    """
    bases = _bases(folder)
    mine = _base_of(driver, limits, bases)
    found = [*_in(folder), *_in(folder / "local-logs", missing_is_fine=True)]
    files = [
        LogFile(path, status.st_size, status.st_blocks * _BLOCK, role, status.st_blksize)
        for path, status in found
        if (role := _role(path.relative_to(folder).as_posix(), bases, mine, limits)) is not None
    ]
    return sorted(files, key=lambda file: (file.role != "current", str(file.path)))


def _bases(folder: Path) -> tuple[str, str, str]:
    return (f"{folder.name}-json.log", _LOCAL, _CACHE)


def _base_of(driver: str | None, limits: Limits | None, bases: tuple[str, str, str]) -> str | None:
    """Return the name of the current file of ``driver``, relative to the folder; empty: it keeps none; None: not known."""
    if driver is None:
        return None
    if limits is None:
        return ""
    return bases[0] if driver in {"", "json-file"} else _LOCAL if driver == "local" else _CACHE


def _in(folder: Path, *, missing_is_fine: bool = False) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        if missing_is_fine:
            return
        raise
    with entries:
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # rotated away meanwhile
            if stat.S_ISREG(status.st_mode):
                yield Path(entry.path), status


def _role(name: str, bases: tuple[str, str, str], mine: str | None, limits: Limits | None) -> Role | None:
    base = next((base for base in bases if name.startswith(base)), None)
    if base is None:
        return None
    rest = name[len(base) :]
    number = _NUMBER.fullmatch(rest)
    if rest and number is None:
        return "foreign"  # of logrotate, or an editor
    if mine is None:
        return "rotated" if number else "current"
    if base != mine:
        return "orphan"  # of a driver the container had before
    if number is None:
        return "current"
    return _role_of_number(int(number[1]), is_compressed=bool(number[2]), limits=limits)


def _role_of_number(number: int, *, is_compressed: bool, limits: Limits | None) -> Role:
    if limits is None or number >= limits.max_file:
        return "orphan"
    if is_compressed == limits.compress or (limits.compress and number == 1):
        return "rotated"  # the first one is plain until it is compressed
    return "orphan"
