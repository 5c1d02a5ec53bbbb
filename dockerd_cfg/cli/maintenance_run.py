"""The command maintenance run: what would go and how much that frees, or its going."""

import time
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from dockerd_cfg.cli.options import DryRun, Json, Verbose, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.facts import read_daemon
from dockerd_cfg.errors import DockerdCfgError, FileProblem, Interrupted, PreflightRefused
from dockerd_cfg.files import read_image
from dockerd_cfg.findings import Finding, preflight_error, preflight_warning
from dockerd_cfg.host.docker import Info
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.maintenance.cache_advice import cache_advice
from dockerd_cfg.maintenance.contents import disk_usage, read_contents
from dockerd_cfg.maintenance.items import Choice, Item, choose, counts_of
from dockerd_cfg.maintenance.moments import Arrivals
from dockerd_cfg.maintenance.prune import Outcome, prune
from dockerd_cfg.maintenance.record import add_to_record, past_run
from dockerd_cfg.maintenance.settings import Settings, chosen_settings
from dockerd_cfg.maintenance.sizes import measured
from dockerd_cfg.maintenance.units import SERVICE_PATH, settings_of
from dockerd_cfg.quantities import counted, now, shown_bytes
from dockerd_cfg.service.state import glance

OlderThan = Annotated[
    str | None,
    typer.Option("--older-than", metavar="AGE", help="Leave what is younger, such as 7d or 12h.  [7d]"),
]
KeepLabel = Annotated[
    str | None,
    typer.Option(
        "--keep-label", metavar="LABEL", help="Leave what has this label, or key=value.  [dockerd-cfg.keep]"
    ),
]
Volumes = Annotated[
    bool | None,
    typer.Option("--volumes/--no-volumes", help="Prune volumes that nobody named, too.  [no-volumes]"),
]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found to go, how large the build cache is, and what there is to tell of that."""

    choice: Choice
    cache_bytes: int
    advice: tuple[Finding, ...]


def run(
    context: typer.Context,
    older_than: OlderThan = None,
    keep_label: KeepLabel = None,
    volumes: Volumes = None,
    *,
    dry_run: DryRun = False,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Prune stopped containers, unused images and networks, and build cache, once.

    An option given wins; one not given is as the timer has it, else 7d, dockerd-cfg.keep and no volumes. Nothing in
    use is pruned, and nothing by force.
    """
    session = session_of(context, "maintenance run", dry_run=dry_run)
    chosen_settings(older_than, keep_label, volumes=volumes)  # what is wrong is told before all else
    unit = session.refuse_unfit_host()
    with session.changing():
        present = settings_of(read_image(session.host.layout.real(SERVICE_PATH)))
        settings = chosen_settings(older_than, keep_label, volumes=volumes, present=present)
        begun = now()
        outcome = Outcome()
        try:
            found = _find(session, unit, settings)
            if not session.is_dry_run:
                _prune(session, found.choice, settings, outcome)
        except (DockerdCfgError, Interrupted) as error:
            raise _failed(session, begun, outcome, error) from error
        if session.is_dry_run:
            return _would(session, settings, found)
        return _did(session, settings, found, outcome, begun)


def _find(session: Session, unit: UnitState, settings: Settings) -> Found:
    """Return what goes, measured. Raises PreflightRefused when Docker does not run: it is not started for this."""
    host = session.host
    info = glance(host, [unit], patience=5).info
    if info is None:
        message = f"Docker does not run (docker.service is {unit.active}), and is not started for this"
        hint = "once it runs: dockerd-cfg maintenance run"
        raise PreflightRefused(message, hint=hint, findings=(preflight_error("docker-down", message, hint),))
    moment = time.time()
    arrivals = Arrivals(host.docker, info, host.layout, since=moment - settings.older_than, now=moment)
    usage = disk_usage(host.docker, volumes=settings.volumes)
    items = read_contents(host.docker, arrivals, usage, volumes=settings.volumes)
    choice = choose(items, settings, moment)
    cache_bytes = sum(item.size for item in items if item.kind == "build-cache")
    sized = Choice(measured(host.docker, items, choice.going), choice.too_young, choice.labelled)
    return Found(sized, cache_bytes, _advice(session, unit, info, cache_bytes))


