"""The command status: where the data is, how full the disks are, what is open, what drifted."""

from datetime import UTC, datetime, timedelta

import typer

from dockerd_cfg.change.history import Run
from dockerd_cfg.cli.options import Json, Verbose, session_of
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.daemon_json import config_path, read_daemon_json
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.errors import DockerdCfgError, InvalidConfig
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import daemon_arguments
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DEFAULT_DATA_ROOT, HostPath
from dockerd_cfg.quantities import shown_bytes
from dockerd_cfg.service.confirmation import EXPECT_CONFIRMATION, SERVICE
from dockerd_cfg.service.state import DockerState, observe
from dockerd_cfg.storage.outcome import old_trees


def status(
    context: typer.Context,
    *,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Show where Docker's data is, how full its disks are, what run is open and what old data is kept."""
    session = session_of(context, "status")
    session.refuse_unfit_host()
    host, report = session.host, session.report
    unit = host.systemd.unit(DOCKER_SERVICE)
    data: dict[str, JsonValue] = {"docker": unit.active}
    docker = _docker(session)
    if docker is not None and docker.info is not None:
        info = docker.info
        root = info.data_root
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
        report.answer(f"Docker does not run: docker.service is {unit.active} ({unit.result})")
        root = _configured(session)
    findings = _config_findings(session)
    data["data_root"] = str(root)
    data["disk"] = _disk(session, "data root", root)
    runs = session.history.runs()
    data["open_run"] = _open_run(session, runs)
    data["old_data"] = _old_data(session, runs)
    data["drift"] = _drift(session, runs)
    return Result(command=session.command, data=data, findings=findings)


def _config_findings(session: Session) -> tuple[Finding, ...]:
    """Tell of a daemon.json with which Docker will not come back from its next restart."""
    host = session.host
    path = config_path(daemon_arguments(host, host.systemd.unit(DOCKER_SERVICE)))
    try:
        read_daemon_json(host.layout, path)
    except InvalidConfig as error:
        session.report.answer(f"daemon.json: {error.message}; Docker will not survive its next restart")
        return error.findings
    return ()


def _docker(session: Session) -> DockerState | None:
    try:
        return observe(session.host, patience=5)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return None


def _configured(session: Session) -> HostPath:
    host = session.host
    try:
        file = read_daemon_json(
            host.layout, config_path(daemon_arguments(host, host.systemd.unit(DOCKER_SERVICE)))
        )
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return DEFAULT_DATA_ROOT
    return HostPath(str(file.value.get("data-root") or DEFAULT_DATA_ROOT))


def _disk(session: Session, what: str, path: HostPath) -> JsonValue:
    try:
        usage = session.host.filesystems.usage(session.host.layout.real(path))
    except DockerdCfgError as error:
        session.report.answer(f"{what}: {path} ({error.message})")
        return None
    session.report.answer(
        f"{what}: {path}, {shown_bytes(usage.free_bytes)} free of {shown_bytes(usage.total_bytes)} on its disk"
    )
    return {
        "total_bytes": usage.total_bytes,
        "free_bytes": usage.free_bytes,
        "free_inodes": usage.free_inodes,
    }


def _open_run(session: Session, runs: list[Run]) -> JsonValue:
    run = next((run for run in reversed(runs) if run.is_open), None)
    if run is None:
        return None
    session.report.answer(
        f"open run: {run.id} is {run.state}; go on with: "
        f"dockerd-cfg {'confirm' if run.state == 'unconfirmed' else 'resume'}, or: dockerd-cfg rollback"
    )
    overdue = run.state == "unconfirmed" and _is_past(run)
    if overdue:
        session.report.answer(
            "its time is up, but it could not be undone by itself; the reason: "
            f"journalctl -u {SERVICE}; once that is mended: dockerd-cfg rollback"
        )
    return {"run": run.id, "state": run.state, "overdue": overdue}


def _is_past(run: Run) -> bool:
    """Whether the time in which the run could be confirmed has passed for a while: the timer is not that exact."""
    deadline = (run.record.captured("started", EXPECT_CONFIRMATION) or {}).get("deadline")
    late = datetime.now(UTC) - timedelta(minutes=1)
    return deadline is not None and datetime.fromisoformat(str(deadline)) < late


def _old_data(session: Session, runs: list[Run]) -> JsonValue:
    kept: list[JsonValue] = []
    for run in runs:
        if run.record.state not in {"applied", "finishing"}:
            continue
        for old, _ in old_trees(run):
            if session.host.layout.real(old).is_dir():
                session.report.answer(
                    f"old data: {old} (run {run.id}); delete it with: dockerd-cfg finish {run.id}"
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
                now = "not set" if member is None else member.value.value
                session.report.answer(
                    f"drift: {'.'.join(key)} in {path} is {now}; dockerd-cfg last wrote {value}"
                )
                drifted.append(
                    {
                        "key": ".".join(key),
                        "wrote": value,
                        "now": None if member is None else member.value.value,
                    }
                )
    return drifted


def _written(runs: list[Run]) -> dict[tuple[HostPath, tuple[str, ...]], tuple[JsonValue, bool]]:
    """Return what runs that hold wrote last: by file and key, the value, and whether it was taken out."""
    written: dict[tuple[HostPath, tuple[str, ...]], tuple[JsonValue, bool]] = {}
    steps = [
        step
        for run in runs
        if run.record.state in {"applied", "finished", "finishing"}
        for step in run.plan.steps
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
