"""The step that replaces a file: only the one it was planned for, and back to the byte."""

import os
from pathlib import Path

import pytest

from dockerd_cfg.change.plan import Before, Context
from dockerd_cfg.change.replace_file import ReplaceFile, StoredImage
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage, digest
from dockerd_cfg.paths import HostPath

PATH = HostPath("/etc/docker/daemon.json")
ME = {"owner": os.geteuid(), "group": os.getegid()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "etc/docker/daemon.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"old")
    path.chmod(0o640)
    return path


def step(new: bytes | None, expected: bytes | None) -> ReplaceFile:
    image = StoredImage.of(FileImage(new, 0o644, **ME))
    return ReplaceFile(kind="replace", path=PATH, new=image, expected=digest(expected))


def applied(replace: ReplaceFile, context: Context) -> Before:
    before = replace.capture(context)
    replace.apply(context, before)
    return before


class Merging(ReplaceFile):
    """Takes its change back out of what somebody else wrote around it."""

    def take_back(self, present: FileImage, before: FileImage) -> bytes | None:
        return (present.data or b"").replace(b"new", before.data or b"") or None


def test_the_file_gets_the_new_contents(file: Path, context: Context) -> None:
    applied(step(b"new", b"old"), context)

    assert file.read_bytes() == b"new"


def test_the_mode_of_an_existing_file_stays(file: Path, context: Context) -> None:
    applied(step(b"new", b"old"), context)

    assert file.stat().st_mode & 0o7777 == 0o640


def test_a_file_somebody_changed_after_the_plan_was_made_is_not_written(file: Path, context: Context) -> None:
    replace = step(b"new", b"older")

    with pytest.raises(FileProblem, match="changed by somebody else"):
        applied(replace, context)

    assert file.read_bytes() == b"old"


def test_a_file_that_came_after_the_plan_was_made_is_not_written(file: Path, context: Context) -> None:
    with pytest.raises(FileProblem, match="changed by somebody else"):
        applied(step(b"new", None), context)

    assert file.read_bytes() == b"old"


def test_a_file_that_went_after_the_plan_was_made_is_not_written(file: Path, context: Context) -> None:
    file.unlink()

    with pytest.raises(FileProblem, match="changed by somebody else"):
        applied(step(b"new", b"old"), context)

    assert not file.exists()


def test_writing_again_after_a_crash_changes_nothing(file: Path, context: Context) -> None:
    replace = step(b"new", b"old")
    before = applied(replace, context)
    inode = file.stat().st_ino

    replace.apply(context, before)

    assert (file.stat().st_ino, file.read_bytes()) == (inode, b"new")


def test_a_file_is_created_with_its_folder(tmp_path: Path, context: Context) -> None:
    applied(step(b"new", None), context)

    created = tmp_path / "etc/docker/daemon.json"
    assert (created.read_bytes(), created.stat().st_mode & 0o7777) == (b"new", 0o644)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"a": 1}\r\n', id="carriage returns"),
        pytest.param(b"\xff\xfe\x00", id="no UTF-8"),
        pytest.param("\ufeff{}".encode(), id="a byte order mark"),
        pytest.param(b"\0\n\0", id="zeros"),
    ],
)
def test_undoing_gives_back_every_byte_and_the_mode(file: Path, context: Context, data: bytes) -> None:
    file.write_bytes(data)
    replace = step(b"new", data)
    before = applied(replace, context)

    replace.revert(context, before)

    assert (file.read_bytes(), file.stat().st_mode & 0o7777) == (data, 0o640)


def test_undoing_what_was_never_written_changes_nothing(file: Path, context: Context) -> None:
    replace = step(b"new", b"old")
    before = replace.capture(context)
    inode = file.stat().st_ino

    replace.revert(context, before)

    assert file.stat().st_ino == inode


def test_undoing_twice_is_undoing_once(file: Path, context: Context) -> None:
    replace = step(b"new", b"old")
    before = applied(replace, context)

    replace.revert(context, before)
    replace.revert(context, before)

    assert file.read_bytes() == b"old"


def test_undoing_removes_a_file_that_was_not_there_with_its_folder(tmp_path: Path, context: Context) -> None:
    (tmp_path / "etc").mkdir()
    replace = step(b"new", None)
    before = applied(replace, context)

    replace.revert(context, before)

    assert list((tmp_path / "etc").iterdir()) == []


def test_undoing_leaves_a_folder_that_was_there(file: Path, context: Context) -> None:
    file.unlink()
    replace = step(b"new", None)
    before = applied(replace, context)

    replace.revert(context, before)

    assert list(file.parent.iterdir()) == []


def test_undoing_leaves_a_folder_that_somebody_else_uses_now(tmp_path: Path, context: Context) -> None:
    replace = step(b"new", None)
    before = applied(replace, context)
    (tmp_path / "etc/docker/key.json").write_bytes(b"theirs")

    replace.revert(context, before)

    assert [entry.name for entry in (tmp_path / "etc/docker").iterdir()] == ["key.json"]


def test_undoing_refuses_to_lose_what_somebody_else_wrote_since(file: Path, context: Context) -> None:
    replace = step(b"new", b"old")
    before = applied(replace, context)
    file.write_bytes(b"theirs")

    with pytest.raises(FileProblem, match="changed by somebody else since"):
        replace.revert(context, before)

    assert file.read_bytes() == b"theirs"


def test_undoing_refuses_when_somebody_else_removed_the_file(file: Path, context: Context) -> None:
    replace = step(b"new", b"old")
    before = applied(replace, context)
    file.unlink()

    with pytest.raises(FileProblem, match="changed by somebody else since"):
        replace.revert(context, before)


def test_a_step_that_can_takes_only_its_own_change_back(file: Path, context: Context) -> None:
    replace = Merging(**dict(step(b"new", b"old")))
    before = applied(replace, context)
    file.write_bytes(b"theirs, new, theirs")
    file.chmod(0o600)

    replace.revert(context, before)

    assert (file.read_bytes(), file.stat().st_mode & 0o7777) == (b"theirs, old, theirs", 0o600)


def test_a_symbolic_link_stays_one_and_its_target_is_written(file: Path, context: Context) -> None:
    kept = file.with_name("kept-in-git.json")
    file.rename(kept)
    file.symlink_to(kept.name)

    applied(step(b"new", b"old"), context)

    assert (file.is_symlink(), kept.read_bytes()) == (True, b"new")


@pytest.mark.parametrize("data", [None, b"", b"text \xc3\xa4", b"\xff"], ids=repr)
def test_an_image_survives_being_stored(data: bytes | None) -> None:
    image = FileImage(data, 0o4755, 1, 2)

    stored = StoredImage.model_validate_json(StoredImage.of(image).model_dump_json())

    assert stored.image == image
