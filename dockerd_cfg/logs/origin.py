"""Where a container's log options come from, and what would give it a limit. Pure.

Docker merges its defaults into a container's own options when the container is created, and keeps the outcome only
(moby daemon/logs.go, mergeAndVerifyLogConfig): where it comes from is worked out by comparison.
"""

import shlex
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from dockerd_cfg.config.set_logs import DEFAULT_MAX_FILE, DEFAULT_MAX_SIZE
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.logs.containers import ContainerLogs

Origin = Literal["default", "earlier-default", "given", "given-or-earlier-default", "unknown"]
_USUAL: Final = MappingProxyType({"max-size": DEFAULT_MAX_SIZE, "max-file": DEFAULT_MAX_FILE})
Fix = Literal["none", "restart", "existing", "recreate", "service-update", "trim", "look"]

IN_WORDS: dict[Origin, str] = {
    "default": "Docker's default",
    "earlier-default": "Docker's default at creation, not the present one",
    "given": "given at creation",
    "given-or-earlier-default": "given at creation, or an earlier default",
    "unknown": "not known",
}


class Defaults(NamedTuple):
    """What new containers get now, since when (Unix time; None: not known), and what they got before, as far as known."""

    now: LogConfig
    since: float | None = None
    earlier: tuple[LogConfig, ...] = ()


class Remedy(NamedTuple):
    """What is to be done about a container's log: a word for programs, and a sentence with the command for people."""

    fix: Fix
    text: str = ""


def origin_of(container: ContainerLogs, defaults: Defaults) -> Origin:
    """Return where the log options of ``container`` come from, as far as it can be told."""
    if container.trouble is not None:
        return "unknown"
    own = LogConfig(container.driver, dict(container.options))
    if own == defaults.now:
        return "default"
    if own in defaults.earlier or own == LogConfig("json-file", {}):
        return "earlier-default"
    is_younger = (
        container.created is not None and defaults.since is not None and container.created > defaults.since
    )
    return "given" if is_younger else "given-or-earlier-default"


def differs(container: ContainerLogs, defaults: Defaults) -> bool:
    """Whether a container created now, without options of its own, would get others."""
    return container.trouble is None and LogConfig(container.driver, dict(container.options)) != defaults.now


def is_over(container: ContainerLogs) -> bool:
    """Whether the current file is far larger than the limit: the limit came after the container's last start.

    dockerd looks at the size before it writes, so that a file is larger than its limit by one message at most.
    """
    limits = container.limits
    if limits is None or limits.max_size is None:
        return False
    return container.size_of("current") > limits.max_size + max(limits.max_size // 10, 1 << 16)


def remedy_of(container: ContainerLogs, *, is_running: bool, default_is_limited: bool) -> Remedy:
    """Return what is to be done about the log of ``container``.

    ``is_running``: Docker runs it now; ``default_is_limited``: a container created now gets a limit.
    """
    if container.trouble is not None:
        return Remedy("look", f"look at its folder, containers/{container.id}: {container.trouble}")
    if container.is_unlimited:
        return _limit(container, default_is_limited=default_is_limited)
    if is_over(container) and is_running:
        return Remedy("restart", f"a restart is enough: docker restart {container.id[:12]}")
    if container.allocated_as("orphan") or (container.driver == "json-file" and container.excess()):
        return Remedy("trim", f"dockerd-cfg logs trim {container.id[:12]}")
    return Remedy("none")


def _limit(container: ContainerLogs, *, default_is_limited: bool) -> Remedy:
    if container.swarm_service:
        return Remedy(
            "service-update",
            service_update(container.swarm_service),
        )
    if container.owner and default_is_limited:
        return Remedy("recreate", "docker compose up -d --force-recreate in its project")
    return Remedy("existing", "dockerd-cfg set-logs --existing")


def service_update(service: str, driver: str = "json-file", options: Mapping[str, str] = _USUAL) -> str:
    """Return the command that gives the tasks of a swarm's ``service`` log options."""
    words = [word for name, value in options.items() for word in ("--log-opt", f"{name}={value}")]
    return shlex.join(["docker", "service", "update", "--log-driver", driver, *words, service])


def earlier(configs: Collection[Mapping[str, object]]) -> tuple[LogConfig, ...]:
    """Return the log configurations that ``configs``, earlier contents of daemon.json, gave new containers."""
    found = []
    for config in configs:
        options = config.get("log-opts")
        texts = {name: str(value) for name, value in options.items()} if isinstance(options, dict) else {}
        found.append(LogConfig(str(config.get("log-driver") or "json-file"), texts))
    return tuple(found)
