"""Bind mounts of containers that lead into the data root: a move would leave them behind.

Docker keeps them as they were given, in hostconfig.json (``Binds``, ``Mounts``) and, for a volume of the local driver,
in opts.json (``MountDevice``); it rewrites none of them. After a move a container would find an empty folder there,
which Docker makes for ``Binds``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dockerd_cfg.paths import HostPath, Layout


class Bind(NamedTuple):
    """Who asks for a bind mount, for people, the path as it was given, and whether that is the data root itself."""

    who: str
    path: HostPath
    is_root: bool

    def __str__(self) -> str:
        return f"{self.who}: {self.path}"


def binds_into(layout: Layout, root: HostPath) -> tuple[Bind, ...]:
    """Return each bind into the data root ``root``, links followed, that a container or volume stored there asks for.

    They may name it by a link. Records that cannot be read ask for nothing. The socket of Docker and the like lie
    elsewhere. With user namespaces, the root proper is a folder named UID.GID below the data root.
    """
    found = []
    tree = layout.real(root)
    for proper in (tree, *sorted(tree.glob("[0-9]*.[0-9]*"))):
        for record in sorted(proper.glob("containers/*/hostconfig.json")):
            name = _name(record.with_name("config.v2.json")) or record.parent.name[:12]
            found += [(f"container {name}", path) for path in _sources(_read(record))]
        for record in sorted(proper.glob("volumes/*/opts.json")):
            device = _read(record).get("MountDevice")
            if isinstance(device, str) and device.startswith("/"):
                found.append((f"volume {record.parent.name}", device))
    ends = [(who, HostPath(path), HostPath(layout.resolved(path))) for who, path in found]
    return tuple(
        Bind(who, path, end == root)
        for who, path, end in ends
        if path.is_relative_to(root) or end.is_relative_to(root)
    )


def _sources(config: dict[str, object]) -> Iterator[str]:
    binds, mounts = config.get("Binds"), config.get("Mounts")
    for bind in binds if isinstance(binds, list) else []:
        yield str(bind).partition(":")[0]
    for mount in mounts if isinstance(mounts, list) else []:
        if isinstance(mount, dict) and mount.get("Type") == "bind":
            yield str(mount.get("Source", ""))


def _name(record: Path) -> str:
    return str(_read(record).get("Name") or "").removeprefix("/")


def _read(record: Path) -> dict[str, object]:
    try:
        value = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
