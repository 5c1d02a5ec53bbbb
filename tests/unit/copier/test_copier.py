"""The copier, run as the program it is, on real file systems of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loop_disk import loop_disk
from tests.unit.copier.torture import OLD, make_old, make_torture, make_very_deep, seen

pytestmark = pytest.mark.root
MARKER = ".dockerd-cfg-target.json"
PROGRAM = [sys.executable, "-P", "-m", "dockerd_cfg.copier"]


def run(source: Path, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [*PROGRAM, *options, str(source), str(target)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)


def copy(source: Path, target: Path, *options: str) -> str:
    done = run(source, target, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def start(source: Path, target: Path, *options: str) -> subprocess.Popen[str]:
    argv = [*PROGRAM, *options, str(source), str(target)]
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def in_rsyncs_eyes(source: Path, target: Path) -> str:
    """Return what rsync would still have to do."""
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    argv = ["rsync", "-aHAXSnci", "--numeric-ids", "--one-file-system", "--modify-window=-1", "--delete"]
    argv += [f"--exclude=/{MARKER}", f"{source}/", f"{target}/"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def family(process: subprocess.Popen[str]) -> list[int]:
    """Return the program's process and its workers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [process.pid, *map(int, children.split())]


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def make_files(root: Path, number: int, size: int, folders: int = 10) -> None:
    for folder in range(folders):
        (root / f"folder-{folder}").mkdir(parents=True, exist_ok=True)
        for file in range(number // folders):
            (root / f"folder-{folder}/file-{file}").write_bytes(os.urandom(size))
    make_old(root)


@pytest.fixture(params=["ext4", "xfs"])
def two_disks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    with (
        loop_disk(tmp_path, "one", kind=request.param, size="600M") as one,
        loop_disk(tmp_path, "two", kind=request.param, size="600M") as two,
    ):
        (one / "source").mkdir()
        (two / "target").mkdir()
        yield one / "source", two / "target"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with loop_disk(tmp_path, "disk") as point:
        yield point


@pytest.fixture
def source(disk: Path) -> Path:
    folder = disk / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    with loop_disk(tmp_path, "other") as point:
        (point / "target").mkdir()
        yield point / "target"


def test_whatever_a_tree_may_hold_is_copied_faithfully(two_disks: tuple[Path, Path]) -> None:
    source, target = two_disks
    make_torture(source)
    (target / MARKER).write_bytes(b"{}")

    copy(source, target)

    assert seen(target) == seen(source)
    assert in_rsyncs_eyes(source, target) == ""
    assert (target / MARKER).read_bytes() == b"{}"
    assert target.stat().st_mtime_ns == OLD


def test_copying_again_changes_nothing(source: Path, target: Path) -> None:
    make_torture(source)
    copy(source, target)
    before = {entry.inode() for entry in os.scandir(target / "modes") if entry.is_file()}

    copy(source, target)

    assert {entry.inode() for entry in os.scandir(target / "modes") if entry.is_file()} == before
    assert seen(target) == seen(source)
    assert in_rsyncs_eyes(source, target) == ""


def test_what_is_in_the_way_is_replaced(source: Path, target: Path) -> None:
    make_torture(source)
    copy(source, target)
    for name in ("plain", "empty-folder", "here/link", "there/fifo"):
        path = target / name
        if path.is_dir():
            path.rmdir()
            path.write_bytes(b"in the way")
        else:
            path.unlink()
            (path / "full" / "of").mkdir(parents=True)
            (path / "full/file").write_bytes(b"in the way")
    (target / "there/file").unlink()
    (target / "there/file").write_bytes(b"linked")

    copy(source, target)

    assert seen(target) == seen(source)


def test_names_that_were_linked_when_first_copied_are_parted(source: Path, target: Path) -> None:
    (source / "one").write_bytes(b"same")
    os.link(source / "one", source / "two")
    make_old(source)
    copy(source, target)
    (source / "two").unlink()
    shutil.copy2(source / "one", source / "two")

    copy(source, target)

    assert seen(target) == seen(source)


def test_paths_longer_than_any_call_takes_are_copied(source: Path, target: Path) -> None:
    make_very_deep(source)

    copy(source, target)

    assert seen(target) == seen(source)


def test_folders_many_hundred_deep_are_copied(source: Path, target: Path) -> None:
    make_very_deep(source, depth=800, length=20)

    copy(source, target)
    copied = subprocess.run(["find", target, "-type", "f"], capture_output=True, check=True).stdout

    assert copied.count(b"\n") == 1600


def test_what_is_mounted_below_is_left_out(source: Path, target: Path) -> None:
    (source / "data").mkdir()
    (source / "data/file").write_bytes(b"data")
    for name in ("memory", "bound"):
        (source / name).mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", source / "memory"], check=True)
    subprocess.run(["mount", "--bind", source / "data", source / "bound"], check=True)
    (source / "memory/file").write_bytes(b"elsewhere")

    copy(source, target)
    for name in ("memory", "bound"):
        subprocess.run(["umount", source / name], check=True)

    assert sorted(seen(target)) == [b"bound", b"data", b"data/file", b"memory"]


def test_what_is_excluded_is_left_out(source: Path, target: Path, tmp_path: Path) -> None:
    for name in ("kept/inner", "gone/inner/inmost", "kept/new\nline"):
        (source / name).mkdir(parents=True)
        (source / name / "file").write_bytes(b"content")
    (source / MARKER).write_bytes(b"of an earlier move")
    listing = tmp_path / "listing"
    listing.write_bytes(b"gone\0kept/inner/file\0kept/new\nline\0")

    copy(source, target, "--exclude-from", str(listing))

    assert sorted(seen(target)) == [b"kept", b"kept/inner"]
    assert not (target / MARKER).exists()


def test_a_symlink_planted_in_the_target_is_not_followed(source: Path, target: Path, tmp_path: Path) -> None:
    (source / "folder").mkdir()
    (source / "folder/file").write_bytes(b"from the source")
    (source / "file").write_bytes(b"from the source")
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (outside / "file").write_bytes(b"outside")
    (target / "folder").symlink_to(outside)
    (target / "file").symlink_to(outside / "file")

    copy(source, target)

    assert (outside / "file").read_bytes() == b"outside"
    assert seen(target) == seen(source)


def test_a_large_file_is_copied_in_parts_with_its_holes_and_attributes(source: Path, target: Path) -> None:
    large = source / "large"
    with large.open("wb") as file:
        for number in range(130):
            file.write(os.urandom(1 << 20))
            if number == 60:
                file.seek(40 << 20, os.SEEK_CUR)
    os.setxattr(large, "user.kind", b"large")
    os.chown(large, 1, 2)
    large.chmod(0o4750)
    os.link(large, source / "second")
    make_old(source)

    copy(source, target)

    assert seen(target) == seen(source)
    assert (target / "large").stat().st_blocks * 512 < 135 << 20


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_ended_copy_leaves_no_process_and_goes_on_later(
    source: Path, target: Path, number: signal.Signals
) -> None:
    make_files(source, 3000, 20_000)
    process = start(source, target, "--bwlimit", "15000000")
    time.sleep(1.5)
    processes = family(process)
    process.send_signal(number)
    _, complaint = process.communicate(timeout=10)
    deadline = time.monotonic() + 5
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert len(processes) == 5
    assert not any(map(is_alive, processes))
    assert complaint == ""
    done = {
        path: path.stat().st_ino
        for path in target.rglob("file-*")
        if path.stat().st_mtime_ns < OLD * 2 // 1.9
    }
    assert 0 < len(done) < 3000

    copy(source, target)

    assert seen(target) == seen(source)
    assert sum(path.stat().st_ino == inode for path, inode in done.items()) == len(done)


def test_a_file_that_ends_with_a_hole_does_not_pass_for_whole_before_all_is_on_disk(
    source: Path, target: Path
) -> None:
    with (source / "holes").open("wb") as file:
        file.write(os.urandom(64 << 10))
        file.truncate(1 << 20)
    make_files(source, 300, 100_000)
    process = start(source, target, "--bwlimit", "5000000")
    deadline = time.monotonic() + 5
    while (size_of(target / "holes"), process.poll()) != (1 << 20, None) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=10)

    assert size_of(target / "holes") == 1 << 20
    assert (target / "holes").stat().st_mtime_ns != (source / "holes").stat().st_mtime_ns

    copy(source, target)

    assert seen(target) == seen(source)


