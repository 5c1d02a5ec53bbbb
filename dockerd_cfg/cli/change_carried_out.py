"""The way all changes of daemon.json share: plan, judge, show, ask, carry out."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.change import plan_change
from dockerd_cfg.config.change_request import ConfigFacts, ConfigPlan, ConfigRequest, Restart
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, changes_anything, drop_in_folder
from dockerd_cfg.config.diff import text_of, unified_diff
from dockerd_cfg.config.edits import dropped_options, quoted_options, refuse_placeholders
from dockerd_cfg.config.facts import config_file_of, read_config_facts, with_contents
from dockerd_cfg.config.judge import ask_dockerd, refuse_errors
from dockerd_cfg.config.origins import with_flag_places
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.findings import Finding
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.own_program import own_command
from dockerd_cfg.quantities import counted, now, shown_duration


class Wish(NamedTuple):
    """How a change is to be made: the options that all these commands share."""

    restart: str = "auto"
    force: Sequence[str] = ()
    confirm_within: str | None = None
    config_file: str | None = None


class Edits(NamedTuple):
    """What is to be changed, worked out from the present file; ``data`` goes into the answer for programs.

    ``settled`` and ``done`` are sentences for people: that there is nothing to do, and that it is done.
    """

    edits: Sequence[KeyEdit]
    settled: str
    done: str
    data: Mapping[str, JsonValue] = MappingProxyType({})
    summary: Mapping[str, JsonValue] = MappingProxyType({})


WorkOut = Callable[[DaemonJson, DockerVersion | None], Edits]


def change_config(session: Session, wish: Wish, work_out: WorkOut) -> Result:
    """Change daemon.json as ``work_out`` says for the present file and Docker, and bring it into effect."""
    request = request_of(session, wish)
    config_file = config_file_of(wish.config_file)
    unit = session.refuse_unfit_host()
    with session.changing():
        facts, edits = read_config_facts(session.host, unit, checked(work_out), session.runs, config_file)
        return make_change(session, facts, edits, request)


def request_of(session: Session, wish: Wish) -> ConfigRequest:
    """Return what ``wish`` asks for, but for the edits. Raises UsageProblem."""
    return ConfigRequest(
        command=session.command,
        edits=(),
        restart=_restart(wish.restart),
        force=frozenset(wish.force),
        confirm_within=session.seconds_to_confirm(wish.confirm_within),
        undo_command=(*own_command(), "rollback", "--unless-confirmed", "--yes"),
    )


def checked(work_out: WorkOut) -> WorkOut:
    """Return ``work_out`` with what it gives looked through: it raises InvalidConfig for placeholders of secrets."""

    def working_out(file: DaemonJson, version: DockerVersion | None) -> Edits:
        edits = work_out(file, version)
        refuse_placeholders(file, edits.edits)
        return edits

    return working_out


def make_change(
    session: Session,
    facts: ConfigFacts,
    edits: Edits,
    request: ConfigRequest,
    findings: tuple[Finding, ...] = (),
) -> Result:
    """Plan, judge, show and carry out the change of daemon.json; ``findings`` are told besides."""
    facts, planned = judged(session, facts, edits, request)
    return carry_out(session, facts, edits, planned._replace(findings=(*planned.findings, *findings)))


def judged(
    session: Session, facts: ConfigFacts, edits: Edits, request: ConfigRequest
) -> tuple[ConfigFacts, ConfigPlan]:
    """Return the plan for the change, with the facts it was made from. Raises InvalidConfig or PreflightRefused."""
    if request.restart == "always" or facts.stale or changes_anything(facts.file, edits.edits):
        facts = with_contents(session.host, facts)
    planned = plan_change(facts, request._replace(edits=edits.edits, summary=edits.summary), created=now())
    host = session.host
    found = with_flag_places(planned.findings, host.layout, facts.arguments, is_running=not host.is_offline)
    planned = planned._replace(findings=found)
    refuse_errors(found, facts.file)
    if not planned.is_mended_in_part:  # else it is known what dockerd says
        ask_dockerd(host, planned.edit, facts.arguments, present=facts.file if planned.plan else None)
    if planned.plan is not None:
        session.refuse_fixed_files(planned.plan)
    return facts, planned


def carry_out(
    session: Session,
    facts: ConfigFacts,
    edits: Edits,
    planned: ConfigPlan,
    *,
    outcome: Callable[[str], Edits] | None = None,
) -> Result:
    """Show what is planned, ask, do it, and answer.

    ``outcome`` returns ``edits`` with what the run of that id has done, where that may be something else than was planned.
    """
    report, edit, plan = session.report, planned.edit, planned.plan
    findings = (*planned.findings, *drop_in_folder(session.host.layout, facts.file.path))
    planned = planned._replace(findings=findings)
    report.findings(findings)
    dropped = dropped_options(edits.edits)
    if dropped:
        report.say(f"Dropped, since the new log driver does not know them: {', '.join(dropped)}")
    quoted = quoted_options(facts.file, edits.edits)
    if quoted:
        report.say(f"Written as text, since Docker refuses anything else: {', '.join(quoted)}")
    data = _data(session, facts, edits, planned)
    if plan is None:
        report.answer(f"Nothing to do: {edits.settled}{_still_unused(planned)}.")
        return _result(session, planned, data, changed=False)
    if session.shows_diff and edit is not None:
        report.diff(unified_diff(facts.file.image.data, edit.new.image.data or b"", str(facts.file.path)))
    if session.is_dry_run:
        report.plan(plan)
        report.answer("Nothing was changed (--dry-run).")
        return _result(session, planned, data, changed=True)
    if planned.action == "restart":
        consent_to_restart(session, facts, planned)
    run = session.carry_out(plan)
    if outcome is not None:
        edits = outcome(run.id)
        data |= edits.data
    has_written = edit is not None or outcome is not None
    undo = f" Undo with: {session.call('rollback', run.id)}" if has_written else ""
    report.answer(f"Done: {edits.done}{_still_unused(planned)}.{undo}")
    if plan.confirm_within is not None:
        within = shown_duration(plan.confirm_within)
        report.answer(f"This is undone {within} after the run began unless you run: dockerd-cfg confirm")
    return _result(session, planned, {**data, "run": run.id}, changed=True)


def consent_to_restart(session: Session, facts: ConfigFacts, planned: ConfigPlan) -> None:
    """Ask whether Docker may be restarted under the containers that run. Raises PreflightRefused or Declined."""
    running, survives = facts.docker.all_running, planned.containers_go_on
    if facts.docker.dependents:
        needing = ", ".join(facts.docker.dependents)
        session.report.say(f"Stopped with Docker for a short while, and started again: {needing}")
    if not running:
        return
    names = ", ".join(container.name for container in running)
    paused = [container.name for container in running if container.state == "paused"]
    if paused and not survives:
        session.report.say(f"warning: paused containers will no longer be paused: {', '.join(paused)}")
    if facts.docker.run_with_rm and not survives:
        removed = ", ".join(facts.docker.run_with_rm)
        session.report.say(f"warning: containers run with --rm will be removed for good: {removed}")
    after = "; they go on running (live-restore)" if survives else ""
    count = counted(len(running), "running container")
    session.consent(f"Docker will be restarted under {count} ({names}){after}")


def _still_unused(planned: ConfigPlan) -> str:
    if not planned.restart_required:
        return ""
    return f"; Docker does not use it before its next {planned.need}"


def _result(session: Session, planned: ConfigPlan, data: dict[str, JsonValue], *, changed: bool) -> Result:
    return Result(
        command=session.command,
        changed=changed,
        restart_required=planned.restart_required,
        data=data,
        findings=planned.findings,
    )


def _data(session: Session, facts: ConfigFacts, edits: Edits, planned: ConfigPlan) -> dict[str, JsonValue]:
    before = facts.file.image.data
    after = before if planned.edit is None else planned.edit.new.image.data
    changed = () if planned.edit is None else planned.edit.edits
    data: dict[str, Any] = {
        "file": str(facts.file.path),
        **edits.data,
        "changed_keys": [one.dotted for one in changed],
        "dropped": dropped_options(edits.edits),
        "need": planned.need,
        "action": planned.action,
        "restarts": planned.action == "restart",
        "diff": {"before": text_of(before), "after": text_of(after)},
    }
    if planned.plan is not None:
        data["steps"] = session.plan_data(planned.plan)["steps"]
    return data


def _restart(value: str) -> Restart:
    match value:
        case "auto" | "never" | "always":
            return value
        case _:
            raise UsageProblem(f"--restart takes auto, never or always, not {value!r}", hint="see --help")
