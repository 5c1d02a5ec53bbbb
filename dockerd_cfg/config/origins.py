"""Which file writes a flag of dockerd: the unit, one of its drop-ins, an environment file."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.judge import FLAG_CONFLICT
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines, split_variable
from dockerd_cfg.host.environment_file import matching_files, parse_environment
from dockerd_cfg.host.systemd import DOCKER_SERVICE, UnitState
from dockerd_cfg.host.unit_files import IGNORED_PREFIXES, read_unit, service_settings
from dockerd_cfg.host.unit_words import unit_words
from dockerd_cfg.paths import HostPath, Layout


def flag_origins(layout: Layout, unit: UnitState, names: Iterable[str]) -> dict[str, str]:
    """Return, for each option of ``names`` that a flag sets, the file that writes that flag; the last one counts.

    A flag that stands in none of them is left out: the daemon was started before they were changed, or by hand.
    """
    files = matching_files(layout, unit.environment_files)
    written = [(path, _flags_in_unit(layout.file(HostPath(path)))) for path in unit.sources]
    written += [(str(path), _flags_in_environment(layout.file(path))) for path in files]
    return {
        name: [path for path, flags in written if name in flags][-1]
        for name in names
        if any(name in flags for _, flags in written)
    }


def with_flag_places(
    findings: Iterable[Finding], layout: Layout, arguments: CommandLines, *, is_running: bool
) -> tuple[Finding, ...]:
    """Return ``findings`` with, for an option that is a flag too, the file that writes the flag in the hint.

    ``arguments`` are dockerd's: a flag may be in those of the process alone that runs.
    """
    found = tuple(findings)
    flags = {
        _flag_of(finding.key): finding.key
        for finding in found
        if finding.code == FLAG_CONFLICT and finding.key
    }
    if not flags:
        return found
    places = flag_origins(layout, read_unit(layout, DOCKER_SERVICE, is_running=is_running), flags)
    hints = {
        flags[name]: f"leave {flags[name]} out of daemon.json, or take its flag out of {place}"
        for name, place in places.items()
    }
    if arguments.coming:
        hints |= {
            key: "Docker still runs with the flag, which its unit has no more; first: systemctl restart docker"
            for name, key in flags.items()
            if name not in places and name not in parse_flags(arguments.next)
        }
    return tuple(
        replace(finding, hint=hints[finding.key])
        if finding.code == FLAG_CONFLICT and finding.key in hints
        else finding
        for finding in found
    )


def _flag_of(key: str) -> str:
    """Return the name that a flag's option has in `parse_flags`."""
    return key.removeprefix("proxies.").partition(".")[0]


def _flags_in_unit(path: Path) -> set[str]:
    """Return the options whose flags stand in ``ExecStart=`` or ``Environment=`` of a unit file."""
    found: set[str] = set()
    for key, value in service_settings(path):
        words = unit_words(value.lstrip(IGNORED_PREFIXES) if key == "ExecStart" else value)
        if key == "ExecStart":
            found |= parse_flags(words[1:]).keys() if words and words[0].endswith("dockerd") else set()
        elif key == "Environment":
            found |= _flags_in_values(word.partition("=")[2] for word in words)
    return found


def _flags_in_environment(path: Path) -> set[str]:
    """Return the options whose flags stand in the variables of an environment file."""
    try:
        return _flags_in_values(
            parse_environment(path.read_text(encoding="utf-8", errors="replace")).values()
        )
    except OSError:
        return set()


def _flags_in_values(values: Iterable[str]) -> set[str]:
    return {name for value in values for name in parse_flags(split_variable(value))}