def test_a_worker_that_is_killed_ends_the_copy(source: Path, target: Path) -> None:
    make_files(source, 1000, 20_000)
    process = start(source, target, "--bwlimit", "5000000")
    time.sleep(1)
    _, *workers = family(process)
    os.kill(workers[0], signal.SIGKILL)
    _, complaint = process.communicate(timeout=10)

    assert process.returncode == 1
    assert "a worker ended" in complaint
    assert not any(map(is_alive, workers))


def test_files_that_come_go_and_change_meanwhile_are_no_error(source: Path, target: Path) -> None:
    make_files(source, 2000, 5000)
    stop = threading.Event()

    def stir() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            folder = source / f"folder-{number % 10}"
            (folder / f"file-{number % 200}").unlink(missing_ok=True)
            (folder / f"new-{number}").write_bytes(b"x" * (number % 9000))
            moved = source / f"moved-{number % 7}"
            shutil.rmtree(moved, ignore_errors=True)
            shutil.copytree(source / f"folder-{(number + 1) % 10}", moved)
            moved_again = source / "again"
            shutil.rmtree(moved_again, ignore_errors=True)
            moved.rename(moved_again)
            moved.symlink_to("/etc")
            moved.unlink()

    thread = threading.Thread(target=stir)
    thread.start()
    try:
        for _ in range(4):
            copy(source, target)
    finally:
        stop.set()
        thread.join()

    shutil.rmtree(target)
    target.mkdir()
    copy(source, target)
    assert seen(target) == seen(source)


