"""Undoing meets what a killed run left half done."""

import os
from pathlib import Path

import pytest

from dockerd_cfg.change.plan import Context
from dockerd_cfg.change.replace_file import ReplaceFile, StoredImage
from dockerd_cfg.files import FileImage, digest
from dockerd_cfg.paths import HostPath

DROP_IN = HostPath("/etc/systemd/system/docker.service.d/50-dockerd-cfg.conf")
TEMPORARY = ".50-dockerd-cfg.conf.dockerd-cfg-new"


@pytest.fixture
def step(tmp_path: Path) -> ReplaceFile:
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    image = StoredImage.of(FileImage(b"[Unit]\n", owner=os.geteuid(), group=os.getegid()))
    return ReplaceFile(kind="replace", path=DROP_IN, new=image, expected=digest(None))


def test_a_folder_made_before_the_file_was_written_is_removed(
    step: ReplaceFile, context: Context, tmp_path: Path
) -> None:
    before = step.capture(context)
    (tmp_path / "etc/systemd/system/docker.service.d").mkdir()
    step.revert(context, before)
    assert list((tmp_path / "etc/systemd/system").iterdir()) == []


def test_a_folder_left_when_the_file_was_already_taken_away_is_removed(
    step: ReplaceFile, context: Context, tmp_path: Path
) -> None:
    before = step.capture(context)
    step.apply(context, before)
    (tmp_path / "etc/systemd/system/docker.service.d/50-dockerd-cfg.conf").unlink()
    step.revert(context, before)
    assert list((tmp_path / "etc/systemd/system").iterdir()) == []


def test_a_file_half_written_beside_the_real_one_is_removed(
    step: ReplaceFile, context: Context, tmp_path: Path
) -> None:
    before = step.capture(context)
    folder = tmp_path / "etc/systemd/system/docker.service.d"
    folder.mkdir()
    (folder / TEMPORARY).write_bytes(b"[Un")
    step.revert(context, before)
    assert list((tmp_path / "etc/systemd/system").iterdir()) == []


def test_a_file_half_written_beside_an_older_one_is_removed(
    step: ReplaceFile, context: Context, tmp_path: Path
) -> None:
    folder = tmp_path / "etc/systemd/system/docker.service.d"
    folder.mkdir()
    file = folder / "50-dockerd-cfg.conf"
    file.write_bytes(b"# an earlier one\n")
    before = step.capture(context)
    (folder / TEMPORARY).write_bytes(b"[Un")
    step.revert(context, before)
    assert [path.name for path in folder.iterdir()] == [file.name]
