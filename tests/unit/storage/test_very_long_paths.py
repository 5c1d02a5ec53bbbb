"""Paths that no call and no rsync takes: they are counted, copied, compared and removed like all others."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import Any

import pytest

from dockerd_cfg.files.reach import SECTION, Reach, sections
from dockerd_cfg.files.trees import remove_tree
from dockerd_cfg.runner import Runner
from dockerd_cfg.storage.compare import changed_since, differences
from dockerd_cfg.storage.copy import copy_again, copy_tree
from dockerd_cfg.storage.pre_copy import pre_copy
from dockerd_cfg.storage.survey import survey
from dockerd_cfg.storage.walk import section_folders, walk
from dockerd_cfg.usage.walk import Part
from dockerd_cfg.usage.walk import walk as usage_walk
from tests.unit.copier.torture import make_very_deep, seen

pytestmark = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")

DEPTH, LENGTH = 45, 200
DEEPEST = b"/".join(b"%0*d" % (LENGTH, number) for number in range(DEPTH))


class Silent:
    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None: ...


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """A tree with a path of 9,000 bytes, and files beside it; pytest cannot remove such trees everywhere."""
    tree = tmp_path / "source"
    tree.mkdir()
    make_very_deep(tree, DEPTH, LENGTH)
    (tree / "beside").write_bytes(b"beside")
    yield tree
    remove_tree(tree)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "target"
    folder.mkdir()
    yield folder
    remove_tree(folder)


def copy(source: Path, target: Path, **options: Any) -> None:
    copy_tree(Runner(), source, target, progress=Silent(), total_bytes=7, note="copying", **options)


@contextmanager
def folder_of(tree: Path, path: bytes = DEEPEST) -> Iterator[int]:
    """Open a folder, from one to the next."""
    folder = os.open(tree, os.O_RDONLY)
    for name in path.split(b"/"):
        below = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    yield folder
    os.close(folder)


def write(folder: int, name: str, data: bytes) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, dir_fd=folder)
    os.write(file, data)
    os.close(file)


@pytest.mark.parametrize(
    "options",
    [{}, {"live": True}, {"careful": True}, {"reading": True}, {"settled": [b"other"]}],
    ids=["plain", "live", "careful", "reading", "settled"],
)
def test_a_copy_is_faithful(source: Path, target: Path, options: dict[str, Any]) -> None:
    copy(source, target, **options)

    assert seen(target) == seen(source)
    assert list(differences(source, target)) == []


def test_names_full_of_wildcards_are_copied(source: Path, target: Path) -> None:
    name = b"[*?\\]" * 40
    with folder_of(source, b"%0*d" % (LENGTH, 0)) as folder:
        for _ in range(20):
            os.mkdir(name, dir_fd=folder)
            folder = os.open(name, os.O_RDONLY, dir_fd=folder)  # noqa: PLW2901  # one below the other
            write(folder, "file", b"*")

    copy(source, target)

    assert seen(target) == seen(source)


@pytest.mark.parametrize("careful", [False, True])
def test_a_second_copy_brings_what_changed_far_down(source: Path, target: Path, careful: bool) -> None:
    copy(source, target)
    with folder_of(source) as folder:
        write(folder, "third", b"new")
        os.unlink("second", dir_fd=folder)
        os.symlink("elsewhere", "new-link", dir_fd=folder)

    copy(source, target, careful=careful)

    assert seen(target) == seen(source)


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("left", [1, 30], ids=["nothing of it", "the upper part"])
def test_what_is_too_much_far_down_goes(source: Path, target: Path, left: int, careful: bool) -> None:
    copy(source, target)
    with folder_of(source, b"/".join(DEEPEST.split(b"/")[:left])) as folder:
        subprocess.run(["rm", "-r", f"/proc/{os.getpid()}/fd/{folder}/{left:0{LENGTH}}"], check=True)

    copy(source, target, careful=careful)

    assert seen(target) == seen(source)


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("put", [lambda path: path.write_bytes(b"x"), lambda path: path.symlink_to("/")])
def test_what_stands_where_a_very_long_path_began_takes_its_place(
    source: Path, target: Path, put: Callable[[Path], object], careful: bool
) -> None:
    copy(source, target)
    remove_tree(source / ("0" * LENGTH))
    put(source / ("0" * LENGTH))

    copy(source, target, careful=careful)

    assert seen(target) == seen(source)


@pytest.mark.parametrize("linked", ["source", "target"])
def test_no_link_on_the_way_to_a_very_long_path_leads_out_of_the_trees(
    source: Path, target: Path, tmp_path: Path, linked: str
) -> None:
    """A container can put links and folders in each other's place while it is copied from."""
    copy(source, target)
    path = b"/".join(DEEPEST.split(b"/")[: SECTION // LENGTH + 1])
    outside = tmp_path / "outside" / os.fsdecode(path.rpartition(b"/")[2])
    outside.mkdir(parents=True)
    (outside / "kept").write_bytes(b"outside")
    with folder_of(tmp_path / linked, b"/".join(path.split(b"/")[:-2])) as folder:
        name = path.split(b"/")[-2]
        os.rename(name, b"away", src_dir_fd=folder, dst_dir_fd=folder)
        os.symlink(outside.parent, name, dir_fd=folder)

    copy_again(Runner(), source, target, [DEEPEST + b"/file", path + b"/kept"], live=True)
    with Reach(os.fsencode(tmp_path / linked)) as reach, pytest.raises(NotADirectoryError):
        reach(DEEPEST)

    assert [(one.name, one.read_bytes()) for one in outside.iterdir()] == [("kept", b"outside")]


def test_links_between_paths_that_rsync_takes_stay_links(source: Path, target: Path) -> None:
    short, long = (b"/".join(DEEPEST.split(b"/")[:depth]) for depth in (7, 14))
    with folder_of(source, short) as above, folder_of(source, long) as below:
        write(above, "linked", b"1")
        os.link("linked", "linked", src_dir_fd=above, dst_dir_fd=below)
    pre_copy(Runner(), source, target, progress=Silent(), total_bytes=7, note="copying")

    copy_again(Runner(), source, target, [short + b"/linked", long + b"/linked"])

    assert list(differences(source, target)) == []


def test_what_stays_far_down_keeps_its_link_to_a_file_above(source: Path, target: Path) -> None:
    with folder_of(source) as folder:
        os.link(source / "beside", "linked", dst_dir_fd=folder)
    pre_copy(Runner(), source, target, progress=Silent(), total_bytes=7, note="copying")
    (source / "more").write_bytes(b"")

    copy(source, target)

    assert seen(target) == seen(source)


def test_a_change_far_down_that_times_do_not_tell_is_copied_by_name(source: Path, target: Path) -> None:
    copy(source, target)
    with folder_of(source) as folder:
        status = os.stat("file", dir_fd=folder)
        write(folder, "file", b"new")
        os.utime("file", ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=folder)
    with folder_of(target) as folder:
        write(folder, "file", b"old")
        os.utime("file", ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=folder)

    copy_again(Runner(), source, target, [path for path, status in walk(source) if S_ISREG(status.st_mode)])

    assert seen(target) == seen(source)


@pytest.mark.parametrize(
    "put", [lambda path: path.write_bytes(b"x"), lambda path: path.symlink_to("/"), None]
)
def test_what_is_copied_by_name_in_folders_far_down_that_are_not_there_is_left_to_the_whole_copy(
    source: Path, target: Path, put: Callable[[Path], object] | None
) -> None:
    if put is not None:
        put(target / ("0" * LENGTH))

    copy_again(Runner(), source, target, [DEEPEST + b"/file", b"beside"])
    copy(source, target)

    assert seen(target) == seen(source)


def test_what_changed_lately_is_found_far_down(source: Path) -> None:
    with folder_of(source) as folder:
        moment = os.stat("file", dir_fd=folder).st_mtime + 1000
        os.utime("file", (moment, moment), dir_fd=folder)

    assert set(changed_since(source, moment - 1)) == {DEEPEST + b"/file", DEEPEST + b"/second"}


def put_another_owner(folder: int) -> None:
    os.chown("file", 5, 5, dir_fd=folder)


def put_another_target(folder: int) -> None:
    os.unlink("link", dir_fd=folder)
    os.symlink("else", "link", dir_fd=folder)


def put_an_attribute(folder: int) -> None:
    os.setxattr(f"/proc/self/fd/{folder}/file", "user.odd", b"1")


def put_other_contents(folder: int) -> None:
    status = os.stat("file", dir_fd=folder)
    write(folder, "file", b"1")
    os.truncate(f"/proc/self/fd/{folder}/file", status.st_size)
    os.utime("file", ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=folder)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (put_another_owner, "owner"),
        (put_another_target, "points elsewhere"),
        (put_an_attribute, "extended attributes"),
        (put_other_contents, "contents"),
    ],
)
def test_a_difference_far_down_is_told(
    source: Path, target: Path, spoil: Callable[[int], None], told: str
) -> None:
    with folder_of(source) as folder:
        write(folder, "file", b"0")
    copy(source, target)
    with folder_of(target) as folder:
        times = os.fstat(folder)
        spoil(folder)
        os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))

    found = [one for one in differences(source, target, contents=True) if told in one]
    assert found
    assert max(map(len, found)) < 1000


