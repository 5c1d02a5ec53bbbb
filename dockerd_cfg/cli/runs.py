"""The commands that end a run one way or the other: resume, rollback, confirm."""

from datetime import datetime
from typing import Annotated

import typer

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.cli.options import DryRun, Json, Root, RunId, Verbose, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.change_request import SUBJECT
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.lasting_addresses import addresses_left
from dockerd_cfg.config.scan import scan
from dockerd_cfg.errors import DockerdCfgError, FileProblem, PreflightRefused
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.quantities import counted
from dockerd_cfg.service.confirmation import expect_no_more
from dockerd_cfg.service.reload import RELOAD_DOCKER
from dockerd_cfg.service.state import DockerState, observe
from dockerd_cfg.service.steps import NoteDocker
from dockerd_cfg.storage.outcome import undo_stop_seconds


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
        chosen = _chosen(session, run)
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
                session.report.answer(f"The run {chosen.id} is undone.")
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
        chosen = _chosen(session, run)
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


def rollback(
    context: typer.Context,
    run: RunId = None,
    *,
    unless_confirmed: Annotated[
        bool, typer.Option("--unless-confirmed", hidden=True, help="What the timer of --confirm-within runs.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Undo a run: the open one, else the latest. What was written since a move is carried back first."""
    session = session_of(context, "rollback", dry_run=dry_run, yes=yes)
    session.refuse_unfit_host()
    with session.locked():
        chosen = session.history.open_run() if unless_confirmed else _chosen(session, run)
        if unless_confirmed and (chosen is None or chosen.plan.confirm_within is None):
            expect_no_more(session.host)
            session.report.answer("Nothing to do: no run waits to be confirmed.")
            return Result(command=session.command)
        if chosen is None or chosen.record.state == "reverted":
            what = (
                "there is no run"
                if chosen is None
                else f"the run {chosen.id} is undone already; earlier ones can be named, see: dockerd-cfg history"
            )
            session.report.answer(f"Nothing to do: {what}.")
            return Result(command=session.command)
        _refuse_late(session, chosen)
        _refuse_conflict(session, chosen)
        _show_undo(session, chosen)
        is_unread = _is_read_since(session, chosen)
        lasting = _lasting(chosen, is_used=is_unread or chosen.record.has("started", "restart-docker"))
        session.report.findings(lasting)
        if session.is_dry_run:
            session.report.answer("Nothing was changed (--dry-run).")
            return Result(command=session.command, changed=True, data=run_data(chosen), findings=lasting)
        if chosen.record.was_applied and _undo_restarts(chosen):
            docker = _observed(session)
            if docker is not None and docker.all_running:
                count = counted(len(docker.all_running), "running container")
                names = ", ".join(container.name for container in docker.all_running)
                session.consent(f"Docker will be restarted under {count} ({names})")
        with session.engine(chosen) as (engine, _):
            engine.revert()
        unread = "; Docker does not use the old daemon.json before its next restart" if is_unread else ""
        undone = session.history.find(chosen.id)
        stop = undo_stop_seconds(undone.record)
        if stop is not None:
            session.report.answer(f"Docker was stopped for {stop:.1f} s.")
        kept = kept_options(undone)
        but = f", but for what somebody else changed since and which stays: {', '.join(kept)}" if kept else ""
        stays = "; the addresses of Docker's bridge stay" if lasting else ""
        session.report.answer(f"The run {chosen.id} is undone{but}{stays}{unread}.")
        data = run_data(undone)
        return Result(
            command=session.command,
            changed=True,
            restart_required=is_unread,
            data=data if stop is None else {**data, "stop_seconds": stop},
            findings=lasting,
        )


def _lasting(run: Run, *, is_used: bool) -> tuple[Finding, ...]:
    """Return what undoing ``run`` does not give back; ``is_used``: Docker has used the file that it wrote."""
    before = run.record.captured("started", "edit-daemon-json")
    step = next((step for step in run.plan.steps if isinstance(step, EditDaemonJson)), None)
    if not is_used or before is None or step is None:
        return ()
    return tuple(addresses_left(step.edits, scan(StoredImage.model_validate(before).image.data).value))


def _is_read_since(session: Session, run: Run) -> bool:
    """Whether ``run`` only wrote daemon.json, and Docker has read it since, for reasons of its own."""
    kinds = {step.kind for step in run.plan.steps}
    unit = session.host.systemd.unit(DOCKER_SERVICE)
    if "edit-daemon-json" not in kinds or kinds & {"note-docker", "stop-docker"} or not unit.is_active:
        return False
    written = max(datetime.fromisoformat(entry.at).timestamp() for entry in run.record.entries)
    return unit.changed is not None and unit.changed > written


def _undo_restarts(run: Run) -> bool:
    """Whether undoing ``run`` restarts Docker: where a reload was enough, another one may be enough to go back."""
    kinds = {step.kind for step in run.plan.steps}
    if kinds & {"stop-docker", "restart-docker"}:
        return True
    return RELOAD_DOCKER in kinds and any(
        isinstance(step, NoteDocker) and step.undo_reload == "restart" for step in run.plan.steps
    )


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
        if other.number > run.number
        and _touch_the_same(run, other)
        and other.record.state not in {"reverted", "planned"}
    ]
    if later:
        raise PreflightRefused(
            f"the run {later[-1]} changed the same thing after {run.id}",
            hint=f"first: dockerd-cfg rollback {later[-1]}",
        )


def _refuse_conflict(session: Session, run: Run) -> None:
    """Refuse to begin undoing what somebody else has changed or fixed since; a run that is being undone has to go on."""
    if run.record.state != "applied":
        return
    for number, step in enumerate(run.plan.steps):
        before = run.record.captured("started", number)
        if before is not None:
            try:
                step.refuse_conflict(session.host.layout, before)
            except FileProblem as error:
                raise PreflightRefused(error.message, hint=error.hint) from error


def _touch_the_same(run: Run, other: Run) -> bool:
    """Whether two runs changed the same thing: options of daemon.json, containers, or else the same subject."""
    mine, its = _edited(run), _edited(other)
    if mine and its and run.plan.subject == other.plan.subject:
        return any(a[: len(b)] == b or b[: len(a)] == a for a in mine for b in its)
    return run.plan.subject == other.plan.subject


def _edited(run: Run) -> set[tuple[str, ...]]:
    """Return the options that a run which changed only daemon.json and containers' records edited, and the containers."""
    if run.plan.subject != SUBJECT:
        return set()
    options = {edit.key for step in run.plan.parts if isinstance(step, EditDaemonJson) for edit in step.edits}
    rows = (run.record.captured("started", "limit-existing-logs") or {}).get("containers")
    containers = rows if isinstance(rows, list) else []
    return options | {("containers/", str(row["id"])) for row in containers if isinstance(row, dict)}


def _show_undo(session: Session, run: Run) -> None:
    session.report.answer(f"Undo run {run.id} ({run.plan.command}, {run.plan.created}):")
    for number, step in reversed(list(enumerate(run.plan.steps))):
        undo = step.describe_undo()
        if undo is not None and run.record.has("started", number) and not run.record.has("undone", number):
            session.report.answer(f"  - {undo}")


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


def _chosen(session: Session, wanted: str | None) -> Run | None:
    """Return the run meant: the one named, else the open one, else the latest."""
    if wanted is not None:
        return session.history.find(wanted)
    runs = session.history.runs()
    return session.history.open_run() or (runs[-1] if runs else None)
