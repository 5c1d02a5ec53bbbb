"""Write the help texts into docs/reference/commands.md; what stands below each help text there is kept."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from dockerd_cfg.cli.app import COMMANDS

DOCUMENT: Final = Path(__file__).resolve().parents[1] / "docs/reference/commands.md"
_PLAIN: Final = {"NO_COLOR": "1", "COLUMNS": "80", "TERM": "dumb", "PATH": "/usr/bin:/bin"}


def generated(present: str) -> str:
    """Return the document with every command's help text as it is now; ``present`` gives the notes."""
    introduction = present.partition("\n## ")[0]
    sections = [_section(name, _note(present, name)) for name in COMMANDS]
    return "\n".join([introduction, *sections])


def _section(name: str, note: str) -> str:
    shown = _help(name)
    verbs = re.findall(r"(?m)^  ([a-z-]+) ", shown.partition("\nCommands:\n")[2])
    texts = [shown, *(_help(name, verb) for verb in verbs)]
    lines = [f"    {line}".rstrip() for text in texts for line in [*text.strip().splitlines(), ""]]
    return f"## {name}\n\n" + "\n".join(lines).rstrip() + f"\n\n{note.strip()}\n"


def _help(*command: str) -> str:
    argv = [sys.executable, "-m", "dockerd_cfg", *command, "--help"]
    return subprocess.run(argv, capture_output=True, text=True, check=True, env=_PLAIN).stdout


def _note(present: str, name: str) -> str:
    section = present.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    return re.sub(r"(?m)^    .*\n", "", section).strip()


def main() -> int:
    """Write the document, or with ``--check`` tell whether it is up to date."""
    present = DOCUMENT.read_text(encoding="utf-8")
    wanted = generated(present)
    if "--check" in sys.argv[1:]:
        return int(present != wanted)
    DOCUMENT.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
