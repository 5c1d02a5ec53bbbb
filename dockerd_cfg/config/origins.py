"""Which file writes a flag of dockerd: the unit, one of its drop-ins, an environment file."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.judge import FLAG_CONFLICT
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.environment_file import matching_files
from dockerd_cfg.host.systemd import DOCKER_SERVICE, UnitState
from dockerd_cfg.host.unit_files import read_unit
from dockerd_cfg.paths import HostPath, Layout


def flag_origins(layout: Layout, unit: UnitState, names: Iterable[str]) -> dict[str, str]:
    """Return, for each option of ``names`` that a flag sets, the file that writes that flag; the last one counts.

    A flag that stands in none of them is left out: the daemon was started before they were changed, or by hand.
    """
    written = [(path, _flags_in_unit(_read(layout, path))) for path in unit.sources]
    files = map(str, matching_files(layout, unit.environment_files))
    written += [(path, _flags_in_environment(_read(layout, path))) for path in files]
    return {
        name: [path for path, flags in written if name in flags][-1]
        for name in names
        if any(name in flags for _, flags in written)
    }


def with_flag_places(findings: Iterable[Finding], layout: Layout, *, is_running: bool) -> tuple[Finding, ...]:
    """Return ``findings`` with, for an option that is a flag too, the file that writes the flag in the hint."""
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
    return tuple(
        replace(finding, hint=hints[finding.key])
        if finding.code == FLAG_CONFLICT and finding.key in hints
        else finding
        for finding in found
    )


def _flag_of(key: str) -> str:
    """Return the name that a flag's option has in `parse_flags`."""
    return key.removeprefix("proxies.").partition(".")[0]


def _flags_in_unit(text: str) -> set[str]:
    """Return the options whose flags stand in ``ExecStart=`` or ``Environment=`` of a unit file."""
    found: set[str] = set()
    for key, value in _assignments(text):
        if key == "ExecStart":
            words = _words(value)
            found |= parse_flags(words[1:]).keys() if words and words[0].endswith("dockerd") else set()
        elif key == "Environment":
            found |= _flags_in_environment("\n".join(_words(value)))
    return found


def _flags_in_environment(text: str) -> set[str]:
    """Return the options whose flags stand in the variables of an environment file."""
    return {
        name
        for _, value in _assignments(text)
        for name in parse_flags([word for part in _words(value) for word in _words(part)])
    }


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\n", " ").splitlines():
        key, separator, value = line.strip().partition("=")
        if separator and not key.startswith(("#", ";")):
            yield key.strip(), value.strip()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _read(layout: Layout, path: str) -> str:
    try:
        return layout.file(HostPath(path)).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