def _advice(session: Session, unit: UnitState, info: Info, cache_bytes: int) -> tuple[Finding, ...]:
    try:
        file, _ = read_daemon(session.host, unit)
    except DockerdCfgError:
        return ()  # a daemon.json that is broken is not for this command to tell of
    advice = cache_advice(cache_bytes, file.value, DockerVersion.told(info.version))
    return () if advice is None else (advice,)


def _prune(session: Session, choice: Choice, settings: Settings, outcome: Outcome) -> None:
    def tell(item: Item) -> None:
        session.report.say(f"pruned {_line(item)}")

    prune(session.host.docker, choice, settings.older_than, outcome, tell)


def _failed(
    session: Session, begun: str, outcome: Outcome, error: DockerdCfgError | Interrupted
) -> DockerdCfgError:
    """Record what was done before ``error``, and return the error to tell."""
    said = f"interrupted by {error.signal_name}" if isinstance(error, Interrupted) else error.message
    if not session.is_dry_run:
        add_to_record(session.host.layout, past_run(begun, outcome, said))
    if not outcome.gone:
        return DockerdCfgError(f"{said}; nothing was pruned") if isinstance(error, Interrupted) else error
    session.partly = _rows(outcome.gone)
    return DockerdCfgError(
        said,
        state=f"pruned before that: {_sum(outcome.gone)}; all else is as it was",
        hint="go on with: dockerd-cfg maintenance run",
    )


def _would(session: Session, settings: Settings, found: Found) -> Result:
    report, going = session.report, found.choice.going
    for item in going:
        report.answer(f"would prune {_line(item)}")
    report.answer(f"Would prune {settings.shown()}: {_sum(going)}.")
    _tell_kept(session, found.choice)
    report.answer("Nothing was changed (--dry-run).")
    report.findings(found.advice)
    data = _data(settings, found, going)
    return Result(command=session.command, changed=bool(going), data=data, findings=found.advice)


def _did(session: Session, settings: Settings, found: Found, outcome: Outcome, begun: str) -> Result:
    report = session.report
    left = tuple(preflight_warning("left", f"left {one}", None) for one in outcome.left)
    report.findings((*left, *found.advice))
    report.answer(
        f"Pruned {settings.shown()}: {_sum(outcome.gone)}."
        if outcome.gone
        else f"Nothing to do: there is nothing to prune of {settings.shown()}."
    )
    _tell_kept(session, found.choice)
    try:
        add_to_record(session.host.layout, past_run(begun, outcome))
    except FileProblem as error:  # what was done is done
        report.say(f"warning: {error.message}")
    return Result(
        command=session.command,
        changed=bool(outcome.gone),
        data=_data(settings, found, outcome.gone),
        findings=(*left, *found.advice),
    )


def _tell_kept(session: Session, choice: Choice) -> None:
    if choice.too_young or choice.labelled:
        session.report.answer(
            f"Unused as well, but kept: {choice.too_young} for their age, {choice.labelled} by their label."
        )


def _line(item: Item) -> str:
    kind = item.kind.replace("-", " ")
    return f"{kind} {item.name}" + (f" ({shown_bytes(item.size)})" if item.kind != "network" else "")


def _sum(items: "list[Item] | tuple[Item, ...]") -> str:
    """Return in words how many things there are, and how much they free."""
    if not items:
        return "nothing"
    words = {"build-cache": "build cache record"}
    counts = [counted(count, words.get(kind, kind)) for kind, count in counts_of(items).items()]
    return f"{', '.join(counts)}, {shown_bytes(sum(item.size for item in items))}"


def _rows(items: "list[Item] | tuple[Item, ...]") -> dict[str, Any]:
    return {
        "items": [
            {"kind": item.kind, "id": item.id, "name": item.name, "bytes": item.size} for item in items
        ],
        "bytes": sum(item.size for item in items),
    }


def _data(settings: Settings, found: Found, items: "list[Item] | tuple[Item, ...]") -> dict[str, JsonValue]:
    return {
        "older_than": settings.older_than,
        "keep_label": settings.keep_label,
        "volumes": settings.volumes,
        **_rows(items),
        "kept": {"too_young": found.choice.too_young, "labelled": found.choice.labelled},
        "build_cache_bytes": found.cache_bytes,
    }
