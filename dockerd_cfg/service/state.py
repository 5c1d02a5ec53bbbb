"""How Docker runs: noted before a change, compared after it, brought back when the change is undone."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from typing import Any, Final

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.docker import Container, Info
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import CONTAINERD_SERVICE, DOCKER_SERVICE, DOCKER_SOCKET_UNIT, UnitState
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath
from dockerd_cfg.service.dependents import dependents, start_dependents
from dockerd_cfg.service.inventory import Inventory, differences, without_removed

ALL_UNITS: Final = (DOCKER_SOCKET_UNIT, DOCKER_SERVICE, CONTAINERD_SERVICE)
_API_PATIENCE: Final = 120.0
_CONTAINER_PATIENCE: Final = 15.0
_LOOK_EVERY: Final = 0.1
_LOG_PATIENCE: Final = 1.0
_GRAVE: Final = r"\blevel=(?:error|fatal|panic)\b"
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class DockerState:
    """How Docker ran at one moment: its units, and, if it was up, what it kept and what ran.

    ``running`` is what is there again after a stop, ``passing`` what ran besides: containers run with ``--rm`` and tasks
    of swarm services. ``dependents`` are units of others that were up and are stopped with ours.
    """

    active_units: frozenset[str]
    failed_units: frozenset[str]
    invocation: str
    info: Info | None = None
    inventory: Inventory | None = None
    running: tuple[Container, ...] = ()
    passing: tuple[Container, ...] = ()
    dependents: tuple[str, ...] = ()

    @property
    def was_up(self) -> bool:
        """Whether the daemon ran and answered."""
        return self.info is not None

    @property
    def all_running(self) -> tuple[Container, ...]:
        """Every container that ran."""
        return (*self.running, *self.passing)

    @property
    def run_with_rm(self) -> list[str]:
        """The names of those that ran and are removed by a stop, for good."""
        return [container.name for container in self.passing if not container.is_task]

    def at(self, data_root: HostPath | None) -> "DockerState":
        """Return the same state with its data below ``data_root``, None: wherever."""
        if self.inventory is None:
            return self
        return replace(self, inventory=replace(self.inventory, data_root=data_root))

    def without_contents(self) -> "DockerState":
        """Return the same state without what the daemon kept, for when that cannot be known any more."""
        if self.inventory is None:
            return self
        nothing: frozenset[str] = frozenset()
        bare = replace(self.inventory, images=nothing, containers=nothing, volumes=nothing, networks=nothing)
        return replace(self, inventory=bare)

    @property
    def should_run(self) -> bool:
        """Whether it ran or, having failed, was meant to."""
        return DOCKER_SERVICE in self.active_units or DOCKER_SERVICE in self.failed_units


def dump(state: DockerState) -> dict[str, JsonValue]:
    """Return ``state`` as it stands in a journal."""
    dumped: dict[str, JsonValue] = _adapter().dump_python(state, mode="json")
    return dumped


def load(dumped: Mapping[str, JsonValue] | None) -> DockerState:
    """Return the state that `dump` made ``dumped`` of. Raises pydantic's ValidationError for anything else."""
    state: DockerState = _adapter().validate_python(dumped)
    return state


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415  # not for looking alone

    return TypeAdapter(DockerState)


def observe(host: Host, *, patience: float = _API_PATIENCE) -> DockerState:
    """Note how Docker runs now. The daemon is only asked while its service is up, lest the socket start it.

    Raises CommandFailed when the service is up and does not answer within ``patience`` seconds.
    """
    units = [host.systemd.unit(name) for name in ALL_UNITS]
    state = glance(host, units, patience=patience)
    if state.info is None:
        return state
    info, containers = state.info, host.docker.containers()
    inventory = Inventory(
        data_root=info.data_root,
        driver=info.driver,
        image_store=info.image_store,
        images=host.docker.images(),
        containers=frozenset(container.id for container in containers if container.is_lasting),
        volumes=host.docker.volumes(),
        networks=host.docker.networks(),
    )
    run = [container for container in containers if container.is_running]
    return replace(
        state,
        inventory=inventory,
        running=tuple(container for container in run if container.is_lasting),
        passing=tuple(container for container in run if not container.is_lasting),
        dependents=dependents(host, units),
    )


def glance(host: Host, units: Iterable[UnitState], *, patience: float = _API_PATIENCE) -> DockerState:
    """Note which of ``units`` are up, and what the daemon says of itself if it is; not what it keeps.

    Raises CommandFailed like `observe`.
    """
    active, failed, invocation = set(), set(), ""
    for unit in units:
        if unit.active == "failed" or unit.sub == "auto-restart":
            failed.add(unit.name)
        elif unit.is_active:
            active.add(unit.name)
        if unit.name == DOCKER_SERVICE:
            invocation = unit.invocation
    state = DockerState(active_units=frozenset(active), failed_units=frozenset(failed), invocation=invocation)
    if DOCKER_SERVICE not in active:
        return state
    return replace(state, info=wait_for_api(host, patience=patience))


