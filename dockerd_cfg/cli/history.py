"""The command history: what was done when."""

from typing import Annotated

import typer

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.journal import Entry
from dockerd_cfg.cli.options import Json, Root, Verbose, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.runs import kept_options, run_data
from dockerd_cfg.cli.session import Session
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import masked_value


def history(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Show this run's journal.")] = None,
    *,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """List what was done when; with RUN, that run step by step."""
    session = session_of(context, "history")
    session.refuse_without_rights()
    runs = session.history.runs() if run is None else [session.history.find(run)]
    if not runs:
        session.report.answer("Nothing was done here yet.")
    for one in runs:
        session.report.answer(f"{one.id:24} {one.plan.created}  {one.state:16} {_about(one)}")
    if run is not None:
        _show_journal(session, runs[0])
    data: dict[str, JsonValue] = {"runs": [run_data(one) for one in runs]}
    return Result(command=session.command, data=data if run is None else data | _journal_data(runs[0]))


def _about(run: Run) -> str:
    trees = [f"{row['source']} to {row['target']}" for row in _rows(run)]
    if trees:
        return ", ".join(trees)
    changed = run.plan.summary.get("changed")
    if run.plan.command != "set-logs" and isinstance(changed, list):
        return ", ".join(map(str, changed))
    options = run.plan.summary.get("options")
    given = options.items() if isinstance(options, dict) else ()
    shown = ", ".join(f"{key}={masked_value(key, value)}" for key, value in given)
    return f"{run.plan.summary.get('driver', '')} {shown}".strip()


def _rows(run: Run) -> list[dict[str, JsonValue]]:
    trees = run.plan.summary.get("trees")
    return [row for row in trees if isinstance(row, dict)] if isinstance(trees, list) else []


def _show_journal(session: Session, run: Run) -> None:
    for entry in run.record.entries:
        step = "" if entry.step is None else f"[{entry.step + 1:2}] {_what(run, entry)}".rstrip()
        error = f" {entry.error}" if entry.error else ""
        session.report.answer(f"  {entry.at}  {entry.event:16} {step}{error}".rstrip())
    kept = kept_options(run)
    if kept:
        session.report.answer(f"  left as somebody else had changed it since: {', '.join(kept)}")
    session.report.answer(f"  ({run.journal_path})")


def _journal_data(run: Run) -> dict[str, JsonValue]:
    """Return the journal for programs, less what undoing needs: that holds whole files."""
    return {
        "journal": [
            {
                "at": entry.at,
                "event": entry.event,
                "step": None if entry.step is None else entry.step + 1,
                "kind": entry.kind,
                "what": None if entry.step is None else _what(run, entry),
                "error": entry.error,
            }
            for entry in run.record.entries
        ],
        "journal_file": str(run.journal_path),
        "kept": list[JsonValue](kept_options(run)),
    }


def _what(run: Run, entry: Entry) -> str:
    """Return what an entry is about, at its first mention; later ones are told by their number."""
    step = run.plan.all_steps[entry.step or 0]
    match entry.event:
        case "started":
            return step.describe()
        case "undoing":
            return step.describe_undo() or "(nothing to undo)"
        case _:
            return ""
