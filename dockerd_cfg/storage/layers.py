"""How far a copy has come, for people: how many layers it has begun with, and several copies told as one."""

from pathlib import Path
from typing import Final

from dockerd_cfg.change.plan import Progress

_FOLDERS: Final = ("overlay2", "io.containerd.snapshotter.v1.overlayfs/snapshots")
_NO_LAYER: Final = "l"


class LayersBegun:
    """Tells on what a copy tells, with the number of layers begun in ``target`` of those in ``source``."""

    def __init__(self, progress: Progress, source: Path, target: Path) -> None:
        self._progress = progress
        self._total = sum(_count(source / folder) for folder in _FOLDERS)
        self._folders = [target / folder for folder in _FOLDERS]

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Tell it on."""
        if self._total:
            begun = min(self._total, sum(map(_count, self._folders)))
            note = f"{note}, layer {begun} of {self._total}"
        self._progress.tell(done_bytes=done_bytes, total_bytes=total_bytes, done_files=done_files, note=note)


class Onward:
    """Tells on what one copy after the other tells, as if they were one."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._before = self._last = (0, 0)

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Tell it on; what is less than before is of the next copy."""
        if (done_bytes, done_files) < self._last:
            self._before = (self._before[0] + self._last[0], self._before[1] + self._last[1])
        self._last = (done_bytes, done_files)
        self._progress.tell(
            done_bytes=self._before[0] + done_bytes,
            total_bytes=total_bytes,
            done_files=self._before[1] + done_files,
            note=note,
        )


def _count(folder: Path) -> int:
    try:
        return sum(entry.name != _NO_LAYER for entry in folder.iterdir())
    except OSError:
        return 0
