"""How long a move stops Docker, beside a bare restart and the usual procedure, at two sizes."""

import json
import statistics
from pathlib import Path
from typing import Any, Final

from tests.hosts.harness import Disks
from tests.hosts.harness.create import create

INSIDE: Final = Path(__file__).with_name("inside_stop.py")
SIZES_GB: Final = (3, 12)
FACTOR: Final = 1.25
MARGIN: Final = 0.5
SAME: Final = 1.1


def main() -> int:
    """Measure on a host of its own for each size, and print; return 0 whether or not a target is reached."""
    stops = {}
    print("stop of Docker, in seconds; restart: systemctl restart docker until the API answers")
    for size in SIZES_GB:
        measured = measure(size)
        restart, stop = statistics.median(measured["restart"]), statistics.median(measured["move"])
        stops[size] = stop
        limit = FACTOR * restart + MARGIN
        print(
            f"{size:4} GB in {measured['files']} files: restart {restart:.2f}, move {stop:.2f} "
            f"(target: at most {limit:.2f} = {FACTOR} x restart + {MARGIN}), "
            f"its rollback {statistics.median(measured['rollback']):.2f}, "
            f"stop, rsync -aHAXS, start {measured['usual']:.2f}; "
            f"move on the same file system {measured['rename'] - restart:+.2f} beyond the restart (target: at most 2)"
        )
        print(f"        spent on: {measured['parts']}")
    small, large = (stops[size] for size in SIZES_GB)
    print(
        f"ratio of the stops at {SIZES_GB[1]} and {SIZES_GB[0]} GB: {large / small:.2f} (target: at most {SAME})"
    )
    return 0


def measure(size: int) -> dict[str, Any]:
    """Return what was measured on a host that stores ``size`` GB of images."""
    room = size * 1200 + 2000
    host = create("docker28", Disks(data_mib=room, lib_mib=room + 500))
    try:
        host.start()
        host.wait_until_up()
        text = INSIDE.read_text(encoding="utf-8")
        done = host.run("python3", "-c", text, str(size), timeout=1500)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found
    finally:
        host.destroy()
