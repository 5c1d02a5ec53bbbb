"""Fills a host's Docker with images and times what stops it; prints JSON. Run by the host's own interpreter."""

import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

FILES_A_GB = 20_000
LAYERS_A_GB = 2
GB = 1_000_000_000
ROUNDS = 3


def main() -> None:
    size = int(sys.argv[1])
    for number in range(size * LAYERS_A_GB):
        add_image(number)
    found: dict[str, Any] = {"files": size * FILES_A_GB, "restart": [], "move": [], "rollback": []}
    for _ in range(ROUNDS):
        found["restart"].append(timed_restart())
        moved = tool("move-storage", "/mnt/data")
        found["move"].append(moved["stop_seconds"])
        found["parts"] = moved["stop_parts"]
        found["restart"].append(timed_restart())
        found["rollback"].append(tool("rollback")["stop_seconds"])
    Path("/var/lib/elsewhere").mkdir()
    found["rename"] = tool("move-storage", "/var/lib/elsewhere")["stop_seconds"]
    tool("rollback")
    reset()
    begun = time.perf_counter()
    run("systemctl", "stop", "docker.socket", "docker.service")
    run("rsync", "-aHAXS", "--numeric-ids", "/var/lib/docker/", "/mnt/data/docker/")
    Path("/etc/docker/daemon.json").write_text('{"data-root": "/mnt/data/docker"}')
    run("systemctl", "start", "docker.socket", "docker.service")
    wait_for_api()
    found["usual"] = time.perf_counter() - begun
    print(json.dumps(found))


def add_image(number: int) -> None:
    """Import an image of one layer, with files of many sizes."""
    count = FILES_A_GB // LAYERS_A_GB
    each = GB // LAYERS_A_GB // count
    data = os.urandom(2 * each)
    pipe = subprocess.Popen(
        ["docker", "import", "-", f"large{number}:1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert pipe.stdin is not None
    with tarfile.open(fileobj=pipe.stdin, mode="w|") as archive:
        for index in range(count):
            length = (index * 7919) % (2 * each) + 1
            entry = tarfile.TarInfo(f"usr/share/{number}/{index % 200}/file-{index}")
            entry.size = length
            archive.addfile(entry, io.BytesIO(data[-length:]))
    pipe.stdin.close()
    assert pipe.wait() == 0


def run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def tool(*argv: str) -> dict[str, Any]:
    reset()
    done = subprocess.run(
        ["dockerd-cfg", *argv, "--yes", "--json"], check=False, capture_output=True, text=True
    )
    answer = json.loads(done.stdout)
    assert done.returncode == 0, answer
    data: dict[str, Any] = answer["data"]
    return data


def reset() -> None:
    subprocess.run(["systemctl", "reset-failed", "docker.service"], check=False)


def timed_restart() -> float:
    reset()
    begun = time.perf_counter()
    subprocess.run(["systemctl", "restart", "docker"], check=True)
    wait_for_api()
    return time.perf_counter() - begun


def wait_for_api() -> None:
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.connect("/run/docker.sock")
                one.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                if b" 200 " in one.recv(100):
                    return
        except OSError:
            time.sleep(0.005)


main()
