"""The command status: where the data is, how full the disks are, what is open, what drifted, what is not in use."""

from datetime import UTC, datetime, timedelta
from typing import Final

import typer

from dockerd_cfg.change.history import Run
from dockerd_cfg.cli.disks import are_images_in_containerd, containerd_of, tell_disk
from dockerd_cfg.cli.options import Json, Root, Verbose, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.cli.whereabouts import docker_unit
from dockerd_cfg.config.catalogue import needs
from dockerd_cfg.config.change import against_restart
from dockerd_cfg.config.change_request import ConfigFacts
from dockerd_cfg.config.check import check_bytes
from dockerd_cfg.config.daemon_json import DaemonJson, config_path, read_daemon_image, read_daemon_json
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.effect import shown
from dockerd_cfg.config.facts import config_facts, read_daemon, unused_options, with_contents
from dockerd_cfg.config.origins import with_flag_places
from dockerd_cfg.errors import DockerdCfgError, InvalidConfig
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines, command_lines
from dockerd_cfg.host.docker import Info
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import masked_value
from dockerd_cfg.paths import DEFAULT_DATA_ROOT, HostPath
from dockerd_cfg.service.confirmation import EXPECT_CONFIRMATION, SERVICE
from dockerd_cfg.service.hold import is_held
from dockerd_cfg.service.state import DockerState, glance
from dockerd_cfg.storage.hand_over import HandOver
from dockerd_cfg.storage.outcome import old_trees

_UNKNOWN: Final = DockerState(active_units=frozenset(), failed_units=frozenset(), invocation="")
_OUTCOMES: Final = {
    "parse": "Docker would not survive its next restart",
    "start": "Docker would not survive its next restart",
    "container": "containers would not start after Docker's next restart",
}


