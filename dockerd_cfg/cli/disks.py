"""How full the disks of Docker's data are, and whether containerd has a part of it, for the commands that tell of it."""

from typing import Final

from dockerd_cfg.cli.session import Session
from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.host.docker import Info
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import shown_bytes
from dockerd_cfg.storage.containerd import ContainerdFacts, read_containerd

_DRIVERS: Final = ("overlay2", "fuse-overlayfs", "vfs", "btrfs", "zfs", "devicemapper", "aufs")


def tell_disk(session: Session, what: str, path: HostPath) -> JsonValue:
    """Tell how full the disk of ``path`` is, which is called ``what``; return it in bytes, None when it cannot be read."""
    try:
        usage = session.host.filesystems.usage(session.host.layout.real(path))
    except DockerdCfgError as error:
        session.report.answer(f"{what}: {path} ({error.message})")
        return None
    session.report.answer(
        f"{what}: {path}, {shown_bytes(usage.free_bytes)} free of {shown_bytes(usage.total_bytes)} on its disk"
    )
    return {
        "total_bytes": usage.total_bytes,
        "free_bytes": usage.free_bytes,
        "free_inodes": usage.free_inodes,
    }


def containerd_of(session: Session, data_root: HostPath) -> ContainerdFacts | None:
    """Return the facts about the system's containerd; what cannot be read of it is told."""
    try:
        return read_containerd(session.host, data_root, with_strangers=False)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return None


def are_images_in_containerd(session: Session, info: Info | None, data_root: HostPath) -> bool:
    """Tell whether images are in containerd: as Docker says or, when it is down, as no storage driver has any."""
    if info is not None:
        return info.image_store == "containerd"
    root = session.host.layout.real(data_root)
    return not any((root / "image" / driver).is_dir() for driver in _DRIVERS)
