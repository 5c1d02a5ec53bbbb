"""The steps that move a tree."""

import json
import os
import time
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.change.replace_file import ReplaceFile
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import mounts_below
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage import compare
from dockerd_cfg.storage.copy import MARKER, copy_again, copy_tree

_MANY: Final = 1000
# A file system's clock may lag behind ours by its tick (current_time() in the kernel is coarse).
_CLOCK_MARGIN: Final = 2.0


class ReserveTarget(Step):
    """Make the empty folder that will hold the copy, with a marker that tells whose it is; undoing removes it all."""

    kind: Literal["reserve-target"] = "reserve-target"
    target: HostPath
    source: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Reserve {self.target}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Remove the copy in {self.target}"

    def capture(self, context: Context) -> Before:
        """Note whether the (empty) folder was there before."""
        return {"existed": _real(context, self.target).is_dir()}

    def apply(self, context: Context, before: Before) -> None:
        """Make folder and marker. Raises FileProblem when something else has come there meanwhile."""
        target = _real(context, self.target)
        if not files.make_new_folder(target, mode=0o710):
            if target.is_symlink() or not target.is_dir():
                raise FileProblem(f"{self.target} is no folder")
            if not (is_ours(target, self.source) or _is_empty(target)):
                raise FileProblem(f"{self.target} is no longer empty: something else was put there")
        marker = json.dumps({"source": str(self.source)}).encode() + b"\n"
        files.replace_file(target / MARKER, files.FileImage(marker, 0o600))

    def revert(self, context: Context, before: Before) -> None:
        """Remove the copy, if it is there and ours: a disk that is gone needs no cleaning."""
        target = _real(context, self.target)
        if (
            not target.is_dir()
            or target.is_symlink()
            or not (is_ours(target, self.source) or _is_empty(target))
        ):
            return
        _refuse_mounts(context.host, self.target)
        files.empty_tree(target, last=MARKER)
        if not before["existed"]:
            files.remove_empty_folder(target)


def _is_empty(target: Path) -> bool:
    """Tell whether nothing is in ``target``, a marker half written by a killed run aside."""
    return all(entry.name == f".{MARKER}{files.TEMPORARY}" for entry in target.iterdir())


