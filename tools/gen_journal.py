"""Write the table of all kinds of steps into docs/reference/journal.md, from what each says of itself."""

import inspect
import re
import sys
from pathlib import Path
from typing import Final

from dockerd_cfg.change.plan import Step
from dockerd_cfg.steps import KINDS

REFERENCE: Final = Path(__file__).resolve().parents[1] / "docs/reference/journal.md"
HEADING: Final = "\n## Kinds of steps\n"
_CLASSES: Final = {step.__name__: kind for kind, step in KINDS.items()}


def generated(present: str) -> str:
    """Return the document with the table as it is now."""
    rows = [f"| `{kind}` | {_said_of(step)} |" for kind, step in sorted(KINDS.items())]
    return "\n".join([present.partition(HEADING)[0] + HEADING, "| kind | does |", "|---|---|", *rows, ""])


def _said_of(step: type[Step]) -> str:
    first = " ".join((inspect.getdoc(step) or "").partition("\n\n")[0].split()).replace("``", "`")
    return re.sub(r"`(\w+)`", lambda name: f"`{_CLASSES.get(name[1], name[1])}`", first)


def main() -> int:
    """Write the document, or with ``--check`` tell whether it is up to date."""
    present = REFERENCE.read_text(encoding="utf-8")
    wanted = generated(present)
    if "--check" in sys.argv[1:]:
        return int(present != wanted)
    REFERENCE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
