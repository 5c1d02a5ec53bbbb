"""The commands of maintenance: the timer that prunes, its state, and its end. The pruning itself is in maintenance_run."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from dockerd_cfg.cli.maintenance_run import KeepLabel, OlderThan, Volumes, run
from dockerd_cfg.cli.options import DryRun, Json, Verbose, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.errors import FileProblem, PreflightRefused, UsageProblem
from dockerd_cfg.files import check_replaceable
from dockerd_cfg.findings import Finding, preflight_error, preflight_warning
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.maintenance.plan import TimerFacts, plan_disabling, plan_enabling, read_timer
from dockerd_cfg.maintenance.record import RECORD, PastRun, read_record
from dockerd_cfg.maintenance.settings import chosen_settings
from dockerd_cfg.maintenance.timer import edited
from dockerd_cfg.maintenance.units import SERVICE, SERVICE_PATH, TIMER, TIMER_PATH
from dockerd_cfg.own_program import own_command
from dockerd_cfg.quantities import counted, now, shown_bytes

_SHOWN_RUNS: Final = 5

maintenance = typer.Typer(
    help="Prune what Docker keeps and nobody uses: once, or by a systemd timer with safe limits.",
    rich_markup_mode=None,
)


@maintenance.command()
def enable(
    context: typer.Context,
    older_than: OlderThan = None,
    keep_label: KeepLabel = None,
    volumes: Volumes = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="daily, weekly or an OnCalendar expression such as 'Sun 04:00'.  [daily]"
        ),
    ] = None,
    *,
    dry_run: DryRun = False,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Have a systemd timer prune what is unused and old.

    An option given wins; one not given keeps its present value; where there is none: 7d, dockerd-cfg.keep, no
    volumes, daily.
    """
    session = session_of(context, "maintenance enable", dry_run=dry_run)
    given = chosen_settings(
        older_than, keep_label, schedule, volumes=volumes
    )  # what is wrong is told before all else
    session.refuse_unfit_host()
    fault = session.host.systemd.calendar_fault(given.schedule)
    if fault is not None:
        raise UsageProblem(
            f"no timer can have the schedule {given.schedule!r}: {fault}",
            hint="see: man systemd.time",
        )
    with session.changing():
        facts = _timer(session)
        settings = chosen_settings(older_than, keep_label, schedule, volumes=volumes, present=facts.settings)
        plan = plan_enabling(facts, settings, own_command(), now())
        data: dict[str, JsonValue] = {"settings": asdict(settings)}
        findings = _foreign(session, facts)
        what = f"{settings.shown()}; {settings.schedule}"
        if plan is None:
            session.report.answer(f"Nothing to do: the timer prunes {what}.")
            return Result(command=session.command, data=data, findings=findings)
        _refuse_fixed_units(session)
        data |= {"steps": session.plan_data(plan)["steps"]}
        if session.is_dry_run:
            session.report.plan(plan)
            session.report.answer(f"The timer would prune {what}.")
            session.report.answer("Nothing was changed (--dry-run).")
            return Result(command=session.command, changed=True, data=data, findings=findings)
        done = session.carry_out(plan)
        session.report.answer(
            f"Done: the timer prunes {what}. What would go now: dockerd-cfg maintenance run --dry-run. "
            f"Undo with: dockerd-cfg rollback {done.id}"
        )
        return Result(command=session.command, changed=True, data={**data, "run": done.id}, findings=findings)


