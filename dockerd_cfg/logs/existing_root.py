"""Where the containers' records lie: in the data root that Docker uses or, being down, is to use."""

from collections.abc import Mapping, Sequence
from typing import Any

from dockerd_cfg.config.facts import read_daemon
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.paths import DEFAULT_DATA_ROOT, HostPath


def configured_root(host: Host) -> HostPath | None:
    """Return the data root that Docker is told to use, None where that is no plain path. Raises InvalidConfig."""
    file, arguments = read_daemon(host, host.systemd.unit(DOCKER_SERVICE))
    return root_told(host, file.value, arguments.now)


def root_told(host: Host, options: Mapping[str, Any], arguments: Sequence[str]) -> HostPath | None:
    """Return the data root in the options of daemon.json or in dockerd's ``arguments``, links followed."""
    flags = parse_flags(arguments)
    named = next((flags[name][-1] for name in ("data-root", "graph") if flags.get(name)), None)
    told = named or options.get("data-root") or options.get("graph") or str(DEFAULT_DATA_ROOT)
    path = HostPath(host.layout.resolved(str(told)))
    return path if path.is_absolute() and ".." not in path.parts else None
