"""Copying a tree faithfully, with rsync."""

import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from dockerd_cfg.change.plan import Progress
from dockerd_cfg.copier.folders import GONE
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.runner import Completed, Runner, failure
from dockerd_cfg.storage.sealed import NOTE
from dockerd_cfg.storage.walk import by_section, opened, remove_folders, replaced, section_folders

MARKER: Final = ".dockerd-cfg-target.json"
# What we keep in a copy beside Docker's data: whose copy it is, and what of it is settled.
OWN_FILES: Final = (MARKER, NOTE)
# Archive mode with hard links, ACLs, extended attributes (the second X: those, too, in which rsync with --fake-super
# keeps what it is told of owners and devices) and sparse files; owners by number; never across a mount point; times
# compared to the nanosecond, so that a file changed twice within a second is copied again.
_FAITHFUL: Final = (
    "-aHAXXS",
    "--numeric-ids",
    "--one-file-system",
    "--modify-window=-1",
)
_DONE_BYTES: Final = re.compile(r"^\s*([\d,]+)\s+\d+%")
_DONE_FILES: Final = re.compile(r"xfr#(\d+)")
_VANISHED: Final = 24
_PARTIAL: Final = 23
# What rsync says of paths of 4,096 bytes and more (flist.c, delete.c; ENAMETOOLONG), and of what it leaves for them.
_TOO_LONG: Final = re.compile(
    "max-path len|overly long|name too long|cannot delete non-empty directory", re.IGNORECASE
)
# What a later copy would meet again, when Docker is stopped: EPERM, EIO, ENOSPC, EROFS and EDQUOT, at the end of a line.
_LASTING: Final = r"\((1|5|28|30|122)\)$"
_FULL: Final = r"\(28\)$"
# Of each path that is copied by its name: names are hard links to each other in the copy if they come in one go.
_TAKEN: Final = 3500
_WILDCARD: Final = re.compile(rb"[*?\[\\]")
# A disk that breaks has a complaint for each of its files.
_SHOWN_COMPLAINTS: Final = 3


class _ProgressReader:
    """Reads rsync's ``--info=progress2`` and tells how many bytes it has copied."""

    def __init__(self, progress: Progress, total: int, note: str) -> None:
        self._progress = progress
        self._total = total
        self._note = note
        self._line = ""
        self._files = 0

    def __call__(self, piece: str) -> None:
        for character in piece:
            if character in "\r\n":
                self._tell()
                self._line = ""
            else:
                self._line += character

    def _tell(self) -> None:
        found = _DONE_BYTES.match(self._line)
        if found is None:
            return
        files = _DONE_FILES.search(self._line)
        self._files = int(files.group(1)) if files else self._files
        self._progress.tell(
            done_bytes=int(found.group(1).replace(",", "")),
            total_bytes=self._total,
            done_files=self._files,
            note=self._note,
        )


def copy_tree(
    runner: Runner,
    source: Path,
    target: Path,
    *,
    progress: Progress,
    total_bytes: int,
    note: str,
    settled: Collection[bytes] = frozenset(),
    live: bool = False,
    polite: bool = False,
    limit: int | None = None,
    careful: bool = False,
    reading: bool = False,
) -> None:
    """Make the folder ``target`` a faithful copy of ``source``; what is too much in it is removed.

    What is ``settled`` (paths relative to ``source``, without wildcards) is left as it is.
    ``live``: the source is in use; that files vanish or change meanwhile is then no error, since a later copy
    comes. ``polite``: give way to others. ``limit`` is in bytes per second. ``careful``: the target holds a state
    worth keeping; nothing is removed from it before all is copied, and nothing at all when something could not be
    read; on a full disk, files are written over then, which needs no room for what did not grow. ``reading``: sizes and
    times in the target are not to be trusted, contents are compared. Raises CommandFailed.
    """
    argv = [*_command(runner, polite=polite, limit=limit), "--info=progress2"]
    argv += ["--checksum"] if reading else []
    reader = _ProgressReader(progress, total_bytes, note)
    rsync = _Rsync(runner, source, target, argv, live=live, careful=careful, on_output=reader)
    order = "--delete-after" if careful else "--delete-delay"
    with listing(b"/" + path for path in settled) as left:
        done = rsync.run(b"", order, f"--exclude-from={left}")
    if not done.is_success and _TOO_LONG.search(done.stderr):
        _copy_in_sections(rsync, settled)
    else:
        rsync.require(done)


def copy_again(
    runner: Runner,
    source: Path,
    target: Path,
    names: Iterable[bytes],
    *,
    progress: Progress | None = None,
    total_bytes: int = 0,
    note: str = "",
    live: bool = False,
    polite: bool = False,
    limit: int | None = None,
    careful: bool = False,
) -> None:
    """Copy the files ``names`` (relative to ``source``) whatever their times say. Raises CommandFailed.

    Folders on the way to them are made, and what is in their way in ``target`` is removed; but very far down, what is
    in folders that are not there is left to `copy_tree`. All in one go, but for very long paths: names that are hard
    links to each other are so in the copy if they come together, and only then. ``live``, ``polite``, ``limit``,
    ``careful``: as in `copy_tree`.
    """
    argv = [*_command(runner, polite=polite, limit=limit), "--info=progress2", "--ignore-times", "--force"]
    reader = _ProgressReader(progress, total_bytes, note) if progress else None
    rsync = _Rsync(runner, source, target, argv, live=live, careful=careful, on_output=reader)
    long: list[bytes] = []
    with listing(_short(names, long)) as listed:
        if listed.stat().st_size:
            rsync.require(rsync.run(b"", f"--files-from={listed}"))
    for folder, paths in by_section(long).items():
        if not _is_there(target, folder):
            continue
        with listing([b".", *paths]) as listed:  # the folder itself, or it would get a new time
            rsync.require(rsync.run(folder, f"--files-from={listed}"))


