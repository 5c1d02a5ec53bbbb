"""Units that need Docker: systemd stops them with it, but does not start them with it again."""

from collections.abc import Iterable

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState


def dependents(host: Host, units: Iterable[UnitState]) -> tuple[str, ...]:
    """Return which others are up now and would be stopped with ``units``, those of ours."""
    waiting = list(units)
    seen, found = {unit.name for unit in waiting}, []
    while waiting:
        for name in waiting.pop(0).stopped_with:
            if name in seen:
                continue
            seen.add(name)
            unit = host.systemd.unit(name)
            if unit.is_active:
                found.append(name)
                waiting.append(unit)
    return tuple(found)


def start_dependents(host: Host, names: Iterable[str]) -> list[str]:
    """Start those of ``names`` that are down; return, in words, those that cannot be started."""
    failures = []
    for name in names:
        if host.systemd.unit(name).is_active:
            continue
        try:
            host.systemd.start(name)
        except CommandFailed as error:
            failures.append(f"{name}, which needs Docker, ran before and cannot be started: {error.message}")
    return failures