def wait_for_api(host: Host, *, patience: float = _API_PATIENCE) -> Info:
    """Return the daemon's info as soon as it answers; raises CommandFailed when it does not in ``patience`` seconds."""
    end = time.monotonic() + patience
    while True:
        try:
            return host.docker.info()
        except CommandFailed:
            if time.monotonic() >= end or not host.systemd.unit(DOCKER_SERVICE).is_active:
                raise
            time.sleep(_LOOK_EVERY)


def wait_until(condition: Callable[[], bool], patience: float, *, every: float = _LOOK_EVERY) -> bool:
    """Wait until ``condition`` holds, for at most ``patience`` seconds; return whether it does.

    ``every``: after how many seconds to look again.
    """
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(every)
    return True


def start_again(host: Host, wanted: tuple[Container, ...]) -> list[str]:
    """Start those of ``wanted`` that do not run by themselves soon; return, in words, those that cannot be started.

    A container that starts and then ends by itself is none of our business.
    """

    def missing() -> list[Container]:
        running = {container.id for container in host.docker.containers() if container.is_running}
        return [container for container in wanted if container.id not in running]

    restarting = [container for container in wanted if container.restarts]
    if restarting:
        wait_until(lambda: not {c.id for c in missing()} & {c.id for c in restarting}, _CONTAINER_PATIENCE)
    failures = []
    for container in missing():
        try:
            host.docker.start_container(container.id)
        except CommandFailed as error:
            failures.append(
                f"the container {container.name} ran before and cannot be started: {error.message}"
            )
    return failures


def bring_back(host: Host, state: DockerState, roots: Sequence[HostPath] = ()) -> None:
    """Make Docker run as ``state`` says, whatever it does now, and prove it; ``roots`` are those of `prove`.

    What had failed before is not started: it would fail again. Start limits are reset first, since a failed change
    uses them up. Raises CommandFailed when Docker does not come back whole.
    """
    host.systemd.reset_failed(*ALL_UNITS)
    start_units(host, state.active_units)
    if DOCKER_SERVICE not in state.active_units or state.inventory is None:
        return
    problems = prove(host, state, roots)
    if problems:
        raise CommandFailed(f"Docker runs again, but not as before: {'; '.join(problems)}")


def start_units(host: Host, names: frozenset[str], *, patience: float | None = None) -> None:
    """Start those of our units that are in ``names``, each after those it needs, each in ``patience`` seconds if given.

    Raises CommandFailed with the end of the daemon's log when Docker does not start.
    """
    for name in (CONTAINERD_SERVICE, DOCKER_SOCKET_UNIT, DOCKER_SERVICE):
        if name not in names:
            continue
        begun = time.time()
        try:
            _start(host, name, patience)
        except CommandFailed as error:
            raise CommandFailed(
                f"{name} does not start: {_reason(host, name, begun) or error.message}",
                hint=f"look at: journalctl -u {name}",
            ) from error
    if DOCKER_SERVICE in names:
        # A start that somebody asked for while it was held may have failed just before ours, for want of the socket, and
        # systemd counts what it repeated by itself: from here on it is Docker's own fault.
        host.systemd.reset_failed(DOCKER_SERVICE)


def _start(host: Host, name: str, patience: float | None) -> None:
    """Start a unit, the socket for a second time after ending the service that somebody began without it.

    A start that was asked for while both were held, and is carried out just after, leaves the socket out: systemd then
    refuses it ("Socket service docker.service already active"), and the service fails.
    """
    try:
        host.systemd.start(name, patience=patience)
    except CommandFailed:
        if name != DOCKER_SOCKET_UNIT:
            raise
        host.systemd.stop(DOCKER_SERVICE)
        host.systemd.reset_failed(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
        host.systemd.start(name, patience=patience)


def prove(host: Host, state: DockerState, roots: Sequence[HostPath] = ()) -> list[str]:
    """Compare the running daemon with ``state``, start what ran then, and return what is wrong, in words.

    ``roots``: where records may be besides the data root, as those of images in containerd's.
    """
    wait_for_api(host)
    now = observe(host)
    if state.inventory is None or now.inventory is None:
        return [] if state.inventory is None else ["Docker does not run"]
    before = without_removed(host, state.inventory, now.inventory, roots)
    found = differences(before, now.inventory)
    there = tuple(container for container in state.running if container.id in now.inventory.containers)
    needing = start_dependents(host, state.dependents)
    return [*found, *needing, *start_again(host, there)]


def _reason(host: Host, name: str, begun: float) -> str:
    """Return what the daemon complained of last since ``begun``; its log may come a little later than its end."""
    found: list[str] = []

    def is_told() -> bool:
        found.append(complaint(host.systemd.log_tail(name, 40, since=begun)))
        return bool(found[-1])

    wait_until(is_told, _LOG_PATIENCE)
    return found[-1]


def complaint(log: str) -> str:
    """Return the last words of a daemon whose log ends with ``log``; empty when it did not complain.

    It ends with plain text, of one line or some, after lines of the form ``time=... level=... msg=...``; a crash with
    the stacks of its goroutines.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    plain = list(takewhile(lambda line: not line.startswith("time="), reversed(lines)))[::-1]
    words = takewhile(lambda line: not line.startswith("goroutine "), dict.fromkeys(plain))
    grave = [line for line in lines if re.search(_GRAVE, line)]
    return (" ".join(words) or (grave[-1] if grave else ""))[-_LONGEST:]
