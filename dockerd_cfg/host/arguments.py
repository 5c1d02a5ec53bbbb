"""The command line the daemon runs with, and those of its coming starts."""

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from dockerd_cfg.host.environment_file import matching_files, parse_environment
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.host.unit_files import read_unit

_ALONE: Final = r"\$(\w+)"
_WITHIN: Final = r"\$(?:\{(\w+)\}|\$)"


class CommandLines(NamedTuple):
    """dockerd's arguments, its own name left out.

    ``now``: of the process that runs, else as its unit would start it; ``coming``: of coming starts, where these are
    others. The last of them is how the unit is started as systemd knows it.
    """

    now: tuple[str, ...] = ()
    coming: tuple[tuple[str, ...], ...] = ()

    @property
    def next(self) -> tuple[str, ...]:
        """The arguments of the next start."""
        return self.coming[-1] if self.coming else self.now


def command_lines(host: Host, unit: UnitState) -> CommandLines:
    """Return the arguments of the dockerd of ``unit``.

    The unit, or a file with its variables, may have changed since dockerd started; and as long as systemd has not read
    what was changed (``systemctl daemon-reload``), the next start may be with the old or with the new. systemd itself
    does not notice each drop-in (NeedDaemonReload), so the files are read.
    """
    written = read_unit(host.layout, unit.name, is_running=not host.is_offline)
    # what % stands for (systemd.unit(5), "Specifiers"), systemd alone knows
    words = (*written.exec_start, *written.environment, *written.environment_files)
    is_known = host.is_offline or not any("%" in word for word in words)
    if _told(written.exec_start) == list(unit.exec_start):
        unit = unit._replace(exec_start=written.exec_start)
    units = (written, unit) if is_known else (unit,)
    starts = [one for one in dict.fromkeys(_as_started(host, unit) for unit in units) if one is not None]
    running = host.processes.arguments(unit.main_pid) if unit.is_active and unit.main_pid else []
    now = tuple(running[1:]) if running else _as_started(host, unit) or ()
    return CommandLines(now, tuple(one for one in starts if _told(one) != _told(now)))


def _told(words: Sequence[str]) -> list[str]:
    """Return what is left of ``words`` in what systemctl tells: it joins them with blanks, without quotes."""
    return " ".join(words).split()


def _as_started(host: Host, unit: UnitState) -> tuple[str, ...] | None:
    """Return what ``unit`` passes to dockerd; None when it starts something else, a script whose doings are not known.

    Variables come from the unit's Environment= and EnvironmentFile=, less those of UnsetEnvironment=
    (systemd.exec(5)). As systemd.service(5) has it: ``$NAME`` as a word of its own is split into words, ``${NAME}`` is
    replaced as it is, also within a word, and ``$$`` stands for a dollar sign.
    """
    if not unit.exec_start or PurePosixPath(unit.exec_start[0]).name != "dockerd":
        return None
    variables = _environment(host, unit)
    words: list[str] = []
    for word in unit.exec_start[1:]:
        alone = re.fullmatch(_ALONE, word)
        if alone:
            words += split_variable(variables.get(alone.group(1), ""))
        else:
            words.append(
                re.sub(
                    _WITHIN, lambda match: variables.get(match.group(1), "") if match.group(1) else "$", word
                )
            )
    return tuple(words)


def _environment(host: Host, unit: UnitState) -> dict[str, str]:
    variables: dict[str, str] = {}
    for word in unit.environment:
        name, _, value = word.partition("=")
        variables[name] = value
    for path in matching_files(host.layout, unit.environment_files):
        try:
            text = host.layout.file(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # systemd would refuse to start for one without a dash; that is not for us to say
        variables |= parse_environment(text)
    unset = set(unit.unset_environment)
    return {name: value for name, value in variables.items() if not unset & {name, f"{name}={value}"}}


def split_variable(value: str) -> list[str]:
    """Split the value of a variable at blanks, quotes respected; one with a quote too few is split at blanks alone."""
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()
