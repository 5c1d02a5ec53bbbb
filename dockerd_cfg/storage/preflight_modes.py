"""Whether a mode of leading Docker to its new place fits the host. Pure."""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from dockerd_cfg.findings import Finding, preflight_error, preflight_warning
from dockerd_cfg.storage.boot import mount_unit
from dockerd_cfg.storage.facts import StorageFacts, Tree
from dockerd_cfg.storage.moved_tree import name_aside
from dockerd_cfg.storage.plan import MoveRequest

_SHOWN: Final = 3
_LONGEST_NAME: Final = 255  # bytes (NAME_MAX)
_DROP_INS: Final = ".d"  # ends the name of the folder that holds the mount during the stop (systemd.unit(5))
_A_STAMP: Final = "20260102T030405Z"  # as long as any


def mode_findings(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    """Yield what speaks against leading Docker to the new place in the way that is asked for."""
    for tree in facts.trees:
        is_link = tree.named != tree.source
        if request.mode != "data-root" and tree.missing and not request.adopt:
            yield preflight_error(
                "mode-nothing-there",
                f"Docker has not run in this root, so there is nothing yet that {request.mode} mode could lead to",
                "use --mode data-root: Docker makes its folder at its first start",
            )
        elif request.mode != "data-root" and tree.is_mount_point:
            yield preflight_error(
                "mode-mount-point",
                f"{tree.source} is a mount point: nothing else can take its place",
                "use --mode data-root",
            )
        elif request.mode == "bind" and is_link:
            yield preflight_error(
                "mode-link",
                f"{tree.named} is a symbolic link: nothing can be mounted there",
                "use --mode symlink, which makes it lead to the new place, or --mode data-root",
            )
        elif request.mode == "bind" and tree.is_near and not request.adopt:
            yield preflight_error(
                "mode-same-file-system",
                f"{tree.target} is on the same file system as {tree.source}: a bind mount is of no use there",
                "use --mode symlink or --mode data-root, which rename it",
            )
        elif request.mode == "bind" and len(mount_unit(tree.named) + _DROP_INS) > _LONGEST_NAME:
            yield preflight_error(
                "mode-long-path",
                f"{tree.named} is too long a path for a mount unit: its name is made of the whole path",
                "use --mode symlink or --mode data-root",
            )
    yield from _names(facts, request)
    yield from _binds(facts, request)


def _names(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    for tree in facts.trees:
        place = tree.named if request.mode == "bind" else tree.source
        aside = name_aside(place, _A_STAMP).name
        if _is_set_aside(tree, request) and len(os.fsencode(aside)) > _LONGEST_NAME:
            yield preflight_error(
                "long-name",
                f"the folder {place} has too long a name: the old data is set aside beside it, under that name with "
                f"{len(aside) - len(place.name)} characters more",
                "stop Docker, give the folder a shorter name, write that into its configuration, and start Docker; then move",
            )


def _is_set_aside(tree: Tree, request: MoveRequest) -> bool:
    """Tell whether what stands at the old place gets another name; what is renamed, or a mount point, does not."""
    match tree.placement(adopt=request.adopt):
        case "renamed":
            return False
        case "copied":
            return not tree.is_mount_point
        case "adopted":
            return request.mode == "bind" or (request.mode == "symlink" and tree.named == tree.source)


def _binds(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    for tree in facts.trees:
        past = [bind for bind in facts.binds if not bind.path.is_relative_to(tree.named)]
        if request.mode == "symlink" and tree.name == "docker" and tree.named != tree.source and past:
            yield preflight_error(
                "binds-into-root",
                f"bind mounts lead into {facts.data_root}, past the link {tree.named}, and would find nothing there any more: "
                f"{listed(past)}",
                f"recreate them with {tree.named} in place of {tree.source}",
            )
    if request.mode == "data-root":
        below = [bind for bind in facts.binds if not bind.is_root]
        if below:
            yield preflight_error(
                "binds-into-root",
                f"bind mounts lead into {facts.data_root} and would find nothing there any more: {listed(below)}",
                "use --mode symlink or --mode bind, which keep the old path; or recreate them with volumes",
            )
        elif facts.binds:
            yield preflight_warning(
                "binds-of-root",
                f"bind mounts of {facts.data_root} itself would find an empty folder: {listed(facts.binds)}",
                "recreate them with the new path, or use --mode symlink or --mode bind, which keep the old one",
            )


def listed(things: Sequence[object]) -> str:
    """Return the first of ``things``, and how many more there are, for a sentence."""
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return ", ".join(map(str, things[:_SHOWN])) + more
