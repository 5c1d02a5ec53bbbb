"""The copy while Docker runs: by a program of ours, told in the tool's words."""

import os
import subprocess
from pathlib import Path

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.runner import Runner
from dockerd_cfg.storage.compare import differences
from dockerd_cfg.storage.copy import MARKER, OWN_FILES
from dockerd_cfg.storage.pre_copy import pre_copy
from dockerd_cfg.storage.sealed import NOTE
from tests.loop_disk import loop_disk


class Told:
    def __init__(self) -> None:
        self.lines: list[tuple[int, int, int, str]] = []

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        self.lines.append((done_bytes, total_bytes, done_files, note))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    tree = tmp_path / "source"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder/file").write_bytes(b"content")
    (tree / "folder/file").chmod(0o4711)
    os.link(tree / "folder/file", tree / "hard-link")
    (tree / "symbolic-link").symlink_to("/nowhere")
    (tree / os.fsdecode(b"odd \xff\n name")).write_bytes(b"odd")
    os.mkfifo(tree / "pipe")
    return tree


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / MARKER).write_bytes(b"{}")
    return folder


def copy(
    source: Path,
    target: Path,
    *,
    progress: Told | None = None,
    bwlimit: int | None = None,
    workers: int | None = None,
) -> None:
    pre_copy(
        Runner(),
        source,
        target,
        progress=progress or Told(),
        total_bytes=7,
        note="copying",
        bwlimit=bwlimit,
        workers=workers,
    )


def test_a_copy_is_faithful_and_leaves_the_marker(source: Path, target: Path) -> None:
    copy(source, target)

    assert list(differences(source, target)) == []
    assert (target / MARKER).read_bytes() == b"{}"


def test_a_second_copy_brings_what_changed_and_leaves_what_is_too_much(source: Path, target: Path) -> None:
    copy(source, target)
    (source / "folder/file").write_bytes(b"changed")
    (target / "more").write_bytes(b"left to the final copy")

    copy(source, target)

    assert (target / "hard-link").read_bytes() == b"changed"
    assert (target / "more").exists()


def test_how_far_it_has_come_is_told(source: Path, target: Path) -> None:
    told = Told()

    copy(source, target, progress=told)

    assert told.lines[-1] == (len(b"content") + len(b"odd"), 7, 5, "copying")


def test_what_an_earlier_move_left_in_the_source_is_left_out(source: Path, target: Path) -> None:
    for name in OWN_FILES:
        (source / name).write_bytes(b"of an earlier move")

    copy(source, target, workers=1, bwlimit=1 << 20)

    assert (target / MARKER).read_bytes() == b"{}"
    assert not (target / NOTE).exists()


def test_a_source_that_is_gone_is_a_failure(target: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="No such file or directory"):
        copy(tmp_path / "nowhere", target)


@pytest.mark.root
def test_a_full_disk_is_told_with_what_to_do(source: Path, tmp_path: Path) -> None:
    (source / "large").write_bytes(bytes(20 << 20))
    with loop_disk(tmp_path, "small", size="12M") as small, pytest.raises(CommandFailed) as failure:
        copy(source, small)

    assert "No space left on device" in str(failure.value)
    assert failure.value.hint is not None
    assert "is full" in failure.value.hint


@pytest.mark.root
def test_a_disk_that_turned_read_only_is_told_with_what_to_do(source: Path, tmp_path: Path) -> None:
    with loop_disk(tmp_path, "small", size="12M") as small:
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        with pytest.raises(CommandFailed) as failure:
            copy(source, small)

    assert failure.value.hint is not None
    assert "read-only" in failure.value.hint
