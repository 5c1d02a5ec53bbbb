"""The command that undoes a run, and when that is refused: rollback."""

from datetime import datetime
from typing import Annotated

import typer

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.cli.options import DryRun, Json, Root, RunId, Verbose, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.runs import chosen_run, kept_options, run_data
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.change_request import SUBJECT
from dockerd_cfg.config.diff import text_of, unified_diff
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.lasting_addresses import addresses_left
from dockerd_cfg.config.scan import scan
from dockerd_cfg.config.undo import refuse_broken_undo, undone_files
from dockerd_cfg.errors import DockerdCfgError, FileProblem, InvalidConfig, PreflightRefused
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.quantities import counted
from dockerd_cfg.service.confirmation import expect_no_more
from dockerd_cfg.service.reload import RELOAD_DOCKER
from dockerd_cfg.service.state import DockerState, observe
from dockerd_cfg.service.steps import NoteDocker
from dockerd_cfg.storage.outcome import undo_stop_seconds


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
        chosen = session.history.open_run() if unless_confirmed else chosen_run(session, run)
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
        _refuse_mere_restart(session, chosen)
        _refuse_late(session, chosen)
        _refuse_conflict(session, chosen)
        _refuse_broken(session, chosen)
        _show_undo(session, chosen)
        diff = _show_diff(session, chosen)
        is_unread = _is_read_since(session, chosen)
        lasting = _lasting(chosen, is_used=is_unread or chosen.record.has("started", "restart-docker"))
        session.report.findings(lasting)
        if session.is_dry_run:
            session.report.answer("Nothing was changed (--dry-run).")
            data = {**run_data(chosen), **diff}
            return Result(command=session.command, changed=True, data=data, findings=lasting)
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
        session.report.answer(f"The run {chosen.id} is undone{but}{stays}{unread}{undone.record.lost}.")
        data = {**run_data(undone), **diff}
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


def _refuse_mere_restart(session: Session, run: Run) -> None:
    """Refuse to undo a run that wrote nothing: Docker would be restarted, and use the same as before."""
    if run.state != "applied" or run.plan.subject != SUBJECT or _edited(run):
        return
    earlier = [one for one in session.history.runs() if one.record.was_applied and _edited(one)]
    wrote = [one.id for one in earlier if one.record.state != "reverted" and one.id != run.id]
    raise PreflightRefused(
        f"the run {run.id} wrote nothing: it only made Docker use what was in its configuration",
        hint=f"to undo what was written: dockerd-cfg rollback {wrote[-1]}" if wrote else None,
    )


def _refuse_late(session: Session, run: Run) -> None:
    state = run.record.state
    if state in {"finished", "finishing"} and run.plan.finish:
        raise PreflightRefused(
            f"the run {run.id} is finished: the old data is gone, so it cannot be undone",
            hint="to move the data back, use move-storage with the old place as its target",
        )
    later = [other.id for other in _later(session, run) if _touch_the_same(run, other)]
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


def _refuse_broken(session: Session, run: Run) -> None:
    """Refuse to begin undoing what would leave a daemon.json, with what was written since, that breaks Docker."""
    if run.record.state != "applied":
        return
    host = session.host
    for one in undone_files(host.layout, run):
        try:
            refuse_broken_undo(host, host.systemd.unit(DOCKER_SERVICE), one)
        except InvalidConfig as error:
            later = [other.id for other in _later(session, run) if _edited(other)]
            hint = f"first: dockerd-cfg rollback {later[-1]}" if later else error.hint
            raise InvalidConfig(
                f"{one.step.path} without what the run {run.id} wrote would break Docker, as what was written since "
                f"needs that: {error.message}",
                hint=hint,
                findings=error.findings,
            ) from error


def _later(session: Session, run: Run) -> list[Run]:
    """Return the runs after ``run`` that were carried out and are not undone."""
    later = [one for one in session.history.runs() if one.number > run.number]
    return [one for one in later if one.record.state not in {"reverted", "planned"}]


def _touch_the_same(run: Run, other: Run) -> bool:
    """Whether two runs changed the same thing: options of daemon.json, containers, or else the same subject."""
    if SUBJECT == run.plan.subject == other.plan.subject:
        return any(a[: len(b)] == b or b[: len(a)] == a for a in _edited(run) for b in _edited(other))
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


def _show_diff(session: Session, run: Run) -> dict[str, JsonValue]:
    """Show what undoing ``run`` makes of daemon.json; return the same for programs, nothing where it changes nothing."""
    if run.record.state != "applied":
        return {}
    data: dict[str, JsonValue] = {}
    for one in undone_files(session.host.layout, run):
        present, undone = one.present.data, one.undone.data
        if present != undone:
            session.report.diff(unified_diff(present, undone, str(one.step.path)))
            data["diff"] = {"before": text_of(present), "after": text_of(undone)}
    return data
