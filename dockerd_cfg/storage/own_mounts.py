"""Which mounts below their roots Docker and containerd make themselves; any other is somebody's, and would be missed."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

# Below these folders; a mount of the folder itself is somebody's disk.
_DOCKERS: Final = frozenset(
    {"overlay2", "containers", "rootfs", "plugins", "network", "buildkit", "netns", "containerd"}
)
# A build's, for as long as one of its steps reads an image (moby daemon/containerd/image_builder.go).
_BUILDS: Final = "rootfs-mount"
_REMAPPED: Final = re.compile(r"\d+\.\d+")


def is_own_mount(name: Literal["docker", "containerd"], parts: Sequence[str], root: Path) -> bool:
    """Tell whether a mount at ``parts``, a path below the ``root`` of Docker or containerd, is one that it makes itself."""
    if name == "containerd":
        return parts[0] == "tmpmounts" or (parts[0].startswith("io.containerd.") and len(parts) > 1)
    match parts:
        case [first, *rest] if _REMAPPED.fullmatch(first):  # with user namespaces the root proper
            return not rest or is_own_mount(name, rest, root / first)
        case ["tmp", second]:
            return second.startswith(_BUILDS)
        case ["volumes", volume, "_data"]:
            # the local driver mounts what it was given options for (moby volume/local/local.go)
            return (root / "volumes" / volume / "opts.json").is_file()
        case [first, _, *_]:
            return first in _DOCKERS
        case _:
            return False