def is_ours(target: Path, source: HostPath) -> bool:
    """Tell whether ``target`` holds our marker for a copy of ``source``."""
    try:
        marker = json.loads((target / MARKER).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("source") == str(source)


class PreCopy(Step):
    """Copy while Docker runs, so that little is left to do while it is stopped."""

    kind: Literal["pre-copy"] = "pre-copy"
    source: HostPath
    target: HostPath
    allocated: int

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Copy {self.source} to {self.target} while Docker runs"

    def capture(self, context: Context) -> Before:
        """Note from when on changes count: all that was in memory before is on disk, its times with it."""
        moment = time.time()
        files.sync_filesystem(_real(context, self.source))
        return {"since": moment - _CLOCK_MARGIN}

    def apply(self, context: Context, before: Before) -> None:
        """Copy, minding neither changes nor vanishing files, and bring the copy to disk. Raises CommandFailed."""
        host: Host = context.host
        target = _real(context, self.target)
        copy_tree(
            host.runner,
            _real(context, self.source),
            target,
            progress=context.progress,
            total_bytes=self.allocated,
            note=f"copying {self.source}",
            live=True,
        )
        files.sync_filesystem(target)


class FinalCopy(Step):
    """Copy what changed since the pre-copy, now that nothing changes any more.

    A program that writes through a memory map can change a file again without its times telling: the kernel stamps
    only the first write to a page after that page went to disk. So whatever was modified since before the pre-copy
    is copied once more, whatever its times say.
    """

    kind: Literal["final-copy"] = "final-copy"
    source: HostPath
    target: HostPath
    allocated: int

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Copy what changed in {self.source} meanwhile"

    def apply(self, context: Context, before: Before) -> None:
        """Copy and bring to disk. Raises CommandFailed."""
        host: Host = context.host
        source, target = _real(context, self.source), _real(context, self.target)
        copy_tree(
            host.runner,
            source,
            target,
            progress=context.progress,
            total_bytes=self.allocated,
            note=f"copying changes of {self.source}",
        )
        since = (context.captured("pre-copy") or {}).get("since")
        if isinstance(since, int | float):
            copy_again(host.runner, source, target, compare.changed_since(source, since))
        files.sync_filesystem(target)


class VerifyTree(Step):
    """Compare the copy with its source, name by name."""

    kind: Literal["verify-tree"] = "verify-tree"
    source: HostPath
    target: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Verify that {self.target} is a faithful copy of {self.source}"

    def apply(self, context: Context, before: Before) -> None:
        """Compare. Raises CommandFailed with the first differences."""
        verify(_real(context, self.source), _real(context, self.target))


def verify(source: Path, target: Path) -> None:
    """Raise CommandFailed when ``target`` is no faithful copy of ``source``."""
    try:
        found = list(islice(compare.differences(source, target), _MANY))
    except OSError as error:
        raise CommandFailed(f"the copy cannot be verified: {error}") from error
    if found:
        raise CommandFailed(f"the copy differs from its source: {compare.summary(found)}")


class WriteDropIn(ReplaceFile):
    """Give a unit a drop-in, and let systemd read it."""

    kind: Literal["write-drop-in"] = "write-drop-in"
    unit: str

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Make {self.unit} wait for its disk ({self.path})"

    def apply(self, context: Context, before: Before) -> None:
        """Write and reload. Raises FileProblem or CommandFailed."""
        super().apply(context, before)
        context.host.systemd.daemon_reload()

    def revert(self, context: Context, before: Before) -> None:
        """Take away and reload. Raises FileProblem or CommandFailed."""
        super().revert(context, before)
        context.host.systemd.daemon_reload()


class SetAside(Step):
    """Give the old tree another name, so that nothing can mistake it for the one in use."""

    kind: Literal["set-aside"] = "set-aside"
    source: HostPath
    aside: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Set the old data aside as {self.aside}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Make {self.aside} {self.source} again"

    def apply(self, context: Context, before: Before) -> None:
        """Rename. Raises FileProblem."""
        source, aside = _real(context, self.source), _real(context, self.aside)
        if not os.path.lexists(aside):
            files.rename(source, aside)

    def revert(self, context: Context, before: Before) -> None:
        """Rename back; whatever came to the old place meanwhile gets another name. Raises FileProblem."""
        source, aside = _real(context, self.source), _real(context, self.aside)
        if not os.path.lexists(aside):
            return
        files.remove_empty_folder(source)
        if os.path.lexists(source):
            files.rename(source, source.with_name(f"{source.name}.found-{time.time():.0f}"))
        files.rename(aside, source)


class HandOver(Step):
    """From here on Docker may write to the new tree. Undoing carries what it wrote there back to the old one."""

    kind: Literal["hand-over"] = "hand-over"
    old: HostPath
    new: HostPath
    source: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Hand over to {self.new}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Carry back what was written to {self.new} since"

    def apply(self, context: Context, before: Before) -> None:
        """Nothing: the journal now says that Docker may write there."""

    def revert(self, context: Context, before: Before) -> None:
        """Bring the old tree up to date and verify it. Raises CommandFailed.

        When the new tree cannot be found although Docker ran on it for good, this refuses: the old tree would be
        taken back as it was before the move. In a move that never came to its end, the old tree is what counts.
        """
        host: Host = context.host
        old, new = _real(context, self.old), _real(context, self.new)
        if not is_ours(new, self.source):
            if not context.was_applied:
                return
            raise CommandFailed(
                f"{self.new} does not hold the moved data: is its disk mounted? "
                "Without it, all that was written since the move would be lost",
                hint=f"mount the disk of {self.new}, then run: dockerd-cfg rollback",
            )
        copy_tree(
            host.runner,
            new,
            old,
            progress=context.progress,
            total_bytes=0,
            note=f"carrying back what was written to {self.new}",
            careful=True,
        )
        files.sync_filesystem(old)
        verify(new, old)


class RemoveTree(Step):
    """Remove an old tree for good; ``current`` is the one in use, which must be another."""

    kind: Literal["remove-tree"] = "remove-tree"
    path: HostPath
    current: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Remove {self.path}"

    def apply(self, context: Context, before: Before) -> None:
        """Remove. Raises FileProblem, before anything is removed when the tree is in use or has mounts below it."""
        host: Host = context.host
        path, current = _real(context, self.path), _real(context, self.current)
        if not os.path.lexists(path):
            return
        if not current.is_dir() or path.samefile(current) or current.resolve().is_relative_to(path.resolve()):
            raise FileProblem(
                f"{self.path} is not removed: {self.current}, which should be in use instead, is not there"
            )
        _refuse_mounts(host, self.path)
        files.remove_tree(path)


def _refuse_mounts(host: Host, path: HostPath) -> None:
    """Raise FileProblem when something is mounted below ``path``: removing would go on in there."""
    mounts = mounts_below(path, host.filesystems.mounts())
    if mounts:
        raise FileProblem(
            f"{path} is not removed: {mounts[0].point} is mounted below it",
            hint=f"umount {mounts[0].point}, then try again",
        )


def _real(context: Context, path: HostPath) -> Path:
    host: Host = context.host
    return host.layout.real(path)
