"""The pretended Docker of a sandbox. Its state is in a file, so that it outlives a killed tool as a daemon does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.scan import scan
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.files import FileImage, replace_file
from dockerd_cfg.host.disk_usage import Counted, DiskUsage
from dockerd_cfg.host.docker import Container, Info, LogConfig
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DOCKER_SOCKET, HostPath, Layout
from dockerd_cfg.sandbox.engine import SandboxEngine
from dockerd_cfg.sandbox.records import (
    log_config_of,
    read_log_configs,
    stored_containers,
)

VERSION: Final = "28.5.2"


class SandboxDocker:
    """What Docker and its program answer, from the state and the files of the sandbox."""

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

    def probe_log_config(self, image: str) -> LogConfig:
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

    def validate(self, data: bytes, flags: Sequence[str]) -> str | None:
        """Judge a candidate: only whether it is JSON and no flag is given twice."""
        try:
            options = scan(data).value
        except ValueError as error:
            return str(error)
        twice = options.keys() & parse_flags(list(flags)).keys()
        return (
            f"specified both as a flag and in the configuration file: {', '.join(twice)}" if twice else None
        )


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
