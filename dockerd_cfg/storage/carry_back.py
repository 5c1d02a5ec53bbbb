"""Bringing back to the old tree what Docker has written to the new one since the move."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.paths import Layout
from dockerd_cfg.storage.copying import boot_id, copy_rest, verify
from dockerd_cfg.storage.flagged import lift_flags
from dockerd_cfg.storage.moved_tree import Mode, MovedTree
from dockerd_cfg.storage.places import old_tree, refuse_without_room
from dockerd_cfg.storage.sealed import NOTE, Moment, Settled
from dockerd_cfg.storage.stored_paths import rewrite_records
from dockerd_cfg.storage.target import is_ours, real_path

_LOSS: Final = "does not hold the moved data: is its disk mounted, and not another? Without it, all that was written since the move would be lost"


def refuse_carry_back(layout: Layout, tree: MovedTree, before: Before, mode: Mode) -> None:
    """Refuse to begin what would end half-way: an undoing cannot be called off. Raises FileProblem.

    ``before`` is what was captured before the switch.
    """
    if not is_ours(layout.real(tree.target), tree.source, before.get("token")):
        raise FileProblem(
            f"{tree.target} {_LOSS}",
            hint=f"{_mount(tree)}; if it is lost for good, {_way_out(tree, mode)}",
        )
    refuse_without_room(layout, tree.target, _old_tree(layout, tree, before))


def is_given_up(context: Context, tree: MovedTree, before: Before) -> bool:
    """Tell whether ``tree`` is not there and the old one counts: the move never came to its end, nor the host up since."""
    is_there = is_ours(real_path(context, tree.target), tree.source, before.get("token"))
    return not is_there and not context.was_applied and before.get("boot") == boot_id(context)


def left_there(tree: MovedTree, before: Before) -> str:
    """Return, for people, what is lost when a new tree on which Docker was started is given up."""
    since = datetime.fromtimestamp(float(str(before["at"])), UTC).isoformat(timespec="seconds")
    return (
        f"what Docker wrote to {tree.target} since {since} is not in the old data, which Docker uses again: it is on the "
        f"disk of {tree.target} alone, which is gone or reports errors; look for it in {tree.target} when that is back"
    )


def carry_back(context: Context, tree: MovedTree, before: Before, mode: Mode) -> None:
    """Carry back, verify. Docker is down. Raises CommandFailed or FileProblem.

    Nothing is done when the new tree `is_given_up`.
    """
    if is_given_up(context, tree, before):
        return
    new = real_path(context, tree.target)
    if not is_ours(new, tree.source, before.get("token")):
        raise CommandFailed(f"{tree.target} {_LOSS}", hint=_mount(tree))
    old = _old_tree(context.host.layout, tree, before)
    ahead = Settled.read(old, new)
    at = Moment.noted(before, "at").today
    copied = Settled.read(new, new)
    if (
        ahead is None or ahead.since < at
    ):  # what an earlier move, of which the old tree is the copy, left there
        ahead = Settled(at, copied.paths if copied else frozenset())
    copy = partial(
        copy_rest,
        context,
        new,
        old,
        settled=ahead,
        total_bytes=0,
        note=f"carrying back what was written to {tree.target}",
        careful=True,
        rebooted=before.get("boot") != boot_id(context),
    )
    try:
        copy()
    except CommandFailed:
        # sought only now: that takes a walk over both trees
        if not lift_flags(old, new, at, ahead.paths):
            raise
        copy()
    verify(new, old, ahead.paths)
    if tree.name == "docker" and mode != "bind":
        rewrite_records(old, tree.target, tree.source, writes_over=True)
    files.remove_file(old / NOTE)


def _old_tree(layout: Layout, tree: MovedTree, before: Before) -> Path:
    mounted = before.get("mounted")
    was_mounted = isinstance(mounted, list) and tree.name in mounted
    return old_tree(layout, tree.source, tree.aside, tree.target, was_mounted=was_mounted)


def _mount(tree: MovedTree) -> str:
    return f"mount the disk of {tree.target}, then run: dockerd-cfg rollback"


def _way_out(tree: MovedTree, mode: Mode) -> str:
    """Return, for people, how to go on with the old data as it was at the move."""
    if mode != "data-root":
        return f"the data as it was at the move is in {tree.aside}: stop Docker, and put that in the place of {tree.named}"
    return (
        f"take the data as it was at the move: see that it is {tree.source} again (mv {tree.aside} {tree.source}), "
        f"then run: dockerd-cfg move-storage {tree.source.parent} --adopt"
    )
