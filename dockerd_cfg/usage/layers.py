"""What in a data root belongs to which image, container and volume, read from Docker's files alone.

Layout: moby layer/filestore.go (image/DRIVER/layerdb: sha256/CHAIN/{cache-id,parent}, mounts/CONTAINER/{mount-id,init-id,parent};
sha256/CHAIN/parent is the layer below). A folder of the driver that neither names is BuildKit's, or was
left by something that failed: Docker counts it nowhere.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from dockerd_cfg.logs.containers import ContainerLogs, docker_roots
from dockerd_cfg.storage.snapshots import committed
from dockerd_cfg.usage.walk import Kind, Part

_FOLDERS: Final[dict[str, Kind]] = {
    "image": "images",
    "buildkit": "build-cache",
    "builder": "build-cache",
    "containers": "containers",
    "volumes": "volumes",
    "plugins": "plugins",
    "containerd": "containerd",
}
# The storage drivers that keep a folder for each layer, and where it is below the root.
_DRIVERS: Final = {
    "overlay2": "overlay2",
    "fuse-overlayfs": "fuse-overlayfs",
    "vfs": "vfs/dir",
    "btrfs": "btrfs/subvolumes",
}
# The folders right below a data root that Docker keeps things in, by any driver.
TOP_FOLDERS: Final = (*_FOLDERS, *(below.partition("/")[0] for below in _DRIVERS.values()))
SNAPSHOT: Final = "snapshot "
_CONTENT: Final = "io.containerd.content.v1.content"
_SNAPSHOTTER: Final = "io.containerd.snapshotter.v1.overlayfs"


class Layers(NamedTuple):
    """``parts``: what each folder and file belongs to; ``unused``: layers that no container is on top of."""

    parts: dict[str, Part]
    unused: frozenset[Part]


def read_layers(data_root: Path, containers: Sequence[ContainerLogs]) -> Layers:
    """Return what belongs to whom below ``data_root``, whose ``containers`` are known."""
    parts: dict[str, Part] = {}
    unused: set[Part] = set()
    for root in docker_roots(data_root):
        parts |= {f"{root}/{name}": Part(kind) for name, kind in _FOLDERS.items()}
        parts |= {f"{root}/volumes/{name}": Part("volumes", name) for name in _names(root / "volumes")}
        for driver, below in _DRIVERS.items():
            layerdb = root / "image" / driver / "layerdb"
            if not layerdb.is_dir():
                continue
            folder = root / below
            chains = dict(_chains(layerdb))
            layers = {cache: Part("images", cache) for cache in chains.values()}
            layers |= {name: Part("containers", one) for one, name in _mounts(layerdb)}
            for name in _names(folder):
                part = Part("images") if name == "l" else layers.get(name, Part("build-cache"))
                parts[f"{folder}/{name}"] = part
            used = _used_chains(layerdb)
            unused |= {Part("images", cache) for chain, cache in chains.items() if chain not in used}
    for one in containers:
        parts[str(one.folder)] = Part("containers", one.id)
        parts |= {str(file.path): Part("logs", one.id) for file in one.files}
    return Layers(parts, frozenset(unused))


def containerd_parts(root: Path) -> dict[str, Part]:
    """Return what belongs to whom below the ``root`` of a containerd that holds Docker's images.

    Its content and its committed snapshots are images, and build cache that cannot be told from them; the others are
    what containers write to.
    """
    parts = {str(root / _CONTENT): Part("images"), str(root / _SNAPSHOTTER): Part("images")}
    numbers = committed(root / _SNAPSHOTTER / "metadata.db", float("inf"))
    snapshots = root / _SNAPSHOTTER / "snapshots"
    return parts | {
        f"{snapshots}/{name}": Part("containers", f"{SNAPSHOT}{name}")
        for name in _names(snapshots)
        if numbers and name.isdecimal() and int(name) not in numbers
    }


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _chains(layerdb: Path) -> Iterator[tuple[str, str]]:
    """Yield each layer's chain id and the name of its folder."""
    for chain in _names(layerdb / "sha256"):
        cache = _line(layerdb / "sha256" / chain / "cache-id")
        if cache:
            yield chain, cache


def _mounts(layerdb: Path) -> Iterator[tuple[str, str]]:
    """Yield, for each container, its id and the names of its folders."""
    for container in _names(layerdb / "mounts"):
        for record in ("mount-id", "init-id"):
            name = _line(layerdb / "mounts" / container / record)
            if name:
                yield container, name


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _used_chains(layerdb: Path) -> set[str]:
    """Return the chain ids of all layers that containers are on top of, whether their image still has a name or not."""
    used: set[str] = set()
    for container in _names(layerdb / "mounts"):
        chain = _line(layerdb / "mounts" / container / "parent").removeprefix("sha256:")
        while chain and chain not in used:
            used.add(chain)
            chain = _line(layerdb / "sha256" / chain / "parent").removeprefix("sha256:")
    return used
