"""A quick look for a run that may be open: of most, the last line of the journal tells that they are not."""

import json
from pathlib import Path
from typing import Any, Final

_ENDED: Final = frozenset({"confirmed", "finished", "reverted"})
_TAIL: Final = 64 << 10


def may_have_open_run(folder: Path) -> bool:
    """Tell whether one of the runs below ``folder`` is open or cannot be judged so quickly; History knows for sure."""
    try:
        runs = [run for run in folder.iterdir() if (run / "plan.json").exists()]
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return not all(_has_ended(run) for run in runs)


def _has_ended(run: Path) -> bool:
    try:
        last = _last_entry(run / "journal.jsonl")
        event = last.get("event")
        if event != "applied":
            return event in _ENDED
        plan = json.loads((run / "plan.json").read_bytes())
        return plan.get("confirm_within") is None
    except (OSError, ValueError, AttributeError):
        return False


def _last_entry(journal: Path) -> Any:
    """Return the last entry. Raises ValueError when the journal does not end with a whole one."""
    with journal.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        tail = file.read()
    if not tail.endswith(b"\n"):
        raise ValueError(journal)
    return json.loads(tail.splitlines()[-1])
