"""Bytes and seconds as people write them."""

from typing import Final

UNITS_OF_TIME: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def shown_bytes(number: float) -> str:
    """Return a number of bytes for people, in decimal units as Docker and disk makers use them."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":  # noqa: PLR2004
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError


def shown_duration(seconds: float) -> str:
    """Return ``seconds`` as people write them: ``1h30m``."""
    left = round(seconds)
    shown = ""
    for unit in ("d", "h", "m"):
        count, left = divmod(left, UNITS_OF_TIME[unit])
        shown += f"{count}{unit}" if count else ""
    return f"{shown}{left}s" if left or not shown else shown
