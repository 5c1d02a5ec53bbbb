"""The gateway to file systems: the mount table, their room, and whether they can carry overlay layers."""

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.files.trees import remove_tree
from dockerd_cfg.paths import HostPath
from dockerd_cfg.runner import Runner

_TIME: Final = 1_700_000_000_123_456_789
_WHOLE: Final = HostPath("/")
_ESCAPE: Final = r"\\([0-7]{3})"


class Mount(NamedTuple):
    """One line of /proc/self/mountinfo: where, which file system, from what, how.

    ``root`` is the folder of the file system that is mounted: of a bind mount or a subvolume another than ``/``.
    """

    point: HostPath
    fstype: str
    source: str
    options: frozenset[str]
    device: str
    root: HostPath = _WHOLE


class Usage(NamedTuple):
    """Room on a file system, as root has it: bytes and inodes (None: it makes inodes as it needs them)."""

    device: int
    total_bytes: int
    free_bytes: int
    free_inodes: int | None


class LinuxFilesystems:
    """The file systems of the running kernel."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def mounts(self) -> list[Mount]:
        """Return the mount table, in mount order: the last entry of a point is the one seen."""
        return present_mounts()

    def usage(self, path: Path) -> Usage:
        """Return the room on the file system of ``path``. Raises FileProblem."""
        try:
            room = os.statvfs(path)
            device = path.stat().st_dev
        except OSError as error:
            raise FileProblem(f"cannot ask for the free space of {path}: {error.strerror}") from error
        size = room.f_frsize
        return Usage(
            device, room.f_blocks * size, room.f_bfree * size, room.f_ffree if room.f_files else None
        )

    def try_overlay(self, folder: Path) -> str | None:
        """Mount an overlay in ``folder`` as Docker's overlay2 does at its start, and take it away again.

        Times must be kept to the nanosecond, too, or no copy there could be verified.
        Returns what failed, None when it works. The rules are moby's: a real mount, and folder entries that
        tell their type (daemon/graphdriver/overlayutils/overlayutils.go, SupportsOverlay; fsutils SupportsDType).
        """
        import tempfile  # noqa: PLC0415  # only a move tries it

        try:
            trial = Path(tempfile.mkdtemp(prefix=".dockerd-cfg-trial-", dir=folder))
        except OSError as error:
            return f"nothing can be written there: {error.strerror}"
        try:
            return self._try_in(trial)
        except OSError as error:
            return f"a trial there failed: {error.strerror}"
        finally:
            remove_tree(trial)

    def _try_in(self, trial: Path) -> str | None:
        for name in ("lower1", "lower2", "upper", "work", "merged"):
            (trial / name).mkdir()
        from dockerd_cfg.host.d_type import tells_types  # noqa: PLC0415  # likewise

        if not tells_types(trial):
            return "its folders do not tell the type of their entries (d_type); xfs needs ftype=1"
        os.utime(trial / "lower1", ns=(_TIME, _TIME))
        if (trial / "lower1").stat().st_mtime_ns != _TIME:
            return "it does not keep the times of files exactly: its inodes are too small (made with mkfs.ext4 -I 128, or ext3)"
        options = f"lowerdir={trial}/lower1:{trial}/lower2,upperdir={trial}/upper,workdir={trial}/work"
        merged = str(trial / "merged")
        try:
            self._runner.run(["mount", "-t", "overlay", "overlay", "-o", options, merged], timeout=30)
        except CommandFailed as error:
            return f"an overlay cannot be mounted there: {error.message}"
        try:
            (trial / "merged" / "file").write_bytes(b"")
            os.setxattr(trial / "upper" / "file", "trusted.overlay.opaque", b"y")
        finally:
            self._runner.run(["umount", merged], timeout=30)
        return None


def present_mounts() -> list[Mount]:
    """Return the mount table of this process."""
    return parse_mountinfo(Path("/proc/self/mountinfo").read_bytes().decode("utf-8", "surrogateescape"))


def parse_mountinfo(text: str) -> list[Mount]:
    """Return the mounts listed in ``text``, the form of /proc/PID/mountinfo (proc_pid_mountinfo(5)).

    Lines end with a newline only: a place may hold other characters that Python takes for ends of lines.
    """
    mounts = []
    for line in filter(None, text.split("\n")):
        fields, _, rest = line.partition(" - ")
        parts, tail = fields.split(" "), rest.split(" ")
        mounts.append(
            Mount(
                point=HostPath(_unescape(parts[4])),
                fstype=tail[0],
                source=_unescape(tail[1]),
                options=frozenset(parts[5].split(",")) | frozenset(tail[2].split(",")),
                device=parts[2],
                root=HostPath(_unescape(parts[3])),
            )
        )
    return mounts


def mount_of(path: HostPath, mounts: list[Mount]) -> Mount | None:
    """Return the mount that ``path``, a resolved path, lies on."""
    best: Mount | None = None
    for mount in mounts:
        if path.is_relative_to(mount.point) and (
            best is None or len(mount.point.parts) >= len(best.point.parts)
        ):
            best = mount
    return best


def mounts_below(path: HostPath, mounts: list[Mount]) -> list[Mount]:
    """Return the mounts whose points lie below ``path``, itself not counted."""
    return [mount for mount in mounts if mount.point != path and mount.point.is_relative_to(path)]


def fstab_line(mount: Mount, mounts: list[Mount]) -> str:
    """Return the line for /etc/fstab that makes ``mount``, one of ``mounts``, again (fstab(5)).

    Empty when it is a folder of a file system that is mounted nowhere else: there is none for that.
    """
    what, kind, options, check = mount.source, mount.fstype, "defaults,nofail", 2
    if mount.fstype == "btrfs":
        options, check = f"{options},subvol={_escape(str(mount.root))}", 0
    elif mount.root != _WHOLE:
        whole = (one for one in mounts if one.device == mount.device and mount.root.is_relative_to(one.root))
        above = max((one for one in whole if one != mount), key=lambda one: len(one.root.parts), default=None)
        if above is None:
            return ""
        what, kind = str(above.point / mount.root.relative_to(above.root)), "none"
        options, check = "bind", 0
    return f"{_escape(what)} {_escape(str(mount.point))} {kind} {options} 0 {check}"


def _unescape(text: str) -> str:
    return re.sub(_ESCAPE, lambda match: chr(int(match.group(1), 8)), text)


def _escape(text: str) -> str:
    return "".join(f"\\{ord(one):03o}" if one in " \t\n\\#" else one for one in text)
