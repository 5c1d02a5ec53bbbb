"""The command line: commands, what they print, and the boundary where every error becomes a message."""

import sys


def main() -> None:
    """Run the command named on the command line, and exit with its code."""
    import gc  # noqa: PLC0415

    gc.disable()  # nothing of what is imported is garbage: looking for some costs a tenth of the start
    from dockerd_cfg.cli.app import run  # noqa: PLC0415  # importing the package must not cost the whole tool

    sys.exit(run(sys.argv[1:]))
