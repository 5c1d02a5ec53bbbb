"""Locks between processes: one tool at a time, and whether Docker still holds its databases."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dockerd_cfg.files import make_folder, read_descriptor, read_image, translated

_UNKNOWN: Final = "an unknown process"
_held: Final[set[int]] = set()


def held_locks() -> frozenset[int]:
    """Return the descriptors of the locks held now, for programs to inherit.

    A lock then lasts as long as what was started under it: after the tool was killed, nobody else begins while a part of
    its rsync is still at work.
    """
    return frozenset(_held)


@contextmanager
def locked(path: Path, holder: str, *, patience: float = 1.0) -> Iterator[str | None]:
    """Hold an exclusive lock on ``path`` while the block runs, and write ``holder`` into it.

    Yields None when the lock is ours, else, after ``patience`` seconds, what the present holder wrote. The lock goes
    with the process and the programs it started, however they end. The file stays: removing it would let two
    processes lock two files of one name.
    """
    with translated(f"cannot lock {path}"):
        make_folder(path.parent, mode=0o755)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if not _flock(descriptor, patience):
            yield read_descriptor(descriptor).decode("utf-8", "replace").strip() or _UNKNOWN
            return
        _held.add(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{holder}\n".encode(), 0)
        yield None
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


def _flock(descriptor: int, patience: float) -> bool:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


def is_locked(path: Path) -> bool:
    """Tell whether some process holds a flock on the file ``path``; an absent file is not locked."""
    with translated(f"cannot probe the lock on {path}"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def holder_of(path: Path) -> str | None:
    """Return what wrote into the lock ``path`` who holds it, None when nobody does."""
    if not is_locked(path):
        return None
    return (read_image(path).data or b"").decode("utf-8", "replace").strip() or _UNKNOWN
