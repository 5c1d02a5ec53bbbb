"""The command line: commands, what they print, and the boundary where every error becomes a message."""

import gc
import os
import sys


def main() -> None:
    """Run the command named on the command line, and exit with its code."""
    _open_missing_streams()
    gc.disable()  # nothing of what is imported is garbage: looking for some costs a tenth of the start
    from dockerd_cfg.cli.app import run  # noqa: PLC0415  # importing the package must not cost the whole tool

    sys.exit(run(sys.argv[1:]))


def _open_missing_streams() -> None:
    """Give what was closed by the caller (``2>&-``) an end that swallows all, lest a file of ours take its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    sys.stdin = sys.stdin or os.fdopen(0)
