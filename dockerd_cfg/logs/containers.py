"""Containers as Docker has stored them, with the files of their logs: read from the data root, with Docker up or down.

A container is a folder ``containers/ID`` with two records: ``config.v2.json`` (name, labels, state) and
``hostconfig.json`` (LogConfig, as it was merged when the container was created; moby container/container.go). With user
namespaces the root proper is a folder UID.GID below the data root.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import read_image
from dockerd_cfg.logs.limits import Limits, limits_of
from dockerd_cfg.logs.log_files import LogFile, Role, log_files

_REMAPPED: Final = re.compile(r"[0-9]+\.[0-9]+")
_PROJECT: Final = "com.docker.compose.project"
_SERVICE: Final = "com.docker.compose.service"
_SWARM_SERVICE: Final = "com.docker.swarm.service.name"
_FRACTION: Final = re.compile(r"\.[0-9]+")


@dataclass(frozen=True, slots=True)
class ContainerLogs:
    """A container and the files of its log.

    ``driver`` is empty and ``limits`` is None as well when ``trouble`` says, in words, why its records cannot be read.
    ``created`` is Unix time in seconds, None when it is not told. ``is_running`` is what the record says: true of a
    running daemon, and after a power cut perhaps not. ``owner`` is the compose project and service, as PROJECT/SERVICE;
    ``swarm_service`` the name of the service whose task it is; each is empty when there is none.
    """

    id: str
    folder: Path
    name: str
    driver: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    limits: Limits | None = None
    created: float | None = None
    is_running: bool = False
    owner: str = ""
    swarm_service: str = ""
    volumes: frozenset[str] = frozenset()
    files: tuple[LogFile, ...] = ()
    trouble: str | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether its log grows for ever."""
        return self.limits is not None and self.limits.max_size is None

    @property
    def allocated(self) -> int:
        """What all its log files take on disk, in bytes."""
        return sum(file.allocated for file in self.files)

    def allocated_as(self, *roles: Role) -> int:
        """Return what the files of ``roles`` take on disk, in bytes."""
        return sum(file.allocated for file in self.files if file.role in roles)

    def size_of(self, *roles: Role) -> int:
        """Return the length of the files of ``roles``, in bytes."""
        return sum(file.size for file in self.files if file.role in roles)

    @property
    def current(self) -> LogFile | None:
        """The file that is written to, None when there is none."""
        return next((file for file in self.files if file.role == "current"), None)

    def allowance(self, *, unlimited: int | None = None) -> int | None:
        """Return how many bytes of the current file may stay, ``unlimited`` where nothing limits it.

        That is what the limit leaves beside rotated files, and one file at least.
        """
        limits = self.limits
        if limits is None:
            return None
        if limits.max_size is None or limits.total is None:
            return unlimited
        return max(limits.max_size, limits.total - self.size_of("rotated"))

    def excess(self, *, unlimited: int | None = None) -> int:
        """Return how many bytes of the current file are more than its `allowance`; 0 for less than a block, which frees nothing."""
        current, allowed = self.current, self.allowance(unlimited=unlimited)
        if current is None or allowed is None or current.size - allowed < current.block:
            return 0
        return current.size - allowed


def docker_roots(data_root: Path) -> list[Path]:
    """Return the roots in which containers lie: ``data_root`` and, of user namespaces, those below or beside it."""
    top = data_root.parent if _REMAPPED.fullmatch(data_root.name) else data_root
    try:
        with os.scandir(top) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if _REMAPPED.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        names = []
    return [top, *(top / name for name in names)]


def read_containers(data_root: Path) -> list[ContainerLogs]:
    """Return the containers below ``data_root``, in no order. What cannot be read is told in their ``trouble``.

    Raises FileProblem when the data root has a folder ``containers`` that cannot be listed.
    """
    return [read_container(folder) for root in docker_roots(data_root) for folder in _folders(root)]


def _folders(root: Path) -> Iterator[Path]:
    folder = root / "containers"
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileProblem(
            f"cannot list {folder}: {error.strerror}", hint=f"look at it with: ls -ld {folder}"
        ) from error
    yield from (folder / name for name in names)


def read_container(folder: Path) -> ContainerLogs:
    """Return the container whose records and log files lie in ``folder``."""
    trouble = None
    try:
        stored, settings = _record(folder / "config.v2.json"), _record(folder / "hostconfig.json")
        found = _container(folder, stored, settings)
    except (ValueError, FileProblem) as error:
        trouble = error.message if isinstance(error, FileProblem) else str(error)
        found = ContainerLogs(id=folder.name, folder=folder, name=folder.name[:12], trouble=trouble)
    known = None if trouble else found.driver
    try:
        files = tuple(log_files(folder, known, found.limits))
    except OSError as error:
        files, trouble = (), f"cannot list {folder}: {error.strerror}"
    return replace(found, files=files, trouble=trouble)


def _record(path: Path) -> dict[str, Any]:
    """Return the record at ``path``. Raises ValueError or FileProblem when it is not there or not as Docker writes it."""
    if path.is_symlink():
        raise ValueError(f"{path.name} is a link")
    data = read_image(path).data
    if data is None:
        raise ValueError(f"{path.name} is missing")
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is damaged") from error
    if not isinstance(record, dict):
        raise ValueError(f"{path.name} is damaged")  # noqa: TRY004  # of a document, not of an argument
    return record


def _container(folder: Path, stored: Mapping[str, Any], settings: Mapping[str, Any]) -> ContainerLogs:
    told = settings.get("LogConfig")
    if not isinstance(told, dict):
        told = {}
    driver = _text(told.get("Type")) or "json-file"
    options = {name: value for name, value in _object(told.get("Config")).items() if isinstance(value, str)}
    config, state = _object(stored.get("Config")), _object(stored.get("State"))
    labels = _object(config.get("Labels"))
    project, service = _text(labels.get(_PROJECT)), _text(labels.get(_SERVICE))
    return ContainerLogs(
        id=folder.name,
        folder=folder,
        name=_text(stored.get("Name")).removeprefix("/") or folder.name[:12],
        driver=driver,
        options=options,
        limits=limits_of(driver, options),
        created=_moment(_text(stored.get("Created"))),
        is_running=state.get("Running") is True,
        owner=f"{project}/{service}" if project and service else project,
        swarm_service=_text(labels.get(_SWARM_SERVICE)),
        volumes=frozenset(_volumes(_object(stored.get("MountPoints")))),
    )


def _volumes(points: Mapping[str, Any]) -> Iterator[str]:
    for point in points.values():
        if isinstance(point, dict) and point.get("Type") == "volume":
            yield _text(point.get("Name"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(text: str) -> float | None:
    """Return the Unix time that ``text`` means, RFC 3339 with up to nanoseconds."""
    try:
        return datetime.fromisoformat(_FRACTION.sub("", text)).timestamp()
    except (ValueError, OverflowError):
        return None
