"""Comparing two trees: a faithful copy has no difference, and every unfaithfulness is told."""

import os
import shutil
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerd_cfg.storage.compare import changed_since, differences, summary
from dockerd_cfg.storage.copy import MARKER
from tests.loop_disk import loop_disk, with_broken_attributes

Trees = tuple[Path, Path]
NOW = 1_700_000_000_123_456_789


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    """A small tree and a faithful copy of it."""
    source, target = tmp_path / "source", tmp_path / "target"
    for tree in (source, target):
        (tree / "folder").mkdir(parents=True)
        (tree / "folder/file").write_bytes(b"content")
        (tree / "folder/name").write_bytes(b"linked")
        os.link(tree / "folder/name", tree / "folder/other-name")
        (tree / "link").symlink_to("folder/file")
        (tree / os.fsdecode(b"\xff\n")).write_bytes(b"odd name")
        for path in (*sorted(tree.rglob("*"), reverse=True), tree):
            os.utime(path, ns=(NOW, NOW), follow_symlinks=False)
    return source, target


def keep_times(tree: Path) -> None:
    """Undo what changing entries did to the folders' times, so that a test has one difference only."""
    for path in (tree / "folder", tree):
        os.utime(path, ns=(NOW, NOW))


def remove(tree: Path) -> None:
    (tree / "folder/file").unlink()


def add(tree: Path) -> None:
    (tree / "folder/more").write_bytes(b"")


def turn_into_a_folder(tree: Path) -> None:
    (tree / "folder/file").unlink()
    (tree / "folder/file").mkdir()


def change_the_mode(tree: Path) -> None:
    (tree / "folder/file").chmod(0o4711)


def change_the_folders_mode(tree: Path) -> None:
    (tree / "folder").chmod(0o1777)


def grow(tree: Path) -> None:
    (tree / "folder/file").write_bytes(b"contents")
    os.utime(tree / "folder/file", ns=(NOW, NOW))


def touch(tree: Path) -> None:
    os.utime(tree / "folder/file", ns=(NOW, NOW + 1))


def point_elsewhere(tree: Path) -> None:
    (tree / "link").unlink()
    (tree / "link").symlink_to("folder/name")


def copy_a_hard_link(tree: Path) -> None:
    (tree / "folder/other-name").unlink()
    (tree / "folder/other-name").write_bytes(b"linked")
    os.utime(tree / "folder/other-name", ns=(NOW, NOW))


def lose_the_odd_name(tree: Path) -> None:
    (tree / os.fsdecode(b"\xff\n")).unlink()


CHANGES = [
    pytest.param(remove, "folder/file is missing", id="missing"),
    pytest.param(add, "folder/more is too much", id="too much"),
    pytest.param(turn_into_a_folder, "folder/file has another type", id="type"),
    pytest.param(change_the_mode, "folder/file has another mode (0o644, copied as 0o4711)", id="mode"),
    pytest.param(change_the_folders_mode, "folder has another mode (0o755, copied as 0o1777)", id="folder"),
    pytest.param(grow, "folder/file has another size (7, copied as 8)", id="size"),
    pytest.param(
        touch, f"folder/file has another time ({NOW}, copied as {NOW + 1})", id="time, by a nanosecond"
    ),
    pytest.param(point_elsewhere, "link points elsewhere", id="symbolic link"),
    pytest.param(
        copy_a_hard_link, " is no longer a hard link to its other names", id="hard link copied as a file"
    ),
    pytest.param(lose_the_odd_name, "\\xff\\n is missing", id="a name that is no text"),
]


def test_a_faithful_copy_has_no_difference(trees: Trees) -> None:
    assert list(differences(*trees)) == []


@pytest.mark.parametrize(("change", "told"), CHANGES)
def test_an_unfaithful_copy_is_told_by_its_one_difference(
    trees: Trees, change: Callable[[Path], None], told: str
) -> None:
    source, target = trees
    source.joinpath("folder/file").chmod(0o644)
    target.joinpath("folder/file").chmod(0o644)
    source.joinpath("folder").chmod(0o755)
    target.joinpath("folder").chmod(0o755)
    change(target)
    keep_times(target)

    found = list(differences(source, target))

    assert len(found) == 1
    assert told in found[0]


