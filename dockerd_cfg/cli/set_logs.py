"""The command set-logs."""

from typing import Annotated

import typer

from dockerd_cfg.cli.change_carried_out import Edits, Wish, change_config
from dockerd_cfg.cli.options import (
    ConfigFile,
    ConfirmWithin,
    Diff,
    DryRun,
    Force,
    Json,
    RestartMode,
    Root,
    Verbose,
    Yes,
    session_of,
)
from dockerd_cfg.cli.result import Result
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson
from dockerd_cfg.config.set_logs import SetLogsRequest, edits_for, wanted_settings
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import masked_value

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
    existing: Annotated[
        list[str] | None,
        typer.Option(
            "--existing",
            metavar="[unlimited|all|NAME,...]",
            help="Give containers that exist already the limits too: those without a limit, all, or those named.",
        ),
    ] = None,
    restart: RestartMode = "auto",
    force: Force = None,
    confirm_within: ConfirmWithin = None,
    config_file: ConfigFile = None,
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Limit containers' logs: merge log rotation into daemon.json, and prove that Docker uses it.

    An option given wins; one not given keeps its present value; where there is none: json-file, 50m, 3.
    Containers that exist already keep the options they were created with, unless
    --existing is given: then Docker is stopped and their records are changed.
    """
    session = session_of(context, "set-logs", dry_run=dry_run, yes=yes, diff=diff)
    request = SetLogsRequest(driver, max_size, max_file, _options(log_opt or []))
    wish = Wish(restart, force or [], confirm_within, config_file)

    def work_out(file: DaemonJson, version: DockerVersion | None) -> Edits:
        return _edits(file, request, version)

    if existing:
        from dockerd_cfg.cli.existing_logs import set_existing_logs  # noqa: PLC0415  # start-up counts

        return set_existing_logs(session, wish, request, existing, work_out)
    return change_config(session, wish, work_out)


def _edits(file: DaemonJson, request: SetLogsRequest, version: DockerVersion | None) -> Edits:
    settings = wanted_settings(file.value, request, version)
    options = dict[str, JsonValue](settings.options)
    shown = ", ".join(
        [settings.driver, *(f"{name}={masked_value(name, value)}" for name, value in options.items())]
    )
    facts: dict[str, JsonValue] = {"driver": settings.driver, "options": options}
    return Edits(
        edits=edits_for(settings),
        settled=f"{file.path} limits logs as wanted ({shown})",
        done=f"new containers log with {shown}; those created before keep their options until they are created anew",
        data=facts,
        summary=facts,
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
