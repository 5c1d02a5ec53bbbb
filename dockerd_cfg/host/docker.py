"""The gateway to the running daemon: the Engine API on its unix socket, without the docker command line.

Paths carry no API version: the daemon then answers in its newest, and 20.10 to 29 agree on what is read here.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.answers import NoSuchThing, content, events_in, told, understood
from dockerd_cfg.host.disk_usage import ASKED, DiskUsage, parse_disk_usage
from dockerd_cfg.host.http import exchange
from dockerd_cfg.host.probe import PROBE_LABEL, probed
from dockerd_cfg.host.reported import reported_options
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import DOCKER_SOCKET, HostPath, Layout
from dockerd_cfg.tracing import traced

_TIMEOUT: Final = 30.0
_START_TIMEOUT: Final = 120.0
_COMES_BACK: Final = frozenset({"always", "unless-stopped", "on-failure"})
_SWARM_TASK: Final = "com.docker.swarm.task.id"
PREDEFINED_NETWORKS: Final = frozenset({"bridge", "host", "none"})


@dataclass(frozen=True, slots=True)
class Container:
    """A container; ``state`` is Docker's own word (running, paused, exited, created ...).

    ``restarts`` tells whether it comes back by itself after the daemon was stopped; ``is_lasting`` whether it is
    still there then: one run with ``--rm`` is removed, a task of a swarm service (``is_task``) is replaced by another,
    a container that we create to look at goes at once.
    ``is_healthy``: it has a health check, and that says so; ``is_starting``: that has not said anything since it started.
    """

    id: str
    name: str
    state: str
    restarts: bool = False
    is_lasting: bool = True
    is_healthy: bool = False
    is_starting: bool = False
    is_task: bool = False

    @property
    def is_running(self) -> bool:
        """Whether its processes exist."""
        return self.state in {"running", "paused", "restarting"}


@dataclass(frozen=True, slots=True)
class Info:
    """What the daemon says of itself.

    ``image_store`` is ``containerd`` or ``graphdriver``; ``containerd_address`` the socket of its containerd,
    empty when it does not say (before 27).
    """

    version: str
    data_root: HostPath
    driver: str
    image_store: str
    log_driver: str
    live_restore: bool
    swarm: str
    security: tuple[str, ...]
    containerd_address: str = ""


@dataclass(frozen=True, slots=True)
class LogConfig:
    """A container's log driver and options."""

    driver: str
    options: dict[str, str]


def _log_config(answer: Mapping[str, Any]) -> LogConfig:
    """Return what the answer of ``GET /containers/ID/json`` tells; raises AttributeError, KeyError or TypeError for an odd one."""
    config = answer["HostConfig"]["LogConfig"]
    options = config.get("Config") or {}
    return LogConfig(driver=told(config, "Type"), options={key: str(options[key]) for key in options})


