"""Objects in daemon.json under a name that is no option: dockerd refuses, ignores, or half heeds them. Pure.

It looks for options among their members, and of those that it finds takes over what is on or off: as if their flags had
been given (moby daemon/config/config.go, findConfigurationConflicts and getConflictFreeConfiguration, v20.10.24 to 29).
"""

from collections.abc import Iterable, Mapping

from dockerd_cfg.config.catalogue import options
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.json_value import JsonValue


def is_accepted(members: Iterable[str], version: DockerVersion | None) -> bool:
    """Whether Docker ``version`` (None: any) takes a file with such an object: each of its ``members`` is an option."""
    known = [options().get(name) for name in members]
    return all(one is not None and (version is None or one.is_known_in(version)) for one in known)


def switches(members: Mapping[str, JsonValue]) -> dict[str, bool]:
    """Return the options that such an object turns on or off."""
    return {
        name: value
        for name, value in members.items()
        if isinstance(value, bool) and name in options() and options()[name].type == "boolean"
    }


def with_switches(file: Mapping[str, JsonValue], version: DockerVersion | None) -> dict[str, JsonValue]:
    """Return what the daemon.json ``file`` sets, options in unknown objects included; one given by itself counts."""
    unknown = [value for key, value in file.items() if isinstance(value, dict) and key not in options()]
    heeded = [switches(members) for members in unknown if is_accepted(members, version)]
    return {name: value for found in heeded for name, value in found.items()} | dict(file)


def what_becomes_of(key: str, members: Mapping[str, JsonValue]) -> str:
    """Return, in words, what an accepted object named ``key`` comes to."""
    switched = switches(members)
    effect = f", except that it sets {', '.join(switched)}" if switched else ""
    return f"Docker has no option {key} and ignores it{effect}"
