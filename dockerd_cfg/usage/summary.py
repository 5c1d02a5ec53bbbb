"""The sums of what was walked: each kind of data, what of it could be had back, and by which command. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dockerd_cfg.host.disk_usage import Counted, DiskUsage
from dockerd_cfg.logs.containers import ContainerLogs
from dockerd_cfg.logs.trim import plan_trim
from dockerd_cfg.usage.layers import SNAPSHOT
from dockerd_cfg.usage.walk import Kind, Part

KINDS: Final[tuple[Kind, ...]] = (
    "images",
    "containers",
    "volumes",
    "build-cache",
    "logs",
    "containerd",
    "plugins",
    "old-data",
    "other",
)
_COMMANDS: Final[dict[Kind, str]] = {
    "images": "docker image prune --all",
    "containers": "docker container prune",
    "volumes": "docker volume prune --all",
    "build-cache": "docker builder prune --all",
    "logs": "dockerd-cfg logs trim",
    "old-data": "dockerd-cfg finish",
}


@dataclass(frozen=True, slots=True)
class Share:
    """What a kind of data takes in bytes on disk.

    ``reclaimable`` of them could be had back by ``command`` (None: not known; the command is empty when it is nothing).
    ``counted`` is what Docker itself counts, in lengths of files, layers that images share once; None: it was not asked.
    """

    kind: Kind
    taken: int
    reclaimable: int | None
    command: str
    counted: Counted | None = None


def shares(
    taken: Mapping[Part, int],
    *,
    containers: Sequence[ContainerLogs],
    unused: frozenset[Part],
    docker_runs: bool,
    counted: DiskUsage | None,
    prunes_all_volumes: bool = True,
) -> list[Share]:
    """Return what each kind takes, largest first; kinds that take nothing are left out.

    ``prunes_all_volumes``: Docker's prune leaves named volumes alone unless told otherwise, since 23.0. Reclaimable are: layers that no container is on top of, stopped containers, volumes that no container has, what Docker
    says of the build cache, logs that can be trimmed, and all old data. Of images in containerd's store it is the part that
    Docker says; which of their containers has which snapshot is not known. Nor is it with Docker down which containers
    will run again.
    """
    sums = dict.fromkeys(KINDS, 0)
    for part, size in taken.items():
        sums[part.kind] += size
    free: dict[Kind, int | None] = dict.fromkeys(KINDS, 0)
    stopped = {one.id for one in containers if not (one.is_running and docker_runs) and one.trouble is None}
    in_use = {name for one in containers for name in one.volumes}
    is_sure = all(one.trouble is None for one in containers)
    layers = {part for part in taken if part.kind == "images" and part.name}
    has_snapshots = any(part.name.startswith(SNAPSHOT) for part in taken)
    if sums["containers"]:
        free["containers"] = _sum(taken, "containers", stopped) if docker_runs and not has_snapshots else None
    volumes = {part.name for part in taken if part.kind == "volumes" and part.name}
    free["volumes"] = _sum(taken, "volumes", volumes - in_use) if is_sure else None
    free["logs"] = plan_trim(containers, docker_runs=docker_runs).frees
    free["old-data"] = sums["old-data"]
    free["build-cache"] = 0 if not sums["build-cache"] else None
    if layers:
        free["images"] = sum(size for part, size in taken.items() if part in unused)
    elif sums["images"]:
        free["images"] = None
    if counted is not None:
        free["build-cache"] = min(counted.build_cache.reclaimable, sums["build-cache"])
        if not layers:
            free["images"] = sums["images"] * counted.images.reclaimable // max(1, counted.images.total)
    told = {} if counted is None else {"images": counted.images, "build-cache": counted.build_cache}
    commands = _COMMANDS if prunes_all_volumes else _COMMANDS | {"volumes": "docker volume prune"}
    found = [
        Share(kind, sums[kind], free[kind], "" if free[kind] == 0 else commands.get(kind, ""), told.get(kind))
        for kind in KINDS
        if sums[kind]
    ]
    return sorted(found, key=lambda share: -share.taken)


def _sum(taken: Mapping[Part, int], kind: Kind, names: set[str]) -> int:
    return sum(size for part, size in taken.items() if part.kind == kind and part.name in names)
