"""set-logs: which options give containers' logs a limit, and the plan that brings them into effect. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import JsonValue

from dockerd_cfg import __version__
from dockerd_cfg.change.plan import Plan, Step
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, EditDaemonJson, KeyEdit, edit_step
from dockerd_cfg.config.judge import judge
from dockerd_cfg.config.log_check import CheckLogging
from dockerd_cfg.config.log_drivers import known_options
from dockerd_cfg.findings import Finding
from dockerd_cfg.service.state import DockerState
from dockerd_cfg.service.steps import CheckDocker, NoteDocker, RestartDocker

DEFAULT_DRIVER: Final = "json-file"
DEFAULT_MAX_SIZE: Final = "50m"
DEFAULT_MAX_FILE: Final = "3"
Restart = Literal["auto", "never", "always"]


@dataclass(frozen=True, slots=True)
class SetLogsRequest:
    """What the user asked for; None: not said. ``options`` are further log options by name."""

    driver: str | None = None
    max_size: str | None = None
    max_file: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    restart: Restart = "auto"


@dataclass(frozen=True, slots=True)
class LoggingFacts:
    """What is known of the host: the file, the daemon's version and arguments, how Docker runs.

    ``is_stale``: the running daemon is known not to use what the file says.
    """

    file: DaemonJson
    version: DockerVersion | None
    arguments: Sequence[str]
    docker: DockerState
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class LogSettings:
    """A log driver with its options, and the options a change of driver drops."""

    driver: str
    options: Mapping[str, str]
    dropped: tuple[str, ...] = ()


def wanted_settings(present: Mapping[str, JsonValue], request: SetLogsRequest) -> LogSettings:
    """Return what the file should say: an option asked for wins, a present one stays, else the default.

    ``present`` is the value of daemon.json. Changing the driver drops the options the new one does not know.
    Rotation has defaults for the drivers that know it.
    """
    old_driver = present.get("log-driver") or DEFAULT_DRIVER
    driver = request.driver or str(old_driver)
    known = known_options(driver, None)
    asked = dict(request.options)
    if request.max_size is not None:
        asked["max-size"] = request.max_size
    if request.max_file is not None:
        asked["max-file"] = request.max_file
    opts = present.get("log-opts")
    kept = (
        {name: value for name, value in opts.items() if isinstance(value, str)}
        if isinstance(opts, dict)
        else {}
    )
    dropped = tuple(name for name in kept if driver != old_driver and known is not None and name not in known)
    options = {name: value for name, value in kept.items() if name not in dropped}
    if known is not None and "max-size" in known:
        options = {"max-size": DEFAULT_MAX_SIZE, "max-file": DEFAULT_MAX_FILE} | options
    return LogSettings(driver, options | asked, dropped)


def edits_for(settings: LogSettings) -> list[KeyEdit]:
    """Return the edits of daemon.json that bring ``settings`` about, the driver's first."""
    edits = [KeyEdit(key=("log-driver",), value=settings.driver)]
    edits += [KeyEdit(key=("log-opts", name), unset=True) for name in settings.dropped]
    edits += [KeyEdit(key=("log-opts", name), value=value) for name, value in settings.options.items()]
    return edits


@dataclass(frozen=True, slots=True)
class SetLogsPlan:
    """The outcome of planning: the plan (None: nothing to do), what was found, and what a restart is about.

    ``restart_required``: after the plan the daemon would still run with the old settings.
    """

    settings: LogSettings
    edit: EditDaemonJson | None
    plan: Plan | None
    findings: tuple[Finding, ...]
    restarts: bool
    restart_required: bool


def plan_set_logs(facts: LoggingFacts, request: SetLogsRequest, *, created: str) -> SetLogsPlan:
    """Return the plan for ``request`` on the host described by ``facts``. Pure; findings may hold errors.

    Raises InvalidConfig when the present file leaves no room for log options (``log-opts`` is no object).
    """
    settings = wanted_settings(facts.file.value, request)
    edit = edit_step(facts.file, edits_for(settings))
    is_up = facts.docker.should_run
    needs_restart = edit is not None or facts.is_stale
    restarts = is_up and (request.restart == "always" or (request.restart == "auto" and needs_restart))
    steps: list[Step] = []
    if restarts:
        steps.append(NoteDocker())
    if edit is not None:
        steps.append(edit)
    if restarts:
        steps += [
            RestartDocker(),
            CheckLogging(driver=settings.driver, options=dict(settings.options)),
            CheckDocker(noted_by="note-docker"),
        ]
    required = is_up and needs_restart and not restarts
    plan = None
    if steps:
        plan = Plan(
            command="set-logs",
            subject="log-opts",
            tool=__version__,
            created=created,
            steps=tuple(steps),
            summary={
                "driver": settings.driver,
                "options": dict(settings.options),
                "restart_required": required,
            },
        )
    findings = judge(
        facts.file, edit, version=facts.version, arguments=facts.arguments, starts_now=facts.docker.was_up
    )
    return SetLogsPlan(settings, edit, plan, findings, restarts, required)
