"""What comes last in a copy, where names have come to be something else meanwhile."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerd_cfg.copier.attributes import traits_of
from dockerd_cfg.copier.finish import give_attributes, make_links
from dockerd_cfg.copier.folders import Root
from dockerd_cfg.copier.links import Links
from dockerd_cfg.copier.progress import Board
from dockerd_cfg.copier.spool import Spool

pytestmark = pytest.mark.root


def _as_fifo(path: Path) -> None:
    os.mkfifo(path)


def _as_folder(path: Path) -> None:
    path.mkdir()


def _as_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _as_other_file(path: Path) -> None:
    path.with_name("kept").write_text("so that its inode is not given away")
    path.write_text("other")


def _as_nothing(path: Path) -> None:
    pass


@pytest.mark.parametrize("become", [_as_fifo, _as_folder, _as_link, _as_other_file, _as_nothing])
def test_what_became_something_else_gets_no_attributes_and_is_counted_as_missed(
    tmp_path: Path, become: Callable[[Path], None]
) -> None:
    target, board = Root(os.fsencode(tmp_path)), Board(1)
    file = tmp_path / "file"
    file.write_text("copied")
    status = file.stat()
    unfinished = Spool(target.folder)
    unfinished.append((b"file", status.st_ino, tuple(traits_of(status, [])._replace(mtime=1))))
    file.rename(tmp_path / "file.old")
    become(file)

    give_attributes(unfinished, target, board.tally(0))

    assert board.missed == 1
    assert not os.path.lexists(file) or file.lstat().st_mtime_ns != 1
    assert (tmp_path / "file.old").stat().st_mtime_ns != 1


def test_the_file_that_was_made_gets_them(tmp_path: Path) -> None:
    target, board = Root(os.fsencode(tmp_path)), Board(1)
    (tmp_path / "file").write_text("copied")
    status = (tmp_path / "file").stat()
    unfinished = Spool(target.folder)
    unfinished.append((b"file", status.st_ino, tuple(traits_of(status, [])._replace(mtime=1))))

    give_attributes(unfinished, target, board.tally(0))

    assert ((tmp_path / "file").stat().st_mtime_ns, board.missed) == (1, 0)


def test_a_name_whose_first_one_became_a_folder_is_copied_instead_of_linked(tmp_path: Path) -> None:
    target, board = Root(os.fsencode(tmp_path)), Board(1)
    (tmp_path / "first").mkdir()
    links = Links(target.folder)
    assert not links.is_further(7, b"first")
    assert links.is_further(7, b"second")
    copied: list[tuple[bytes, bytes]] = []

    make_links(links, target, board.tally(0), lambda folder, name: copied.append((folder, name)))

    assert copied == [(b"", b"second")]
