"""The command show: what daemon.json says, or what Docker uses and why."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from dockerd_cfg.cli.options import ConfigFile, Json, Root, Verbose, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.cli.whereabouts import docker_unit
from dockerd_cfg.config.catalogue import find_option, suggest
from dockerd_cfg.config.change import against_restart
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.edits import key_path
from dockerd_cfg.config.effect import shown
from dockerd_cfg.config.effective import Effective, Sources, effective_options
from dockerd_cfg.config.facts import (
    config_facts,
    config_file_of,
    read_daemon,
    unused_options,
    with_contents,
)
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.origins import flag_origins
from dockerd_cfg.errors import CommandFailed, DockerdCfgError, InvalidConfig
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import masked_value
from dockerd_cfg.service.state import glance

if TYPE_CHECKING:
    from dockerd_cfg.change.history import Run


def show(
    context: typer.Context,
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="An option, dotted where nested.")
    ] = None,
    *,
    effective: Annotated[
        bool, typer.Option("--effective", help="Show what Docker uses, and where each value comes from.")
    ] = False,
    config_file: ConfigFile = None,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Show daemon.json, or one option of it; with --effective what Docker uses and why."""
    session = session_of(context, "show")
    return _effective(session, key, config_file) if effective else _file(session, key, config_file)


def _file(session: Session, key: str | None, config_file: str | None) -> Result:
    file, _ = read_daemon(session.host, docker_unit(session), config_file_of(config_file))
    data: dict[str, JsonValue] = {"file": str(file.path), "exists": file.image.data is not None}
    if key is None:
        text = "" if file.image.data is None else file.json.text
        session.report.text(text.rstrip("\n") if text.strip() else f"{file.path} sets nothing")
        return Result(command=session.command, data={**data, "value": file.value})
    path = key_path(file.value, key)
    member = file.json.member(path)
    if member is None:
        option = find_option(key)
        if option is None:
            raise _unknown(key)
        default = "" if option.default is None else f"; Docker's default is {shown(option.default)}"
        session.report.answer(f"not set{default}")
        return Result(command=session.command, data={**data, "key": key, "is_set": False, "value": None})
    value = masked_value(path[-1], member.value.value)
    session.report.answer(shown(value))
    return Result(command=session.command, data={**data, "key": key, "is_set": True, "value": value})


def _effective(session: Session, key: str | None, config_file: str | None) -> Result:
    sources = _sources(session, config_file)
    rows = [replace(row, value=masked_value(row.key, row.value)) for row in effective_options(sources)]
    if key is not None:
        top = key_path(sources.file, key)[0]
        rows = [row for row in rows if row.key in {key, top} or row.key.startswith(f"{key}.")]
        if not rows:
            raise _unknown(key)
    if not sources.reported:
        session.report.say("Docker does not run, or does not answer: this is what it would use.")
    width = max(len(row.key) for row in rows)
    for row in rows:
        if key is None and row.source == "default" and not row.note:
            continue
        session.report.answer(f"{row.key:{width}}  {_value(row)}  ({_why(row)})")
        if row.note:
            session.report.answer(f"{'':{width}}  note: {row.note}")
    if key is None:
        session.report.say("All else has its default; --json shows that too.")
    data: list[JsonValue] = [
        {"key": row.key, "value": row.value, "source": row.source, "origin": row.origin, "note": row.note}
        for row in rows
    ]
    return Result(command=session.command, data={"file": sources.path, "options": data})


def _sources(session: Session, config_file: str | None) -> Sources:
    host = session.host
    unit = docker_unit(session)
    file, arguments = read_daemon(host, unit, config_file_of(config_file))
    flags = parse_flags(arguments.now)
    reported, unused, version, may_restart = {}, list[str](), None, True
    try:
        docker = glance(host, [unit], patience=0)
        if docker.info is not None:
            facts = config_facts(host, file, arguments, docker)
            version = facts.version
            reported = dict(host.docker.options())
            unused = unused_options(host, unit, facts, _runs(session))
            may_restart = not unused or not against_restart(with_contents(host, facts._replace(stale=unused)))
    except CommandFailed as error:
        session.report.say(f"warning: {error.message}")
    return Sources(
        path=str(file.path),
        file=file.value,
        flags=flags,
        origins=flag_origins(host.layout, unit, flags),
        coming=parse_flags(arguments.next) if arguments.coming else None,
        reported=reported,
        version=version or DockerVersion.told(host.dockerd.version()),
        unused=unused,
        may_restart=may_restart,
    )


def _runs(session: Session) -> "list[Run]":
    """Return the runs recorded on the host, which tell when options were changed; root alone may read them."""
    try:
        return session.runs() if session.host.is_privileged else []
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return []


def _value(row: Effective) -> str:
    return "not set" if row.value is None else shown(row.value)


def _why(row: Effective) -> str:
    match row.source:
        case "flag":
            return f"flag, in {row.origin}" if row.origin else "flag"
        case "file":
            return f"{row.origin}"
        case "daemon":
            return "the running daemon"
        case "nothing":
            return f"in {row.origin}, without effect"
        case _:
            return "default"


def _unknown(key: str) -> InvalidConfig:
    near = suggest(key)
    return InvalidConfig(f"Docker has no option {key}", hint=f"did you mean {near}?" if near else None)
