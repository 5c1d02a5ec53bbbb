"""Whether a mount comes back after a reboot: what the unit of its place mounts there then, by systemd's own files."""

import os
import stat
from pathlib import Path
from typing import Final

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import Mount
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import HostPath

_UNTIL_REBOOT: Final = "/run/systemd/transient"
# Others may lie on several disks, each of which has the name of the whole.
_ON_ONE_DISK: Final = frozenset({"ext3", "ext4", "xfs", "f2fs"})
_BY_NAME: Final = Path("/dev/disk")  # udev keeps what is in it


def returns(unit: UnitState) -> bool:
    """Tell whether anything is mounted at the place of ``unit`` after a reboot."""
    return any(not source.startswith(_UNTIL_REBOOT) for source in unit.sources)


def mounted_instead(host: Host, mount: Mount, unit: UnitState) -> str | None:
    """Return what ``unit`` mounts at the place of ``mount`` after a reboot, if that is certain to be something else."""
    if host.is_offline or mount.fstype not in _ON_ONE_DISK:
        return None
    what = _what(host, unit)
    if what is None or not what.startswith("/"):
        return None
    if not Path(what).exists():
        is_missing = what.startswith("/dev/disk/") and _BY_NAME.is_dir()
        return what if is_missing else None
    now, then = _identity(mount.source), _identity(what)
    if now is None or then is None or stat.S_ISDIR(Path(what).stat().st_mode) or now == then:
        return None
    return what


def _what(host: Host, unit: UnitState) -> str | None:
    found = None
    for source in unit.sources:
        try:
            text = host.layout.file(HostPath(source)).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for line in text.splitlines():
            name, _, value = line.partition("=")
            found = value.strip().replace("%%", "%") if name.strip() == "What" else found
    return found


def _identity(source: str) -> tuple[int, int] | None:
    """Return what tells a disk, or the image below a loop device, from any other; None for anything else."""
    try:
        status = Path(source).stat()
        if stat.S_ISBLK(status.st_mode):
            number = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
            image = Path(f"/sys/dev/block/{number}/loop/backing_file")
            if not image.exists():
                return (0, status.st_rdev)
            status = Path(image.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")).stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
