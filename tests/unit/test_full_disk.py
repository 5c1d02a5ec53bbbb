"""A disk without room, and things that are in the way: a small one of our own, really full."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerd_cfg.append_only import AppendFile, read_lines, reserve
from dockerd_cfg.change.engine import Engine
from dockerd_cfg.change.journal import Journal
from dockerd_cfg.change.plan import Before, Context, Plan, Step
from dockerd_cfg.errors import CommandFailed, FileProblem, RollbackFailed
from dockerd_cfg.files import FileImage, read_image, replace_file
from dockerd_cfg.files.trees import empty_tree, remove_tree

LINE = b'{"seq":1,"text":"' + b"x" * 3000 + b'"}'
TIMES = 4
ROOT = pytest.mark.usefixtures("as_root")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of some kilobytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for some lines, long ones too."""
    folder = tmp_path / "roomy"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


class Fills(Step):
    """Fills a disk, if it is told of one, and fails."""

    kind: str = "fills"
    folder: Path | None = None

    def describe(self) -> str:
        return "Fill the disk"

    def apply(self, context: Context, before: Before) -> None:
        if self.folder is not None:
            fill(self.folder)
            raise CommandFailed("x" * 8000)  # more than the rest of the journal's last page


class Silent:
    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Nobody listens."""

    def warn(self, message: str) -> None:
        """Nobody listens."""


def engine(journal: Journal, step: Fills) -> Engine:
    plan = Plan(command="test", subject="test", tool="0", created="2026-01-01T00:00:00+00:00", steps=(step,))
    return Engine(None, plan, journal, Silent())


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def append_much(journal: AppendFile) -> None:
    for _ in range(TIMES):
        journal.append(LINE)


@ROOT
@pytest.mark.root
def test_a_line_that_finds_no_room_is_told_as_a_problem(small: Path) -> None:
    journal = AppendFile(small / "journal")
    fill(small)
    with pytest.raises(FileProblem, match="ENOSPC"):
        append_much(journal)
    journal.close()


@ROOT
@pytest.mark.root
def test_a_line_after_one_that_found_no_room_stands_on_a_line_of_its_own(small: Path) -> None:
    journal = AppendFile(small / "journal")
    journal.append(b"first")
    ballast = fill(small)
    with pytest.raises(FileProblem):
        append_much(journal)
    ballast.unlink()
    journal.append(b"last")
    journal.close()
    assert read_lines(small / "journal")[-1] == b"last"


@ROOT
@pytest.mark.root
def test_a_file_that_finds_no_room_stays_as_it_was(small: Path) -> None:
    file = small / "daemon.json"
    file.write_bytes(b"old")
    fill(small)
    with pytest.raises(FileProblem, match="ENOSPC"):
        replace_file(file, FileImage(b"x" * 20000, owner=os.geteuid(), group=os.getegid()))
    assert file.read_bytes() == b"old"


@ROOT
@pytest.mark.root
def test_a_file_that_finds_no_room_leaves_nothing_beside_it(small: Path) -> None:
    ballast = fill(small)
    with pytest.raises(FileProblem):
        replace_file(small / "new", FileImage(b"x" * 20000, owner=os.geteuid(), group=os.getegid()))
    assert list(small.iterdir()) == [ballast]


@ROOT
@pytest.mark.root
def test_room_set_apart_is_there_when_the_disk_is_full(small: Path) -> None:
    reserve(small / "journal", 16 << 10)
    fill(small)
    journal = AppendFile(small / "journal")
    append_much(journal)
    journal.close()
    assert read_lines(small / "journal") == [LINE] * TIMES


@ROOT
@pytest.mark.root
def test_more_room_than_there_is_cannot_be_set_apart(small: Path) -> None:
    with pytest.raises(FileProblem, match="ENOSPC") as refused:
        reserve(small / "journal", 1 << 20)
    assert "make a little room" in (refused.value.hint or "")


@ROOT
@pytest.mark.root
def test_a_long_line_is_begun_only_where_short_ones_have_room_after_it(roomy: Path) -> None:
    reserve(roomy / "journal", 16 << 10)
    journal = AppendFile(roomy / "journal")
    ballast = fill(roomy)
    os.truncate(ballast, ballast.stat().st_size - (40 << 10))
    with pytest.raises(FileProblem, match="ENOSPC"):
        journal.append(b"x" * (50 << 10))  # for which there is room, and for nothing else
    append_much(journal)
    journal.close()
    assert read_lines(roomy / "journal") == [LINE] * TIMES


@ROOT
@pytest.mark.root
def test_an_undoing_that_could_not_be_recorded_is_not_begun(roomy: Path) -> None:
    with Journal(roomy / "journal") as journal:
        engine(journal, Fills()).apply()
    fill(roomy)
    with Journal(roomy / "journal") as journal:
        with pytest.raises(FileProblem, match="reserve room"):
            engine(journal, Fills()).revert()
        assert journal.state == "applied"


@ROOT
@pytest.mark.root
def test_a_failure_that_cannot_be_recorded_is_told_as_a_host_to_look_at(roomy: Path) -> None:
    with Journal(roomy / "journal") as journal, pytest.raises(RollbackFailed) as failed:
        engine(journal, Fills(folder=roomy)).apply()
    assert failed.value.exit_code == 7
    assert "ENOSPC" in failed.value.message
    assert "dockerd-cfg rollback" in (failed.value.hint or "")


@pytest.mark.timeout(20)
def test_a_pipe_in_place_of_the_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "daemon.json")
    with pytest.raises(FileProblem, match="not a regular file"):
        read_image(tmp_path / "daemon.json")


@pytest.fixture
def immutable(tmp_path: Path) -> Iterator[Path]:
    """A tree with a file that not even root may remove."""
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    file = tree / "folder/file"
    file.write_bytes(b"")
    if subprocess.run(["chattr", "+i", file], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no immutable files")
    yield tree
    if file.exists():
        subprocess.run(["chattr", "-i", file], check=True)


@ROOT
def test_an_immutable_file_does_not_keep_its_tree(immutable: Path) -> None:
    remove_tree(immutable)
    assert not immutable.exists()


@ROOT
def test_an_immutable_file_does_not_keep_a_folder_from_being_emptied(immutable: Path) -> None:
    subprocess.run(["mv", immutable / "folder", immutable.parent / "emptied"], check=True)
    empty_tree(immutable.parent / "emptied")
    assert list((immutable.parent / "emptied").iterdir()) == []


def test_the_entry_named_last_goes_last(tmp_path: Path) -> None:
    """Killed midway, an emptied folder still tells whose it is."""
    (tmp_path / "marker").write_bytes(b"")
    blocked = tmp_path / "z"
    blocked.mkdir()
    if os.geteuid() == 0:
        pytest.skip("root is refused nothing")
    (blocked / "file").write_bytes(b"")
    blocked.chmod(0o500)
    with pytest.raises(FileProblem):
        empty_tree(tmp_path, last="marker")
    blocked.chmod(0o700)
    assert (tmp_path / "marker").exists()
