"""Walking a tree in use: what is put in the place of its folders meanwhile leads nowhere."""

import shutil
from pathlib import Path

import pytest

from dockerd_cfg.storage.walk import walk


@pytest.mark.parametrize("text", ["folder", "/etc", "..", "n" * 255 + "/" * 10 + "n" * 300, "nowhere"])
def test_no_link_in_the_place_of_a_folder_is_followed(tmp_path: Path, text: str) -> None:
    (tmp_path / "folder/below").mkdir(parents=True)
    (tmp_path / "folder/below/file").write_bytes(b"")
    walking = walk(tmp_path)
    assert next(walking)[0] == b"folder"
    shutil.rmtree(tmp_path / "folder")
    (tmp_path / "folder").symlink_to(text)

    assert list(walking) == []


def test_a_walk_that_ends_early_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "folder/below").mkdir(parents=True)
    before = len(list(Path("/proc/self/fd").iterdir()))
    walking = walk(tmp_path)
    next(walking)
    next(walking)
    walking.close()  # type: ignore[attr-defined]  # a generator

    assert len(list(Path("/proc/self/fd").iterdir())) == before
