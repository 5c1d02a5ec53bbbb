"""Bind mounts of containers that lead into the data root: a move would leave them behind.

Docker keeps them as they were given, in hostconfig.json (``Binds``, ``Mounts``) and, for a volume of the local driver,
in opts.json (``device``); it rewrites none of them. After a move a container would find an empty folder there, which
Docker makes for ``Binds``.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from dockerd_cfg.paths import HostPath


def binds_into(tree: Path, root: HostPath) -> tuple[str, ...]:
    """Return, for people, each bind into ``root`` that a container or volume stored in ``tree`` asks for.

    Records that cannot be read ask for nothing. The socket of Docker and the like lie elsewhere.
    """
    found = []
    for record in sorted(tree.glob("containers/*/hostconfig.json")):
        name = _name(record.with_name("config.v2.json")) or record.parent.name[:12]
        found += [f"container {name}: {path}" for path in _sources(_read(record)) if _is_below(path, root)]
    for record in sorted(tree.glob("volumes/*/opts.json")):
        device = _read(record).get("device")
        if isinstance(device, str) and _is_below(device, root):
            found.append(f"volume {record.parent.name}: {device}")
    return tuple(found)


def _sources(config: dict[str, object]) -> Iterator[str]:
    binds, mounts = config.get("Binds"), config.get("Mounts")
    for bind in binds if isinstance(binds, list) else []:
        yield str(bind).partition(":")[0]
    for mount in mounts if isinstance(mounts, list) else []:
        if isinstance(mount, dict) and mount.get("Type") == "bind":
            yield str(mount.get("Source", ""))


def _is_below(path: str, root: HostPath) -> bool:
    return path.startswith("/") and HostPath(path).is_relative_to(root)


def _name(record: Path) -> str:
    return str(_read(record).get("Name") or "").removeprefix("/")


def _read(record: Path) -> dict[str, object]:
    try:
        value = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
