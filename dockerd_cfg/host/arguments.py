"""The command line the daemon runs with, or would run with."""

import re
import shlex
from pathlib import PurePosixPath
from typing import Final

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import HostPath

_ALONE: Final = re.compile(r"\$(\w+)")
_WITHIN: Final = re.compile(r"\$(?:\{(\w+)\}|\$)")


def daemon_arguments(host: Host, unit: UnitState) -> tuple[str, ...]:
    """Return dockerd's arguments, its own name left out: of the running process, else as the unit would start it.

    Variables come from the unit's Environment= and EnvironmentFile= (systemd.exec(5)). As systemd.service(5) has it:
    ``$NAME`` as a word of its own is split into words, ``${NAME}`` is replaced as it is, also within a word, and
    ``$$`` stands for a dollar sign.
    """
    if unit.is_active and unit.main_pid:
        running = host.processes.arguments(unit.main_pid)
        if running:
            return tuple(running[1:])
    if not unit.exec_start or PurePosixPath(unit.exec_start[0]).name != "dockerd":
        return ()  # started by a script: what it passes cannot be known from here
    variables = _environment(host, unit)
    words: list[str] = []
    for word in unit.exec_start[1:]:
        alone = _ALONE.fullmatch(word)
        if alone:
            words += _words(variables.get(alone.group(1), ""))
        else:
            words.append(
                _WITHIN.sub(lambda match: variables.get(match.group(1), "") if match.group(1) else "$", word)
            )
    return tuple(words)


def _environment(host: Host, unit: UnitState) -> dict[str, str]:
    variables: dict[str, str] = {}
    for word in unit.environment:
        name, _, value = word.partition("=")
        variables[name] = value
    for path in unit.environment_files:
        try:
            text = host.layout.file(HostPath(path)).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # systemd would refuse to start for one without a dash; that is not for us to say
        for line in text.splitlines():
            name, separator, value = line.strip().partition("=")
            if separator and not name.startswith(("#", ";")):
                variables[name.strip()] = _unquoted(value.strip())
    return variables


def _words(value: str) -> list[str]:
    """Split a value at blanks, quotes respected; one with a quote too few is split at blanks alone."""
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _unquoted(value: str) -> str:
    """Return the value of a line of an EnvironmentFile, whose quotes hold it together."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
