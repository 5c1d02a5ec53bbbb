"""The records of a sandbox's containers, which the pretended daemon reads and writes as dockerd does.

dockerd reads a container's hostconfig.json at its start and writes it again, from memory, whenever the container's state
changes: what somebody edited meanwhile is lost then (moby daemon/container, CheckpointTo).
"""

import json
from pathlib import Path
from typing import Any, Final

from dockerd_cfg.files import FileImage, read_image, replace_file
from dockerd_cfg.host.docker import Container, LogConfig

_COMES_BACK: Final = frozenset({"always", "unless-stopped"})
_PLAIN: Final = {"Type": "json-file", "Config": {}}


def stored_containers(root: Path) -> list[Container]:
    """Return the containers below the data root ``root``, none of them running; like dockerd without unreadable ones."""
    found = []
    for folder in _folders(root):
        config, settings = _read(folder / "config.v2.json"), _read(folder / "hostconfig.json")
        if config is None or settings is None:
            continue
        policy = (settings.get("RestartPolicy") or {}).get("Name")
        name = str(config["Name"]).lstrip("/")
        found.append(Container(id=folder.name, name=name, state="exited", restarts=policy in _COMES_BACK))
    return found


def read_log_configs(root: Path) -> dict[str, Any]:
    """Return the LogConfig of each container below the data root ``root``, by id: what the daemon has in memory."""
    settings = {folder.name: _read(folder / "hostconfig.json") for folder in _folders(root)}
    return {name: one.get("LogConfig") or _PLAIN for name, one in settings.items() if one is not None}


def write_log_configs(root: Path, logs: dict[str, Any], ids: list[str]) -> None:
    """Write the record of each container of ``ids`` from the daemon's memory ``logs``."""
    for one in ids:
        path = root / "containers" / one / "hostconfig.json"
        settings = _read(path)
        if settings is not None and one in logs and settings.get("LogConfig", _PLAIN) != logs[one]:
            data = json.dumps({**settings, "LogConfig": logs[one]}).encode()
            image = read_image(path)
            replace_file(path, FileImage(data, image.mode, image.owner, image.group))


def log_config_of(told: dict[str, Any]) -> LogConfig:
    """Return a record's LogConfig as the Engine API tells it."""
    return LogConfig(driver=told["Type"], options=dict(told.get("Config") or {}))


def _folders(root: Path) -> list[Path]:
    return sorted((root / "containers").iterdir()) if (root / "containers").is_dir() else []


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
