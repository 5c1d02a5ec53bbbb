"""Which existing containers get log options, which are left alone, and why. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.logs.existing import StoredContainer
from dockerd_cfg.logs.log_config import ROTATING, given, is_unlimited, new_faults
from dockerd_cfg.logs.origin import service_update

Which = Literal["unlimited", "all", "named"]
Reason = Literal["unreadable", "other-driver", "swarm-service", "removed-when-stopped", "clash"]

_SHORTEST_ID: Final = 4


class Wanted(NamedTuple):
    """What is asked for: which containers (``ids`` of those ``named``), what they get, and from which Docker.

    ``survives``: containers outlast a stop of Docker (live-restore), even those that are removed when they stop.
    """

    which: Which
    options: Mapping[str, str]
    version: DockerVersion | None = None
    ids: frozenset[str] = frozenset()
    survives: bool = False


class LogChange(NamedTuple):
    """A container whose log options change, and how."""

    container: StoredContainer
    before: LogConfig
    after: LogConfig


class LeftAlone(NamedTuple):
    """A container that was meant, and keeps its log options: why, and what can be done instead."""

    container: StoredContainer
    reason: Reason
    message: str
    hint: str


class Choice(NamedTuple):
    """What becomes of the containers that were meant; of others nothing is said."""

    changes: tuple[LogChange, ...]
    left: tuple[LeftAlone, ...]


def choose(containers: Sequence[StoredContainer], wanted: Wanted) -> Choice:
    """Return which of ``containers`` change and which are left alone."""
    changes: list[LogChange] = []
    left: list[LeftAlone] = []
    for container in containers:
        if wanted.which == "named" and container.id not in wanted.ids:
            continue
        outcome = _outcome(container, wanted)
        if isinstance(outcome, LogChange):
            changes.append(outcome)
        elif outcome is not None:
            left.append(outcome)
    return Choice(tuple(changes), tuple(left))


def _outcome(container: StoredContainer, wanted: Wanted) -> LogChange | LeftAlone | None:
    config = container.config
    if config is None:
        hint = f"look into {container.folder}; docker inspect {container.name} tells what Docker uses"
        return LeftAlone(container, "unreadable", f"its record is left alone: {container.problem}", hint)
    if config.driver not in ROTATING:
        message = (
            f"it logs with {config.driver or 'no driver named'}, which keeps no files for Docker to limit"
        )
        return LeftAlone(
            container,
            "other-driver",
            message,
            "limit it there; or create the container anew with another driver",
        )
    after = given(config, wanted.options, wanted.version)
    if after == config or (wanted.which == "unlimited" and not is_unlimited(config)):
        return None
    if container.service:
        return LeftAlone(
            container,
            "swarm-service",
            f"it belongs to the swarm service {container.service}, which would replace it",
            f"run: {service_update(container.service, after.driver, after.options)}",
        )
    if container.is_passing and not wanted.survives:
        return LeftAlone(
            container,
            "removed-when-stopped",
            "it is removed when it stops (--rm), and it would be stopped for this",
            "run it anew: it then gets the options of daemon.json",
        )
    faults = new_faults(config, after, wanted.version)
    if faults:
        message = f"with its own options it would no longer start: {faults[0].message}"
        return LeftAlone(container, "clash", message, "create it anew with the options meant")
    return LogChange(container, config, after)


def ids_of(containers: Sequence[StoredContainer], names: Collection[str]) -> frozenset[str]:
    """Return the ids of the containers that ``names`` mean: names, ids, or beginnings of ids (4 digits or more).

    Raises UsageProblem for one that means none, or several.
    """
    return frozenset(_id_of(containers, name) for name in names)


def _id_of(containers: Sequence[StoredContainer], name: str) -> str:
    found = [one.id for one in containers if name in {one.name, one.id}]
    if not found and len(name) >= _SHORTEST_ID:
        found = [one.id for one in containers if one.id.startswith(name)]
    if not found:
        raise UsageProblem(f"there is no container {name}", hint="see: docker ps --all")
    if len(found) > 1:
        raise UsageProblem(f"{name} may mean {len(found)} containers", hint="name it by its whole id")
    return found[0]


def findings_of(left: Sequence[LeftAlone]) -> Iterator[Finding]:
    """Yield a warning for each container that was left alone although it fills the disk, as far as is known.

    Of those whose driver keeps no files of Docker's there is nothing to fear.
    """
    for one in left:
        if one.reason != "other-driver":
            yield Finding(
                code=f"existing-{one.reason}",
                severity="warning",
                stage="preflight",
                message=f"the container {one.container.name} is left alone: {one.message}",
                hint=one.hint,
            )