def test_a_folder_with_many_names_takes_little_memory(place: Path) -> None:
    number = 5000
    for tree in ("source", "target"):
        (place / tree).mkdir()
        for name in range(number):
            (place / tree / f"{name:032}").touch()
            os.utime(place / tree / f"{name:032}", ns=(NOW, NOW))
    tracemalloc.start()
    try:
        assert list(differences(place / "source", place / "target")) == []
        assert tracemalloc.get_traced_memory()[1] < 400 * number
    finally:
        tracemalloc.stop()


def test_the_time_of_a_folder_counts(trees: Trees) -> None:
    os.utime(trees[1] / "folder", ns=(NOW, NOW + 1))

    assert [told.split(" (")[0] for told in differences(*trees)] == ["folder has another time"]


def test_extended_attributes_count(trees: Trees) -> None:
    try:
        os.setxattr(trees[0] / "folder/file", "user.capability", b"x")
    except OSError:
        pytest.skip("the file system has no extended attributes")

    assert list(differences(*trees)) == ["folder/file has other extended attributes"]


def test_attributes_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    with loop_disk(tmp_path, "disk", size="32M") as disk:
        for tree in ("source", "target"):
            (disk / tree).mkdir()
            (disk / tree / "file").touch()
        os.setxattr(disk / "source/file", "user.long", b"x" * 3000)
        with (
            with_broken_attributes(disk, "source/file") as broken,
            pytest.raises(OSError, match="source/file"),
        ):
            list(differences(broken / "source", broken / "target"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners_count(trees: Trees) -> None:
    os.chown(trees[1] / "link", 1, 2, follow_symlinks=False)

    assert list(differences(*trees)) == ["link has another owner ((0, 0), copied as (1, 2))"]


@pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
def test_our_own_marker_is_no_difference(trees: Trees, side: int) -> None:
    (trees[side] / MARKER).write_bytes(b"{}")
    keep_times(trees[side])

    assert list(differences(*trees)) == []


def test_a_marker_deeper_down_is_somebody_elses_file(trees: Trees) -> None:
    (trees[1] / "folder" / MARKER).write_bytes(b"{}")
    keep_times(trees[1])

    assert list(differences(*trees)) == [f"folder/{MARKER} is too much"]


@pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
def test_a_tree_that_is_gone_is_no_faithful_copy(trees: Trees, side: int) -> None:
    shutil.rmtree(trees[side])

    with pytest.raises(FileNotFoundError):
        list(differences(*trees))


def test_a_file_whose_times_were_put_back_counts_as_changed(trees: Trees) -> None:
    a_moment_ago = time.time() - 1

    os.utime(trees[0] / "folder/file", ns=(0, 0))

    assert b"folder/file" in set(changed_since(trees[0], a_moment_ago))


def test_a_file_older_than_the_moment_does_not_count_as_changed(trees: Trees) -> None:
    assert list(changed_since(trees[0], time.time() + 60)) == []


def test_only_files_are_told_as_changed(trees: Trees) -> None:
    found = set(changed_since(trees[0], 0))

    assert found == {b"folder/file", b"folder/name", b"folder/other-name", b"\xff\n"}


def test_a_summary_is_short_and_says_how_much_more_there_is() -> None:
    assert summary([str(number) for number in range(12)]) == "0; 1; 2; 3; 4; 5; 6; 7; 8; 9 and 2 more"


def test_what_vanishes_while_changes_are_looked_for_is_passed_over(tmp_path: Path) -> None:
    """Docker runs meanwhile, and containers come and go."""
    names = {"one", "two", "three"}
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"")
    found = changed_since(tmp_path, 0)
    gone, replaced = sorted(names - {next(found).split(b"/")[0].decode()})
    for name in (gone, replaced):
        shutil.rmtree(tmp_path / name)
    (tmp_path / replaced).write_bytes(b"")
    assert list(found) == []
