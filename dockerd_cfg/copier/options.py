"""What the program is asked to do. Read by hand: argparse takes longer to import than all the rest to start."""

import os
from pathlib import Path
from typing import NamedTuple

USAGE = (
    "usage: python -m dockerd_cfg.copier [--workers N] [--polite] [--bwlimit BYTES_PER_SECOND] "
    "[--exclude-from FILE] SOURCE TARGET"
)
_PLACES = 2


class Options(NamedTuple):
    """The command line."""

    source: bytes
    target: bytes
    workers: int = 4
    is_polite: bool = False
    bytes_per_second: int | None = None
    excluded: frozenset[bytes] = frozenset()


def options_of(arguments: list[str]) -> Options:
    """Return what ``arguments`` ask for. Raises ValueError, OSError when the file of exclusions cannot be read."""
    values: dict[str, str] = {}
    is_polite = False
    places = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--polite":
            is_polite = True
        elif argument in {"--workers", "--bwlimit", "--exclude-from"}:
            values[argument] = next(rest, "")
        elif argument.startswith("-"):
            raise ValueError(f"there is no option {argument}")
        else:
            places.append(os.fsencode(argument))
    if len(places) != _PLACES:
        raise ValueError("SOURCE and TARGET are needed")
    source, target = places
    return Options(
        source,
        target,
        workers=_positive(values, "--workers") or 4,
        is_polite=is_polite,
        bytes_per_second=_positive(values, "--bwlimit"),
        excluded=_paths_in(values["--exclude-from"]) if "--exclude-from" in values else frozenset(),
    )


def _positive(values: dict[str, str], option: str) -> int | None:
    if option not in values:
        return None
    if not values[option].isdecimal() or not int(values[option]):
        raise ValueError(f"{option} needs a number above 0")
    return int(values[option])


def _paths_in(file: str) -> frozenset[bytes]:
    return frozenset(path.strip(b"/") for path in Path(file).read_bytes().split(b"\0") if path)
