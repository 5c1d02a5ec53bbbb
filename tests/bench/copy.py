"""Measures copying while Docker runs: the copier and rsync by turns in the same run, to a loop device of this disk.

The source is on the disk itself, as when the target was set, then on a loop device too, where each block is held twice.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.overlay_tree import make_data_root, make_small_files
from tests.loop_disk import loop_disk

RSYNC: Final = ["rsync", "-aHAXS", "--numeric-ids"]
COPIER: Final = [sys.executable, "-P", "-m", "dockerd_cfg.copier"]
MOST_TIME: Final = 0.45  # of rsync's
MOST_MEMORY: Final = 120  # MB
LEAST_LEFT: Final = 0.85  # of what others get done
FILES: Final = 59_000
MANY: Final = (50_000, 250_000, 1_000_000)
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
WINDOW: Final = 2.5  # seconds
TURNS: Final = 8


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; return 0 whether or not a target is reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench copy", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of the files, and one run of each")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["time", "memory", "polite"])
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the disks are made"
    )
    options = parser.parse_args(list(arguments))
    if os.geteuid() != 0:
        print("Loop devices need root", file=sys.stderr)
        return 1
    part = 10 if options.short else 1
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="dockerd-cfg-bench-") as folder:
        place = Path(folder)
        runs = 1 if options.short else options.runs
        if options.only not in {"memory", "polite"}:
            make_data_root(place / "docker", FILES // part)
            compare(place, place / "docker", "this machine's disk", runs)
            shutil.rmtree(place / "docker")
        if options.only != "memory":
            with loop_disk(place, "source", size="8G") as source:
                make_data_root(source / "docker", FILES // part)
                if options.only != "polite":
                    compare(place, source / "docker", "a loop device", runs)
                if options.only != "time":
                    beside(place, source)
        if options.only in {None, "memory"}:
            grow(place, [files // part for files in MANY])
    return 0


@contextmanager
def fresh_target(place: Path, size: str = "8G", inodes: int = 0) -> Iterator[Path]:
    """Give an empty folder on a new file system, with nothing in the caches."""
    with loop_disk(place, "target", size=size, inodes=inodes) as disk:
        (disk / "docker").mkdir()
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
        yield disk / "docker"


def timed(argv: Sequence[str], target: Path) -> float:
    """Return how many seconds a copy takes, with bringing it to disk."""
    start = time.monotonic()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["sync", "-f", target], check=True)
    return time.monotonic() - start


def compare(place: Path, source: Path, where: str, runs: int) -> None:
    """Copy by turns with rsync and with the copier from ``source``, which is on the disk ``where``."""
    programs = {
        "rsync -aHAXS": [*RSYNC, f"{source}/"],
        "copier": [*COPIER, str(source)],
        "copier --polite": [*COPIER, "--polite", str(source)],
    }
    figures: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, argv in programs.items():
            with fresh_target(place) as target:
                figures[name].append(timed([*argv, str(target)], target))
    print(f"{'data root on ' + where + ', cold, with flush':52} {'median':>8} {'min':>8} {'max':>8}   s")
    base = statistics.median(figures["rsync -aHAXS"])
    for name, seconds in figures.items():
        row = " ".join(f"{pick(seconds):8.1f}" for pick in (statistics.median, min, max))
        print(f"{name:52} {row}   ratio {statistics.median(seconds) / base:.2f}", flush=True)
    print(f"(target: at most {MOST_TIME})")


def beside(place: Path, source: Path) -> None:
    """Let a program write and fsync on the source's disk, by turns with a copy beside it and with that halted."""
    print(
        f"{'what an fsyncing writer gets done beside a copy':52} {'share':>8} {'alone':>8}  a second",
        flush=True,
    )
    programs = {
        "rsync -aHAXS": [*RSYNC, f"{source}/docker/"],
        "copier": [*COPIER, f"{source}/docker"],
        "copier --polite": [*COPIER, "--polite", f"{source}/docker"],
    }
    for name, argv in programs.items():
        with fresh_target(place) as target:
            share, alone = by_turns([*argv, str(target)], source / "written")
        print(f"{name:52} {share:8.2f} {alone:8.0f}", flush=True)
    print(f"(target for --polite: at least {LEAST_LEFT})")


def by_turns(argv: Sequence[str], file: Path) -> tuple[float, float]:
    """Return the writer's share with the copy beside, and how often a second it syncs alone."""
    writes_a_second(file, 1)
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, start_new_session=True)
    together: list[float] = []
    alone: list[float] = []
    for _ in range(TURNS):
        share = writes_a_second(file, WINDOW)
        if process.poll() is not None and alone:
            break  # it was done before the end of this turn
        together.append(share)
        halt(process, signal.SIGSTOP)
        time.sleep(0.3)
        alone.append(writes_a_second(file, WINDOW))
        halt(process, signal.SIGCONT)
        time.sleep(0.2)
    halt(process, signal.SIGKILL)
    process.wait()
    return sum(together) / sum(alone), sum(alone) / len(alone)


def halt(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to all of a program's processes, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, number)


def writes_a_second(file: Path, seconds: float) -> float:
    """Return how many times a second a block is written and brought to disk."""
    data = os.urandom(4096)
    start, number = time.monotonic(), 0
    with file.open("wb", buffering=0) as written:
        while time.monotonic() - start < seconds:
            os.pwrite(written.fileno(), data, number % 1000 * len(data))
            os.fdatasync(written.fileno())
            number += 1
    return number / seconds


def grow(place: Path, numbers: Sequence[int]) -> None:
    """Copy more and more small files."""
    print(f"{'small files, cold caches':52} {'s':>8} {'MB':>8} {'us/file':>8}")
    for number in numbers:
        inodes = number * 11 // 10 + 10_000
        size = f"{2 + number // 125_000}G"
        with loop_disk(place, "source", size=size, inodes=inodes) as disk:
            make_small_files(disk / "docker", number)
            with fresh_target(place, size, inodes) as target:
                start = time.monotonic()
                memory = most_memory([*COPIER, str(disk / "docker"), str(target)])
                subprocess.run(["sync", "-f", target], check=True)
                seconds = time.monotonic() - start
        print(f"{number:<52,} {seconds:8.1f} {memory:8.1f} {1e6 * seconds / number:8.0f}", flush=True)
    print(f"(target: under {MOST_MEMORY} MB, and time in proportion)")


def most_memory(argv: Sequence[str]) -> float:
    """Run ``argv``; return the most memory its processes had together, in MB, what they share counted for each."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        most = max(most, sum(map(_resident, [process.pid, *_children(process.pid)])))
        time.sleep(0.1)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, argv)
    return most / 1e6


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except (OSError, IndexError):
        return 0
