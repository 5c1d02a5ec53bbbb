"""The commands that change daemon.json, and the way they share: plan, judge, show, ask, carry out."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import typer

from dockerd_cfg.cli.options import (
    ConfigFile,
    ConfirmWithin,
    Diff,
    DryRun,
    Force,
    Json,
    RestartMode,
    Verbose,
    Yes,
    session_of,
)
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.change import plan_change
from dockerd_cfg.config.change_request import ConfigFacts, ConfigPlan, ConfigRequest, Restart
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, changes_anything, drop_in_folder, parse
from dockerd_cfg.config.diff import unified_diff
from dockerd_cfg.config.edits import (
    dropped_options,
    merge_edits,
    quoted_options,
    refuse_placeholders,
    set_edits,
    unset_edits,
)
from dockerd_cfg.config.facts import config_file_of, read_config_facts, with_contents
from dockerd_cfg.config.judge import ask_dockerd, refuse_errors
from dockerd_cfg.errors import InvalidConfig, UsageProblem
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.own_program import own_command
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import counted, now, parse_duration, shown_duration


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


def set_(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="An option, dotted where nested: log-opts.max-size.")
    ],
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="Its value; arrays as JSON or with commas, objects as JSON."),
    ],
    restart: RestartMode = "auto",
    force: Force = None,
    confirm_within: ConfirmWithin = None,
    config_file: ConfigFile = None,
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Give one option of daemon.json a value, and prove that Docker uses it."""
    session = session_of(context, "set", dry_run=dry_run, yes=yes, diff=diff)
    if value.startswith("-") and not value[1:].isdigit() and "--" not in session.argv:
        raise UsageProblem(
            f"there is no option {value}", hint=f"if it is the value, write: set {key} -- {value}"
        )
    forced = force or []
    return change_config(
        session,
        Wish(restart, forced, confirm_within, config_file),
        lambda file, version: Edits(
            edits=set_edits(file, key, value, force=forced, version=version),
            settled=f"{file.path} sets {key} so already",
            done=f"{key} is set",
        ),
    )


def unset(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="An option, dotted where nested: log-opts.max-size.")
    ],
    restart: RestartMode = "auto",
    force: Force = None,
    confirm_within: ConfirmWithin = None,
    config_file: ConfigFile = None,
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Take one option out of daemon.json, so that Docker's default holds again."""
    session = session_of(context, "unset", dry_run=dry_run, yes=yes, diff=diff)
    return change_config(
        session,
        Wish(restart, force or [], confirm_within, config_file),
        lambda file, version: Edits(
            edits=unset_edits(file, key, version=version),
            settled=f"{file.path} does not set {key}",
            done=f"{key} is no longer set",
        ),
    )


def merge(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A JSON merge patch (RFC 7396); - for standard input.")
    ],
    restart: RestartMode = "auto",
    force: Force = None,
    confirm_within: ConfirmWithin = None,
    config_file: ConfigFile = None,
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Merge a JSON patch into daemon.json: null takes an option out, objects are merged, the rest is set."""
    session = session_of(context, "merge", dry_run=dry_run, yes=yes, diff=diff)
    patch = _read_patch(file)
    return change_config(
        session,
        Wish(restart, force or [], confirm_within, config_file),
        lambda present, version: Edits(
            edits=merge_edits(present, patch, version=version),
            settled=f"{present.path} says so already",
            done=f"{file} is merged",
        ),
    )


def change_config(
    session: Session, wish: Wish, work_out: Callable[[DaemonJson, DockerVersion | None], Edits]
) -> Result:
    """Change daemon.json as ``work_out`` says for the present file and Docker, and bring it into effect."""
    seconds = None if wish.confirm_within is None else parse_duration(wish.confirm_within)
    config_file = config_file_of(wish.config_file)
    mode = _restart(wish.restart)
    unit = session.refuse_unfit_host()

    def checked(file: DaemonJson, version: DockerVersion | None) -> Edits:
        edits = work_out(file, version)
        refuse_placeholders(file, edits.edits)
        return edits

    with session.changing():
        facts, edits = read_config_facts(session.host, unit, checked, session.runs, config_file)
        if mode == "always" or facts.stale or changes_anything(facts.file, edits.edits):
            facts = with_contents(session.host, facts)
        request = ConfigRequest(
            command=session.command,
            edits=edits.edits,
            restart=mode,
            force=frozenset(wish.force),
            confirm_within=seconds,
            undo_command=(*own_command(), "rollback", "--unless-confirmed", "--yes"),
            summary=edits.summary,
        )
        planned = plan_change(facts, request, created=now())
        refuse_errors(planned.findings, facts.file)
        ask_dockerd(
            session.host,
            planned.edit,
            facts.arguments,
            present=facts.file if planned.plan else None,
        )
        if planned.plan is not None:
            session.refuse_fixed_files(planned.plan)
        return _carry_out(session, facts, edits, planned)


def _carry_out(session: Session, facts: ConfigFacts, edits: Edits, planned: ConfigPlan) -> Result:
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
        consent_to_restart(session, facts)
    run = session.carry_out(plan)
    report.answer(f"Done: {edits.done}{_still_unused(planned)}. Undo with: dockerd-cfg rollback {run.id}")
    if plan.confirm_within is not None:
        within = shown_duration(plan.confirm_within)
        report.answer(f"This is undone {within} after the run began unless you run: dockerd-cfg confirm")
    return _result(session, planned, {**data, "run": run.id}, changed=True)


def consent_to_restart(session: Session, facts: ConfigFacts) -> None:
    """Ask whether Docker may be restarted under the containers that run. Raises PreflightRefused or Declined."""
    running, info = facts.docker.running, facts.docker.info
    if not running:
        return
    names = ", ".join(container.name for container in running)
    paused = [container.name for container in running if container.state == "paused"]
    survives = info is not None and info.live_restore
    if paused and not survives:
        session.report.say(f"warning: paused containers will no longer be paused: {', '.join(paused)}")
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
        "diff": {"before": _text(before), "after": _text(after)},
    }
    if planned.plan is not None:
        data["steps"] = session.plan_data(planned.plan)["steps"]
    return data


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")


def _restart(value: str) -> Restart:
    match value:
        case "auto" | "never" | "always":
            return value
        case _:
            raise UsageProblem(f"--restart takes auto, never or always, not {value!r}", hint="see --help")


def _read_patch(name: str) -> dict[str, JsonValue]:
    if name == "-":
        data = sys.stdin.buffer.read()
    else:
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            raise UsageProblem(f"cannot read {name}: {error.strerror or error}") from error
    shown = HostPath("standard input" if name == "-" else name)
    if not data.strip():
        raise InvalidConfig(f"{shown} is empty", hint='a patch is a JSON object, such as {"debug": true}')
    return parse(data, shown).value
