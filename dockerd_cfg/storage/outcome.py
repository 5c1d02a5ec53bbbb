"""What came of a move, as its record tells."""

from datetime import datetime

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.journal import Record
from dockerd_cfg.paths import HostPath


def stop_seconds(record: Record) -> float | None:
    """Return for how long Docker was stopped in a run, in seconds, by its journal."""
    begun = next((e.at for e in record.entries if e.event == "started" and e.kind == "stop-docker"), None)
    ended = next((e.at for e in record.entries if e.event == "done" and e.kind == "start-docker"), None)
    if begun is None or ended is None:
        return None
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds(), 2)


def old_trees(run: Run) -> list[tuple[HostPath, HostPath]]:
    """Return, for each tree a run moved, where its old data is kept and where the new one is."""
    trees = run.plan.summary.get("trees")
    rows = trees if isinstance(trees, list) else []
    return [
        (HostPath(str(row["old"])), HostPath(str(row["target"]))) for row in rows if isinstance(row, dict)
    ]
