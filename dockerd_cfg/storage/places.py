"""Changing what stands at a place, so that at no instant nothing or a part of something stands there."""

import os
from pathlib import Path

from dockerd_cfg import files
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import links
from dockerd_cfg.files.links import Switch
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.quantities import shown_bytes
from dockerd_cfg.service.hold import take_condition
from dockerd_cfg.storage.boot import mount_unit
from dockerd_cfg.storage.survey import survey


def exchange_with_link(layout: Layout, source: HostPath, target: HostPath) -> None:
    """Rename the folder ``source`` to ``target`` and leave a link to it behind, in one go. Raises FileProblem.

    The link is made at the target first, where it leads to itself; then the two names change places.
    """
    old, new = layout.real(source), layout.real(target)
    if old.is_symlink():
        return  # it has been done
    files.remove_empty_folder(new)
    links.make_link(new, layout.link_text(target, source))
    links.exchange(old, new)


def exchange_with_link_back(layout: Layout, source: HostPath, target: HostPath) -> None:
    """Undo `exchange_with_link`, whatever part of it was done. Raises FileProblem."""
    old, new = layout.real(source), layout.real(target)
    if old.is_symlink() and not new.is_symlink() and new.is_dir():
        links.exchange(old, new)
    links.remove_link(new)


def lead_to(layout: Layout, named: HostPath, place: HostPath, aside: HostPath) -> list[Switch]:
    """Prepare that ``named`` becomes a link to ``place``, and return the switch that makes it one, if it is none yet.

    A folder that stands there goes to ``aside``. Raises FileProblem.
    """
    real, other = layout.real(named), layout.real(aside)
    text, is_folder_aside = layout.link_text(place, named), links.is_folder(other)
    if real.is_symlink() or not os.path.lexists(real):
        is_done = is_folder_aside and layout.resolve(named) == layout.resolve(place)
        return [] if is_done else [links.link_beside(real, text)]
    if is_folder_aside:
        raise FileProblem(
            f"{named} is a folder again, although its data was set aside as {aside}: something else made it",
            hint=f"look what is in {named}, and move it away",
        )
    links.make_link(other, text)
    return [Switch(other, real, keeps=True)]


def lead_back(
    layout: Layout, named: HostPath, place: HostPath, aside: HostPath, link: str | None
) -> list[Switch]:
    """Prepare the way back from `lead_to`, and return the switch that goes it, if there is something to go back from.

    ``named`` becomes a link to ``place`` again, with the text ``link`` if it had one; where ``place`` is ``named``
    itself, the folder at ``aside`` comes back. Raises FileProblem.
    """
    real, other = layout.real(named), layout.real(aside)
    if link is not None:
        return [links.link_beside(real, link)]
    if place != named:
        return lead_to(layout, named, place, aside)
    return [Switch(other, real, keeps=True)] if links.is_folder(other) and real.is_symlink() else []


def is_covered(host: Host, named: HostPath, aside: HostPath) -> bool:
    """Tell whether something is mounted at ``named`` over the old tree, which was to be set aside before.

    So it is when the host stopped between the writing of the mount unit and the setting aside.
    """
    return host.systemd.unit(mount_unit(named)).is_active and not _holds_tree(host.layout.real(aside))


def set_under(host: Host, named: HostPath, aside: HostPath) -> None:
    """Set the folder ``named`` aside, an empty one in its place, for something to be mounted there. Raises FileProblem."""
    real, other = host.layout.real(named), host.layout.real(aside)
    files.make_new_folder(other, mode=0o710)
    if not _holds_tree(other):
        links.exchange(other, real)


def mount_all(host: Host, units: tuple[str, ...]) -> None:
    """Start mount units that were just written, now and at each boot. Raises CommandFailed."""
    take_condition(host, units)
    host.systemd.daemon_reload()
    for unit in units:
        host.systemd.enable(unit)
        host.systemd.start(unit)


def _holds_tree(path: Path) -> bool:
    return links.is_folder(path) and any(path.iterdir())


def take_off(host: Host, named: HostPath) -> None:
    """Stop the unit that mounts something at ``named``, if it does, and have it no longer started at boot."""
    unit = mount_unit(named)
    host.systemd.disable(unit)
    if host.systemd.unit(unit).is_active:
        host.systemd.stop(unit)


def old_tree(
    layout: Layout, source: HostPath, aside: HostPath, target: HostPath, *, was_mounted: bool
) -> Path:
    """Return the path to open of the tree that was copied from ``source`` to ``target`` and maybe set ``aside``.

    ``was_mounted``: ``source`` was a mount point then. Raises FileProblem when the tree was removed, or its disk is not
    mounted: it cannot be made anew, since what is settled is not copied back.
    """
    other, real = layout.real(aside), layout.real(source)
    if _holds_tree(other):
        return other
    if _holds_tree(real) and (os.path.ismount(real) or not was_mounted):
        return real
    if was_mounted:
        raise FileProblem(
            f"the disk with the old data is not mounted at {source}",
            hint=f"mount it and roll back again; until then all stays in {target}",
        )
    raise FileProblem(
        f"the old data is neither in {aside} nor in {source}: there is nothing to go back to",
        hint=f"if it is on a disk that is not mounted, mount that and roll back again; otherwise all stays in {target}, "
        "and move-storage moves it",
    )


def refuse_without_room(layout: Layout, target: HostPath, old: Path) -> None:
    """Raise FileProblem when ``old`` has no room for what ``target``, the tree in use, has grown by since.

    Undoing cannot be called off, and would fill the old disk first. What was replaced by something else since needs room,
    too; how much is not known without comparing all.
    """
    new = layout.real(target)
    if not new.is_dir():
        return  # carrying back will tell
    try:
        used, room = os.statvfs(new), os.statvfs(old)
        free = room.f_bfree * room.f_frsize
        if (used.f_blocks - used.f_bfree) * used.f_frsize <= free:
            return  # even all of it would have room
        needed = survey(new).allocated - survey(old).allocated
    except OSError as error:
        raise FileProblem(f"cannot tell how much is to be carried back from {target}: {error}") from error
    if needed > free:
        raise FileProblem(
            f"the disk of {old} has {shown_bytes(free)} free, and {shown_bytes(needed)} are needed to carry back what was "
            f"written to {target} since",
            hint="make room there, or make Docker's data smaller: docker system prune; until then all stays as it is",
        )
