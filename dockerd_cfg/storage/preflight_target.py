"""Whether the target of a move can hold Docker's data, by its name and its file system. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from dockerd_cfg.findings import Finding, preflight_error, preflight_warning
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.facts import StorageFacts
from dockerd_cfg.storage.plan import MoveRequest

_CARRY_OVERLAY: Final = frozenset({"ext4", "ext3", "xfs", "btrfs", "f2fs", "zfs", "bcachefs"})
# What neither unit files nor daemon.json can hold: control characters, and bytes that are no UTF-8.
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
# What parts or escapes the options of an overlay mount: Docker gives the kernel its layers' paths there.
_UNMOUNTABLE: Final = re.compile(r"[:,\\]")


def target_findings(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    """Yield what speaks against the target, whatever is to come there."""
    yield from _names(facts, request)
    yield from _file_system(facts)


def _names(facts: StorageFacts, request: MoveRequest) -> Iterator[Finding]:
    for tree in facts.trees:
        for path in (tree.target, tree.named) if request.mode == "bind" else (tree.target,):
            if found := _UNWRITABLE.search(str(path)):
                yield preflight_error(
                    "target-name",
                    f"the path {shown(path)} has a character that systemd or Docker cannot read in a file: {found[0]!a}",
                    "use a folder with a plain name",
                )
        if found := _UNMOUNTABLE.search(str(tree.target)):
            yield preflight_error(
                "target-name",
                f"the path {shown(tree.target)} has a “{found[0]}”, with which no layer can be mounted below it",
                "use a folder without colon, comma and backslash in its path",
            )


def _to_keep(fstab: str) -> str:
    line = f"add to /etc/fstab (better with UUID=, see blkid): {fstab}"
    if not fstab:
        line = "mount the whole disk by a line in /etc/fstab, and that folder of it by another with the option bind"
    return f"{line}; then run: systemctl daemon-reload"


def shown(path: HostPath) -> str:
    """Return ``path`` for people, what cannot be printed escaped."""
    return "".join(ascii(one)[1:-1] if _UNWRITABLE.match(one) else one for one in str(path))


def is_prepared(facts: StorageFacts) -> bool:
    """Whether Docker has not run in this root yet, so that there is nothing to move but its configuration."""
    return facts.is_offline and all(tree.missing for tree in facts.trees)


def _file_system(facts: StorageFacts) -> Iterator[Finding]:
    target = facts.target
    if is_prepared(facts):
        return  # what it lies on while it is being built says nothing
    if target.fstype and target.fstype not in _CARRY_OVERLAY:
        yield preflight_error(
            "no-overlay",
            f"{target.resolved} lies on {target.fstype}, which cannot carry Docker's layers",
            "use a disk with ext4 or xfs",
        )
    elif target.overlay_failure is not None and not _UNMOUNTABLE.search(str(target.resolved)):
        yield preflight_error(
            "no-overlay",
            f"{target.resolved} cannot carry Docker's layers: {target.overlay_failure}",
            "use a disk with ext4 or xfs (made with ftype=1, the default)",
        )
    for option in sorted(target.mount_options & {"ro", "noexec", "nosuid", "nodev"}):
        yield preflight_error(
            "mount-option",
            f"{target.mount_point} is mounted with {option}: programs in containers would fail",
            f"take {option} out of its line in /etc/fstab and mount it anew",
        )
    if not target.returns:
        yield preflight_error(
            "mount-not-persistent",
            f"{target.mount_point} is mounted now, but nothing mounts it at the next boot: Docker could not start then",
            _to_keep(target.fstab),
        )
    elif target.mounted_instead is not None:
        yield preflight_error(
            "mount-not-persistent",
            f"at the next boot {target.mounted_instead} is mounted at {target.mount_point}, and not what is there now: "
            "Docker would not find its data",
            f"take that out of /etc/fstab (or its mount unit); {_to_keep(target.fstab)}",
        )
    if target.usage is not None and any(tree.device == target.usage.device for tree in facts.trees):
        yield preflight_warning(
            "same-file-system",
            f"{target.resolved} is on the same file system as {facts.data_root}: the move frees no space",
            None,
        )
