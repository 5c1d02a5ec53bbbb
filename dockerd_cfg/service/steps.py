"""The steps that stop, start and check Docker."""

from typing import Literal

from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.paths import HostPath
from dockerd_cfg.service.confirmation import seconds_left
from dockerd_cfg.service.dependents import start_dependents
from dockerd_cfg.service.health import await_health
from dockerd_cfg.service.hold import release
from dockerd_cfg.service.reload import RELOAD_DOCKER, reload_docker, was_taken_over
from dockerd_cfg.service.state import (
    ALL_UNITS,
    DockerState,
    bring_back,
    dump,
    load,
    observe,
    prove,
    start_units,
    wait_for_api,
)
from dockerd_cfg.service.stopping import is_stopped, stop


class NoteDocker(Step):
    """Note how Docker runs before a change; undoing restarts it, if it was restarted, and proves it is as noted.

    ``undo_reload`` says what brings the old configuration back after a reload: not every change can be reloaded away.
    ``leads_elsewhere``: the change makes Docker keep its things in another place or another way.
    """

    kind: Literal["note-docker"] = "note-docker"
    undo_reload: Literal["reload", "restart"] = "restart"
    leads_elsewhere: bool = False

    def describe(self) -> str:
        """Return one imperative sentence."""
        return "Note how Docker runs, to be able to return to it"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return "Bring Docker's old configuration into effect and check that it runs as before"

    def capture(self, context: Context) -> Before:
        """Note units, inventory and running containers."""
        return dump(observe(context.host))

    def apply(self, context: Context, before: Before) -> None:
        """Nothing: noting is all."""

    def capture_undo(self, context: Context) -> Before:
        """Note how Docker runs by now, when a run is taken back that was applied some time ago."""
        return _noted_for_undo(context)

    def revert(self, context: Context, before: Before) -> None:
        """Restart Docker, or reload it where that is enough; nothing if it never saw the change. Raises CommandFailed."""
        host: Host = context.host
        noted = load(before)
        unit = host.systemd.unit(DOCKER_SERVICE)
        reloaded = context.captured(RELOAD_DOCKER)
        if unit.active == "active" and unit.invocation == noted.invocation:
            if reloaded is None or not was_taken_over(host, reloaded):
                return
            if self.undo_reload == "reload":
                reload_docker(host)
                return
        elif unit.active == "active" and reloaded is not None and self.undo_reload == "reload":
            reload_docker(host)  # somebody restarted it since the run, for reasons of their own
            return
        host.systemd.reset_failed(*ALL_UNITS)
        if unit.is_active and noted.should_run:
            host.systemd.stop(DOCKER_SERVICE)
        state = _state_to_return_to(context, noted, "note-docker")
        # what Docker kept elsewhere meanwhile says nothing of what it keeps here
        _bring_back(context, noted.without_contents() if self.leads_elsewhere else state)


