"""The steps that copy a tree and verify the copy, and what they share with carrying data back."""

import os
import time
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypedDict

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Progress, Step
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.files.reach import Reach
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage import compare
from dockerd_cfg.storage.copy import copy_again, copy_tree
from dockerd_cfg.storage.layers import LayersBegun, Onward
from dockerd_cfg.storage.pre_copy import pre_copy
from dockerd_cfg.storage.sealed import Moment, Settled, sealed
from dockerd_cfg.storage.target import mark_complete, real_path, remove_half_marker, require_ours

_MANY: Final = 1000
_PASSES: Final = 3
_WORTH_IT: Final = 30.0  # seconds since the last pass began
_BOOT: Final = HostPath("/proc/sys/kernel/random/boot_id")
# A file system's clock may lag behind ours by its tick (current_time() in the kernel is coarse).
_CLOCK_MARGIN: Final = 2.0


class _Told(TypedDict):
    progress: Progress
    total_bytes: int
    note: str


class PreCopy(Step):
    """Copy all there is before Docker is stopped, so that little is left to do while it is.

    ``contents``: verify what is sealed by reading it, not only by its attributes. ``limit`` is in bytes per second,
    None: no limit. ``polite``: give way to what else uses the disk.
    """

    kind: Literal["pre-copy"] = "pre-copy"
    source: HostPath
    target: HostPath
    allocated: int
    live: bool = True
    contents: bool = False
    limit: int | None = None
    polite: bool = True

    def describe(self) -> str:
        """Return one imperative sentence."""
        when = " while Docker runs" if self.live else ""
        return f"Copy {self.source} to {self.target}{when}, and verify the image layers in the copy"

    def capture(self, context: Context) -> Before:
        """Note from when on changes count: all that was in memory before is on disk, its times with it."""
        since = begin(real_path(context, self.source))
        return {"since": since.unix, "booted": since.booted, "boot": boot_id(context)}

    def apply(self, context: Context, before: Before) -> None:
        """Copy, minding neither changes nor vanishing files, and bring the copy to disk. Raises CommandFailed.

        After a power cut the disk may have names, sizes and times of what was copied before, but not its contents: a
        file system brings those to disk in their own time. Then they are compared.
        """
        copy_live(
            context,
            real_path(context, self.source),
            real_path(context, self.target),
            since=Moment.noted(before, "since"),
            total_bytes=self.allocated,
            note=f"copying {self.source}",
            contents=self.contents,
            limit=self.limit,
            polite=self.live and self.polite,
            reading=before.get("boot") != boot_id(context),
        )
        require_ours(context, self.target, self.source)


class CatchUp(Step):
    """Copy what changed since the copy while Docker runs was begun, if that is long ago: the stop must not last for it.

    A pre-copy may take hours, and a run that goes on after a power cut may have waited for days. The copy is brought
    up to date until a pass is short, or for so many passes. ``limit`` and ``polite`` are those of `PreCopy`.
    """

    kind: Literal["catch-up"] = "catch-up"
    source: HostPath
    target: HostPath
    allocated: int
    limit: int | None = None
    polite: bool = True

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Copy what changed in {self.source} meanwhile, if it is much, while Docker still runs"

    def apply(self, context: Context, before: Before) -> None:
        """Copy and bring to disk. Raises CommandFailed."""
        source, target = real_path(context, self.source), real_path(context, self.target)
        rebooted = (context.captured("pre-copy") or {}).get("boot") != boot_id(context)
        for _ in range(_PASSES):
            settled = Settled.read(target, source)
            if settled is None or time.time() - settled.since < _WORTH_IT:
                return
            if rebooted:
                try:
                    rewrite(context, source, target, settled, polite=self.polite, limit=self.limit)
                except CommandFailed:
                    return  # of what goes while Docker runs nobody can tell what was lost: all is done in the stop
                rebooted = False
            copy_live(
                context,
                source,
                target,
                since=settled.moment,
                total_bytes=self.allocated,
                note=f"copying changes of {self.source}",
                limit=self.limit,
                polite=self.polite,
            )
            require_ours(context, self.target, self.source)

    def holds(self, context: Context, before: Before) -> bool | None:
        """Return False when Docker has been started again before it was switched, and writes to the old place."""
        is_switched = context.captured("start-docker") is not None
        is_up = context.host.systemd.unit(DOCKER_SERVICE).is_active
        return False if is_up and not is_switched else None


class FinalCopy(Step):
    """Copy what changed since the pre-copy, now that nothing changes any more; what is settled is not looked at."""

    kind: Literal["final-copy"] = "final-copy"
    source: HostPath
    target: HostPath
    allocated: int

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Copy what changed in {self.source} meanwhile"

    def apply(self, context: Context, before: Before) -> None:
        """Copy and bring to disk. Raises CommandFailed."""
        require_ours(context, self.target, self.source)
        source, target = real_path(context, self.source), real_path(context, self.target)
        copy_rest(
            context,
            source,
            target,
            settled=Settled.read(target, source),
            total_bytes=self.allocated,
            note=f"copying changes of {self.source}",
            rebooted=(context.captured("pre-copy") or {}).get("boot") != boot_id(context),
        )