def test_a_full_disk_ends_the_copy_with_its_reason(source: Path, tmp_path: Path) -> None:
    make_files(source, 1000, 50_000)
    with loop_disk(tmp_path, "small", size="20M") as small:
        done = run(source, small)

    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "folder-" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_target_that_cannot_be_written_ends_the_copy_with_its_reason(source: Path, target: Path) -> None:
    (source / "file").write_bytes(b"content")
    subprocess.run(["mount", "-o", "remount,ro", target.parent], check=True)

    done = run(source, target)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Read-only file system" in done.stderr


def test_a_source_that_is_not_there_ends_the_copy_with_its_reason(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere", tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "No such file or directory" in done.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["a"], ["--what", "a", "b"], ["--workers", "0", "a", "b"]], ids=str
)
def test_a_bad_command_line_is_told(arguments: list[str]) -> None:
    done = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_no_more_bytes_a_second_are_copied_than_asked_for(source: Path, target: Path) -> None:
    make_files(source, 200, 100_000)
    began = time.monotonic()

    copy(source, target, "--bwlimit", "5000000")

    assert 3.5 < time.monotonic() - began < 12


def test_progress_is_told_in_lines_and_ends_with_all(source: Path, target: Path) -> None:
    make_files(source, 200, 50_000)
    began = time.monotonic()

    lines = copy(source, target, "--bwlimit", "5000000").splitlines()

    told = [tuple(map(int, line.split())) for line in lines]
    assert told == sorted(told)
    assert told[-1] == (200 * 50_000, 200)
    assert 3 < len(told) < 5 * (time.monotonic() - began) + 3


def test_a_polite_copy_is_as_faithful(source: Path, target: Path) -> None:
    make_torture(source)

    copy(source, target, "--polite", "--workers", "2")

    assert seen(target) == seen(source)


def memory_of(process: subprocess.Popen[str]) -> int:
    """Return the memory of the program and its workers in bytes, what they share counted for each."""
    total = 0
    for pid in family(process):
        try:
            status = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        except OSError:
            continue
        total += int(status[1]) * os.sysconf("SC_PAGE_SIZE") if len(status) > 1 else 0
    return total


def test_many_files_take_little_memory(source: Path, target: Path) -> None:
    for folder in range(100):
        (source / f"{folder}").mkdir()
        for file in range(0, 1000, 2):
            path = source / f"{folder}" / f"a-name-of-usual-length-{file}"
            path.touch()
            os.link(path, path.with_name(f"a-name-of-usual-length-{file + 1}"))
    process = start(source, target)
    most = 0
    while process.poll() is None:
        try:
            most = max(most, memory_of(process))
        except OSError:
            break
        time.sleep(0.05)
    process.communicate(timeout=60)

    assert process.returncode == 0
    assert 10 << 20 < most < 100 << 20


def test_a_socket_is_copied_as_one(source: Path, target: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(source / "socket"))

    copy(source, target)

    assert (target / "socket").is_socket()
