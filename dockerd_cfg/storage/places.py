"""Changing what stands at a place, so that at no instant nothing or a part of something stands there."""

import os

from dockerd_cfg import files
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import links
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.storage.boot import mount_unit


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


def point_to(
    layout: Layout, named: HostPath, place: HostPath, aside: HostPath, *, link: str | None = None
) -> None:
    """Make ``named`` a link to ``place`` at once; a folder that stands there goes to ``aside``. Raises FileProblem.

    To go back, ``place`` is ``named`` itself, or ``link`` the text that the link had: then the folder at ``aside``
    comes back, or the link gets its text again.
    """
    real, other = layout.real(named), layout.real(aside)
    is_folder_aside = other.is_dir() and not other.is_symlink()
    if link is not None:
        links.make_link(real, link)
    elif place == named:
        if is_folder_aside and real.is_symlink():
            links.exchange(other, real)
        links.remove_link(real)  # where there was no folder to be set aside
        links.remove_link(other)
    elif real.is_symlink() or not os.path.lexists(real):
        if not is_folder_aside or real.resolve() != layout.real(place).resolve():
            links.make_link(real, layout.link_text(place, named))
    elif is_folder_aside:
        raise FileProblem(
            f"{named} is a folder again, although its data was set aside as {aside}: something else made it",
            hint=f"look what is in {named}, and move it away",
        )
    else:
        links.make_link(other, layout.link_text(place, named))
        links.exchange(other, real)


def mount_over(host: Host, named: HostPath, aside: HostPath) -> None:
    """Set the folder ``named`` aside, an empty one in its place, and start the unit that mounts something there.

    Raises FileProblem or CommandFailed.
    """
    real, other = host.layout.real(named), host.layout.real(aside)
    unit = mount_unit(named)
    if host.systemd.unit(unit).is_active:
        return
    files.make_new_folder(other, mode=0o710)
    if not any(other.iterdir()):
        links.exchange(other, real)
    host.systemd.daemon_reload()
    host.systemd.enable(unit)
    host.systemd.start(unit)


def take_off(host: Host, named: HostPath) -> None:
    """Stop the unit that mounts something at ``named``, if it does, and have it no longer started at boot."""
    unit = mount_unit(named)
    host.systemd.disable(unit)
    if host.systemd.unit(unit).is_active:
        host.systemd.stop(unit)
