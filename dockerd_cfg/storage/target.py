"""The folder that holds the copy: reserving it, with a marker that says whose it is."""

import errno
import json
import os
from pathlib import Path
from typing import Final, Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.files import trees
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import mounts_below
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.copy import MARKER

# What a disk answers that broke or, since it broke, is only read from.
_BROKEN: Final = frozenset({errno.EIO, errno.EROFS})
_TOKEN_BYTES: Final = 16


class ReserveTarget(Step):
    """Make the empty folder that will hold the copy, with a marker that tells whose it is; undoing removes it all."""

    kind: Literal["reserve-target"] = "reserve-target"
    target: HostPath
    source: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Reserve {self.target}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Remove the copy in {self.target}"

    def capture(self, context: Context) -> Before:
        """Note whether the (empty) folder was there before, and what tells this run's copies from those of any other."""
        token = noted_token(context) or os.urandom(_TOKEN_BYTES).hex()
        return {"existed": real_path(context, self.target).is_dir(), "token": token}

    def apply(self, context: Context, before: Before) -> None:
        """Make folder and marker. Raises FileProblem when something else has come there meanwhile."""
        target, token = real_path(context, self.target), before.get("token")
        if not files.make_new_folder(target, mode=0o710):
            if target.is_symlink() or not target.is_dir():
                raise FileProblem(f"{self.target} is no folder")
            if not (is_ours(target, self.source, token) or _is_empty(target)):
                raise FileProblem(f"{self.target} is no longer empty: something else was put there")
        _mark(target, self.source, token, is_complete=False)

    def revert(self, context: Context, before: Before) -> None:
        """Remove the copy, if it is there and ours: a disk that is gone, or broke, needs no cleaning. Raises FileProblem."""
        target = real_path(context, self.target)
        try:
            with files.translated(f"cannot look into {self.target}"):
                if not self._is_there(target, before):
                    return
            refuse_mounts(context.host, self.target)
            trees.empty_tree(target, last=MARKER)
        except FileProblem as problem:
            if isinstance(problem.__cause__, OSError) and problem.__cause__.errno in _BROKEN:
                return
            raise
        if not before["existed"]:
            files.remove_empty_folder(target)

    def _is_there(self, target: Path, before: Before) -> bool:
        if not target.is_dir() or target.is_symlink():
            return False
        return is_ours(target, self.source, before.get("token")) or _is_empty(target)


def _is_empty(target: Path) -> bool:
    """Tell whether nothing is in ``target``, a marker half written by a killed run aside."""
    return all(entry.name == f".{MARKER}{files.TEMPORARY}" for entry in target.iterdir())


def noted_token(context: Context) -> JsonValue:
    """Return what the markers of this run's copies hold; None in a run that an earlier version began."""
    return (context.captured("reserve-target") or {}).get("token")


def is_ours(target: Path, source: HostPath, token: JsonValue) -> bool:
    """Tell whether ``target`` holds the marker of that very copy of ``source``.

    Paths are the same on many a host: of another host's disk, mounted here, only the ``token`` tells. See `noted_token`.
    """
    marker = _marker(target)
    return marker.get("source") == str(source) and marker.get("token") == token


def is_half_copied(target: Path) -> bool:
    """Tell whether ``target`` holds a copy that was begun and never verified: its run could not remove it."""
    return _marker(target).get("complete") is False


def mark_complete(context: Context, target: HostPath, source: HostPath) -> None:
    """Note in ``target`` that it is a verified copy of ``source``. Raises FileProblem."""
    _mark(real_path(context, target), source, noted_token(context), is_complete=True)


def remove_half_marker(target: Path) -> None:
    """Remove what a run killed while it wrote the marker left in ``target``. Raises FileProblem."""
    files.remove_leftover(target / MARKER)


def _mark(target: Path, source: HostPath, token: JsonValue, *, is_complete: bool) -> None:
    told = {"source": str(source), "token": token, "complete": is_complete}
    marker = json.dumps(told).encode() + b"\n"
    files.replace_file(target / MARKER, files.FileImage(marker, 0o600))


def _marker(target: Path) -> dict[str, object]:
    try:
        marker = json.loads((target / MARKER).read_bytes())
    except (OSError, ValueError):
        return {}
    return marker if isinstance(marker, dict) else {}


def require_ours(context: Context, target: HostPath, source: HostPath) -> None:
    """Raise CommandFailed when ``target`` does not hold our copy of ``source``.

    So it is when its disk was unmounted: what is copied then comes to the disk below, and Docker's start, which mounts
    the disk again, covers it.
    """
    if not is_ours(real_path(context, target), source, noted_token(context)):
        raise CommandFailed(
            f"{target} no longer holds the copy that was begun there: its disk was unmounted, or reports errors",
            hint=f"see that the disk of {target} is mounted and stays so (findmnt --target {target.parent}, dmesg); "
            "then move again",
        )


def refuse_mounts(host: Host, path: HostPath) -> None:
    """Raise FileProblem when something is mounted below ``path``: removing would go on in there."""
    mounts = mounts_below(path, host.filesystems.mounts())
    if mounts:
        raise FileProblem(
            f"{path} is not removed: {mounts[0].point} is mounted below it",
            hint=f"umount {mounts[0].point}, then try again",
        )


def real_path(context: Context, path: HostPath) -> Path:
    """Return the path to open for the host path ``path``."""
    host: Host = context.host
    return host.layout.real(path)
