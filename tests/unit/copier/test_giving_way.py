"""How the copier gives way to others: when it sees them, and what it does then."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerd_cfg.copier.disks import lies_on
from dockerd_cfg.copier.neighbours import Neighbours
from dockerd_cfg.copier.pace import Pace
from tests.loop_disk import loop_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with loop_disk(tmp_path, "disk") as point:
        yield point


def write_and_sync(path: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    with path.open("wb", buffering=0) as file:
        while time.monotonic() < end:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())


def read_cold(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    while os.read(file, 1 << 20):
        pass
    os.close(file)


@pytest.mark.root
def test_who_writes_to_the_disk_is_seen(disk: Path) -> None:
    os.sync()
    neighbours = Neighbours(disk.stat().st_dev, lambda: [os.getpid()])
    end = time.monotonic() + 30
    while neighbours.are_busy():  # a new file system goes on being made for a while
        assert time.monotonic() < end
        time.sleep(0.5)

    write_and_sync(disk / "file", 0.5)

    assert neighbours.are_busy()


@pytest.mark.root
def test_what_we_read_ourselves_is_no_use_by_others_but_what_they_read_is(disk: Path) -> None:
    (disk / "file").write_bytes(os.urandom(20 << 20))
    os.sync()
    ours = Neighbours(disk.stat().st_dev, lambda: [os.getpid()])
    others = Neighbours(disk.stat().st_dev, list)

    read_cold(disk / "file")

    assert not ours.are_busy()
    assert others.are_busy()


@pytest.mark.root
def test_what_we_let_the_kernel_read_is_no_use_by_others_when_it_comes(disk: Path) -> None:
    """The kernel counts it as ours at once, the disk when it has been read."""
    (disk / "file").write_bytes(os.urandom(200 << 20))
    os.sync()
    file = os.open(disk / "file", os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    ours = Neighbours(disk.stat().st_dev, lambda: [os.getpid()])

    os.posix_fadvise(file, 0, 200 << 20, os.POSIX_FADV_WILLNEED)
    looks = [ours.are_busy()]
    while os.read(file, 8 << 20):
        looks.append(ours.are_busy())
    os.close(file)

    assert not any(looks)


@pytest.mark.root
def test_what_a_worker_has_read_is_no_use_by_others_once_it_has_ended(disk: Path) -> None:
    (disk / "file").write_bytes(os.urandom(20 << 20))
    os.sync()
    workers: list[int] = []
    ours = Neighbours(disk.stat().st_dev, lambda: [os.getpid(), *workers])
    workers.append(os.fork())
    if not workers[0]:
        read_cold(disk / "file")
        os._exit(0)
    os.waitpid(workers.pop(), 0)

    assert not ours.are_busy()


@pytest.mark.root
def test_where_we_write_too_only_who_waits_for_the_disk_is_seen(disk: Path) -> None:
    os.sync()
    ours = Neighbours(disk.stat().st_dev, lambda: [os.getpid()], is_written=True)

    for number in range(200):
        (disk / f"copy-{number}").write_bytes(os.urandom(100_000))
    os.sync()
    while not ours.is_due:
        time.sleep(0.05)
    was_busy = ours.are_busy()
    write_and_sync(disk / "file", 0.5)

    assert (was_busy, ours.are_busy()) == (False, True)


@pytest.mark.root
def test_a_loop_device_lies_on_the_disk_of_its_file(tmp_path: Path) -> None:
    """And on what that lies on, if that is a loop device as well."""
    with loop_disk(tmp_path, "disk") as disk, loop_disk(disk, "inner", size="100M") as inner:
        below, middle, top = (path.stat().st_dev for path in (tmp_path, disk, inner))

        lying = {(a, b) for a in (below, middle, top) for b in (below, middle, top) if lies_on(a, b)}

    assert lying == {
        (below, below),
        (middle, middle),
        (top, top),
        (middle, below),
        (top, middle),
        (top, below),
    }


def test_a_disk_that_is_not_counted_might_be_used() -> None:
    assert Neighbours(os.makedev(0, 4095), list).are_busy()


def test_without_need_nobody_rests() -> None:
    pace = Pace(4, None)
    began = time.monotonic()

    for _ in range(1000):
        pace.before(1 << 20)
        pace.after()

    assert time.monotonic() - began < 0.5


def test_when_others_need_the_disk_most_of_the_time_is_rest() -> None:
    pace = Pace(1, None)
    pace.give_way(needed=True)
    pace.after()
    began, worked = time.monotonic(), 0.0

    while time.monotonic() - began < 1:
        start = time.monotonic()
        while time.monotonic() - start < 0.01:
            pass
        worked += 0.01
        pace.after()

    assert worked < 0.3 * (time.monotonic() - began)