@maintenance.command()
def disable(
    context: typer.Context,
    *,
    dry_run: DryRun = False,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Remove the timer and its service, and nothing else."""
    session = session_of(context, "maintenance disable", dry_run=dry_run)
    session.refuse_without_rights()
    session.refuse_without_systemd()
    with session.changing():
        facts = _timer(session)
        findings = _foreign(session, facts)
        plan = plan_disabling(facts, now())
        if plan is None:
            session.report.answer("Nothing to do: there is no timer.")
            return Result(command=session.command, findings=findings)
        _refuse_fixed_units(session)
        data: dict[str, JsonValue] = {"steps": session.plan_data(plan)["steps"]}
        if session.is_dry_run:
            session.report.plan(plan)
            session.report.answer("Nothing was changed (--dry-run).")
            return Result(command=session.command, changed=True, data=data, findings=findings)
        done = session.carry_out(plan)
        session.report.answer(f"Done: the timer is gone. Undo with: dockerd-cfg rollback {done.id}")
        return Result(command=session.command, changed=True, data={**data, "run": done.id}, findings=findings)


@maintenance.command()
def status(
    context: typer.Context,
    *,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Show whether the timer is on, when it runs next, what it prunes, and what the last runs freed."""
    session = session_of(context, "maintenance status")
    session.refuse_without_rights()
    report = session.report
    facts = read_timer(session.host)
    settings = facts.settings
    following = session.host.systemd.next_elapse(TIMER) if facts.unit.is_active else None
    next_run = (
        None if following is None else datetime.fromtimestamp(following, UTC).isoformat(timespec="seconds")
    )
    state = "on" if facts.is_on else "off" if facts.is_there else "none"
    if state == "none":
        report.answer("There is no timer; for one: dockerd-cfg maintenance enable")
    else:
        word = "is on" if facts.is_on else "does not run, or will not after a reboot"
        report.answer(f"The timer {word}{f'; next run: {next_run}' if next_run else ''}")
        report.answer(
            f"It prunes {settings.shown()}; {settings.schedule}"
            if settings is not None
            else "What it prunes is not known"
        )
        if not facts.is_on:
            report.answer("To have it run again: dockerd-cfg maintenance enable")
    for path in facts.edited:
        report.answer(f"{path} was edited by somebody else")
    findings = _foreign(session, facts)
    runs = read_record(session.host.layout)
    for past in runs[-_SHOWN_RUNS:]:
        report.answer(_told(past))
    if not runs:
        report.answer("Nothing was pruned here yet")
    rows: list[JsonValue] = [
        {**asdict(past), "counts": dict(past.counts), "names": list(past.names)} for past in runs
    ]
    data: dict[str, JsonValue] = {
        "state": state,
        "next_run": next_run,
        "settings": None if settings is None else asdict(settings),
        "edited": [str(path) for path in facts.edited],
        "drop_ins": [str(path) for path in facts.drop_ins],
        "record": str(RECORD),
        "runs": rows,
    }
    return Result(command=session.command, data=data, findings=findings)


maintenance.command()(run)


def _timer(session: Session) -> TimerFacts:
    """Return what there is of the timer. Raises PreflightRefused when somebody else edited or masked it."""
    for name in (TIMER, SERVICE):
        if session.host.systemd.unit(name).load == "masked":
            raise _refused("masked", f"{name} is masked", f"run: systemctl unmask {name}")
    try:
        facts = read_timer(session.host)
    except FileProblem as error:
        raise _refused("fixed-file", error.message, error.hint) from error
    if facts.edited:
        problem = edited(facts.edited[0])
        raise _refused("edited", problem.message, problem.hint)
    return facts


def _refuse_fixed_units(session: Session) -> None:
    """Raise PreflightRefused when a unit file cannot be replaced or removed, being immutable, say."""
    for path in (SERVICE_PATH, TIMER_PATH):
        try:
            check_replaceable(session.host.layout.real(path))
        except FileProblem as error:
            raise _refused("fixed-file", error.message, error.hint) from error


def _refused(code: str, message: str, hint: str | None) -> PreflightRefused:
    return PreflightRefused(message, hint=hint, findings=(preflight_error(code, message, hint),))


def _foreign(session: Session, facts: TimerFacts) -> tuple[Finding, ...]:
    """Tell of drop-ins that somebody else wrote: they count, and they stay."""
    findings = tuple(
        preflight_warning("drop-in", f"{path} is not of dockerd-cfg: it counts, and it stays", None)
        for path in facts.drop_ins
    )
    session.report.findings(findings)
    return findings


def _told(past: PastRun) -> str:
    """Return a line for people about a run of the past."""
    things = ", ".join(counted(count, kind) for kind, count in past.counts.items()) or "nothing"
    problem = f" ({past.problem})" if past.problem else ""
    return f"{past.at}  freed {shown_bytes(past.freed)}: {things}{problem}"
