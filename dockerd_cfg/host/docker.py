"""The gateway to the running daemon: the Engine API on its unix socket, without the docker command line.

Paths carry no API version: the daemon then answers in its newest, and 20.10 to 29 agree on what is read here.
"""

import http.client
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import JsonValue

from dockerd_cfg.documents import Document
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.reported import reported_options
from dockerd_cfg.paths import DOCKER_SOCKET, HostPath, Layout

_TIMEOUT: Final = 30.0
_START_TIMEOUT: Final = 120.0
_OK: Final = range(200, 300)
_NOT_MODIFIED: Final = 304
_NOT_FOUND: Final = 404
_COMES_BACK: Final = frozenset({"always", "unless-stopped", "on-failure"})
_SWARM_TASK: Final = "com.docker.swarm.task.id"
_PREDEFINED_NETWORKS: Final = frozenset({"bridge", "host", "none"})


class Container(Document):
    """A container; ``state`` is Docker's own word (running, paused, exited, created ...).

    ``restarts`` tells whether it comes back by itself after the daemon was stopped; ``is_lasting`` whether it is
    still there then: one run with ``--rm`` is removed, a task of a swarm service is replaced by another.
    """

    id: str
    name: str
    state: str
    restarts: bool = False
    is_lasting: bool = True

    @property
    def is_running(self) -> bool:
        """Whether its processes exist."""
        return self.state in {"running", "paused", "restarting"}


class Info(Document):
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


class LogConfig(Document):
    """A container's log driver and options."""

    driver: str
    options: dict[str, str]


class NoSuchThing(CommandFailed):
    """Docker does not know what was asked about (status 404)."""


@contextmanager
def _understood(asked: str) -> Iterator[None]:
    """Raise CommandFailed when an answer does not have the form the Engine API gives it."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise CommandFailed(
            f"Docker's answer to {asked} is not of the form expected: {error!r}",
            hint="is it Docker that listens there? see: docker version",
        ) from error


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class EngineApi:
    """Docker by way of its socket; ``DOCKER_HOST`` is honoured when it names another unix socket."""

    def __init__(self, layout: Layout) -> None:
        address = os.environ.get("DOCKER_HOST", "")
        named = address.removeprefix("unix://") if address.startswith("unix:///") else str(DOCKER_SOCKET)
        self._socket = str(layout.real(HostPath(named)))

    def info(self) -> Info:
        """Return what the daemon says of itself. Raises CommandFailed when it does not answer."""
        with _understood("GET /info"):
            return parse_info(self._get("/info"))

    def options(self) -> Mapping[str, JsonValue]:
        """Return the options of daemon.json that the daemon tells it uses, by name (dotted for ``proxies``)."""
        try:
            bridge = self._get("/networks/bridge")
        except NoSuchThing:
            bridge = {}  # "bridge": "none"
        with _understood("GET /info"):
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
        with _understood("GET /events"):
            events = [text] if isinstance(text, dict) else [json.loads(line) for line in text.splitlines()]
            return [event["Actor"]["Attributes"] for event in events if event]

    def containers(self) -> list[Container]:
        """Return all containers, stopped ones too."""
        found = []
        with _understood("GET /containers/json"):
            for row in self._get("/containers/json", all="1"):
                try:
                    found.append(self._container(row))
                except NoSuchThing:
                    continue  # it ended and was removed since the list was made
        return found

    def _container(self, row: Mapping[str, Any]) -> Container:
        found = Container(id=row["Id"], name=(row.get("Names") or ["/?"])[0].lstrip("/"), state=row["State"])
        if not found.is_running:
            return found
        config = self._get(f"/containers/{found.id}/json")["HostConfig"]
        policy = (config.get("RestartPolicy") or {}).get("Name") or "no"
        lasting = not config.get("AutoRemove") and _SWARM_TASK not in (row.get("Labels") or {})
        return found.model_copy(update={"restarts": policy in _COMES_BACK, "is_lasting": lasting})

    def images(self) -> frozenset[str]:
        """Return the ids of all images, intermediate ones too."""
        with _understood("GET /images/json"):
            return frozenset(row["Id"] for row in self._get("/images/json", all="1"))

    def volumes(self) -> frozenset[str]:
        """Return the names of all volumes."""
        with _understood("GET /volumes"):
            return frozenset(row["Name"] for row in (self._get("/volumes") or {}).get("Volumes") or [])

    def networks(self) -> frozenset[str]:
        """Return ids of user-defined networks, names of predefined ones (the bridge gets a new id at each start)."""
        with _understood("GET /networks"):
            rows = self._get("/networks")
            return frozenset(
                row["Name"] if row["Name"] in _PREDEFINED_NETWORKS else row["Id"] for row in rows
            )

    def start_container(self, container_id: str) -> None:
        """Start a container; one that runs already is fine. Raises CommandFailed."""
        self._request("POST", f"/containers/{quote(container_id)}/start", timeout=_START_TIMEOUT)

    def probe_log_config(self, image: str, name: str) -> LogConfig:
        """Create a container from ``image``, read what log configuration it got, and remove it. Never started."""
        body = {"Image": image, "Cmd": ["true"], "NetworkDisabled": True, "Labels": {"dockerd-cfg": "probe"}}
        created = self._request("POST", f"/containers/create?{urlencode({'name': name})}", body=body)
        try:
            config = self._get(f"/containers/{created['Id']}/json")["HostConfig"]["LogConfig"]
        finally:
            self._request("DELETE", f"/containers/{created['Id']}?force=1&v=1")
        return LogConfig(driver=config["Type"], options=config.get("Config") or {})

    def _get(self, path: str, **query: str) -> Any:
        return self._request("GET", f"{path}?{urlencode(query)}" if query else path)

    def _request(
        self, method: str, path: str, *, body: Mapping[str, object] | None = None, timeout: float = _TIMEOUT
    ) -> Any:
        connection = _UnixConnection(self._socket, timeout)
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CommandFailed(
                f"Docker does not answer on {self._socket}: {error}",
                hint="look at: journalctl -u docker.service",
            ) from error
        finally:
            connection.close()
        return _content(answer.status, text, f"{method} {path}")


def _content(status: int, text: bytes, asked: str) -> Any:
    """Return what the body says; text that is no JSON stays text, which a failure may well be told in."""
    try:
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        content = text.decode("utf-8", "replace").strip()
    if status not in _OK and status != _NOT_MODIFIED:
        message = content.get("message", content) if isinstance(content, dict) else content
        kind = NoSuchThing if status == _NOT_FOUND else CommandFailed
        raise kind(f"Docker refused {asked}: {message} (status {status})")
    return content


def parse_info(raw: Mapping[str, Any]) -> Info:
    """Return the part of ``GET /info`` that this tool reads.

    The containerd image store shows itself by its driver type (moby daemon/info.go, since 24).
    """
    status = [tuple(pair) for pair in raw.get("DriverStatus") or []]
    is_containerd = ("driver-type", "io.containerd.snapshotter.v1") in status
    return Info(
        version=raw.get("ServerVersion", ""),
        data_root=HostPath(raw.get("DockerRootDir", "")),
        driver=raw.get("Driver", ""),
        image_store="containerd" if is_containerd else "graphdriver",
        log_driver=raw.get("LoggingDriver", ""),
        live_restore=bool(raw.get("LiveRestoreEnabled")),
        swarm=(raw.get("Swarm") or {}).get("LocalNodeState") or "inactive",
        security=tuple(raw.get("SecurityOptions") or ()),
        containerd_address=(raw.get("Containerd") or {}).get("Address", ""),
    )
