"""Measures what there are targets for, side by side in one run, and prints each figure with its target.

``python -m tests.bench`` measures all; ``python -m tests.bench SUBJECT...`` some: how a command starts (``startup``), how
fast a tree is copied (``copy``), how long a move stops Docker (``stop``), how long it takes to tell where the space goes
(``usage``), how long a fleet takes to converge (``fleet``).
"""

import sys
from collections.abc import Callable
from typing import Final

from tests.bench import copy, fleet, startup, stop, usage

SUBJECTS: Final[dict[str, Callable[[], int]]] = {
    "startup": startup.main,
    "stop": stop.main,
    "copy": copy.main,
    "usage": usage.main,
    "fleet": fleet.main,
}


def main() -> int:
    """Measure; return 0 whether or not a target is reached: the figures are for people. 1: something cannot be measured."""
    chosen = sys.argv[1:] or list(SUBJECTS)
    unknown = [name for name in chosen if name not in SUBJECTS]
    if unknown:
        print(f"There is no {unknown[0]} to measure: {', '.join(SUBJECTS)}", file=sys.stderr)
        return 2
    codes = []
    for name in chosen:
        print(f"== {name}", flush=True)
        codes.append(SUBJECTS[name]())
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
