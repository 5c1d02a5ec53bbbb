"""set-logs: which options give containers' logs a limit. Pure."""

import json
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import KeyEdit
from dockerd_cfg.config.log_drivers import known_options
from dockerd_cfg.json_value import JsonValue

DEFAULT_DRIVER: Final = "json-file"
DEFAULT_MAX_SIZE: Final = "50m"
DEFAULT_MAX_FILE: Final = "3"


class SetLogsRequest(NamedTuple):
    """What the user asked for; None: not said. ``options`` are further log options by name."""

    driver: str | None = None
    max_size: str | None = None
    max_file: str | None = None
    options: Mapping[str, str] = MappingProxyType({})


class LogSettings(NamedTuple):
    """A log driver with its options, and the options a change of driver drops."""

    driver: str
    options: Mapping[str, str]
    dropped: tuple[str, ...] = ()


def wanted_settings(
    present: Mapping[str, JsonValue], request: SetLogsRequest, version: DockerVersion | None = None
) -> LogSettings:
    """Return what the file should say: an option asked for wins, a present one stays, else the default.

    ``present`` is the value of daemon.json. Changing the driver drops the options the new one does not know
    in ``version``; a number or a switch, which Docker refuses there, becomes the text that was meant.
    Rotation has defaults for the drivers that know it.
    """
    old_driver = present.get("log-driver") or DEFAULT_DRIVER
    driver = request.driver or str(old_driver)
    known = known_options(driver, version)
    asked = dict(request.options)
    if request.max_size is not None:
        asked["max-size"] = request.max_size
    if request.max_file is not None:
        asked["max-file"] = request.max_file
    opts = present.get("log-opts")
    kept = (
        {name: as_text(value) for name, value in opts.items() if isinstance(value, str | int)}
        if isinstance(opts, dict)
        else {}
    )
    dropped = options_to_drop(kept, str(old_driver), driver, version)
    options = {name: value for name, value in kept.items() if name not in dropped}
    if known is not None and "max-size" in known:
        options = {"max-size": DEFAULT_MAX_SIZE, "max-file": DEFAULT_MAX_FILE} | options
    return LogSettings(driver, options | asked, dropped)


def as_text(value: JsonValue) -> str:
    """Return the text of a log option that somebody wrote as a number or a switch."""
    return value if isinstance(value, str) else json.dumps(value)


def options_to_drop(
    present: Collection[str], old_driver: str, driver: str, version: DockerVersion | None
) -> tuple[str, ...]:
    """Return those of the log options ``present`` that ``driver``, when it is new, does not know in ``version``."""
    known = known_options(driver, version)
    if driver == old_driver or known is None:
        return ()
    return tuple(name for name in present if name not in known)


def edits_for(settings: LogSettings) -> list[KeyEdit]:
    """Return the edits of daemon.json that bring ``settings`` about, the driver's first."""
    edits = [KeyEdit(key=("log-driver",), value=settings.driver)]
    edits += [KeyEdit(key=("log-opts", name), unset=True) for name in settings.dropped]
    edits += [KeyEdit(key=("log-opts", name), value=value) for name, value in settings.options.items()]
    return edits
