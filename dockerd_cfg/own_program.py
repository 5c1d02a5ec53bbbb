"""How this program is started again, whole or in part: installed as a package, or from the single file that it may be."""

import sys
from pathlib import Path
from typing import Final

# Neither the user's environment and packages nor those of the interpreter: all is in the file. It starts sooner, too.
_ISOLATED: Final = "-IS"


def single_file(module_file: str = __file__) -> Path | None:
    """Return the file that this program runs from when it is a single one, with all modules in it."""
    return next((path for path in Path(module_file).resolve().parents if path.is_file()), None)


def own_command() -> tuple[str, ...]:
    """Return the words that start this program again, whatever the folder: by its file, else by the interpreter."""
    single = single_file()
    if single is not None:
        return (
            sys.executable,
            _ISOLATED,
            str(single),
        )  # the file need not be executable, nor for this python3
    program = Path(sys.argv[0])
    if program.name.startswith("dockerd-cfg") and program.is_file():
        return (str(program.resolve()),)
    return (sys.executable, "-m", "dockerd_cfg")


def part_command(module: str) -> tuple[str, ...]:
    """Return the words that start ``module``, a program within this one, by the interpreter that runs now."""
    single = single_file()
    if single is not None:
        return (sys.executable, _ISOLATED, str(single), "-m", module)
    return (sys.executable, "-P", "-m", module)
