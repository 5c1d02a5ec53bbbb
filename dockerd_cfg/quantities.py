"""Numbers of things, bytes, seconds and moments as people write them."""

import math
import re
import time
from typing import Final

from dockerd_cfg.errors import UsageProblem

_UNITS_OF_TIME: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_KILO: Final = 1000
_SHORTEST: Final = 10.0
_LONGEST: Final = 7 * 24 * 3600.0


def counted(number: int, thing: str) -> str:
    """Return a number of things whose plural is regular: ``1 container``, ``2 containers``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def shown_bytes(number: float) -> str:
    """Return a number of bytes for people, in decimal units as Docker and disk makers use them."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < _KILO or unit == "TB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= _KILO
    raise AssertionError


def parse_bytes(text: str) -> int:
    """Return the bytes that ``text`` means: ``50m``, ``1.5g``, ``800k``; units are decimal, as in `shown_bytes`.

    Raises UsageProblem for anything else, and for less than 1 kB.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgt]?)b?", text.strip().lower())
    number = 0 if found is None else float(found[1]) * _KILO ** " kmgt".index(found[2] or " ")
    if not _KILO <= number < math.inf:
        raise UsageProblem(f"{text!r} is no number of bytes", hint="write for instance 50m or 1.5g")
    return int(number)


def parse_duration(text: str, *, longest: float = _LONGEST) -> float:
    """Return the seconds that ``text`` means: ``90s``, ``10m``, ``1h30m``, ``2d``; a bare number is seconds.

    Raises UsageProblem for anything else, and for less than ten seconds or more than ``longest`` (a week).
    """
    parts = re.findall(r"(\d+)(min|[smhd]?)", text)
    has_unit = len(parts) == 1 or all(unit for _, unit in parts)
    if not parts or not has_unit or "".join(number + unit for number, unit in parts) != text.strip():
        raise UsageProblem(f"{text!r} is no duration", hint="write for instance 90s, 10m or 1h30m")
    seconds = sum(int(number) * _UNITS_OF_TIME.get(unit, 1) for number, unit in parts)
    if not _SHORTEST <= seconds <= longest:
        raise UsageProblem(
            f"{text} is not between {shown_duration(_SHORTEST)} and {shown_duration(longest)}",
            hint="write for instance 10m",
        )
    return float(seconds)


def shown_duration(seconds: float) -> str:
    """Return ``seconds`` as people write them: ``1h30m``."""
    left = round(seconds)
    shown = ""
    for unit in ("d", "h", "m"):
        count, left = divmod(left, _UNITS_OF_TIME[unit])
        shown += f"{count}{unit}" if count else ""
    return f"{shown}{left}s" if left or not shown else shown


def now() -> str:
    """Return the time as UTC in ISO 8601, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
