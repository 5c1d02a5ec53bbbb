"""The commands about runs: status, history, resume, rollback, finish."""

from typing import Annotated

import typer
from pydantic import JsonValue

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.journal import Entry
from dockerd_cfg.cli.options import DryRun, Json, RunId, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.errors import DockerdCfgError, PreflightRefused
from dockerd_cfg.service.state import DockerState, observe
from dockerd_cfg.storage.outcome import old_trees
from dockerd_cfg.storage.preflight import shown_bytes
from dockerd_cfg.storage.survey import survey


def resume(context: typer.Context, run: RunId = None, *, yes: Yes = False, json: Json = False) -> Result:
    """Continue an interrupted run: to its end or, if it was being undone, back to its beginning."""
    session = session_of(context, "resume", yes=yes)
    session.refuse_unfit_host()
    with session.locked():
        chosen = _chosen(session, run)
        if chosen is None or not chosen.record.is_open:
            session.report.answer("Nothing to do: no run is open.")
            return Result(command=session.command)
        with session.engine(chosen) as (engine, journal):
            if journal.is_undoing:
                engine.revert()
                session.report.answer(f"The run {chosen.id} is undone.")
            elif journal.was_applied:
                engine.finish()
                session.report.answer(f"The run {chosen.id} is finished.")
            else:
                engine.apply()
                session.report.answer(f"The run {chosen.id} is done.")
        return Result(command=session.command, changed=True, data=_data(session.history.find(chosen.id)))


