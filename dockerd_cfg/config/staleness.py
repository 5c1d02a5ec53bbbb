"""Whether the running daemon uses log settings other than those daemon.json names."""

from dockerd_cfg.config.daemon_json import DaemonJson
from dockerd_cfg.config.log_check import probe
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.service.state import DockerState


def is_stale(host: Host, file: DaemonJson, docker: DockerState, unit: UnitState) -> bool:
    """Tell whether Docker must be restarted for the log settings in ``file``, which it may have been told before.

    Docker only tells its log driver. So where the file is newer than the daemon, a container is created, looked at
    and removed; without an image at hand a restart disturbs little, and is taken to be due.
    """
    if docker.info is None:
        return False
    if docker.info.log_driver != (file.value.get("log-driver") or "json-file"):
        return True
    if file.image.data is None or unit.active_since is None:
        return False
    if file.image.modified <= unit.active_since:
        return False
    found = probe(host)
    wanted = file.value.get("log-opts") or {}
    return found is None or found.options != wanted
