"""Files: replaced at once or not at all, never through a planted link, and nothing left beside them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerd_cfg import files
from dockerd_cfg.append_only import read_lines
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage, Replacement, digest, trees
from dockerd_cfg.files.many import replace_many
from dockerd_cfg.locks import is_locked, locked

USER, GROUP = os.geteuid(), os.getegid()


def image(data: bytes | None, mode: int = 0o644) -> FileImage:
    return FileImage(data, mode, USER, GROUP)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_an_absent_file_is_no_error(tmp_path: Path) -> None:
    assert files.read_image(tmp_path / "file").data is None


def test_an_absent_file_and_an_empty_one_are_not_the_same() -> None:
    assert digest(None) != digest(b"")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_what_is_no_file_is_not_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "thing")

    with pytest.raises(FileProblem):
        files.read_image(tmp_path / "thing")


def test_a_circle_of_links_is_told_as_a_problem(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")

    with pytest.raises(FileProblem, match="ELOOP"):
        files.read_image(tmp_path / "link")


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o4755], ids=oct)
def test_a_file_is_replaced_with_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    files.replace_file(path, image(b"new", mode))

    assert (path.read_bytes(), path.stat().st_mode & 0o7777) == (b"new", mode)
    assert names(tmp_path) == ["file"]


def test_files_with_the_longest_of_names_are_replaced_together(tmp_path: Path) -> None:
    paths = [tmp_path / ("n" * 250 + end) for end in ("a.txt", "b.txt")]

    files.replace_together([Replacement(path, image(path.name[-5:].encode())) for path in paths])

    assert [path.read_bytes() for path in paths] == [b"a.txt", b"b.txt"]
    assert len(names(tmp_path)) == 2


def test_what_a_killed_run_left_beside_the_file_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / ".file.dockerd-cfg-new").write_bytes(b"half")

    files.replace_file(tmp_path / "file", image(b"new"))

    assert names(tmp_path) == ["file"]


def test_a_link_planted_beside_the_file_is_not_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / ".file.dockerd-cfg-new").symlink_to(precious)

    files.replace_file(tmp_path / "file", image(b"new"))

    assert precious.read_bytes() == b"precious"


def test_readers_of_the_old_file_keep_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        files.replace_file(path, image(b"new"))

        assert reader.read() == b"old"


@pytest.mark.parametrize("present", [None, b"", b"theirs"], ids=repr)
def test_a_file_with_other_contents_than_expected_is_left(tmp_path: Path, present: bytes | None) -> None:
    path = tmp_path / "file"
    if present is not None:
        path.write_bytes(present)

    with pytest.raises(FileProblem, match="changed by somebody else"):
        files.replace_file(path, image(b"new"), expected=digest(b"ours"))

    assert files.read_image(path).data == present


def test_an_image_without_data_removes_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")

    files.replace_file(tmp_path / "file", image(None))

    assert names(tmp_path) == []


def test_a_folder_in_place_of_the_file_is_left_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()

    with pytest.raises(FileProblem):
        files.replace_file(tmp_path / "file", image(b"new"))

    assert names(tmp_path) == ["file"]


def test_a_file_in_place_of_a_folder_is_told_as_a_problem(tmp_path: Path) -> None:
    (tmp_path / "folder").write_bytes(b"")

    with pytest.raises(FileProblem):
        files.replace_file(tmp_path / "folder/file", image(b"new"))


def test_extended_attributes_go_over_to_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.label", b"kept")
    except OSError:
        pytest.skip("the file system has no extended attributes")

    files.replace_file(path, image(b"new"))

    assert os.getxattr(path, "user.label") == b"kept"


def test_many_files_are_replaced_together(tmp_path: Path) -> None:
    wanted = {tmp_path / name: image(name.encode()) for name in ("a", "b", "c")}

    replace_many(tmp_path, wanted)

    assert {path: path.read_bytes() for path in wanted} == {path: one.data for path, one in wanted.items()}


def test_when_one_of_many_files_cannot_be_written_none_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    with pytest.raises(FileProblem):
        replace_many(tmp_path, {tmp_path / "a": image(b"new"), tmp_path / "missing/b": image(b"new")})

    assert ((tmp_path / "a").read_bytes(), names(tmp_path)) == (b"old", ["a"])


def test_when_one_of_many_files_was_changed_meanwhile_none_is_replaced(tmp_path: Path) -> None:
    old = digest(b"old")
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"old")
    (tmp_path / "b").write_bytes(b"changed")

    with pytest.raises(FileProblem, match="b was changed by somebody else"):
        replace_many(
            tmp_path,
            {tmp_path / name: image(b"new") for name in ("a", "b")},
            expected={tmp_path / name: old for name in ("a", "b")},
        )

    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == {
        "a": b"old",
        "b": b"changed",
    }


@pytest.mark.parametrize("make", ["file", "folder", "dangling link"])
def test_nothing_is_renamed_onto_something(tmp_path: Path, make: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    match make:
        case "file":
            target.write_bytes(b"")
        case "folder":
            target.mkdir()
        case _:
            target.symlink_to("nowhere")

    with pytest.raises(FileProblem, match="that name is taken"):
        files.rename(source, target)

    assert names(tmp_path) == ["source", "target"]


def test_a_new_folder_is_told_from_one_that_was_there(tmp_path: Path) -> None:
    assert files.make_new_folder(tmp_path / "folder", mode=0o700)
    assert not files.make_new_folder(tmp_path / "folder", mode=0o755)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    files.remove_file(tmp_path / "absent")
    trees.remove_tree(tmp_path / "absent")
    files.remove_empty_folder(tmp_path / "absent")

    assert names(tmp_path) == []


def test_a_folder_that_is_not_empty_is_not_removed_as_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_bytes(b"")

    files.remove_empty_folder(tmp_path / "folder")

    assert names(tmp_path / "folder") == ["file"]


def test_a_tree_is_removed_without_following_its_links(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_bytes(b"")
    (tmp_path / "tree/folder").mkdir(parents=True)
    (tmp_path / "tree/folder/link").symlink_to(tmp_path / "precious")

    trees.remove_tree(tmp_path / "tree")

    assert names(tmp_path) == ["precious"]
    assert names(tmp_path / "precious") == ["file"]


def test_a_tree_is_removed_however_deep_it_is(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    folder = os.open(tmp_path / "tree", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
        os.close(os.open("file", os.O_CREAT, dir_fd=folder))
    os.close(folder)

    trees.remove_tree(tmp_path / "tree")

    assert names(tmp_path) == []


def test_a_link_that_comes_in_place_of_a_folder_meanwhile_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_bytes(b"")
    (tmp_path / "tree/folder").mkdir(parents=True)
    unlink = os.unlink

    def unlink_and_swap(path: bytes, *, dir_fd: int) -> None:
        try:
            unlink(path, dir_fd=dir_fd)
        except IsADirectoryError:
            if path == b"folder":  # it was seen to be one
                (tmp_path / "tree/folder").rmdir()
                (tmp_path / "tree/folder").symlink_to(tmp_path / "precious")
            raise

    monkeypatch.setattr(os, "unlink", unlink_and_swap)
    with pytest.raises(FileProblem):
        trees.remove_tree(tmp_path / "tree")

    assert names(tmp_path / "precious") == ["file"]


def test_a_folder_that_is_moved_meanwhile_leads_to_no_other_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "tree/folder").mkdir(parents=True)
    (tmp_path / "tree/folder/file").write_bytes(b"")
    unlink = os.unlink

    def unlink_and_move(path: bytes, *, dir_fd: int) -> None:
        unlink(path, dir_fd=dir_fd)
        if path == b"file":
            (tmp_path / "tree/folder").rename(tmp_path / "other/folder")

    monkeypatch.setattr(os, "unlink", unlink_and_move)
    with pytest.raises(FileProblem, match="moved elsewhere"):
        trees.remove_tree(tmp_path / "tree")

    assert names(tmp_path / "other") == ["folder"]


def test_a_link_in_place_of_a_tree_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "tree").symlink_to("precious")

    with pytest.raises(FileProblem, match="it is not a folder"):
        trees.remove_tree(tmp_path / "tree")

    assert names(tmp_path) == ["precious", "tree"]


def test_an_emptied_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "tree/folder").mkdir(parents=True)
    (tmp_path / "tree/link").symlink_to("/")
    (tmp_path / "tree/marker").write_bytes(b"")

    trees.empty_tree(tmp_path / "tree", last="marker")

    assert names(tmp_path / "tree") == []


def test_a_lock_is_held_by_one_only(tmp_path: Path) -> None:
    lock = tmp_path / "run/lock"
    with locked(lock, "the first") as first, locked(lock, "the second") as second:
        assert (first, second) == (None, "the first")
        assert is_locked(lock)


def test_a_lock_ends_with_its_block_and_its_file_stays(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locked(lock, "the first"):
        pass

    with locked(lock, "the second") as holder:
        assert holder is None
    assert (is_locked(lock), names(tmp_path)) == (False, ["lock"])


def test_a_holder_that_did_not_write_its_name_is_unknown(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locked(lock, ""), locked(lock, "the second") as holder:
        assert holder == "an unknown process"


def test_an_absent_file_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "absent")


def test_a_planted_link_is_not_locked_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / "lock").symlink_to(precious)

    with pytest.raises(FileProblem), locked(tmp_path / "lock", "us"):
        pass

    assert precious.read_bytes() == b"precious"


def test_a_torn_last_line_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"one\ntwo\nthr")

    assert read_lines(tmp_path / "lines") == [b"one", b"two"]
