"""Walking a tree of Docker's, whatever the length of its paths, and reaching what is deep in it."""

import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dockerd_cfg.copier.folders import GONE, Root, joined
from dockerd_cfg.files import translated
from dockerd_cfg.files.reach import Reach, sections
from dockerd_cfg.files.trees import remove_in


def walk(root: Path, leave: Collection[bytes] = ()) -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield what is below ``root``, but for other file systems: its path relative to ``root``, and its status.

    What lies in the folders ``leave`` (relative paths) is not looked at. What vanishes meanwhile is left out: Docker
    may be running; no link that comes in the place of a folder is followed. Raises OSError.
    """
    top = Root(os.fsencode(root))
    folders = [b""]
    with _closing(top.folder):
        while folders:
            path = folders.pop()
            try:
                folder = top.open(path)
            except OSError as error:
                if error.errno in GONE:
                    continue
                raise
            with _closing(folder), os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if status.st_dev == top.device:
                        found = joined(path, os.fsencode(entry.name))
                        yield found, status
                        if stat.S_ISDIR(status.st_mode) and found not in leave:
                            folders.append(found)


def section_folders(root: Path, leave: Collection[bytes] = ()) -> list[bytes]:
    """Return the folders below ``root`` where a new section of a very long path begins, each after those above it."""
    return sorted(
        path
        for path, status in walk(root, leave)
        if stat.S_ISDIR(status.st_mode) and sections(path + b"/")[1:] and not sections(path + b"/")[-1]
    )


def replaced(root: Path, folders: Iterable[bytes]) -> Iterator[bytes]:
    """Yield which of ``folders`` cannot be below ``root``: on the way there is something that is no folder."""
    with Reach(os.fsencode(root)) as reach:
        for folder in folders:
            try:
                with suppress(FileNotFoundError), _held(reach, folder):
                    pass
            except NotADirectoryError:
                yield folder


def by_section(paths: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Return ``paths`` by the folder where their last section begins (empty for most), relative to that."""
    found: dict[bytes, list[bytes]] = defaultdict(list)
    for path in paths:
        *folders, rest = sections(path)
        found[b"/".join(folders)].append(rest)
    return found


def remove_folders(root: Path, folders: Iterable[bytes]) -> None:
    """Remove the ``folders`` below ``root``, with all below them. Raises FileProblem."""
    with translated(f"cannot remove what is too much in {root}"), Reach(os.fsencode(root)) as reach:
        for folder in sorted(folders):
            with suppress(FileNotFoundError), _held(reach, folder.rpartition(b"/")[0]) as above:
                remove_in(above, folder.rpartition(b"/")[2])


@contextmanager
def opened(root: Path, folder: bytes) -> Iterator[Path]:
    """Hold open the ``folder`` below ``root``; the path is one that any program of the same user can use meanwhile.

    Raises OSError.
    """
    if not folder:
        yield root
        return
    with Reach(os.fsencode(root)) as reach, _held(reach, folder) as held:
        yield Path(f"/proc/{os.getpid()}/fd/{held}")


@contextmanager
def _held(reach: Reach, folder: bytes) -> Iterator[int]:
    held = reach.open(folder)
    with _closing(held):
        yield held


@contextmanager
def _closing(folder: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(folder)
