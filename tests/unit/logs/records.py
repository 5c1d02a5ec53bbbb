"""Containers' records made for tests."""

import json
from pathlib import Path
from typing import Any


def container(
    root: Path, one: str, *, driver: str = "json-file", options: object = None, **more: Any
) -> Path:
    """Make a container below ``root`` and return its folder; ``more``: ``name``, ``labels``, ``removed``."""
    folder = root / "containers" / one
    folder.mkdir(parents=True)
    record = {"Name": f"/{more.get('name', one)}", "Config": {"Labels": more.get("labels")}}
    settings = {
        "LogConfig": {"Type": driver, "Config": options},
        "RestartPolicy": {"Name": "no"},
        "AutoRemove": more.get("removed", False),
    }
    (folder / "config.v2.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "hostconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "hostconfig.json").chmod(0o600)
    return folder
