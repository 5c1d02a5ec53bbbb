"""Copying with the real rsync: faithful, resumable, and honest about failure."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg import runner
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.runner import Completed, Runner
from dockerd_cfg.storage.compare import differences
from dockerd_cfg.storage.copy import MARKER, copy_again, copy_tree

pytestmark = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")


class Told:
    def __init__(self) -> None:
        self.bytes: list[int] = []

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        self.bytes.append(done_bytes)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    tree = tmp_path / "source"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder/file").write_bytes(b"content")
    (tree / "folder/file").chmod(0o4711)
    os.link(tree / "folder/file", tree / "hard-link")
    (tree / "symbolic-link").symlink_to("/nowhere")
    (tree / os.fsdecode(b"odd \xff\n name")).write_bytes(b"odd")
    with (tree / "sparse").open("wb") as sparse:
        sparse.truncate(10 << 20)
    os.mkfifo(tree / "pipe")
    return tree


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def copy(source: Path, target: Path, progress: Told | None = None, **options: Any) -> None:
    copy_tree(Runner(), source, target, progress=progress or Told(), total_bytes=7, note="copying", **options)


@pytest.mark.parametrize("options", [{}, {"live": True}, {"careful": True}], ids=["plain", "live", "careful"])
def test_a_copy_is_faithful(source: Path, target: Path, options: dict[str, Any]) -> None:
    copy(source, target, **options)

    assert list(differences(source, target)) == []


def test_a_sparse_file_stays_sparse(source: Path, target: Path) -> None:
    copy(source, target)

    assert (target / "sparse").stat().st_blocks * 512 < 1 << 20


def test_what_is_too_much_in_the_target_goes_but_our_marker(source: Path, target: Path) -> None:
    (target / "stale").mkdir()
    (target / MARKER).write_bytes(b"{}")

    copy(source, target)

    assert (target / MARKER).read_bytes() == b"{}"
    assert list(differences(source, target)) == []


def test_what_rsync_itself_notes_in_a_backup_is_copied(source: Path, target: Path) -> None:
    """Backups that rsync makes with --fake-super have owners and devices in such attributes, and it leaves those out."""
    try:
        os.setxattr(source / "folder/file", "user.rsync.%stat", b"100644 0,0 1000:1000")
    except OSError:
        pytest.skip("the file system has no extended attributes")

    copy(source, target)

    assert list(differences(source, target)) == []


def test_a_second_copy_brings_what_changed(source: Path, target: Path) -> None:
    copy(source, target)
    (source / "folder/file").write_bytes(b"changed")
    (source / "symbolic-link").unlink()

    copy(source, target)

    assert list(differences(source, target)) == []
    assert (target / "hard-link").read_bytes() == b"changed"


def test_a_change_that_times_and_size_do_not_tell_is_copied_by_name(source: Path, target: Path) -> None:
    copy(source, target)
    times = (source / "folder/file").stat()
    (source / "folder/file").write_bytes(b"CONTENT")
    os.utime(source / "folder/file", ns=(times.st_atime_ns, times.st_mtime_ns))

    copy_again(Runner(), source, target, [b"folder/file", b"hard-link"])

    assert (target / "hard-link").read_bytes() == b"CONTENT"
    assert list(differences(source, target)) == []


def test_names_that_are_no_text_are_copied_by_name(source: Path, target: Path) -> None:
    copy(source, target)
    odd = os.fsdecode(b"odd \xff\n name")
    (target / odd).write_bytes(b"bad")

    copy_again(Runner(), source, target, [b"odd \xff\n name"])

    assert (target / odd).read_bytes() == b"odd"


def test_copying_tells_how_far_it_has_come(source: Path, target: Path) -> None:
    told = Told()

    copy(source, target, told)

    assert told.bytes
    assert told.bytes == sorted(told.bytes)


def test_a_source_that_is_gone_is_a_failure(source: Path, target: Path) -> None:
    shutil.rmtree(source)

    with pytest.raises(CommandFailed, match="rsync"):
        copy(source, target)


def test_a_file_that_vanished_before_it_is_copied_by_name_is_a_failure(source: Path, target: Path) -> None:
    copy(source, target)

    with pytest.raises(CommandFailed, match="gone"):
        copy_again(Runner(), source, target, [b"gone"])


def test_of_many_complaints_a_few_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "\n".join(
        f'rsync: [receiver] mkstemp "{number}" failed: Input/output error (5)' for number in range(50)
    )
    monkeypatch.setattr(Runner, "run", lambda *_, **__: Completed(("rsync",), 23, "", said))
    with pytest.raises(CommandFailed) as caught:
        copy_again(Runner(), tmp_path, tmp_path, [b"name"])
    assert caught.value.message.count("mkstemp") == 3
    assert "and 47 more" in caught.value.message
    assert "dmesg" in (caught.value.hint or "")


@contextmanager
def files_and_pipes_taking_turns(folder: Path, number: int) -> Iterator[None]:
    """Let files become pipes, which nobody writes to, and files again, for as long as the block lasts."""
    is_over = threading.Event()

    def turn() -> None:
        while not is_over.is_set():
            for make in (os.mkfifo, Path.touch):
                for file in range(number):
                    (folder / str(file)).unlink(missing_ok=True)
                    make(folder / str(file))

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_a_pipe_that_comes_in_the_place_of_a_file_does_not_hold_up_a_live_copy(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_NUDGE_EVERY", 0.01)
    with files_and_pipes_taking_turns(source, 300):
        for _ in range(5):
            copy(source, target, live=True)
    copy(source, target)

    assert list(differences(source, target)) == []
