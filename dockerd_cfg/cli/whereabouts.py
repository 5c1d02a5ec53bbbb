"""Where Docker's data is and whether Docker runs, for commands that look at the data with Docker up or down."""

import os
from dataclasses import dataclass

from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.change_request import log_settings
from dockerd_cfg.config.daemon_json import DaemonJson
from dockerd_cfg.config.facts import read_daemon
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.errors import DockerdCfgError, PreflightRefused
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.host.docker import Info, LogConfig
from dockerd_cfg.host.systemd import DOCKER_SERVICE, UnitState
from dockerd_cfg.paths import DEFAULT_DATA_ROOT, HostPath, Layout
from dockerd_cfg.service.state import glance

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """``info`` is None when Docker does not answer; ``runs`` is true as well when it is up and does not.

    ``data_root`` is in use, links followed, or the configured one. ``file`` is None when daemon.json cannot be read;
    ``log_default`` is what new containers get by it.
    """

    unit: UnitState
    info: Info | None
    runs: bool
    data_root: HostPath
    file: DaemonJson | None
    log_default: LogConfig


def docker_unit(session: Session) -> UnitState:
    """Return docker.service; where systemd does not run or answer, one that is unknown."""
    systemd = session.host.systemd
    try:
        return systemd.unit(DOCKER_SERVICE) if systemd.is_running() else UnitState(DOCKER_SERVICE)
    except DockerdCfgError as error:
        session.report.say(f"warning: {error.message}")
        return UnitState(DOCKER_SERVICE)


def whereabouts(session: Session) -> Whereabouts:
    """Look where Docker's data is; tell what could not be asked. Raises PreflightRefused when there is no data root."""
    host, say = session.host, session.report.say
    unit = docker_unit(session)
    info, file, arguments = None, None, CommandLines()
    try:
        info = glance(host, [unit], patience=_PATIENCE).info
    except DockerdCfgError as error:
        say(f"warning: {error.message}")
    try:
        file, arguments = read_daemon(host, unit)
    except DockerdCfgError as error:
        say(f"warning: {error.message}")
    flags = parse_flags(arguments.now)
    value = {} if file is None else file.value
    told = (flags.get("data-root") or flags.get("graph") or [""])[-1]
    named = HostPath(told or str(value.get("data-root") or value.get("graph") or DEFAULT_DATA_ROOT))
    root = info.data_root if info is not None else named
    is_plain = root.is_absolute() and ".." not in root.parts
    if not is_plain or not host.layout.real(root).is_dir():
        message = f"there is no data root: {root} is no folder"
        finding = Finding(code="no-data-root", severity="error", stage="preflight", message=message)
        hint = "is Docker installed, and the disk of its data mounted? see: dockerd-cfg status"
        raise PreflightRefused(message, hint=hint, findings=(finding,))
    if host.is_offline:
        _refuse_links_out(host.layout, host.layout.resolve(root))
    return Whereabouts(
        unit=unit,
        info=info,
        runs=info is not None or unit.is_active,
        data_root=HostPath(host.layout.resolved(str(root))),
        file=file,
        log_default=LogConfig(*log_settings(value, flags)),
    )


def _refuse_links_out(layout: Layout, data_root: HostPath) -> None:
    """Refuse a root whose data root has links that mean something else here than in it: this system's own files."""
    for folder in layout.real(data_root).iterdir():
        inside = layout.file(data_root / folder.name)
        if folder.is_symlink() and os.path.realpath(folder) != os.path.realpath(inside):
            message = (
                f"{data_root / folder.name} in the root is a link that leads out of it: {folder.readlink()}"
            )
            finding = Finding(code="link-out", severity="error", stage="preflight", message=message)
            hint = "look from inside: chroot into the root, or boot it"
            raise PreflightRefused(message, hint=hint, findings=(finding,))
