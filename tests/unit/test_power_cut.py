"""What counts as done is on the disk: the power goes at that very moment, on a small disk of our own."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dockerd_cfg import files
from dockerd_cfg.append_only import AppendFile, read_lines
from dockerd_cfg.files import FileImage, Replacement, links, many
from dockerd_cfg.storage.copying import begin
from tests.loop_disk import after_a_power_cut, loop_disk

pytestmark = [pytest.mark.root]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    # ext4 brings contents to disk before a name that replaces another; not every file system does
    with loop_disk(tmp_path, "disk", size="16M", options="noauto_da_alloc") as point:
        for name in ("old", "changed", "folder/file"):
            (point / name).parent.mkdir(exist_ok=True)
            (point / name).write_bytes(b"old")
        files.sync_filesystem(point)
        yield point


def contents(disk: Path) -> dict[str, bytes]:
    return {str(path.relative_to(disk)): path.read_bytes() for path in disk.rglob("*") if path.is_file()}


def replace_many(disk: Path) -> None:
    many.replace_many(disk, {disk / name: FileImage(b"new") for name in ("changed", "folder/file")})


def append(disk: Path) -> None:
    journal = AppendFile(disk / "journal")
    journal.append(b"first")
    journal.append(b"second")
    journal.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda disk: files.replace_file(disk / "created", FileImage(b"new")),
        lambda disk: files.replace_file(disk / "far/away/created", FileImage(b"new")),
        lambda disk: files.replace_file(disk / "changed", FileImage(b"new")),
        lambda disk: files.replace_file(disk / "old", FileImage(None)),
        lambda disk: files.replace_together(
            [
                Replacement(disk / "changed", FileImage(b"new")),
                Replacement(disk / "created", FileImage(b"new")),
            ]
        ),
        replace_many,
        append,
        lambda disk: files.rename(disk / "old", disk / "folder/renamed"),
        lambda disk: files.remove_file(disk / "old"),
        lambda disk: files.make_folder(disk / "one/two", mode=0o755),
        lambda disk: files.make_new_folder(disk / "one", mode=0o755),
        lambda disk: links.exchange(disk / "old", disk / "folder"),
        lambda disk: links.make_link(disk / "link", "folder"),
    ],
    ids=[
        *("a new file", "a new file in a new folder", "a changed file", "no file", "two files", "many files"),
        *("a line", "a name", "a removal", "folders", "a folder", "an exchange", "a link"),
    ],
)
def test_what_was_done_survives_a_power_cut(disk: Path, change: Callable[[Path], None]) -> None:
    change(disk)
    with after_a_power_cut(disk) as left:
        assert sorted(path.relative_to(left) for path in left.rglob("*")) == sorted(
            path.relative_to(disk) for path in disk.rglob("*")
        )
        assert contents(left) == contents(disk)
        if (disk / "journal").exists():
            assert read_lines(left / "journal") == [b"first", b"second"]


def test_what_was_written_before_changes_begin_to_count_survives_a_power_cut(disk: Path) -> None:
    (disk / "written").write_bytes(b"by a container")
    begin(disk)
    with after_a_power_cut(disk) as left:
        assert contents(left)["written"] == b"by a container"


@pytest.mark.parametrize(
    "replace",
    [lambda disk: files.replace_file(disk / "changed", FileImage(b"new")), replace_many],
    ids=["one file", "many files"],
)
def test_a_power_cut_right_after_a_rename_leaves_the_old_or_the_new_contents(
    disk: Path, monkeypatch: pytest.MonkeyPatch, replace: Callable[[Path], None]
) -> None:
    rename, found = os.replace, list[dict[str, bytes]]()
    with ExitStack() as stack:

        def rename_and_cut(source: Path, target: Path) -> None:
            rename(source, target)
            files.sync_folder(
                target.parent
            )  # names come to disk at any time, whether they are asked to or not
            found.append(contents(stack.enter_context(after_a_power_cut(disk))))
            stack.close()

        monkeypatch.setattr(os, "replace", rename_and_cut)
        replace(disk)
    assert found
    assert {one[name] for one in found for name in ("changed", "folder/file")} <= {b"old", b"new"}
