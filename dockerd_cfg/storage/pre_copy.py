"""Copying most of a tree while Docker runs, with a program of our own that is faster than rsync."""

import os
from pathlib import Path

from dockerd_cfg.change.plan import Progress
from dockerd_cfg.own_program import part_command
from dockerd_cfg.runner import Runner
from dockerd_cfg.storage.copy import OWN_FILES, failed, listing


class _CopierReader:
    """Reads the copier's lines, ``BYTES FILES``, and tells them."""

    def __init__(self, progress: Progress, total: int, note: str) -> None:
        self._progress = progress
        self._total = total
        self._note = note
        self._rest = ""

    def __call__(self, piece: str) -> None:
        *lines, self._rest = (self._rest + piece).split("\n")
        if not lines:
            return
        done_bytes, done_files = lines[-1].split()
        self._progress.tell(
            done_bytes=int(done_bytes), total_bytes=self._total, done_files=int(done_files), note=self._note
        )


def pre_copy(
    runner: Runner,
    source: Path,
    target: Path,
    *,
    progress: Progress,
    total_bytes: int,
    note: str,
    polite: bool = True,
    bwlimit: int | None = None,
    workers: int | None = None,
) -> None:
    """Copy ``source`` into the folder ``target`` while it is in use, with several processes.

    ``polite``: give way to what runs beside. ``bwlimit`` is in bytes per second; ``workers`` is how many processes copy.
    That files vanish or change meanwhile is no error, and what is too much in ``target`` stays there: `copy_tree` sees to
    both later. An interrupted copy goes on where it was.
    Raises CommandFailed.
    """
    with listing(map(os.fsencode, OWN_FILES)) as listed:
        argv = [*part_command("dockerd_cfg.copier"), "--exclude-from", str(listed)]
        argv += ["--polite"] if polite else []
        argv += [] if bwlimit is None else ["--bwlimit", str(bwlimit)]
        argv += [] if workers is None else ["--workers", str(workers)]
        done = runner.run(
            [*argv, str(source), str(target)],
            timeout=None,
            check=False,
            on_output=_CopierReader(progress, total_bytes, note),
        )
    if not done.is_success:
        raise failed(done, "copying", target)
