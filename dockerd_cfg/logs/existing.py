"""The containers that exist, as Docker's data root holds them: what each logs with.

Read from their records (containers/ID/hostconfig.json and config.v2.json), which a Docker that is down has, too, and
which are what it reads at its start. A record that is not plainly Docker's own is told as such and left alone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.files.plain import read_plain
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.logs.log_config import log_config_in

SETTINGS: Final = "hostconfig.json"
_RECORD: Final = "config.v2.json"
_SERVICE: Final = "com.docker.swarm.service.id"
_SERVICE_NAME: Final = "com.docker.swarm.service.name"
_LOG_FILES: Final = {"json-file": "{id}-json.log", "local": "local-logs/container.log"}
_SHORT_ID: Final = 12


@dataclass(frozen=True, slots=True)
class StoredContainer:
    """A container as its records tell of it.

    ``service`` is the swarm service it belongs to (empty: none). ``is_passing``: it is removed when it stops
    (``--rm``). ``problem`` says why its log configuration cannot be known; ``config`` is None then.
    """

    id: str
    name: str
    folder: Path
    config: LogConfig | None = None
    service: str = ""
    is_passing: bool = False
    problem: str = ""

    @property
    def settings_path(self) -> Path:
        """The record that holds its log configuration."""
        return self.folder / SETTINGS

    @property
    def log_path(self) -> Path | None:
        """The file it logs to now; None where its driver keeps none that Docker rotates."""
        name = _LOG_FILES.get(self.config.driver if self.config else "")
        return None if name is None else self.folder / name.format(id=self.id)


def read_existing(root: Path, *, nested: bool = False) -> list[StoredContainer]:
    """Return the containers stored in the data root ``root``, by name.

    ``nested``: also those of its roots for user namespaces, folders named UID.GID (moby daemon/daemon_unix.go,
    setupDaemonRoot); a running daemon names the one it uses as its root.
    """
    found = [_stored(folder) for folder in _folders(root, nested=nested)]
    return sorted((one for one in found if one is not None), key=lambda one: (one.name, one.id))


def find_existing(root: Path, container_id: str) -> StoredContainer | None:
    """Return the container of that id below ``root`` or one of its roots for user namespaces; None: it is gone."""
    for folder in _folders(root, nested=True):
        if folder.name == container_id:
            return _stored(folder)
    return None


def _folders(root: Path, *, nested: bool) -> Iterator[Path]:
    yield from root.glob("containers/*")
    if nested:
        yield from root.glob("[0-9]*.[0-9]*/containers/*")


def _stored(folder: Path) -> StoredContainer | None:
    """Return the container in ``folder``, None where there is none: what is left of one is no container to Docker."""
    if not folder.is_dir() and not folder.is_symlink():
        return None
    short = folder.name[:_SHORT_ID]
    try:
        record = read_plain(folder / _RECORD)
        if record.data is None:
            return None
        told = _object(record)
    except (FileProblem, ValueError) as error:
        return StoredContainer(folder.name, short, folder, problem=_why(error))
    name = str(told.get("Name") or short).removeprefix("/")
    labels = _inner(_inner(told, "Config"), "Labels")
    service = str(labels.get(_SERVICE_NAME) or labels.get(_SERVICE) or "")
    if not f"{folder.name}{name}{service}".isprintable():
        return StoredContainer(folder.name, short, folder, problem="its name is none that Docker gives")
    try:
        settings = _object(read_plain(folder / SETTINGS))
        config = log_config_in(settings)
    except (FileProblem, ValueError) as error:
        return StoredContainer(folder.name, name, folder, service=service, problem=_why(error))
    is_passing = settings.get("AutoRemove") is True
    return StoredContainer(folder.name, name, folder, config, service, is_passing)


def _object(image: FileImage) -> dict[str, Any]:
    if image.data is None:
        raise ValueError("it has no record of its settings")
    try:
        value = json.loads(image.data)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no valid JSON") from error
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004  # of a document, not of an argument
    return value


def _inner(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name)
    return value if isinstance(value, dict) else {}


def _why(error: Exception) -> str:
    return error.message if isinstance(error, FileProblem) else str(error)
