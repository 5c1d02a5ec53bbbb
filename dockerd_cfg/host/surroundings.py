"""What a daemon.json depends on beside Docker itself: programs that are there, and what the kernel grants."""

import os
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from dockerd_cfg.paths import HostPath, Layout

# Where systemd lets services look for programs (systemd.exec(5), PATH).
_FOLDERS: Final = tuple(
    map(HostPath, ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))
)
_MOST_OPEN_FILES: Final = HostPath("/proc/sys/fs/nr_open")
_CGROUPS: Final = HostPath("/sys/fs/cgroup")
_REALTIME: Final = _CGROUPS / "cpu/cpu.rt_runtime_us"


class Surroundings(NamedTuple):
    """Facts of one host.

    ``has_program`` tells whether the path, or the name where services look, is a program; of a path that cannot be
    judged it is assumed. ``most_open_files`` is what fs.nr_open allows a process, None where that is not known;
    ``lacks_realtime``: its control groups cannot share out real time, as those of cgroup v2 cannot; ``most_realtime``
    is how much they have, in microseconds of each period, None where that is not known.
    """

    has_program: Callable[[str], bool]
    most_open_files: int | None
    lacks_realtime: bool
    most_realtime: int | None = None


def surroundings(layout: Layout, *, is_running: bool = True) -> Surroundings:
    """Return what is so on the host of ``layout``; of one that does not run, only what is installed there."""
    if not is_running:
        return Surroundings(partial(_has_program, layout), most_open_files=None, lacks_realtime=False)
    return Surroundings(
        has_program=partial(_has_program, layout),
        most_open_files=_number(layout, _MOST_OPEN_FILES),
        lacks_realtime=layout.real(_CGROUPS).is_dir() and not layout.real(_REALTIME).exists(),
        most_realtime=_number(layout, _REALTIME),
    )


def _has_program(layout: Layout, name: str) -> bool:
    path = HostPath(name)
    if ".." in path.parts or (not path.is_absolute() and "/" in name):
        return True
    places = [path] if path.is_absolute() else [folder / path for folder in _FOLDERS]
    return any(real.is_file() and os.access(real, os.X_OK) for real in map(layout.real, places))


def _number(layout: Layout, path: HostPath) -> int | None:
    try:
        return int(layout.real(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
