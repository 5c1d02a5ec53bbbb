"""A tree on its way from one place to another, as plans hold it."""

from typing import Literal

from dockerd_cfg.documents import Document
from dockerd_cfg.paths import HostPath

Mode = Literal["data-root", "symlink", "bind"]
Placement = Literal["copied", "renamed", "adopted"]


def name_aside(place: HostPath, stamp: str) -> HostPath:
    """Return where what stands at ``place`` goes when something else is to stand there; ``stamp``: when, in 16 characters."""
    return place.with_name(f"{place.name}.old-{stamp}")


class MovedTree(Document):
    """A tree that changes its place.

    ``source`` is where it lies, ``named`` the path by which Docker or containerd is told of it, which may be a link
    to it; ``aside`` is where the old tree goes when something else has to take its place. ``placement`` tells how the
    data comes to the target: copied before; renamed, on the same file system; or adopted, since it is there already.
    ``edit`` is the number of the edit that makes the switch for this tree, None where no file says so.
    """

    name: Literal["docker", "containerd"]
    source: HostPath
    named: HostPath
    target: HostPath
    aside: HostPath
    placement: Placement = "copied"
    edit: int | None = None
