"""A container's log configuration as its record (hostconfig.json) holds it, and what limits it. Pure.

Docker fixes it when the container is created; of the drivers that keep files, json-file rotates only with ``max-size``,
local always does (20 MB in 5 files unless told otherwise; moby daemon/logger/local/config.go).
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.edit import EditError, Set, edit
from dockerd_cfg.config.log_drivers import check_log_config, known_options
from dockerd_cfg.config.set_logs import DEFAULT_MAX_FILE, DEFAULT_MAX_SIZE, LogSettings
from dockerd_cfg.config.sizes import SizeError, parse_size
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.masking import masked_value

ROTATING: Final = frozenset({"json-file", "local"})
"""The drivers that keep files of Docker's own and can limit them."""

# Halves of characters, which JSON can name and nothing can write
_HALVES: Final = re.compile("[\ud800-\udfff]")
_ROTATION: Final = ("max-size", "max-file", "compress")


def log_config_in(settings: Mapping[str, Any]) -> LogConfig:
    """Return the log configuration in a container's record. Raises ValueError when it has not the form Docker writes."""
    told = settings.get("LogConfig")
    if not isinstance(told, dict):
        raise ValueError("it has no LogConfig")  # noqa: TRY004  # of a document, not of an argument
    driver, options = told.get("Type"), told.get("Config")
    options = {} if options is None else options
    if not isinstance(driver, str) or not isinstance(options, dict):
        raise ValueError("its LogConfig is odd")  # noqa: TRY004  # likewise
    if not all(
        isinstance(text, str) and not _HALVES.search(text) for text in (driver, *options, *options.values())
    ):
        raise ValueError("its LogConfig has options that are no text")
    return LogConfig(driver=driver, options=options)


def with_options(data: bytes, options: Mapping[str, str] | None) -> bytes:
    """Return a container's record with the log options ``options``; all its other bytes stay.

    Raises ScanError when the record is no JSON, ValueError when it has no place for them.
    """
    try:
        return edit(data, [Set(("LogConfig", "Config"), options)])
    except EditError as error:
        raise ValueError(error.message) from error


def options_to_give(settings: LogSettings, asked: Collection[str]) -> dict[str, str]:
    """Return the log options that existing containers get: the limits of ``settings``, and the options ``asked`` for.

    What else daemon.json gives new containers (labels, tags) says what is written, not how much: it is left out.
    """
    chosen = {name: value for name, value in settings.options.items() if name in _ROTATION or name in asked}
    return {"max-size": DEFAULT_MAX_SIZE, "max-file": DEFAULT_MAX_FILE} | chosen


def given(config: LogConfig, options: Mapping[str, str], version: DockerVersion | None) -> LogConfig:
    """Return ``config`` with those of ``options`` that its driver knows; its driver and its other options stay."""
    known = known_options(config.driver, version) or frozenset()
    added = {name: value for name, value in options.items() if name in known}
    return LogConfig(driver=config.driver, options=config.options | added)


def is_unlimited(config: LogConfig) -> bool:
    """Whether the log can grow until the disk is full."""
    return config.driver == "json-file" and not config.options.get("max-size")


def new_faults(before: LogConfig, after: LogConfig, version: DockerVersion | None) -> list[Finding]:
    """Return what would keep a container with ``after`` from starting, and does not with ``before``."""
    old = {finding.code for finding in check_log_config(before.driver, before.options, version=version)}
    found = check_log_config(after.driver, after.options, version=version)
    return [finding for finding in found if finding.is_error and finding.code not in old]


def limit_of(config: LogConfig, version: DockerVersion | None) -> int | None:
    """Return how many bytes a log file may have before it is rotated, None where no limit can be told."""
    if config.driver not in ROTATING or not config.options.get("max-size"):
        return None
    try:
        return parse_size(config.options["max-size"], units="decimal", version=version)
    except SizeError:
        return None


def shown(options: Mapping[str, str]) -> str:
    """Return log options for people."""
    return ", ".join(f"{name}={masked_value(name, value)}" for name, value in options.items()) or "no options"