def status(
    context: typer.Context,
    *,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Show where Docker's data is, how full its disks are, what run is open and what old data is kept."""
    session = session_of(context, "status")
    session.refuse_without_rights()
    report = session.report
    unit = docker_unit(session)
    data: dict[str, JsonValue] = {"docker": unit.active}
    docker = _docker(session, unit)
    info = None if docker is None else docker.info
    file, arguments = _daemon_json(session, unit)
    if info is not None:
        data_root = info.data_root
        data |= {
            "version": info.version,
            "driver": info.driver,
            "image_store": info.image_store,
            "log_driver": info.log_driver,
        }
        report.answer(
            f"Docker {info.version} runs ({info.driver}, {info.image_store} image store, logs: {info.log_driver})"
        )
    else:
        report.answer(_why_not(session, unit))
        data_root = _configured(file)
    data["data_root"] = str(data_root)
    data["disk"] = tell_disk(session, "data root", data_root)
    data["containerd"] = _containerd(session, info, data_root)
    runs = session.history.runs()
    data["open_run"] = _open_run(session, runs)
    data["place"] = _place(session, runs)
    data["old_data"] = _old_data(session, runs)
    data["drift"] = _drift(session, runs)
    if isinstance(file, DockerdCfgError):
        data["unused"] = []
        findings = file.findings if isinstance(file, InvalidConfig) else ()
        return Result(command=session.command, data=data, findings=findings)
    facts = config_facts(session.host, file, arguments, docker or _UNKNOWN)
    unused = _unused(session, unit, facts, runs)
    errors = _errors(session, facts._replace(stale=unused))
    _tell_unused(session, facts, unused, errors)
    data["unused"] = list[JsonValue](unused)
    # programs that go by it restart Docker
    required = bool(unused) and not errors
    return Result(command=session.command, restart_required=required, data=data, findings=errors)


def _docker(session: Session, unit: UnitState) -> DockerState | None:
    """Return how the daemon runs; None when it does not answer."""
    try:
        return glance(session.host, [unit], patience=5)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return None


def _why_not(session: Session, unit: UnitState) -> str:
    """Return the sentence that tells why nothing is known of a running Docker."""
    if not session.host.systemd.is_running():
        return "Whether Docker runs is not known: systemd does not run here"
    if unit.is_active:
        return f"Docker does not answer, though docker.service is {unit.active}"
    if unit.load == "masked":
        return "Docker does not run: docker.service is masked"
    if not unit.exists:
        return "Docker does not run: there is no docker.service"
    if is_held(session.host):
        return "Docker does not run, and systemctl start does not start it: dockerd-cfg holds it until the open run has ended"
    return f"Docker does not run: docker.service is {unit.active} ({unit.result})"


def _daemon_json(session: Session, unit: UnitState) -> tuple[DaemonJson | DockerdCfgError, CommandLines]:
    """Return daemon.json, or what is wrong with it, and the daemon's arguments.

    Tells of one that cannot be read, with which Docker may not start again.
    """
    try:
        return read_daemon(session.host, unit)
    except DockerdCfgError as error:
        is_refused = isinstance(error, InvalidConfig) and not _is_read_otherwise(session, unit, error)
        outcome = f"; {_OUTCOMES['parse']}" if is_refused else ""
        session.report.answer(f"daemon.json: {error.message}{outcome}")
        return error, CommandLines()


def _is_read_otherwise(session: Session, unit: UnitState, error: InvalidConfig) -> bool:
    """Whether dockerd reads the file that ``error`` is about, though not as it is written: a key given twice, for instance."""
    if not any(finding.code == "not-json" for finding in error.findings):
        return False
    path = config_path(command_lines(session.host, unit).now)
    found = check_bytes(read_daemon_image(session.host.layout, path).data)
    return all(finding.stage != "parse" for finding in found)


def _unused(session: Session, unit: UnitState, facts: ConfigFacts, runs: list[Run]) -> list[str]:
    """Return the options that wait for Docker to be restarted, or reloaded."""
    try:
        return unused_options(session.host, unit, facts, runs)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return []


def _errors(session: Session, facts: ConfigFacts) -> tuple[Finding, ...]:
    """Return what is wrong with a daemon.json with which Docker would not start again, or not with its data."""
    host = session.host
    try:
        found = against_restart(with_contents(host, facts) if facts.stale else facts)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return ()
    return with_flag_places(found, host.layout, facts.arguments, is_running=not host.is_offline)


def _tell_unused(
    session: Session, facts: ConfigFacts, unused: list[str], errors: tuple[Finding, ...]
) -> None:
    """Tell of the options ``unused`` and what it takes to use them, or of ``errors`` instead of that."""
    what = f"perhaps not in use: {', '.join(unused)}: {facts.file.path} was changed since Docker read it"
    if unused and not errors:
        need = needs(unused, removed=set(unused) - facts.file.value.keys())
        what += f"; it takes a {need}: systemctl {need} docker"
    if unused:
        session.report.answer(what)
    for finding in errors:
        outcome = _OUTCOMES.get(finding.stage)
        way = finding.hint if outcome is None else f"{outcome}; see: {session.call('check')}"
        session.report.answer(f"daemon.json: {finding.message}; {way}")


def _configured(file: DaemonJson | DockerdCfgError) -> HostPath:
    """Return the data root that daemon.json names, else the default one."""
    root = "" if isinstance(file, DockerdCfgError) else str(file.value.get("data-root") or "")
    path = HostPath(root)
    return path if path.is_absolute() and ".." not in path.parts else DEFAULT_DATA_ROOT


def _containerd(session: Session, info: Info | None, data_root: HostPath) -> JsonValue:
    """Tell of containerd's root and its disk where images lie there; None where they do not."""
    found = containerd_of(session, data_root)
    if found is None or not found.is_separate or not are_images_in_containerd(session, info, data_root):
        return None
    return {"root": str(found.root), "disk": tell_disk(session, "images, in containerd's root", found.root)}


def _open_run(session: Session, runs: list[Run]) -> JsonValue:
    run = next((run for run in reversed(runs) if run.is_open), None)
    if run is None:
        return None
    other = session.at_work()
    if other is not None:
        session.report.answer(f"open run: {run.id} is {run.state}; at work on it: {other}")
        return {"run": run.id, "state": run.state, "overdue": False, "at_work": True}
    session.report.answer(
        f"open run: {run.id} is {run.state}; go on with: "
        f"{session.call('confirm' if run.state == 'unconfirmed' else 'resume')}, or: {session.call('rollback')}"
    )
    overdue = run.state == "unconfirmed" and _is_past(run)
    if overdue:
        session.report.answer(
            "its time is up, but it could not be undone by itself; the reason: "
            f"journalctl -u {SERVICE}; once that is mended: dockerd-cfg rollback"
        )
    return {"run": run.id, "state": run.state, "overdue": overdue, "at_work": False}


def _is_past(run: Run) -> bool:
    """Whether the time in which the run could be confirmed has passed for a while: the timer is not that exact."""
    deadline = (run.record.captured("started", EXPECT_CONFIRMATION) or {}).get("deadline")
    late = datetime.now(UTC) - timedelta(minutes=1)
    return deadline is not None and datetime.fromisoformat(str(deadline)) < late


def _place(session: Session, runs: list[Run]) -> JsonValue:
    """Tell, in the middle of a move, which of the two places Docker is told to use."""
    run = next((run for run in reversed(runs) if run.is_open), None)
    if run is None:
        return None
    step = next((part for part in run.plan.parts if isinstance(part, HandOver)), None)
    before = None if step is None else run.record.captured("started", "hand-over")
    if step is None:
        return None
    try:
        place = "old" if before is None else step.place(session.host.layout, before)
    except DockerdCfgError as error:
        session.report.answer(f"in the middle of a move: {error.message}")
        return None
    where = {"old": "old place", "new": "new place", "both": "old place in part, and the new one in part"}
    session.report.answer(f"in the middle of a move: Docker's data is at the {where[place]}")
    return place


def _old_data(session: Session, runs: list[Run]) -> JsonValue:
    kept: list[JsonValue] = []
    for run in runs:
        if run.record.state not in {"applied", "finishing"}:
            continue
        for old, _ in old_trees(run):
            if session.host.layout.real(old).is_dir():
                session.report.answer(
                    f"old data: {old} (run {run.id}); delete it with: {session.call('finish', run.id)}"
                )
                kept.append({"path": str(old), "run": run.id})
    return kept


def _drift(session: Session, runs: list[Run]) -> JsonValue:
    """Tell which options that we wrote say something else now: the latest writer of each counts."""
    wanted = _written(runs)
    drifted: list[JsonValue] = []
    for path in {path for path, _ in wanted}:
        try:
            json = read_daemon_json(session.host.layout, path).json
        except DockerdCfgError as error:
            session.report.answer(f"drift: {error.message}")
            drifted.append({"key": None, "message": error.message})
            continue
        for (where, key), (value, unset) in wanted.items():
            member = json.member(key)
            if where == path and (
                (member is None) != unset or (member is not None and member.value.value != value)
            ):
                wrote = masked_value(key[-1], value)
                now = None if member is None else masked_value(key[-1], member.value.value)
                ours = "took it out" if unset else f"wrote {shown(wrote)}"
                session.report.answer(
                    f"drift: {'.'.join(key)} in {path} is {'not set' if member is None else shown(now)}; "
                    f"dockerd-cfg last {ours}"
                )
                drifted.append({"key": ".".join(key), "wrote": wrote, "now": now})
    return drifted


def _written(runs: list[Run]) -> dict[tuple[HostPath, tuple[str, ...]], tuple[JsonValue, bool]]:
    """Return what runs that hold wrote last: by file and key, the value, and whether it was taken out."""
    written: dict[tuple[HostPath, tuple[str, ...]], tuple[JsonValue, bool]] = {}
    steps = [
        step
        for run in runs
        if run.record.state in {"applied", "finished", "finishing"}
        for step in run.plan.parts
        if isinstance(step, EditDaemonJson)
    ]
    for step in steps:
        for edit in step.edits:
            # it replaces what was written of the same option, of its parts and of what it is part of
            for path, key in list(written):
                if path == step.path and (key[: len(edit.key)] == edit.key or edit.key[: len(key)] == key):
                    del written[path, key]
            written[step.path, edit.key] = (edit.value, edit.unset)
    return written
