"""The record of what was pruned when: one small file, which only root may read."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from dockerd_cfg.files import FileImage, read_image, replace_file
from dockerd_cfg.maintenance.items import counts_of
from dockerd_cfg.maintenance.prune import Outcome
from dockerd_cfg.paths import STATE, Layout

RECORD: Final = STATE / "maintenance.json"
_VERSION: Final = 1
_MOST_RUNS: Final = 50
_MOST_NAMES: Final = 30
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of ``maintenance run``.

    ``at`` is when it began, UTC in ISO 8601; ``freed`` in bytes; ``counts`` by kind; ``names``, of the first things that
    went; ``problem``: why nothing, or not everything, was done.
    """

    at: str
    freed: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    problem: str | None = None


def past_run(at: str, outcome: Outcome, problem: str | None = None) -> PastRun:
    """Return what is to be recorded of a run that began at ``at``."""
    names = tuple(f"{item.kind} {item.name}"[:_LONGEST_NAME] for item in outcome.gone[:_MOST_NAMES])
    return PastRun(at, outcome.size, counts_of(outcome.gone), names, problem or _shortened(outcome.left))


def read_record(layout: Layout) -> list[PastRun]:
    """Return the recorded runs, oldest first; what cannot be understood is left out. Raises FileProblem."""
    data = read_image(layout.real(RECORD)).data
    if data is None:
        return []
    try:
        rows: list[dict[str, Any]] = json.loads(data)["runs"]
        return [
            PastRun(
                at=str(row["at"]),
                freed=int(row["freed"]),
                counts={str(kind): int(count) for kind, count in row["counts"].items()},
                names=tuple(str(name) for name in row["names"]),
                problem=None if row["problem"] is None else str(row["problem"]),
            )
            for row in rows
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def add_to_record(layout: Layout, run: PastRun) -> None:
    """Record ``run``, and forget the oldest ones. Raises FileProblem."""
    runs = [*read_record(layout), run][-_MOST_RUNS:]
    text = json.dumps({"version": _VERSION, "runs": [asdict(one) for one in runs]}, ensure_ascii=False)
    replace_file(layout.real(RECORD), FileImage(f"{text}\n".encode(), 0o600))


def _shortened(left: list[str]) -> str | None:
    if not left:
        return None
    more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
    return f"left: {left[0]}{more}"