def rollback(
    context: typer.Context,
    run: RunId = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> Result:
    """Undo a run: the open one, else the latest. What was written since a move is carried back first."""
    session = session_of(context, "rollback", dry_run=dry_run, yes=yes)
    session.refuse_unfit_host()
    with session.locked():
        chosen = _chosen(session, run)
        if chosen is None or chosen.record.state == "reverted":
            what = "there is no run" if chosen is None else f"the run {chosen.id} is undone already"
            session.report.answer(f"Nothing to do: {what}.")
            return Result(command=session.command)
        _refuse_late(session, chosen)
        _show_undo(session, chosen)
        if session.is_dry_run:
            session.report.answer("Nothing was changed (--dry-run).")
            return Result(command=session.command, changed=True, data=_data(chosen))
        if chosen.record.was_applied and any(
            step.kind in {"stop-docker", "note-docker"} for step in chosen.plan.steps
        ):
            docker = _observed(session)
            if docker is not None and docker.running:
                session.consent(f"Docker will be restarted under {len(docker.running)} running containers")
        with session.engine(chosen) as (engine, _):
            engine.revert()
        session.report.answer(f"The run {chosen.id} is undone.")
        return Result(command=session.command, changed=True, data=_data(session.history.find(chosen.id)))


def _observed(session: Session) -> DockerState | None:
    try:
        return observe(session.host, patience=5)
    except DockerdCfgError:
        return None  # a Docker that does not answer is a reason to roll back, not against it


def _refuse_late(session: Session, run: Run) -> None:
    state = run.record.state
    if state in {"finished", "finishing"} and run.plan.finish:
        raise PreflightRefused(
            f"the run {run.id} is finished: the old data is gone, so it cannot be undone",
            hint="to move the data back, use move-storage with the old place as its target",
        )
    later = [
        other.id
        for other in session.history.runs()
        if int(other.id[:4]) > int(run.id[:4])
        and other.plan.subject == run.plan.subject
        and other.record.state not in {"reverted", "planned"}
    ]
    if later:
        raise PreflightRefused(
            f"the run {later[-1]} changed the same thing after {run.id}",
            hint=f"first: dockerd-cfg rollback {later[-1]}",
        )


def _show_undo(session: Session, run: Run) -> None:
    session.report.answer(f"Undo run {run.id} ({run.plan.command}, {run.plan.created}):")
    for number, step in reversed(list(enumerate(run.plan.steps))):
        undo = step.describe_undo()
        if undo is not None and run.record.has("started", number) and not run.record.has("undone", number):
            session.report.answer(f"  - {undo}")


def finish(
    context: typer.Context,
    run: RunId = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> Result:
    """Delete the old data that a move set aside. There is no way back from this."""
    session = session_of(context, "finish", dry_run=dry_run, yes=yes)
    session.refuse_unfit_host()
    with session.locked():
        chosen = session.history.find(run) if run else _to_finish(session)
        if chosen is None or chosen.record.state == "finished" or not chosen.plan.finish:
            session.report.answer("Nothing to do: no old data is set aside.")
            return Result(command=session.command)
        if chosen.record.state not in {"applied", "finishing"}:
            raise PreflightRefused(
                f"the run {chosen.id} is {chosen.record.state}: only a run that is done can be finished",
                hint="see: dockerd-cfg status",
            )
        size = _old_bytes(session, chosen)
        for step in chosen.plan.finish:
            session.report.answer(f"{step.describe()}.")
        data = {**_data(chosen), "bytes": size}
        if session.is_dry_run:
            session.report.answer(f"{shown_bytes(size)} would be freed; nothing was changed (--dry-run).")
            return Result(command=session.command, changed=True, data=data)
        _check_in_use(session, chosen)
        session.consent(f"{shown_bytes(size)} of old data will be deleted for good")
        with session.engine(chosen) as (engine, _):
            engine.finish()
        session.report.answer(f"{shown_bytes(size)} freed.")
        return Result(
            command=session.command,
            changed=True,
            data={**_data(session.history.find(chosen.id)), "bytes": size},
        )


def _to_finish(session: Session) -> Run | None:
    runs = [
        run
        for run in session.history.runs()
        if run.plan.finish and run.record.state in {"applied", "finishing"}
    ]
    return runs[-1] if runs else None


def _check_in_use(session: Session, run: Run) -> None:
    """Refuse to delete old data unless a running Docker proves to live on the new."""
    docker = observe(session.host)
    if docker.info is None:
        raise PreflightRefused(
            "Docker does not run, so nothing proves that it can live without the old data",
            hint="start it and see that all is well: systemctl start docker",
        )
    roots = [target for _, target in old_trees(run)]
    used = docker.info.data_root
    docker_roots = [root for root in roots if root.name == "docker"]
    if docker_roots and not any(used.is_relative_to(root) for root in docker_roots):
        raise PreflightRefused(
            f"Docker uses {used}, not {docker_roots[0]}: the old data may be in use again",
            hint="see: dockerd-cfg status; dockerd-cfg history",
        )


def _old_bytes(session: Session, run: Run) -> int:
    total = 0
    for old, _ in old_trees(run):
        real = session.host.layout.real(old)
        total += survey(real).allocated if real.is_dir() else 0
    return total


def history(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Show this run's journal.")] = None,
    *,
    json: Json = False,
) -> Result:
    """List what was done when; with RUN, that run step by step."""
    session = session_of(context, "history")
    session.refuse_unfit_host()
    runs = session.history.runs() if run is None else [session.history.find(run)]
    if not runs:
        session.report.answer("Nothing was done here yet.")
    for one in runs:
        session.report.answer(f"{one.id:24} {one.plan.created}  {one.record.state:16} {_about(one)}")
    if run is not None:
        _show_journal(session, runs[0])
    rows: list[JsonValue] = [_data(one) for one in runs]
    return Result(command=session.command, data={"runs": rows})


def _about(run: Run) -> str:
    trees = [f"{row['source']} to {row['target']}" for row in _rows(run)]
    if trees:
        return ", ".join(trees)
    options = run.plan.summary.get("options")
    shown = ", ".join(f"{key}={value}" for key, value in options.items()) if isinstance(options, dict) else ""
    return f"{run.plan.summary.get('driver', '')} {shown}".strip()


def _rows(run: Run) -> list[dict[str, JsonValue]]:
    trees = run.plan.summary.get("trees")
    return [row for row in trees if isinstance(row, dict)] if isinstance(trees, list) else []


def _show_journal(session: Session, run: Run) -> None:
    for entry in run.record.entries:
        step = "" if entry.step is None else f"[{entry.step + 1:2}] {_what(run, entry)}".rstrip()
        error = f" {entry.error}" if entry.error else ""
        session.report.answer(f"  {entry.at}  {entry.event:16} {step}{error}".rstrip())
    session.report.answer(f"  ({run.journal_path})")


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


def _data(run: Run) -> dict[str, JsonValue]:
    return {
        "run": run.id,
        "command": run.plan.command,
        "created": run.plan.created,
        "state": run.record.state,
        "summary": run.plan.summary,
    }


def _chosen(session: Session, wanted: str | None) -> Run | None:
    """Return the run meant: the one named, else the open one, else the latest."""
    if wanted is not None:
        return session.history.find(wanted)
    runs = session.history.runs()
    return session.history.open_run() or (runs[-1] if runs else None)
