"""Whether containers that were healthy before a change are so again after it."""

from typing import Final, NamedTuple

from dockerd_cfg.host.docker import Container
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.service.state import wait_until

# A health check runs every 30 s unless told otherwise, and may fail three times before it counts (Dockerfile reference).
_PATIENCE: Final = 180.0
_LOOK_EVERY: Final = 1.0


class Health(NamedTuple):
    """What is told, in words, of containers that were healthy: which are ``ill``, and which still are ``starting``."""

    ill: list[str]
    starting: list[str]


def await_health(host: Host, wanted: tuple[Container, ...]) -> Health:
    """Wait until those of ``wanted`` that were healthy are so again, and return what became of the others.

    One whose check has not succeeded yet, as is usual for minutes with large programs, is no sign of anything. One that
    has ended by itself meanwhile is none of our business. Raises CommandFailed when Docker does not answer.
    """
    were_healthy = {container.id for container in wanted if container.is_healthy}

    def left() -> list[Container]:
        return [
            container
            for container in host.docker.containers()
            if container.id in were_healthy and container.is_running and not container.is_healthy
        ]

    if not were_healthy or wait_until(lambda: not left(), _PATIENCE, every=_LOOK_EVERY):
        return Health([], [])
    health = Health([], [])
    for container in left():
        if container.is_starting:
            health.starting.append(
                f"the container {container.name} was healthy before, and its health check has not succeeded yet; see: docker ps"
            )
        else:
            health.ill.append(f"the container {container.name} was healthy before and is not any more")
    return health
