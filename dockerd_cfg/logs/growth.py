"""How much each log has grown since the last look: a small file beside the records of runs remembers the sizes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage, make_folder, read_image, replace_file

NAME: Final = "log-sizes.json"
_VERSION: Final = 1


class Look(NamedTuple):
    """When logs were looked at (Unix time in seconds), and what each container's took then, in bytes by its id."""

    at: float
    sizes: Mapping[str, int]


def last_look(state: Path) -> Look | None:
    """Return the last look noted in the folder ``state``; None when there was none, or it cannot be understood."""
    try:
        noted = json.loads(read_image(state / NAME).data or b"null")
        if noted["version"] != _VERSION:
            return None
        return Look(float(noted["at"]), {str(name): int(size) for name, size in noted["sizes"].items()})
    except (FileProblem, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def note_look(state: Path, look: Look) -> None:
    """Remember ``look`` in the folder ``state``, for root alone to read. Raises FileProblem, as on a full disk."""
    make_folder(state, mode=0o700)
    text = json.dumps({"version": _VERSION, "at": round(look.at, 3), "sizes": dict(look.sizes)})
    replace_file(state / NAME, FileImage(text.encode() + b"\n", 0o600))


def grown(before: Look | None, container_id: str, size: int) -> int | None:
    """Return by how many bytes a log has grown since ``before``, negative when it shrank; None: not known."""
    known = None if before is None else before.sizes.get(container_id)
    return None if known is None else size - known
