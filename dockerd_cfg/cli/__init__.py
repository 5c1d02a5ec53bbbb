"""The command line: commands, what they print, and the boundary where every error becomes a message."""

import gc
import os
import sys


def main() -> None:
    """Run the command named on the command line, and exit with its code."""
    _open_missing_streams()
    gc.disable()  # nothing of what is imported is garbage: looking for some costs a tenth of the start
    try:
        from dockerd_cfg import signals  # noqa: PLC0415  # importing the package must not cost the whole tool

        signals.hold()
        from dockerd_cfg.cli.app import run  # noqa: PLC0415  # likewise
    except OSError as error:
        sys.stderr.write(f"error: dockerd-cfg cannot be started: {error}\n")
        sys.exit(1)
    code = run(sys.argv[1:])
    _give_up_what_cannot_be_written()
    os._exit(
        code
    )  # all is written: to take the interpreter to pieces costs a tenth of a run that has nothing to do


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
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # what no other encoding has


def _give_up_what_cannot_be_written() -> None:
    """Drop what is left for a full disk or a closed pipe: the interpreter would try again, complain, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