class EngineApi:
    """Docker by way of its socket; ``DOCKER_HOST`` is honoured when it names another unix socket."""

    def __init__(self, layout: Layout) -> None:
        address = os.environ.get("DOCKER_HOST", "")
        named = address.removeprefix("unix://") if address.startswith("unix:///") else str(DOCKER_SOCKET)
        self._address = HostPath(named)
        self._socket = str(layout.real(self._address))

    @property
    def address(self) -> HostPath:
        """The socket on which the daemon is asked."""
        return self._address

    def info(self) -> Info:
        """Return what the daemon says of itself. Raises CommandFailed when it does not answer."""
        with understood("GET /info"):
            return parse_info(self._get("/info"))

    def options(self) -> Mapping[str, JsonValue]:
        """Return the options of daemon.json that the daemon tells it uses, by name (dotted for ``proxies``)."""
        try:
            bridge = self._get("/networks/bridge")
        except NoSuchThing:
            bridge = {}  # "bridge": "none"
        with understood("GET /info"):
            return reported_options(self._get("/info"), bridge, self._reload_events())

    def reloads(self, since: float) -> int:
        """Return how often the daemon took over a changed configuration since ``since``, a Unix time in seconds."""
        return len(self._reload_events(since))

    def _reload_events(self, since: float = 1) -> list[dict[str, str]]:
        """Return what the reloads that the daemon remembers (its last 256 events) told, oldest first.

        The daemon tells of a reload only when it took the file (moby daemon/reload.go).
        """
        filters = json.dumps({"type": ["daemon"], "event": ["reload"]})
        # a moment that has passed ends the stream; the daemon's clock is ours
        text = self._get("/events", since=f"{since:.9f}", until=f"{time.time():.9f}", filters=filters)
        with understood("GET /events"):
            return [event["Actor"]["Attributes"] for event in events_in(text)]

    def containers(self) -> list[Container]:
        """Return all containers, stopped ones too."""
        found = []
        with understood("GET /containers/json"):
            for row in self._get("/containers/json", all="1"):
                try:
                    found.append(self._container(row))
                except NoSuchThing:
                    continue  # it ended and was removed since the list was made
        return found

    def _container(self, row: Mapping[str, Any]) -> Container:
        labels = row.get("Labels") or {}
        is_task = _SWARM_TASK in labels
        found = Container(
            id=told(row, "Id"),
            name=(row.get("Names") or ["/?"])[0].lstrip("/"),
            state=told(row, "State"),
            is_lasting=not is_task and PROBE_LABEL not in labels.items(),
            is_task=is_task,
        )
        status = str(row.get("Status"))
        if found.state in {"removing", "dead"}:
            found = replace(found, is_lasting=False)
        # one run with --rm may just not have started yet, or just have ended
        is_young = found.state == "created" or (found.state == "exited" and " second" in status)
        if not (found.is_running or (is_young and found.is_lasting)):
            return found
        config = self._get(f"/containers/{found.id}/json")["HostConfig"]
        policy = (config.get("RestartPolicy") or {}).get("Name") or "no"
        lasting = found.is_lasting and not config.get("AutoRemove")
        if not found.is_running:
            return replace(found, is_lasting=lasting)
        return replace(
            found,
            restarts=policy in _COMES_BACK,
            is_lasting=lasting,
            is_healthy="(healthy)" in status,
            is_starting="(health: starting)" in status,
        )

    def images(self) -> frozenset[str]:
        """Return the ids of all images, intermediate ones too."""
        with understood("GET /images/json"):
            return frozenset(told(row, "Id") for row in self._get("/images/json", all="1"))

    def volumes(self) -> frozenset[str]:
        """Return the names of all volumes."""
        with understood("GET /volumes"):
            return frozenset(told(row, "Name") for row in (self._get("/volumes") or {}).get("Volumes") or [])

    def networks(self) -> frozenset[str]:
        """Return ids of user-defined networks, names of predefined ones (the bridge gets a new id at each start).

        Those of a swarm are not the host's: a node learns of them from the managers, some time after its start.
        """
        with understood("GET /networks"):
            rows = [row for row in self._get("/networks") if row.get("Scope") != "swarm"]
            return frozenset(
                told(row, "Name" if row["Name"] in PREDEFINED_NETWORKS else "Id") for row in rows
            )

    def disk_usage(self) -> DiskUsage:
        """Return what Docker counts of images and build cache."""
        with understood("GET /system/df"):
            return parse_disk_usage(self._get(ASKED))

    def start_container(self, container_id: str) -> None:
        """Start a container; one that runs already is fine. Raises CommandFailed."""
        self._request("POST", f"/containers/{quote(container_id)}/start", timeout=_START_TIMEOUT)

    def log_config(self, container_id: str) -> LogConfig | None:
        """Return the log configuration of a container, None when there is none of that id."""
        path = f"/containers/{quote(container_id)}/json"
        try:
            with understood(f"GET {path}"):
                return _log_config(self._get(path))
        except NoSuchThing:
            return None

    def probe_log_config(self, image: str) -> LogConfig | None:
        """Create a container from ``image``, read what log configuration it got, and remove it. Never started.

        Return None where Docker creates none for a reason that does not lie in its settings: an authorization plugin, a
        full disk. Raises CommandFailed.
        """
        return probed(self.ask, image, _log_config)

    def ask(
        self, method: str, path: str, *, body: Mapping[str, object] | None = None, timeout: float = _TIMEOUT
    ) -> Any:
        """Return the answer to a request as it is, for those who read more than the rest; ``timeout`` in seconds.

        Raises CommandFailed, and of it Refused, CalledInvalid or NoSuchThing where Docker answers so.
        """
        return self._request(method, path, body=body, timeout=timeout)

    def _get(self, path: str, **query: str) -> Any:
        return self._request("GET", f"{path}?{urlencode(query)}" if query else path)

    def _request(
        self, method: str, path: str, *, body: Mapping[str, object] | None = None, timeout: float = _TIMEOUT
    ) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        try:
            with traced(f"Docker: {method} {path}"):
                status, text = exchange(self._socket, method, path, data, timeout)
        except (OSError, ValueError) as error:
            raise CommandFailed(
                f"Docker does not answer on {self._socket}: {error}",
                hint="look at: journalctl -u docker.service",
            ) from error
        return content(status, text, f"{method} {path}")


def parse_info(raw: Mapping[str, Any]) -> Info:
    """Return the part of ``GET /info`` that this tool reads.

    The containerd image store shows itself by its driver type (moby daemon/info.go, since 24). Raises AttributeError,
    TypeError or ValueError for an odd answer.
    """
    status = [tuple(pair) for pair in raw.get("DriverStatus") or []]
    root = HostPath(told(raw, "DockerRootDir"))
    if not root.is_absolute() or ".." in root.parts or "\0" in str(root):
        raise ValueError(f"DockerRootDir is {root}")
    is_containerd = ("driver-type", "io.containerd.snapshotter.v1") in status
    return Info(
        version=told(raw, "ServerVersion"),
        data_root=root,
        driver=told(raw, "Driver"),
        image_store="containerd" if is_containerd else "graphdriver",
        log_driver=told(raw, "LoggingDriver"),
        live_restore=bool(raw.get("LiveRestoreEnabled")),
        swarm=str((raw.get("Swarm") or {}).get("LocalNodeState") or "inactive"),
        security=tuple(str(option) for option in raw.get("SecurityOptions") or ()),
        containerd_address=str((raw.get("Containerd") or {}).get("Address") or ""),
    )