class VerifyTree(Step):
    """Compare the copy with its source, name by name; with ``contents``, byte by byte."""

    kind: Literal["verify-tree"] = "verify-tree"
    source: HostPath
    target: HostPath
    contents: bool = False

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Verify that {self.target} is a faithful copy of {self.source}"

    def apply(self, context: Context, before: Before) -> None:
        """Compare. Raises CommandFailed with the first differences."""
        source, target = real_path(context, self.source), real_path(context, self.target)
        remove_half_marker(target)
        settled = Settled.read(target, source)
        verify(source, target, settled.paths if settled else (), contents=self.contents)
        # or what was verified lies below the mount of its disk
        require_ours(context, self.target, self.source)
        mark_complete(context, self.target, self.source)


def boot_id(context: Context) -> str:
    """Return what tells this boot of the host from any other (random(4))."""
    return (files.read_image(real_path(context, _BOOT)).data or b"").decode().strip()


def begin(source: Path) -> Moment:
    """Return the moment from when on changes below ``source`` count; what was in memory before is on disk.

    A program that writes through a memory map changes a page again without a new time: the kernel stamps only the
    first write to a page after that page went to disk. Therefore the sync.
    """
    moment = Moment.now()
    files.sync_filesystem(source)
    return moment._replace(unix=moment.unix - _CLOCK_MARGIN)


def copy_live(
    context: Context,
    source: Path,
    target: Path,
    *,
    since: Moment,
    total_bytes: int,
    note: str,
    contents: bool = False,
    limit: int | None = None,
    polite: bool = True,
    careful: bool = False,
    reading: bool = False,
) -> None:
    """Bring ``target`` near to ``source``, which may be in use, and note in it what is settled.

    First everything is copied, then what changed during that, whatever its times say; then what is sealed since
    before ``since`` is verified, and all is brought to disk. ``limit``: at most so many bytes per second.
    ``polite``: give way to others. ``careful``, ``reading``: see `copy_tree`, which is used then. Raises CommandFailed.
    """
    host: Host = context.host
    candidates = sealed(source, since.today)
    progress = LayersBegun(context.progress, source, target)
    told: _Told = {"progress": progress, "total_bytes": total_bytes, "note": note}
    if careful or reading:
        copy_tree(
            host.runner,
            source,
            target,
            **told,
            live=True,
            polite=polite,
            limit=limit,
            careful=careful,
            reading=reading,
        )
    else:
        pre_copy(host.runner, source, target, **told, polite=polite, bwlimit=limit)
    again = begin(source)
    changed = compare.changed_since(source, since.today, candidates)
    copy_again(host.runner, source, target, changed, live=True, polite=polite, limit=limit, careful=careful)
    same = {path for path in candidates if compare.is_same(source, target, path, contents=contents)}
    files.sync_filesystem(target)
    Settled(again.unix, frozenset(same), again.booted).write(target)


def copy_rest(
    context: Context,
    source: Path,
    target: Path,
    *,
    settled: Settled | None,
    total_bytes: int,
    note: str,
    careful: bool = False,
    rebooted: bool = False,
) -> None:
    """Make ``target`` a faithful copy of ``source``, in which nothing changes any more, and bring it to disk.

    What is ``settled`` is not looked at; of the rest, what changed since is copied, whatever its times say, and what
    differs. ``careful``: see `copy_tree`. ``rebooted``: an earlier attempt may have been cut short by a power cut, so
    what was written to the target since is copied again, too. Raises CommandFailed.
    """
    host: Host = context.host
    paths = settled.paths if settled else frozenset()
    told: _Told = {"progress": Onward(context.progress), "total_bytes": total_bytes, "note": note}
    if settled is not None and rebooted:
        rewrite(context, source, target, settled, careful=careful)
    if settled is not None:  # first: what is copied here is the same for the copy of all that differs
        changed = compare.changed_since(source, settled.since, paths)
        copy_again(host.runner, source, target, changed, **told, careful=careful)
    copy_tree(host.runner, source, target, **told, settled=paths, careful=careful)
    files.sync_filesystem(target)


def rewrite(
    context: Context,
    source: Path,
    target: Path,
    settled: Settled,
    *,
    polite: bool = False,
    limit: int | None = None,
    careful: bool = False,
) -> None:
    """Copy again what was written to ``target`` since it was ``settled``, by an attempt that a power cut may have ended.

    Such files may have the right sizes and times, and no contents. ``polite``, ``limit``: see `copy_live`. ``careful``:
    see `copy_tree`. Raises CommandFailed.
    """
    host: Host = context.host
    written = compare.changed_since(target, settled.since, settled.paths)
    with Reach(os.fsencode(source)) as reach:
        there = [path for path in written if _exists(reach, path)]
    copy_again(host.runner, source, target, there, polite=polite, limit=limit, careful=careful)


def _exists(reach: Reach, path: bytes) -> bool:
    try:
        return os.path.lexists(reach(path))
    except OSError:
        return False


def verify(source: Path, target: Path, settled: Collection[bytes] = (), *, contents: bool = False) -> None:
    """Raise CommandFailed when ``target`` is no faithful copy of ``source``; see `compare.differences`."""
    try:
        found = list(islice(compare.differences(source, target, settled=settled, contents=contents), _MANY))
    except OSError as error:
        raise CommandFailed(f"the copy cannot be verified: {error}") from error
    if found:
        raise CommandFailed(f"the copy differs from its source: {compare.summary(found)}")
