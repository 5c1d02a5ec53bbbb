"""Docker's own records of what it keeps, read from its files: to tell what was removed from what was lost.

The places are those of moby: daemon/container (containers/ID), volume/local (volumes/NAME), image/fs.go
(image/DRIVER/imagedb/content/sha256/ID), libnetwork/datastore (docker/network/v1.0/network/ID in a bbolt bucket), and
of containerd's content store (blobs/sha256/ID); the same from 20.10 to 29.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from dockerd_cfg.host.bolt import Bolt, read_bolt

_NETWORKS: Final = "network/files/local-kv.db"
_NETWORK: Final = b"/network/v1.0/network/"
_CONTENT: Final = "io.containerd.content.v1.content/blobs/sha256"


def recorded(what: str, ids: Iterable[str], roots: Iterable[Path]) -> frozenset[str]:
    """Return those of ``ids`` that are still on record below any of ``roots``, Docker's data root and containerd's root.

    ``what`` is images, containers, volumes or networks. Where that cannot be known, all of them.
    """
    found: set[str] = set()
    for root in roots:
        found |= _READERS[what](root, ids)
    return frozenset(found)


def _containers(root: Path, ids: Iterable[str]) -> set[str]:
    return {name for name in ids if (root / "containers" / name).exists()}


def _volumes(root: Path, ids: Iterable[str]) -> set[str]:
    return {name for name in ids if (root / "volumes" / name).exists()}


def _images(root: Path, ids: Iterable[str]) -> set[str]:
    stores = [*root.glob("image/*/imagedb/content/sha256"), root / _CONTENT]
    return {name for name in ids for store in stores if (store / name.removeprefix("sha256:")).exists()}


def _networks(root: Path, ids: Iterable[str]) -> set[str]:
    database = root / _NETWORKS
    if not database.exists():
        return set()
    known = read_bolt(database, lambda bolt: frozenset(_named(bolt)))
    return set(ids) if known is None else {name for name in ids if name in known}


def _named(bolt: Bolt) -> Iterator[str]:
    for _, value, is_bucket in bolt.top():
        for key, _, _ in bolt.bucket(value) if is_bucket else ():
            _, is_network, name = key.partition(_NETWORK)
            if is_network:
                yield name.decode("ascii", "replace").strip("/")


_READERS: Final[Mapping[str, Callable[[Path, Iterable[str]], set[str]]]] = {
    "images": _images,
    "containers": _containers,
    "volumes": _volumes,
    "networks": _networks,
}
