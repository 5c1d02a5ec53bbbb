"""What Docker itself counts of its disk space: the answer to ``GET /system/df``, in the forms of 20.10 to 29.

Only images and build cache are asked for (``type``, since 23.0): counting containers and volumes makes the daemon walk
all of them. The sums are those of ``docker system df`` (docker/cli cli/command/formatter/disk_usage.go).
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

ASKED: Final = "/system/df?type=image&type=build-cache"


class Counted(NamedTuple):
    """Bytes as Docker counts them, and how many of them it would free."""

    total: int
    reclaimable: int


class DiskUsage(NamedTuple):
    """Docker's own counts."""

    images: Counted
    build_cache: Counted


def parse_disk_usage(raw: Mapping[str, Any]) -> DiskUsage:
    """Return the counts in an answer. Raises AttributeError, KeyError, TypeError or ValueError for an odd one."""
    return DiskUsage(
        images=_new(raw, "ImageUsage") or _images(raw),
        build_cache=_new(raw, "BuildCacheUsage") or _build_cache(raw),
    )


def _new(raw: Mapping[str, Any], name: str) -> Counted | None:
    """The form of API 1.52 (29.0)."""
    told = raw.get(name)
    return (
        None if told is None else Counted(int(told.get("TotalSize") or 0), int(told.get("Reclaimable") or 0))
    )


def _images(raw: Mapping[str, Any]) -> Counted:
    total = int(raw.get("LayersSize") or 0)
    used = 0
    for row in raw.get("Images") or []:
        if int(row.get("Containers", 0)) > 0 and row["Size"] != -1 and row["SharedSize"] != -1:
            used += int(row["Size"]) - int(row["SharedSize"])
    return Counted(total, max(0, total - used))


def _build_cache(raw: Mapping[str, Any]) -> Counted:
    rows = [row for row in raw.get("BuildCache") or [] if not row.get("Shared")]
    total = sum(int(row["Size"]) for row in rows)
    return Counted(total, total - sum(int(row["Size"]) for row in rows if row.get("InUse")))