def _command(runner: Runner, *, polite: bool, limit: int | None) -> list[str]:
    """Return how every command line of rsync begins; ``limit`` is in bytes per second."""
    giving_way = ["ionice", "-c", "3", "nice", "-n", "10"] if polite and runner.find("ionice") else []
    slowly = [] if limit is None else [f"--bwlimit={max(1, limit // 1024)}"]  # in units of 1,024 bytes
    return [*giving_way, "rsync", *_FAITHFUL, *slowly]


def _short(names: Iterable[bytes], long: list[bytes]) -> Iterator[bytes]:
    """Yield the ``names`` but for very long ones, which are added to ``long``: there may be a million names."""
    for name in names:
        if len(name) <= _TAKEN:
            yield name
        else:
            long.append(name)


def _is_there(root: Path, folder: bytes) -> bool:
    try:
        with opened(root, folder):
            return True
    except OSError as error:
        if error.errno in GONE:
            return False
        raise


class _Rsync:
    """rsync from one tree to another, of all of it or of what is in one of its folders."""

    def __init__(
        self,
        runner: Runner,
        source: Path,
        target: Path,
        argv: list[str],
        *,
        live: bool,
        careful: bool,
        on_output: Callable[[str], None] | None = None,
    ) -> None:
        self.source, self.target = source, target
        self._runner, self._argv, self._live, self._on_output = runner, argv, live, on_output
        self._writes_over = careful

    def run(self, folder: bytes, *options: str) -> Completed:
        """Copy what is in ``folder``; one that is not there is one that vanished."""
        own = [] if folder else [f"--exclude=/{name}" for name in OWN_FILES]
        with ExitStack() as stack:
            try:
                places = [stack.enter_context(opened(root, folder)) for root in (self.source, self.target)]
            except OSError as error:
                return Completed(("rsync",), _VANISHED, "", str(error))
            argv = [*self._argv, *own, "--from0", *options, *(f"{place}/" for place in places)]
            done = self._run(argv)
            if self._writes_over and re.search(_FULL, done.stderr, re.MULTILINE):
                again = self._run([*argv, "--inplace"])
                return again if again.is_success else done
            return done

    def _run(self, argv: list[str]) -> Completed:
        # nudged: a container may put a pipe in the place of a file that rsync is about to open
        return self._runner.run(argv, timeout=None, check=False, on_output=self._on_output, nudged=self._live)

    def require(self, done: Completed) -> None:
        """Raise CommandFailed unless that is good enough."""
        is_passing = done.exit_code in {_VANISHED, _PARTIAL} and not re.search(
            _LASTING, done.stderr, re.MULTILINE
        )
        if not (done.is_success or (self._live and is_passing)):
            raise failed(done, "rsync", self.target)


def _copy_in_sections(rsync: _Rsync, settled: Collection[bytes]) -> None:
    """Copy a tree with paths that are too long for rsync: section by section, and only then remove what is too much.

    What is in the way goes before: a folder where there is a file now. A hard link to another section is left as it is
    in the copy, but none is made. Raises CommandFailed.
    """
    folders = section_folders(rsync.source, settled)
    below = by_section(folders)
    for order in ("--force", "--delete-delay"):
        much = set(section_folders(rsync.target, settled)) - set(folders)
        remove_folders(rsync.target, replaced(rsync.source, much) if order == "--force" else much)
        for folder in (b"", *folders):
            leave = [_WILDCARD.sub(rb"\\\g<0>", path) + b"/*" for path in below[folder]]
            leave += [] if folder else settled
            with listing(b"/" + path for path in leave) as left:
                rsync.require(rsync.run(folder, order, f"--exclude-from={left}"))


@contextmanager
def listing(names: Iterable[bytes]) -> Iterator[Path]:
    """Write ``names`` to a file for a program to read, each followed by a zero byte."""
    with tempfile.NamedTemporaryFile(prefix="dockerd-cfg-", dir=_scratch()) as file:
        file.writelines(name + b"\0" for name in names)
        file.flush()
        yield Path(file.name)


def _scratch() -> str | None:
    return "/run" if os.access("/run", os.W_OK) else None  # memory: the disk may be full


def failed(done: Completed, name: str, target: Path) -> CommandFailed:
    """Return what to raise when the program ``name`` could not copy to ``target``: the first of its complaints."""
    complaints = [line for line in done.stderr.splitlines() if line.strip()]
    shown = complaints[:_SHOWN_COMPLAINTS]
    if len(complaints) > len(shown):
        shown.append(f"and {len(complaints) - len(shown)} more")
    told = done._replace(argv=(name,), stderr="\n".join(shown))
    return CommandFailed(failure(told).message, hint=_hint(done.stderr, target))


def _hint(complaint: str, target: Path) -> str | None:
    if "No space left on device" in complaint:
        return f"the disk of {target} is full: make room there, or choose another target"
    if "Read-only file system" in complaint:
        return f"the file system of {target} turned read-only: look at dmesg"
    if "Input/output error" in complaint:
        return "a disk reports errors: look at dmesg"
    return None
