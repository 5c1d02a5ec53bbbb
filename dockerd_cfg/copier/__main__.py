"""``python -m dockerd_cfg.copier``: exit status 0 when all is copied, 1 with a line of why not, 2 for a bad command line."""

import signal
import sys
from types import FrameType
from typing import Never

from dockerd_cfg.copier.failure import CopyFailed
from dockerd_cfg.copier.job import copy_all
from dockerd_cfg.copier.options import USAGE, options_of

_BY_SIGNAL = 128


def _stop(number: int, _frame: FrameType | None) -> Never:
    sys.exit(_BY_SIGNAL + number)


def main() -> int:
    """Copy as the command line asks; return the exit status."""
    try:
        options = options_of(sys.argv[1:])
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n{USAGE}\n")
        return 2
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        copy_all(options)
    except (CopyFailed, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
