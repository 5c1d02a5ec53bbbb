"""Where the build cache is large: that Docker can limit it itself, all the time, and how."""

from collections.abc import Mapping
from typing import Final

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.findings import Finding
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.quantities import shown_bytes

LARGE: Final = 10_000_000_000
_LIMIT: Final = "10GB"
_LIMITS: Final = frozenset({"defaultKeepStorage", "defaultReservedSpace", "defaultMaxUsedSpace", "policy"})
_RENAMED: Final = DockerVersion(28)


def cache_advice(
    cache_bytes: int, daemon_json: Mapping[str, JsonValue], version: DockerVersion | None
) -> Finding | None:
    """Return the advice to let Docker limit its build cache; None where that is small, or limited already."""
    builder = daemon_json.get("builder")
    gc = builder.get("gc") if isinstance(builder, dict) else None
    limits = gc if isinstance(gc, dict) else {}
    if cache_bytes < LARGE or (limits.keys() & _LIMITS and limits.get("enabled") is not False):
        return None
    is_new = version is not None and version >= _RENAMED
    command = (
        f"dockerd-cfg set builder.gc.defaultMaxUsedSpace {_LIMIT}"
        if is_new
        else f"""echo '{{"builder":{{"gc":{{"enabled":true,"defaultKeepStorage":"{_LIMIT}"}}}}}}' | dockerd-cfg merge -"""
    )
    return Finding(
        code="large-build-cache",
        severity="warning",
        stage="advice",
        message=f"the build cache takes {shown_bytes(cache_bytes)}; Docker can limit it itself, all the time",
        hint=f"run: {command}",
        key="builder.gc",
    )
