"""The command set-logs."""

from typing import Annotated, Any

import typer
from pydantic import JsonValue

from dockerd_cfg.change.history import now
from dockerd_cfg.cli.options import Diff, DryRun, Json, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import EditDaemonJson, config_path, read_daemon_json
from dockerd_cfg.config.diff import unified_diff
from dockerd_cfg.config.judge import ask_dockerd, refuse_errors
from dockerd_cfg.config.set_logs import LoggingFacts, Restart, SetLogsPlan, SetLogsRequest, plan_set_logs
from dockerd_cfg.config.staleness import is_stale
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.host.arguments import daemon_arguments
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.service.state import observe

_NAMED_OPTIONS = {"max-size": "--max-size", "max-file": "--max-file"}


def set_logs(
    context: typer.Context,
    driver: Annotated[
        str | None, typer.Option("--driver", metavar="DRIVER", help="Log driver, such as json-file or local.")
    ] = None,
    max_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Largest size of a log file, such as 50m.")
    ] = None,
    max_file: Annotated[
        str | None, typer.Option(metavar="N", help="How many files a log is rotated through.")
    ] = None,
    log_opt: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A further log option; repeatable.")
    ] = None,
    restart: Annotated[
        str, typer.Option(metavar="auto|never|always", help="When to restart Docker.")
    ] = "auto",
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    json: Json = False,
) -> Result:
    """Limit containers' logs: merge log rotation into daemon.json, and prove that Docker uses it.

    An option given wins; one not given keeps its present value; where there is none: json-file, 50m, 3.
    Containers that exist already keep the options they were created with.
    """
    session = session_of(context, "set-logs", dry_run=dry_run, yes=yes, diff=diff)
    request = SetLogsRequest(driver, max_size, max_file, _options(log_opt or []), _restart(restart))
    session.refuse_unfit_host()
    with session.changing():
        facts = read_facts(session)
        planned = plan_set_logs(facts, request, created=now())
        refuse_errors(planned.findings, facts.file)
        ask_dockerd(session.host, planned.edit, facts.arguments)
        return _carry_out(session, facts, planned)


def read_facts(session: Session) -> LoggingFacts:
    """Read what set-logs depends on."""
    host = session.host
    unit = host.systemd.unit(DOCKER_SERVICE)
    arguments = daemon_arguments(host, unit)
    file = read_daemon_json(host.layout, config_path(arguments))
    docker = observe(host)
    version = docker.info.version if docker.info else host.dockerd.version()
    return LoggingFacts(
        file=file,
        version=DockerVersion.parse(version) if version else None,
        arguments=arguments,
        docker=docker,
        is_stale=is_stale(host, file, docker, unit),
    )


def _carry_out(session: Session, facts: LoggingFacts, planned: SetLogsPlan) -> Result:
    report, edit, plan = session.report, planned.edit, planned.plan
    report.findings(planned.findings)
    if planned.settings.dropped:
        dropped = ", ".join(planned.settings.dropped)
        report.say(f"Dropped, since {planned.settings.driver} does not know them: {dropped}")
    data = _data(session, facts, planned)
    if plan is None:
        if planned.restart_required:
            report.answer(
                f"{facts.file.path} says so already, but Docker was not restarted since: restart it to use it."
            )
        else:
            report.answer(f"Nothing to do: {facts.file.path} limits logs as wanted ({_shown(planned)}).")
        return _result(session, planned, data, changed=False)
    if session.shows_diff and edit is not None:
        report.diff(unified_diff(facts.file.image.data, edit.new.image.data or b"", str(facts.file.path)))
    if session.is_dry_run:
        report.plan(plan)
        report.answer("Nothing was changed (--dry-run).")
        return _result(session, planned, data, changed=True)
    if planned.restarts and facts.docker.running:
        names = ", ".join(container.name for container in facts.docker.running)
        paused = [container.name for container in facts.docker.running if container.state == "paused"]
        if paused:
            report.say(f"warning: paused containers will no longer be paused: {', '.join(paused)}")
        session.consent(
            f"Docker will be restarted under {len(facts.docker.running)} running containers ({names})"
        )
    run = session.carry_out(plan)
    report.answer(
        f"Done: new containers log with {_shown(planned)}. Undo with: dockerd-cfg rollback {run.id}"
    )
    if planned.restart_required:
        report.answer("Docker was not restarted: it uses this from its next start on.")
    if facts.docker.inventory is not None and facts.docker.inventory.containers:
        report.say("Containers created before keep their log options until they are created anew.")
    return _result(session, planned, {**data, "run": run.id}, changed=True)


def _result(session: Session, planned: SetLogsPlan, data: dict[str, JsonValue], *, changed: bool) -> Result:
    return Result(
        command=session.command,
        changed=changed,
        restart_required=planned.restart_required,
        data=data,
        findings=planned.findings,
    )


def _data(session: Session, facts: LoggingFacts, planned: SetLogsPlan) -> dict[str, JsonValue]:
    edit: EditDaemonJson | None = planned.edit
    before = facts.file.image.data
    after = before if edit is None else edit.new.image.data
    data: dict[str, Any] = {
        "file": str(facts.file.path),
        "driver": planned.settings.driver,
        "options": dict(planned.settings.options),
        "dropped": list(planned.settings.dropped),
        "diff": {"before": _text(before), "after": _text(after)},
        "restarts": planned.restarts,
    }
    if planned.plan is not None:
        data["steps"] = session.plan_data(planned.plan)["steps"]
    return data


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")


def _shown(planned: SetLogsPlan) -> str:
    options = ", ".join(f"{name}={value}" for name, value in planned.settings.options.items())
    return f"{planned.settings.driver}{f', {options}' if options else ''}"


def _restart(value: str) -> Restart:
    match value:
        case "auto" | "never" | "always":
            return value
        case _:
            raise UsageProblem(
                f"--restart takes auto, never or always, not {value!r}",
                hint="see: dockerd-cfg set-logs --help",
            )


def _options(words: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name:
            raise UsageProblem(
                f"--log-opt takes KEY=VALUE, not {word!r}", hint="for instance: --log-opt compress=true"
            )
        if name in _NAMED_OPTIONS:
            raise UsageProblem(
                f"--log-opt {name} has an option of its own", hint=f"use {_NAMED_OPTIONS[name]} {value}"
            )
        options[name] = value
    return options
