"""What the copy leaves of its source in the page cache: what was there before, and nothing else."""

import ctypes
import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockerd_cfg.copier import kernel
from tests.loop_disk import loop_disk

pytestmark = pytest.mark.root
MIB = 1 << 20
SIZES = [30_000, 700_000, 5 * MIB, 140 * MIB]


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    with loop_disk(tmp_path, "disk", kind=request.param, size="800M") as mounted:
        (mounted / "source").mkdir()
        (mounted / "target").mkdir()
        yield mounted


def make(path: Path, size: int) -> None:
    """Make a file of which nothing is in memory."""
    path.write_bytes(os.urandom(size))
    os.sync()
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def use(path: Path, start: int, end: int) -> None:
    """Read a part of a file, and no more of it."""
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        while start < end:
            start += len(os.pread(file.fileno(), min(MIB, end - start), start))


def in_memory(path: Path, start: int = 0, end: int | None = None) -> float:
    """Return the share of the pages of a part of ``path`` that the kernel holds, by mincore(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = path.stat().st_size
    held = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    with path.open("rb") as file, mmap.mmap(file.fileno(), size, flags=mmap.MAP_PRIVATE) as memory:
        whole = (ctypes.c_char * size).from_buffer(memory)
        done = libc.mincore(ctypes.c_void_p(ctypes.addressof(whole)), ctypes.c_size_t(size), held)
        del whole
    assert done == 0
    pages = held[start // mmap.PAGESIZE : -(-(size if end is None else end) // mmap.PAGESIZE)]
    return sum(page & 1 for page in pages) / len(pages)


def copy(disk: Path) -> None:
    argv = [sys.executable, "-P", "-m", "dockerd_cfg.copier", str(disk / "source"), str(disk / "target")]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, timeout=300)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_not_in_memory_is_not_in_memory_after_the_copy(disk: Path, size: int) -> None:
    make(disk / "source/unused", size)

    copy(disk)

    assert in_memory(disk / "source/unused") == 0
    assert (disk / "target/unused").read_bytes() == (disk / "source/unused").read_bytes()


# The kernel may take pages away on its own: not quite all are asked for.
@pytest.mark.parametrize("size", SIZES)
def test_what_was_in_memory_still_is(disk: Path, size: int) -> None:
    make(disk / "source/used", size)
    use(disk / "source/used", 0, size)

    copy(disk)

    assert in_memory(disk / "source/used") > 0.9


@pytest.mark.parametrize("size", [20 * MIB, 140 * MIB])
def test_the_end_of_a_growing_file_stays_in_memory_and_its_beginning_does_not(disk: Path, size: int) -> None:
    make(disk / "source/log", size)
    use(disk / "source/log", size - 8 * MIB, size)

    copy(disk)

    assert in_memory(disk / "source/log", size - 8 * MIB) > 0.9
    assert in_memory(disk / "source/log", 0, size - 11 * MIB) == 0


def test_a_page_that_is_used_does_not_keep_a_whole_database_in_memory(disk: Path) -> None:
    make(disk / "source/database", 60 * MIB)
    use(disk / "source/database", 0, 4096)

    copy(disk)

    assert 0 < in_memory(disk / "source/database") < 0.1


@pytest.mark.parametrize("size", [MIB, 40 * MIB, 2000 * MIB])
def test_holes_are_not_brought_into_memory(disk: Path, size: int) -> None:
    path = disk / "source/holes"
    make(path, 8192)
    os.truncate(path, size)

    copy(disk)

    assert in_memory(path) == 0


@pytest.mark.parametrize("is_in_memory", [kernel.is_cached, kernel.is_resident])
def test_old_and_new_kernels_are_asked_for_the_same(
    disk: Path, is_in_memory: Callable[[int, int, int], bool]
) -> None:
    if is_in_memory is kernel.is_cached and not kernel.has_cachestat():
        pytest.skip("this kernel has no cachestat(2)")
    make(disk / "source/used", 4 * MIB)
    use(disk / "source/used", 2 * MIB, 2 * MIB + 1)

    with (disk / "source/used").open("rb") as file:
        held = [is_in_memory(file.fileno(), start, MIB) for start in range(0, 4 * MIB, MIB)]

    assert held == [False, False, True, False]