def test_all_is_counted_as_du_counts(source: Path) -> None:
    told = subprocess.run(["du", "-sx", "-B512", source], check=True, capture_output=True, text=True).stdout
    blocks = int(told.split()[0])
    inodes = 1 + len({status.st_ino for _, status in walk(source)})

    size = survey(source)

    assert (size.allocated, size.inodes) == (blocks * 512, inodes)
    assert usage_walk(source, {}, Part("other")) == {Part("other"): blocks * 512}


def test_a_short_path_is_passed_on_as_it_is() -> None:
    with Reach(b"/root") as reach:
        assert [reach(b""), reach(b"a/b")] == [b"/root/", b"/root/a/b"]


def test_sections_begin_at_the_same_folders_whatever_comes_after(source: Path) -> None:
    folders = section_folders(source)

    assert [len(sections(folder)) for folder in folders] == list(range(1, len(folders) + 1))
    assert all(len(section) >= SECTION for section in sections(folders[-1]))
    assert DEEPEST.startswith(folders[-1] + b"/")


def test_more_folders_than_are_held_open_are_reached_in_any_order(source: Path) -> None:
    many = [folder for folder in (path for path, _ in walk(source)) if len(folder) > SECTION]
    with Reach(os.fsencode(source)) as reach:
        for path in (*many, *reversed(many)):
            os.lstat(reach(path))


def test_a_folder_that_is_gone_is_told_as_such(source: Path) -> None:
    with Reach(os.fsencode(source)) as reach, pytest.raises(FileNotFoundError):
        reach(b"gone/" * 1000)
