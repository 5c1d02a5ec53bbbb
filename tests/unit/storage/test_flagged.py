"""Flags in an old tree: only those go that keep it from becoming what the new one is."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerd_cfg.storage.flagged import lift_flags

ALL = {"file", "other", "folder", "folder/file"}

pytestmark = [pytest.mark.root, pytest.mark.usefixtures("as_root")]


@pytest.fixture
def trees(place: Path) -> Iterator[tuple[Path, Path]]:
    """An old tree whose files and folder are immutable, and its copy."""
    old, new = place / "old", place / "new"
    (old / "folder").mkdir(parents=True)
    for name in ("file", "other", "folder/file"):
        (old / name).write_text(name)
    (old / "link").symlink_to("/nowhere")
    shutil.copytree(old, new, symlinks=True)
    paths = [old / name for name in sorted(ALL, reverse=True)]
    if subprocess.run(["chattr", "+i", *paths], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no immutable files")
    yield old, new
    subprocess.run(["chattr", "-R", "-i", old], check=False, capture_output=True)


def fixed(old: Path) -> set[str]:
    said = subprocess.run(["lsattr", "-Rd", *old.rglob("*")], check=False, capture_output=True, text=True)
    rows = [line.split(maxsplit=1) for line in said.stdout.splitlines()]
    return {str(Path(name).relative_to(old)) for flags, name in rows if "i" in flags}


def test_where_nothing_changed_all_flags_stay(trees: tuple[Path, Path]) -> None:
    assert not lift_flags(*trees, time.time() + 60)
    assert fixed(trees[0]) == ALL


def test_a_file_that_was_written_and_its_folder_lose_them(trees: tuple[Path, Path]) -> None:
    (trees[1] / "folder/file").write_text("longer than before")
    assert lift_flags(*trees, time.time() + 60)
    assert fixed(trees[0]) == {"file", "other"}


def test_what_is_gone_loses_them(trees: tuple[Path, Path]) -> None:
    shutil.rmtree(trees[1] / "folder")
    assert lift_flags(*trees, time.time() + 60)
    assert fixed(trees[0]) == {"file", "other"}


def test_what_shows_its_change_in_nothing_but_the_moment_loses_them(trees: tuple[Path, Path]) -> None:
    """Such as an extended attribute."""
    moment = time.time()
    time.sleep(0.05)
    (trees[1] / "other").chmod(0o600)
    (trees[1] / "other").chmod((trees[0] / "other").stat().st_mode)
    assert lift_flags(*trees, moment + 0.02)
    assert fixed(trees[0]) == ALL - {"other"}


def test_what_is_left_as_it_is_keeps_them(trees: tuple[Path, Path]) -> None:
    (trees[1] / "folder/file").write_text("longer than before")
    assert not lift_flags(*trees, time.time() + 60, {b"folder"})
    assert fixed(trees[0]) == ALL
