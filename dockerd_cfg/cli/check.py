"""The command check: what is wrong with a daemon.json, and when it would hurt."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import typer

from dockerd_cfg.cli.options import Json, Root, Verbose, session_of
from dockerd_cfg.cli.result import ErrorInfo, Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.check import check_bytes
from dockerd_cfg.config.check_version import MILESTONES, NEWEST, OLDEST, DockerVersion
from dockerd_cfg.config.daemon_json import config_path, drop_in_folder, read_daemon_image
from dockerd_cfg.config.judge import conflicts_to_come
from dockerd_cfg.config.origins import with_flag_places
from dockerd_cfg.config.scan import scan
from dockerd_cfg.errors import DockerdCfgError, InvalidConfig, UsageProblem
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines, command_lines
from dockerd_cfg.host.surroundings import surroundings
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.quantities import counted

_STAGES: Final = {
    "parse": "Docker refuses the file",
    "start": "Docker would not start",
    "container": "containers would not start",
    "ignored": "has no effect",
    "advice": "works, and will hurt one day",
}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is checked: a text with its name, for which Docker, started with which flags.

    ``is_here``: this host's own dockerd would read it, and may be asked; what there is on the host counts.
    """

    name: str
    data: bytes | None
    version: DockerVersion | None
    flags: CommandLines
    is_here: bool


def check(
    context: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="A daemon.json; - for standard input; none: this host's."),
    ] = None,
    docker_version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Check for this Docker instead of the one here.")
    ] = None,
    flags: Annotated[
        str | None, typer.Option(metavar="FLAGS", help="dockerd's flags, instead of those of the one here.")
    ] = None,
    *,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> tuple[Result, int]:
    """Check a daemon.json: every fault with its place, when it would hurt, and what to write instead.

    Exit code 3 when there are errors. Without a version, the file must please every Docker from 20.10 to 29.
    """
    session = session_of(context, "check")
    subject = _subject(session, file, docker_version, flags)
    host = (
        surroundings(session.host.layout, is_running=not session.host.is_offline) if subject.is_here else None
    )
    findings = check_bytes(subject.data, version=subject.version, flags=subject.flags.now, host=host)
    if subject.flags.coming and not any(finding.code == "not-json" for finding in findings):
        document = None if subject.data is None else scan(subject.data)
        findings += conflicts_to_come(
            document, findings, version=subject.version, coming=subject.flags.coming
        )
    if flags is None:
        findings = [
            *with_flag_places(
                findings, session.host.layout, subject.flags, is_running=not session.host.is_offline
            )
        ]
    if subject.is_here and not any(finding.is_error for finding in findings):
        findings += _asked(session, subject)
    if subject.name == str(config_path(subject.flags.now)):
        findings += drop_in_folder(session.host.layout, config_path(subject.flags.now))
    _tell(session, subject, findings)
    return _result(session, subject, findings)


def _subject(session: Session, file: str | None, version: str | None, flags: str | None) -> _Subject:
    wanted = _version(version)
    is_elsewhere = file is not None and wanted is not None
    here_flags = CommandLines()
    found = None
    if not is_elsewhere or file is None:
        here_flags, found = _here(session)
    given = here_flags if flags is None else CommandLines(tuple(_words(flags)))
    if file is None:
        path = config_path(given.now)
        name, data = str(path), read_daemon_image(session.host.layout, path).data
    else:
        name, data = file, session.contents(file, "a daemon.json")
    return _Subject(
        name="standard input" if name == "-" else name,
        data=data,
        version=wanted or found,
        flags=given,
        is_here=wanted is None and flags is None and found is not None,
    )


def _here(session: Session) -> tuple[CommandLines, DockerVersion | None]:
    """Return the flags and version of this host's Docker; nothing where there is none."""
    host = session.host
    version = host.dockerd.version()
    if not host.systemd.is_running():
        return CommandLines(), DockerVersion.told(version)
    arguments = CommandLines()
    try:
        unit = host.systemd.unit(DOCKER_SERVICE)
        arguments = command_lines(host, unit)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
    return arguments, DockerVersion.told(version)


def _asked(session: Session, subject: _Subject) -> list[Finding]:
    """Let the installed dockerd judge, too; what it says is one more finding."""
    data = b"{}" if subject.data is None else subject.data
    complaint = session.host.dockerd.validate(data, subject.flags.next)
    if complaint is None:
        return []
    return [
        Finding(code="dockerd-refuses", severity="error", stage="parse", message=f"dockerd says: {complaint}")
    ]


def _tell(session: Session, subject: _Subject, findings: Sequence[Finding]) -> None:
    for finding in findings:
        place = ":".join(
            str(part) for part in (subject.name, finding.line, finding.column) if part is not None
        )
        when = _STAGES.get(finding.stage, finding.stage)
        session.report.answer(f"{place}: {finding.severity}: {finding.message} [{finding.code}; {when}]")
        if finding.hint:
            session.report.answer(f"  hint: {finding.hint}")
    errors = sum(finding.is_error for finding in findings)
    docker = (
        f"Docker {subject.version}" if subject.version else f"Docker {OLDEST.release} to {NEWEST.release}"
    )
    if subject.data is None:
        session.report.answer(f"{subject.name} does not exist: {docker} uses its defaults.")
    elif not findings:
        session.report.answer(f"{subject.name}: nothing is wrong, for {docker}.")
    else:
        warnings = len(findings) - errors
        session.report.say(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}, for {docker}.")


def _result(session: Session, subject: _Subject, findings: Sequence[Finding]) -> tuple[Result, int]:
    data: dict[str, JsonValue] = {
        "file": subject.name,
        "docker_version": str(subject.version) if subject.version else None,
        "flags": list(subject.flags.now),
    }
    result = Result(command=session.command, data=data, findings=tuple(findings))
    errors = [finding for finding in findings if finding.is_error]
    if not errors:
        return result, 0
    error = ErrorInfo(code=InvalidConfig.code, message=errors[0].message, hint=errors[0].hint)
    return replace(result, status="error", error=error), InvalidConfig.exit_code


def _version(text: str | None) -> DockerVersion | None:
    if text is None:
        return None
    newest = next((known for known in MILESTONES if str(known.major) == text), None)
    if newest is not None:
        return newest
    try:
        version = DockerVersion.parse(f"{text}.0" if text.isdecimal() else text)
    except ValueError as error:
        raise UsageProblem(str(error)) from error
    if version < OLDEST:
        raise UsageProblem(f"Docker {version} is older than {OLDEST.release}, the oldest that is known here")
    return version


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageProblem(
            f"--flags cannot be read: {error}", hint="""such as --flags "-H fd://" """.strip()
        ) from error
