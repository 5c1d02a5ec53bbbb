"""The pretended services of a sandbox. Their state is in a file, so that it outlives a killed tool as units do."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.scan import scan
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.files import FileImage, read_image, replace_file
from dockerd_cfg.host.disk_usage import Counted, DiskUsage
from dockerd_cfg.host.docker import Container, Info, LogConfig
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT, UnitState
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DAEMON_JSON, DEFAULT_DATA_ROOT, DOCKER_SOCKET, UNITS, HostPath, Layout
from dockerd_cfg.sandbox.engine import SandboxEngine
from dockerd_cfg.sandbox.records import (
    log_config_of,
    read_log_configs,
    stored_containers,
    write_log_configs,
)
from dockerd_cfg.sandbox.tree import identifier
from dockerd_cfg.service.hold import HELD

_UNITS: Final = (DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
_EXEC_START: Final = ("/usr/bin/dockerd", "-H", "fd://")
VERSION: Final = "28.5.2"


class SandboxServices:
    """systemd and dockerd of a sandbox, as one state.

    ``failing_starts`` in the state is how many of the next starts of docker.service fail.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._path = layout.real(HostPath("/run/sandbox.json"))

    def read(self) -> dict[str, Any]:
        """Return the state."""
        state: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return state

    def write(self, **changes: Any) -> None:
        """Change parts of the state."""
        state = self.read() if self._path.exists() else {}
        replace_file(self._path, FileImage(json.dumps(state | changes).encode(), 0o600))

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

    # systemd

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

    # Docker

    @property
    def address(self) -> HostPath:
        """The socket on which the daemon is asked."""
        return DOCKER_SOCKET

    def info(self) -> Info:
        """Return what the daemon says of itself. Raises CommandFailed when it is down."""
        config = self._up()["config"]
        return Info(
            version=VERSION,
            data_root=HostPath(self._layout.resolved(config["data-root"])),
            driver="overlay2",
            image_store="graphdriver",
            log_driver=config["log-driver"],
            live_restore=bool(config.get("live-restore")),
            swarm="inactive",
            security=(),
        )

    def options(self) -> Mapping[str, JsonValue]:
        """Return the options in use."""
        told = {"data-root", "log-driver", "debug", "live-restore", "labels", "registry-mirrors"}
        defaults: dict[str, JsonValue] = {
            "debug": False,
            "live-restore": False,
            "labels": [],
            "registry-mirrors": [],
        }
        return defaults | {name: value for name, value in self._up()["config"].items() if name in told}

    def reloads(self, since: float) -> int:
        """Return how often the configuration was taken over since then."""
        return sum(moment >= since for moment in self._up().get("reloads", []))

    def containers(self) -> list[Container]:
        """Return all containers below the data root."""
        state = self._up()
        return [
            replace(container, state="running" if container.id in state["running"] else "exited")
            for container in stored_containers(self._root())
        ]

    def images(self) -> frozenset[str]:
        """Return the ids of the images below the data root."""
        return frozenset(
            f"sha256:{name}" for name in _names(self._root() / "image/overlay2/imagedb/content/sha256")
        )

    def volumes(self) -> frozenset[str]:
        """Return the names of the volumes below the data root."""
        return frozenset(name for name in _names(self._root() / "volumes") if name != "metadata.db")

    def networks(self) -> frozenset[str]:
        """Return the predefined networks."""
        self._up()
        return frozenset({"bridge", "host", "none"})

    def disk_usage(self) -> DiskUsage:
        """Return the lengths of all files in layers; there is no build cache."""
        files = [path for path in (self._root() / "overlay2").rglob("*") if path.is_file()]
        total = sum(path.lstat().st_size for path in files if not path.is_symlink())
        return DiskUsage(Counted(total, total), Counted(0, 0))

    def ask(self, method: str, path: str, *, timeout: float = 0) -> Any:
        """Answer a request about what may be pruned."""
        self._up()
        return SandboxEngine(self).ask(method, path)

    def start_container(self, container_id: str) -> None:
        """Start a container."""
        self.write(running=sorted({*self._up()["running"], container_id}))

    def log_config(self, container_id: str) -> LogConfig | None:
        """Return the log configuration of a container: that of its record when the daemon started, or created it."""
        logs = {**read_log_configs(self._root()), **self._up()["logs"]}
        is_there = any(container.id == container_id for container in stored_containers(self._root()))
        return log_config_of(logs[container_id]) if is_there else None

    def probe_log_config(self, image: str, name: str) -> LogConfig:
        """Return the log configuration a new container gets."""
        config = self._up()["config"]
        return LogConfig(driver=config["log-driver"], options=config["log-opts"])

    def _up(self) -> dict[str, Any]:
        state = self.read()
        if DOCKER_SERVICE not in state["active"]:
            raise CommandFailed("Docker does not answer: docker.service is down")
        return state

    def _root(self) -> Path:
        return self._layout.real(HostPath(self._up()["config"]["data-root"]))

    # the program

    def version(self) -> str | None:
        """Return the version of the pretended dockerd."""
        return VERSION

    def validate(self, config: Path, flags: Sequence[str]) -> str | None:
        """Judge a candidate: only whether it is JSON and no flag is given twice."""
        try:
            options = scan(config.read_bytes()).value
        except ValueError as error:
            return str(error)
        twice = options.keys() & parse_flags(list(flags)).keys()
        return (
            f"specified both as a flag and in the configuration file: {', '.join(twice)}" if twice else None
        )


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