class RestartDocker(Step):
    """Restart docker.service, so that it reads its configuration."""

    kind: Literal["restart-docker"] = "restart-docker"

    def describe(self) -> str:
        """Return one imperative sentence."""
        return "Restart docker.service"

    def capture(self, context: Context) -> Before:
        """Note which invocation of the service runs."""
        return {"invocation": context.host.systemd.unit(DOCKER_SERVICE).invocation}

    def apply(self, context: Context, before: Before) -> None:
        """Restart it, once: not again when a resumed run finds it restarted. Raises CommandFailed."""
        host: Host = context.host
        unit = host.systemd.unit(DOCKER_SERVICE)
        if unit.active == "active" and unit.invocation != before["invocation"]:
            return
        host.systemd.reset_failed(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
        if unit.is_active:
            host.systemd.stop(DOCKER_SERVICE)
        # a Docker that hangs is undone when the time for confirming is up: the timer waits until this run has ended
        start_units(host, frozenset({DOCKER_SERVICE}), patience=seconds_left(context))


class CheckDocker(Step):
    """Check that the daemon runs, keeps what it kept before, and runs the containers it ran.

    ``noted_by`` is the kind of the step that noted what was before; ``data_root`` where the data should be now
    (None: unchanged). Without ``contents`` it need not keep what it kept before. ``roots``: see `prove`.
    """

    kind: Literal["check-docker"] = "check-docker"
    noted_by: str
    data_root: HostPath | None = None
    contents: bool = True
    roots: tuple[HostPath, ...] = ()

    def describe(self) -> str:
        """Return one imperative sentence."""
        where = "" if self.data_root is None else f" from {self.data_root}"
        what = " with the same images, containers, volumes and networks" if self.contents else ""
        return f"Check that Docker runs{where}{what}"

    def apply(self, context: Context, before: Before) -> None:
        """Compare, and start containers and units that ran and do not come back by themselves. Raises CommandFailed."""
        host: Host = context.host
        used = wait_for_api(host).data_root
        if self.data_root not in {None, used}:
            raise CommandFailed(f"Docker uses the data root {used} instead of {self.data_root}")
        state = load(context.captured(self.noted_by))
        if self.contents:
            problems = prove(host, state.at(used), self.roots) or _illnesses(context, state)
        else:
            problems = start_dependents(host, state.dependents)
        if problems:
            raise CommandFailed("; ".join(problems))
        is_started = any(context.captured(kind) is not None for kind in ("restart-docker", "start-docker"))
        if is_started and not host.systemd.stays_up(DOCKER_SERVICE):
            raise CommandFailed(
                f"{DOCKER_SERVICE} was started, and ended again soon",
                hint=f"look at: journalctl -u {DOCKER_SERVICE}",
            )


class StopDocker(Step):
    """Stop ``units`` and wait until nothing of Docker is left that could write below ``roots``.

    Undoing starts what ran before and proves that it is as before, or, when a whole run is taken back later, as
    it was just before that. ``daemon_only``: containers may go on running meanwhile, as they do under live-restore.
    """

    kind: Literal["stop-docker"] = "stop-docker"
    units: tuple[str, ...]
    roots: tuple[HostPath, ...]
    daemon_only: bool = False

    def describe(self) -> str:
        """Return one imperative sentence."""
        if self.daemon_only:
            return f"Stop {', '.join(self.units)} and wait until the daemon has ended"
        return f"Stop {', '.join(self.units)} and wait until nothing writes below {', '.join(map(str, self.roots))}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return "Start Docker again and check that it runs as before"

    def capture(self, context: Context) -> Before:
        """Note units, inventory and running containers."""
        return dump(observe(context.host))

    def apply(self, context: Context, before: Before) -> None:
        """Stop, and make sure. Raises CommandFailed."""
        context.host.systemd.inhibit_shutdown("dockerd-cfg has stopped Docker for a change")
        stop(context.host, self.units, self.roots, daemon_only=self.daemon_only)

    def holds(self, context: Context, before: Before) -> bool | None:
        """Return False when Docker was started meanwhile, by a reboot or by somebody."""
        host: Host = context.host
        if context.captured("start-docker") is not None:
            return None
        return None if is_stopped(host, self.units) else False

    def revert(self, context: Context, before: Before) -> None:
        """Start again and prove it. Raises CommandFailed."""
        release(context.host)
        noted = load(before)
        state = _state_to_return_to(context, noted, "start-docker")
        if (
            not self.daemon_only
        ):  # where its data is now, or has been moved to since by another run, is not where it was
            state = state.at(noted.inventory.data_root if noted.inventory else None)
        _bring_back(context, state, self.roots)
        context.host.systemd.allow_shutdown()


class StartDocker(Step):
    """Start ``units``, each within ``patience`` seconds. Undoing stops ``stops`` and waits until nothing writes below ``roots``.

    No ``units``: Docker was down and stays so. ``daemon_only`` is that of `StopDocker`.
    """

    kind: Literal["start-docker"] = "start-docker"
    units: tuple[str, ...]
    stops: tuple[str, ...]
    roots: tuple[HostPath, ...]
    patience: float | None = None
    daemon_only: bool = False

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Start {', '.join(self.units)}" if self.units else "Leave Docker down, as it was"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Stop {', '.join(self.stops)}"

    def apply(self, context: Context, before: Before) -> None:
        """Start. Raises CommandFailed with the daemon's own complaint."""
        host: Host = context.host
        release(host)
        host.systemd.reset_failed(*ALL_UNITS)
        start_units(host, frozenset(self.units), patience=self.patience)
        host.systemd.allow_shutdown()

    def capture_undo(self, context: Context) -> Before:
        """Note how Docker runs on the new root, for proving afterwards that the old one carries on from there."""
        return _noted_for_undo(context)

    def revert(self, context: Context, before: Before) -> None:
        """Stop, and make sure. Raises CommandFailed."""
        context.host.systemd.inhibit_shutdown("dockerd-cfg has stopped Docker to undo a change")
        stop(context.host, self.stops, self.roots, daemon_only=self.daemon_only)


def _bring_back(context: Context, state: DockerState, roots: tuple[HostPath, ...] = ()) -> None:
    """Make Docker run as ``state`` says; a container that is ill there is told of, and no reason to go no further back."""
    bring_back(context.host, state, roots)
    for illness in _illnesses(context, state):
        context.progress.warn(illness)


def _illnesses(context: Context, state: DockerState) -> list[str]:
    """Return, in words, which containers were healthy in ``state`` and are ill; of those still starting, tell."""
    health = await_health(context.host, state.running)
    for starting in health.starting:
        context.progress.warn(starting)
    return health.ill


def _noted_for_undo(context: Context) -> Before:
    """Return how Docker runs now, nothing when that does not matter or cannot be learned."""
    if not context.was_applied:
        return {}
    try:
        return dump(observe(context.host))
    except CommandFailed:
        return {}


def _state_to_return_to(context: Context, noted: DockerState, noting: str) -> DockerState:
    """Return the state that undoing has to lead to.

    In a run that fails, that is the one ``noted`` when it began. In one taken back later, things came and went since:
    then it is the one just before the undoing, which the step of kind ``noting`` noted; if Docker was down by then,
    nobody knows what it should hold, and no more is asked than that it runs.
    """
    if not context.was_applied:
        return noted
    later = context.captured_undo(noting)
    state = load(later) if later else None
    return state if state is not None and state.inventory is not None else noted.without_contents()
