"""Which file writes a flag of dockerd: the unit, one of its drop-ins, an environment file."""

import re
from collections.abc import Iterable

from dockerd_cfg.config.flags import OPTION_OF_FLAG, SHORTHANDS
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import HostPath, Layout


def flag_origins(layout: Layout, unit: UnitState, names: Iterable[str]) -> dict[str, str]:
    """Return, for each option of ``names`` that a flag sets, the file that writes that flag; the last one counts.

    A flag that stands in none of them is left out: the daemon was started before they were changed, or by hand.
    """
    texts = {path: _read(layout, path) for path in (*unit.sources, *unit.environment_files)}
    found = {}
    for name in names:
        pattern = _pattern(name)
        places = [path for path, text in texts.items() if pattern.search(text)]
        if places:
            found[name] = places[-1]
    return found


def _pattern(name: str) -> re.Pattern[str]:
    long = [name, *(flag for flag, option in OPTION_OF_FLAG.items() if option == name)]
    short = [letter for letter, flag in SHORTHANDS.items() if flag in long]
    spellings = [rf"--(?:{'|'.join(map(re.escape, long))})(?=[\s=\"']|$)"]
    if short:
        spellings.append(rf"-[{''.join(short)}](?![\w-]*-)")
    return re.compile(rf"^[^#;\n]*?(?<![\w-])(?:{'|'.join(spellings)})", re.MULTILINE)


def _read(layout: Layout, path: str) -> str:
    try:
        return layout.real(HostPath(path)).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
