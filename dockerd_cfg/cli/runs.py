"""The commands that bring a run to its end: resume, confirm."""

import typer

from dockerd_cfg.change.history import Run
from dockerd_cfg.cli.options import Json, Root, RunId, Verbose, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.errors import PreflightRefused
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.service.confirmation import expect_no_more


def resume(
    context: typer.Context,
    run: RunId = None,
    *,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Continue an interrupted run: to its end or, if it was being undone, back to its beginning."""
    session = session_of(context, "resume", yes=yes)
    session.refuse_unfit_host()
    with session.locked():
        chosen = chosen_run(session, run)
        if chosen is None or not chosen.is_open:
            session.report.answer("Nothing to do: no run is open.")
            return Result(command=session.command)
        if chosen.state == "unconfirmed":
            session.report.answer(
                f"Nothing to do: the run {chosen.id} is done and waits for: dockerd-cfg confirm"
            )
            return Result(command=session.command, data=run_data(chosen))
        with session.engine(chosen) as (engine, journal):
            if journal.is_undoing:
                engine.revert()
                session.report.answer(f"The run {chosen.id} is undone{journal.lost}.")
            elif journal.was_applied:
                engine.finish()
                session.report.answer(f"The run {chosen.id} is finished.")
            else:
                engine.apply()
                session.report.answer(f"The run {chosen.id} is done.")
        return Result(command=session.command, changed=True, data=run_data(session.history.find(chosen.id)))


def confirm(
    context: typer.Context,
    run: RunId = None,
    *,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Confirm a run started with --confirm-within: it stays."""
    session = session_of(context, "confirm")
    session.refuse_unfit_host()
    with session.locked():
        chosen = chosen_run(session, run)
        if chosen is None or chosen.plan.confirm_within is None:
            session.report.answer("Nothing to do: no run waits to be confirmed.")
            return Result(command=session.command)
        if chosen.state != "unconfirmed" and not (chosen.record.is_confirmed and chosen.state == "applied"):
            raise PreflightRefused(
                f"the run {chosen.id} is {chosen.state}: it cannot be confirmed any more",
                hint="see what happened: dockerd-cfg history " + chosen.id,
            )
        changed = not chosen.record.is_confirmed
        if changed:
            with chosen.open_journal() as journal:
                journal.record("confirmed")
        expect_no_more(session.host)
        session.report.answer(
            f"The run {chosen.id} is confirmed." if changed else f"Nothing to do: {chosen.id} is confirmed."
        )
        return Result(
            command=session.command, changed=changed, data=run_data(session.history.find(chosen.id))
        )


def kept_options(run: Run) -> list[str]:
    """Return what undoing ``run`` left as somebody else had written it since: options, and those of containers."""
    found = [
        (run.record.captured("undoing", kind) or {}).get("kept")
        for kind in ("edit-daemon-json", "limit-existing-logs")
    ]
    return [str(name) for kept in found if isinstance(kept, list) for name in kept]


def run_data(run: Run) -> dict[str, JsonValue]:
    """Return what programs are told of a run."""
    return {
        "run": run.id,
        "command": run.plan.command,
        "created": run.plan.created,
        "state": run.state,
        "summary": run.plan.summary,
    }


def chosen_run(session: Session, wanted: str | None) -> Run | None:
    """Return the run meant: the one named, else the open one, else the latest."""
    if wanted is not None:
        return session.history.find(wanted)
    runs = session.history.runs()
    return session.history.open_run() or (runs[-1] if runs else None)
