"""The plan that gives existing containers log options, together with a change of daemon.json: one stop for both. Pure."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from dockerd_cfg import __version__
from dockerd_cfg.change.plan import Plan, Step
from dockerd_cfg.config.change_request import SUBJECT, ConfigFacts, ConfigPlan, ConfigRequest
from dockerd_cfg.config.effect_check import CheckOptions
from dockerd_cfg.config.log_check import CheckLogging
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.logs.existing_choice import Choice, Wanted
from dockerd_cfg.logs.existing_steps import CheckExistingLogs, LimitExistingLogs
from dockerd_cfg.paths import HostPath
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.service.hold import FreeUnits, HoldUnits
from dockerd_cfg.service.steps import CheckDocker, StartDocker, StopDocker

_UNITS: Final = (DOCKER_SOCKET_UNIT, DOCKER_SERVICE)


class ExistingRequest(NamedTuple):
    """What existing containers are to get: those chosen below ``root`` (``nested``: see `read_existing`)."""

    root: HostPath
    nested: bool
    wanted: Wanted
    choice: Choice


def plan_existing(
    facts: ConfigFacts,
    request: ConfigRequest,
    config: ConfigPlan,
    existing: ExistingRequest,
    *,
    created: str,
) -> Plan:
    """Return the plan for ``existing`` and for the change of daemon.json that ``config`` comes to.

    ``facts`` must tell of all of Docker's units. A Docker that is down stays down.
    """
    names = [change.container.name for change in existing.choice.changes]
    changed = () if config.edit is None else config.edit.edits
    return Plan(
        command=request.command,
        subject=SUBJECT,
        tool=__version__,
        created=created,
        steps=tuple(_steps(facts, request, config, existing)),
        summary={
            "changed": [one.dotted for one in changed],
            "restart_required": False,
            **request.summary,
            "existing": [*names],
        },
        confirm_within=request.confirm_within,
    )


def _steps(
    facts: ConfigFacts, request: ConfigRequest, config: ConfigPlan, existing: ExistingRequest
) -> Iterator[Step]:
    docker, root, wanted = facts.docker, existing.root, existing.wanted
    changes = existing.choice.changes
    version = None if wanted.version is None else str(wanted.version)
    if request.confirm_within is not None:
        yield ExpectConfirmation(seconds=request.confirm_within, command=tuple(request.undo_command))
    yield HoldUnits(units=_UNITS)
    yield StopDocker(units=_UNITS, roots=(root,), daemon_only=True)
    yield LimitExistingLogs(
        root=root,
        nested=existing.nested,
        which=wanted.which,
        ids=tuple(change.container.id for change in changes),
        names=tuple(change.container.name for change in changes),
        options=dict(wanted.options),
        docker_version=version,
        survives=wanted.survives,
        units=_UNITS,
        edit=config.edit,
    )
    started = [
        unit
        for unit in _UNITS
        if unit in docker.active_units or (unit == DOCKER_SERVICE and docker.should_run)
    ]
    yield StartDocker(units=tuple(started), stops=_UNITS, roots=(root,), daemon_only=True)
    if docker.should_run:
        for step in () if config.plan is None else config.plan.steps:
            if isinstance(step, CheckLogging | CheckOptions):
                yield step
        yield CheckDocker(noted_by="stop-docker")
        yield CheckExistingLogs(root=root, docker_version=version)
    yield FreeUnits(units=_UNITS)
