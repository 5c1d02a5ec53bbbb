"""The first module of the single file: finds modules for this interpreter in the file, and starts the program.

It is read by older Pythons as well, to look for a newer one. Compiled modules are loaded from memory: nothing is
unpacked, so a full disk, or one that forbids execution, is no obstacle.
"""

import os
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from typing import Any

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
FILE = __file__.rpartition("/")[0]
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"


class Compiled:
    """Finds the modules that are machine code, by their whole names."""

    folder = f"{FILE}/compiled/{TAG}-{os.uname()[4]}"

    @classmethod
    def find_spec(cls, name: str, *_: object) -> Any:
        """Return how to load the module ``name``, or None when it is none of these."""
        loader: Any = sys.modules[__name__].__loader__
        try:
            code = loader.get_data(f"{cls.folder}/{name}")
        except OSError:
            return None
        # never closed: were the number used again, the next module would be taken for this one
        descriptor = os.memfd_create(name)
        rest = memoryview(code)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        place = f"/proc/self/fd/{descriptor}"
        return ModuleSpec(name, ExtensionFileLoader(name, place), origin=place)


def start() -> None:
    """Run the program, or with ``-m MODULE`` one within it."""
    # Of what is compiled to byte code for this Python, the byte code; else the source.
    sys.path[:1] = [f"{FILE}/{TAG}", FILE]
    sys.meta_path.append(Compiled)
    if sys.argv[1:2] == ["-m"]:
        import runpy  # noqa: PLC0415  # not for the whole program

        module = sys.argv[2]
        del sys.argv[1:3]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        from dockerd_cfg.cli import main  # noqa: PLC0415  # only a new enough Python can read it

        main()


def start_newer() -> None:
    """Run the program with a newer Python, if there is one."""
    for name in NEWER:
        try:
            os.execvp(name, [name, "-IS", FILE, *sys.argv[1:]])  # noqa: S606  # this very program
        except OSError:
            continue
    present = ".".join(map(str, sys.version_info[:2]))
    sys.stderr.write(f"error: dockerd-cfg needs Python 3.11 or newer; {sys.executable} is {present}\n")
    sys.exit(1)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        start_newer()
    else:
        start()
