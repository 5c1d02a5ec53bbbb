"""How long ``usage`` takes, and how much memory, beside ``docker system df`` and ``du``: 50 images, 200 containers.

``python -m tests.bench usage`` measures on a host with Docker 28.5.2, each in turn, with a warm cache and with a cold one.
"""

import json
import re
import sys
from typing import Any, Final

from tests.bench.report import row
from tests.hosts.harness import Disks, availability
from tests.hosts.harness.create import create
from tests.hosts.harness.host import Host

PYTHON: Final = "/opt/dockerd-cfg/venv/bin/python3"
IMAGES: Final = 50
CONTAINERS: Final = 200
FILES: Final = 400
COMMANDS: Final = {
    "dockerd-cfg usage": ["/usr/local/bin/dockerd-cfg", "usage"],
    "dockerd-cfg logs": ["/usr/local/bin/dockerd-cfg", "logs"],
    "docker system df": ["docker", "system", "df"],
    "du -xs /var/lib/docker": ["du", "-xs", "/var/lib/docker"],
}
FILL: Final = f"""
set -eu
mkdir -p /root/layer
for image in $(seq {IMAGES}); do
    rm -rf /root/layer/*; mkdir -p /root/layer/usr/lib /root/layer/bin
    cp /bin/busybox /root/layer/bin/ 2>/dev/null || true
    for file in $(seq {FILES}); do echo "$image $file" > /root/layer/usr/lib/file-$file; done
    tar -C /root/layer -c . | docker import - filled:$image > /dev/null
done
for container in $(seq {CONTAINERS}); do
    docker create --network none --name c$container filled:$((container % {IMAGES} + 1)) true > /dev/null
done
sync
"""
MEASURE: Final = """
import json, os, subprocess, sys, time
commands, rounds = json.loads(sys.argv[1]), 7
def once(argv):
    begun = time.perf_counter()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0, argv
    return time.perf_counter() - begun, used.ru_maxrss
found = {name: {"warm": [], "cold": [], "kib": 0} for name in commands}
for argv in commands.values():
    once(argv)
for number in range(rounds):
    for name, argv in commands.items():
        seconds, kib = once(argv)
        found[name]["warm"].append(seconds)
        found[name]["kib"] = max(kib, found[name]["kib"])
for number in range(3):
    for name, argv in commands.items():
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3")
        found[name]["cold"].append(once(argv)[0])
print(json.dumps(found))
"""


def main() -> int:
    """Measure and print; return 0 whatever the figures are."""
    reason = availability.reason_left_out()
    if reason is not None:
        print(f"No real host can be had here: {reason}", file=sys.stderr)
        return 1
    host = create("docker28", Disks(lib_mib=6144))
    try:
        host.start()
        host.wait_until_up()
        found = _measured(host)
        agreement = _agreement(host)
    finally:
        host.destroy()
    print(
        f"{f'{IMAGES} images of {FILES} files, {CONTAINERS} containers':46} {'median':>8} {'min':>8} {'max':>8}   ms"
    )
    for name, figures in found.items():
        print(f"{name + ', warm':46} {row(figures['warm'])}   {figures['kib'] / 1024:.0f} MiB")
        print(f"{name + ', cold':46} {row(figures['cold'])}")
    for what, (told, other) in agreement.items():
        print(f"{what:46} {told:12} bytes told, {other:12} by the other")
    return 0


def _measured(host: Host) -> dict[str, Any]:
    host.run("sh", "-c", FILL, timeout=900)
    found: dict[str, Any] = json.loads(
        host.run(PYTHON, "-c", MEASURE, json.dumps(COMMANDS), timeout=600).stdout
    )
    return found


def _agreement(host: Host) -> dict[str, tuple[int, int]]:
    """Return what ``usage`` tells and what du and Docker tell of the same."""
    told = json.loads(host.run("/usr/local/bin/dockerd-cfg", "usage", "--json").stdout)["data"]
    counted = json.loads(
        host.shell("docker system df --format json | head -1") or "{}"
    )  # the first line is that of images
    found = {
        f"{tree['what']}, beside du": (
            tree["bytes"],
            int(host.shell(f"du -xs --block-size=1 {tree['path']}").split()[0]),
        )
        for tree in told["trees"]
    }
    images = next(one for one in told["kinds"] if one["kind"] == "images")
    size = re.fullmatch(r"([0-9.]+)([kMG]?)B", counted["Size"])
    assert size is not None, counted
    scale = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}[size[2]]
    found["images as Docker counts, beside its own df"] = (
        images["docker_bytes"],
        round(float(size[1]) * scale),
    )
    return found
