"""What came of a move, as its record tells."""

from collections.abc import Iterable
from datetime import datetime

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.journal import Record
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath


def stop_seconds(record: Record) -> float | None:
    """Return for how long Docker was stopped in a run, in seconds, by its journal."""
    begun = next((e.at for e in record.entries if e.event == "started" and e.kind == "stop-docker"), None)
    ended = next((e.at for e in record.entries if e.event == "done" and e.kind == "start-docker"), None)
    if begun is None or ended is None:
        return None
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds(), 2)


def undo_stop_seconds(record: Record) -> float | None:
    """Return for how long Docker was stopped while a run was undone, in seconds: until it was proved to run as before."""
    begun = next((e.at for e in record.entries if e.event == "undoing" and e.kind == "start-docker"), None)
    ended = next((e.at for e in record.entries if e.event == "undone" and e.kind == "stop-docker"), None)
    if begun is None or ended is None:
        return None
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds(), 2)


_PARTS = {
    "stop-docker": "stopping containers and Docker",
    "final-copy": "final copy",
    "verify-tree": "verification",
    "start-docker": "start",
}


def stop_parts(record: Record) -> dict[str, float]:
    """Return what the stop was spent on, in seconds, by its journal; what little is left is “switch”."""
    parts = dict.fromkeys(_PARTS.values(), 0.0)
    begun: dict[int | None, datetime] = {}
    for entry in record.entries:
        moment = datetime.fromisoformat(entry.at)
        if entry.event == "started":
            begun[entry.step] = moment
        elif entry.event == "done" and entry.kind in _PARTS and entry.step in begun:
            parts[_PARTS[entry.kind]] += (moment - begun[entry.step]).total_seconds()
    parts["switch"] = max(0.0, (stop_seconds(record) or 0.0) - sum(parts.values()))
    return {name: round(seconds, 2) for name, seconds in parts.items()}


def old_trees(run: Run) -> list[tuple[HostPath, HostPath]]:
    """Return, for each tree a run moved, where its old data is kept and where the new one is."""
    return [(HostPath(str(row["old"])), HostPath(str(row["target"]))) for row in _trees(run) if row["old"]]


def place_by_now(target: HostPath, moved: Run, later: Iterable[Run]) -> HostPath:
    """Return where the tree is by now that the run ``moved`` took to ``target``, after the ``later`` moves, oldest first."""
    names = _names(moved, target)
    for run in later:
        found = next((row for row in _trees(run) if row["source"] in names), None)
        if found is not None:
            target = HostPath(str(found["target"]))
            names = _names(run, target)
    return target


def _names(run: Run, target: HostPath) -> set[str]:
    """Return the paths of a tree at ``target``, where ``run`` moved it: a bind mount leaves it its old one."""
    mounted = {str(row["source"]) for row in _trees(run) if row["target"] == str(target)}
    return {str(target)} | (mounted if run.plan.summary.get("mode") == "bind" else set())


def _trees(run: Run) -> list[dict[str, JsonValue]]:
    trees = run.plan.summary.get("trees")
    return [row for row in trees if isinstance(row, dict)] if isinstance(trees, list) else []
