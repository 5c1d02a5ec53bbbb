"""The command logs: what each container's log takes, what limits it, and what would; with trim, freeing some of it."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NamedTuple

import typer

from dockerd_cfg.cli.options import DryRun, Json, Root, Verbose, Yes, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.cli.table import bar, show_table, shown_share
from dockerd_cfg.cli.whereabouts import Whereabouts, whereabouts
from dockerd_cfg.errors import DockerdCfgError, UsageProblem
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.logs.containers import ContainerLogs, read_containers
from dockerd_cfg.logs.growth import Look, grown, last_look, note_look
from dockerd_cfg.logs.limits import limits_of
from dockerd_cfg.logs.origin import (
    IN_WORDS,
    Defaults,
    Origin,
    Remedy,
    differs,
    earlier,
    origin_of,
    remedy_of,
)
from dockerd_cfg.paths import STATE
from dockerd_cfg.quantities import counted, shown_bytes, shown_duration

_TRIM: Final = "trim"
_LONGEST: Final = 40


class _Row(NamedTuple):
    """One container as it is shown."""

    container: ContainerLogs
    origin: Origin
    is_other: bool
    is_running: bool
    growth: int | None
    remedy: Remedy


def logs(
    context: typer.Context,
    action: Annotated[
        str | None, typer.Argument(metavar="[trim", help="Free what can be; without it, only look.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...]", help="Containers to trim; none: all.")
    ] = None,
    *,
    max_size: Annotated[
        str | None,
        typer.Option("--max-size", metavar="SIZE", help="trim: what a log without a limit may keep."),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Show what each container's log takes, what limits it and what would; logs trim frees what can be."""
    session = session_of(context, "logs", dry_run=dry_run, yes=yes)
    if action not in {None, _TRIM}:
        raise UsageProblem(
            f"logs does not know {action}", hint="write: dockerd-cfg logs, or: dockerd-cfg logs trim"
        )
    session.refuse_without_rights()
    if action == _TRIM:
        from dockerd_cfg.cli.trim_logs import trim_logs  # noqa: PLC0415  # looking needs none of it

        return trim_logs(session, names or [], max_size)
    if max_size is not None:
        raise UsageProblem("--max-size belongs to: dockerd-cfg logs trim")
    return _audit(session)


def _audit(session: Session) -> Result:
    place = whereabouts(session)
    state = session.host.layout.file(STATE)
    before, now = last_look(state), time.time()
    containers = read_containers(session.host.layout.real(place.data_root))
    rows = _rows(containers, place, _defaults(session, place), before)
    _show(session, place, rows, None if before is None else now - before.at)
    if not session.is_dry_run:
        _note(session, Look(now, {one.id: one.allocated for one in containers}))
    data: dict[str, JsonValue] = {
        "docker": place.runs,
        "data_root": str(place.data_root),
        "default": {"driver": place.log_default.driver, "options": dict(place.log_default.options)},
        "seconds_since_last_look": None if before is None else round(max(0.0, now - before.at), 1),
        "bytes": sum(one.allocated for one in containers),
        "orphan_bytes": sum(one.allocated_as("orphan") for one in containers),
        "unlimited": sum(one.is_unlimited for one in containers),
        "containers": [_as_json(row) for row in rows],
    }
    return Result(command=session.command, data=data)


def _defaults(session: Session, place: Whereabouts) -> Defaults:
    """Return what new containers get and got, by daemon.json and by the runs that changed it."""
    since = None
    if place.file is not None and place.unit.active_since is not None:
        since = max(place.unit.active_since, place.file.image.modified)
    configs: list[Mapping[str, object]] = []
    try:
        from dockerd_cfg.logs.past import past_configs  # noqa: PLC0415  # only where there are runs

        configs = past_configs(session.runs())
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
    return Defaults(place.log_default, since, earlier(configs))


def _rows(
    containers: Sequence[ContainerLogs], place: Whereabouts, defaults: Defaults, before: Look | None
) -> list[_Row]:
    limits = limits_of(place.log_default.driver, place.log_default.options)
    is_limited = limits is not None and limits.max_size is not None
    rows = []
    for one in sorted(containers, key=lambda one: (-one.allocated, one.name)):
        is_running = one.is_running and place.runs
        rows.append(
            _Row(
                one,
                origin_of(one, defaults),
                differs(one, defaults),
                is_running,
                grown(before, one.id, one.allocated),
                remedy_of(one, is_running=is_running, default_is_limited=is_limited),
            )
        )
    return rows


def _show(session: Session, place: Whereabouts, rows: Sequence[_Row], ago: float | None) -> None:
    report = session.report
    if not place.runs:
        report.say("Docker does not run: this is what its files say.")
    if not rows:
        report.answer("There are no containers.")
        return
    largest = max(row.container.allocated for row in rows)
    heads = ["NAME", "SIZE", "", "GROWN", "DRIVER", "LIMIT", "OPTIONS FROM", "OF", "TO DO"]
    if not report.is_terminal:
        heads.remove("")
    lines = []
    for row in rows:
        one = row.container
        cells = [
            _short(one.name),
            shown_bytes(one.allocated),
            bar(report, shown_share(one.allocated, largest)),
            "" if row.growth is None else _signed(row.growth),
            one.driver or "?",
            _limit(one),
            IN_WORDS[row.origin],
            _short(one.owner or one.swarm_service),
            row.remedy.text,
        ]
        if not report.is_terminal:
            del cells[2]
        lines.append(cells)
    show_table(report, heads, lines, right=frozenset({1}))
    total = sum(row.container.allocated for row in rows)
    orphans = sum(row.container.allocated_as("orphan") for row in rows)
    unlimited = sum(row.container.is_unlimited for row in rows)
    since = "" if ago is None else f"; grown since the last look, {shown_duration(max(0.0, ago))} ago"
    report.answer(
        f"{counted(len(rows), 'container')}: {shown_bytes(total)} in logs, "
        f"{shown_bytes(orphans)} of it in files that Docker knows no more; {unlimited} without a limit{since}"
    )


def _note(session: Session, look: Look) -> None:
    try:
        note_look(session.host.layout.file(STATE), look)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}; the next look cannot tell how much logs have grown")


def _limit(one: ContainerLogs) -> str:
    if one.trouble is not None:
        return "?"
    if one.limits is None:
        return "keeps no files"
    if one.limits.max_size is None:
        return "unlimited"
    return f"{one.limits.max_file} x {shown_bytes(one.limits.max_size)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _signed(number: int) -> str:
    return "0" if not number else f"{'+' if number > 0 else '-'}{shown_bytes(abs(number))}"


def _as_json(row: _Row) -> JsonValue:
    one = row.container
    return {
        "id": one.id,
        "name": one.name,
        "driver": one.driver,
        "options": dict(one.options),
        "origin": row.origin,
        "differs_from_default": row.is_other,
        "is_rotated": None if one.limits is None else not one.is_unlimited,
        "limit_bytes": None if one.limits is None else one.limits.total,
        "is_running": row.is_running,
        "bytes": one.allocated,
        "current_bytes": one.allocated_as("current"),
        "rotated_bytes": one.allocated_as("rotated"),
        "orphan_bytes": one.allocated_as("orphan"),
        "foreign_bytes": one.allocated_as("foreign"),
        "grown_bytes": row.growth,
        "compose": one.owner or None,
        "swarm_service": one.swarm_service or None,
        "fix": row.remedy.fix,
        "advice": row.remedy.text or None,
        "trouble": one.trouble,
    }
