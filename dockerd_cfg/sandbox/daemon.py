"""The pretended services of a sandbox. Their state is in a file, so that it outlives a killed tool as units do."""

import time
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from dockerd_cfg.config.scan import scan
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.files import read_image
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT, UnitState
from dockerd_cfg.paths import DAEMON_JSON, DEFAULT_DATA_ROOT, UNITS, HostPath
from dockerd_cfg.sandbox.docker import SandboxDocker
from dockerd_cfg.sandbox.records import (
    read_log_configs,
    stored_containers,
    write_log_configs,
)
from dockerd_cfg.sandbox.tree import identifier
from dockerd_cfg.service.hold import HELD

_UNITS: Final = (DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
_EXEC_START: Final = ("/usr/bin/dockerd", "-H", "fd://")


class SandboxServices(SandboxDocker):
    """systemd of a sandbox, and the dockerd that it starts.

    ``failing_starts`` in the state is how many of the next starts of docker.service fail.
    """

    def boot(self, *, running: Sequence[str]) -> None:
        """Bring everything up, with the containers named ``running``."""
        self.write(
            active=list(_UNITS),
            invocation=1,
            since=time.time(),
            started=time.time(),
            failed=[],
            failing_starts=0,
            running=[],
        )
        config = self._load()
        self.write(
            running=[identifier(name) for name in running],
            logs=read_log_configs(self._layout.real(HostPath(config["data-root"]))),
        )

    def is_running(self) -> bool:
        """Whether systemd is this host's init."""
        return True

    def unit(self, name: str) -> UnitState:
        """Return the state of a unit."""
        state = self.read()
        if name == "/mnt/data":
            return UnitState(
                name, load="loaded", active="active", sources=("/run/systemd/generator/mnt-data.mount",)
            )
        if name not in _UNITS:
            return self._other_unit(name, state)
        active = "active" if name in state["active"] else "failed" if name in state["failed"] else "inactive"
        return UnitState(
            name,
            load="loaded",
            active=active,
            main_pid=4242 if active == "active" else 0,
            invocation=str(state["invocation"]),
            exec_start=_EXEC_START,
            active_since=state["started"],
            changed=state["since"],
        )

    def _other_unit(self, name: str, state: dict[str, Any]) -> UnitState:
        if not self._layout.real(UNITS / name).exists():
            return UnitState(name)
        active = "active" if name in state["active"] else "inactive"
        enabled = "enabled" if name in state.get("enabled", []) else "disabled"
        return UnitState(name, load="loaded", active=active, file_state=enabled)

    def start(self, *names: str, patience: float | None = None) -> None:
        """Start units; a daemon.json that Docker refuses makes docker.service fail."""
        for name in names:
            state = self.read()
            if name in state["active"] or self._layout.real(HELD).exists():
                continue
            if name == DOCKER_SERVICE:
                self._start_docker(state)
            state = self.read()
            self.write(active=[*state["active"], name])

    def _start_docker(self, state: dict[str, Any]) -> None:
        if state["failing_starts"]:
            self.write(failing_starts=state["failing_starts"] - 1)
            self._fail("failed to start daemon: pretended failure")
        try:
            config = self._load()
        except (FileProblem, ValueError) as error:
            self._fail(f"unable to configure the Docker daemon: {error}")
        root = self._layout.real(HostPath(config["data-root"]))
        root.mkdir(parents=True, exist_ok=True)  # as dockerd does: an unmounted disk gives an empty Docker
        back = [c.id for c in stored_containers(root) if c.restarts]
        now = time.time()
        self.write(
            invocation=state["invocation"] + 1,
            since=now,
            started=now,
            failed=[],
            running=back,
            logs=read_log_configs(root),
        )

    def _fail(self, log: str) -> NoReturn:
        self.write(failed=[DOCKER_SERVICE], log=log)
        raise CommandFailed(
            "Job for docker.service failed because the control process exited with error code."
        )

    def _load(self) -> dict[str, Any]:
        config = scan(read_image(self._layout.real(DAEMON_JSON)).data).value
        given = {name: value for name, value in config.items() if value not in (None, "")}
        used = {"data-root": str(DEFAULT_DATA_ROOT), "log-driver": "json-file", "log-opts": {}} | given
        self.write(config=used)
        return used

    def stop(self, *names: str) -> None:
        """Stop units."""
        state = self.read()
        if DOCKER_SERVICE in names and DOCKER_SERVICE in state["active"]:
            write_log_configs(self._root(), state["logs"], state["running"])
        running = [] if DOCKER_SERVICE in names else state["running"]
        self.write(active=[name for name in state["active"] if name not in names], running=running)

    def restart(self, name: str) -> None:
        """Stop and start a unit."""
        self.stop(name)
        self.start(name)

    def reload(self, name: str) -> None:
        """Take over the options that a reload can change; a file that is no JSON changes nothing."""
        used = self.read()["config"]
        try:
            self._load()
        except ValueError:
            return
        loaded = self.read()["config"]
        fixed = {"data-root", "log-driver", "log-opts"}
        config = {name: value for name, value in loaded.items() if name not in fixed}
        config |= {name: value for name, value in used.items() if name in fixed}
        self.write(config=config, reloads=[*self.read().get("reloads", []), time.time()], since=time.time())

    def stays_up(self, name: str) -> bool:
        """Tell whether it is up; ``short_lives`` in the state is how many of the next starts it does not survive."""
        state = self.read()
        short = state.get("short_lives", 0)
        if short:
            self.write(short_lives=short - 1)
        return name in state["active"] and not short

    def enable(self, name: str) -> None:
        """Note it: nothing boots here."""
        self.write(enabled=[*self.read().get("enabled", []), name])

    def disable(self, name: str) -> None:
        """Note it: nothing boots here."""
        self.write(enabled=[one for one in self.read().get("enabled", []) if one != name])

    def next_elapse(self, timer: str) -> float | None:
        """Return tomorrow, for a timer that is active."""
        return time.time() + 86400 if timer in self.read()["active"] else None

    def calendar_fault(self, expression: str) -> str | None:
        """Let every expression be right that looks like one."""
        is_right = expression in {"daily", "weekly"} or ":" in expression
        return None if is_right else f"Failed to parse calendar expression '{expression}'"

    def unit_faults(self, *paths: HostPath) -> list[str]:
        """Find no fault."""
        return []

    def reset_failed(self, *names: str) -> None:
        """Forget failures."""
        self.write(failed=[name for name in self.read()["failed"] if name not in names])

    def daemon_reload(self) -> None:
        """Nothing is cached here."""

    def inhibit_shutdown(self, why: str) -> None:
        """Nobody shuts a sandbox down."""

    def allow_shutdown(self) -> None:
        """Nobody shuts a sandbox down."""

    def log_tail(self, name: str, lines: int, *, since: float = 0) -> str:
        """Return the daemon's complaint when it failed."""
        state = self.read()
        return str(state["log"]) if name in state["failed"] else ""
