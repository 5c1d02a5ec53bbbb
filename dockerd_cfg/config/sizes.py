"""Sizes as Docker writes them: the grammar of go-units, which differs between 20.10 and 23.0.

The same text means different numbers of bytes in different options: log options count in decimal units
(``10m`` is 10,000,000 bytes), memory and buffers in binary ones (``10m`` is 10,485,760 bytes).
"""

import re
from typing import Final, Literal

from dockerd_cfg.config.check_version import DockerVersion

Units = Literal["decimal", "binary"]

_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_LARGEST: Final = 2**63 - 1
_NEW_GRAMMAR: Final = DockerVersion(23, 0, 0)
# Debian's 26.1.5 is built with the old go-units: until here either grammar may be at work.
_ONLY_NEW_GRAMMAR: Final = DockerVersion(28, 0, 0)

# go-units before 0.5, in Docker up to 20.10: one regular expression.
_OLD: Final = r"(?P<number>[0-9]+(?:\.[0-9]+)*) ?(?P<unit>[kKmMgGtTpP])?[iI]?[bB]?"
# Go's strconv.ParseFloat, for what may stand before a unit; single underscores between digits are taken, too.
_DIGITS: Final = "[0-9](?:_?[0-9])*"
_HEX_DIGITS: Final = "[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_FLOAT: Final = (
    rf"[+-]?(?:(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
    rf"|0[xX](?:_?{_HEX_DIGITS}\.?(?:{_HEX_DIGITS})?|\.{_HEX_DIGITS})[pP][+-]?{_DIGITS})"
)
_NEW_UNIT: Final = r"b?|[kmgtp](?:i?b)?"


class SizeError(ValueError):
    """A text that Docker does not take as a size; the message is the one Docker gives."""


def parse_size(text: str, *, units: Units, version: DockerVersion | None = None) -> int:
    """Return the bytes that ``text`` means to Docker.

    ``units`` says whether k, m, g, t, p count by 1000 (``decimal``, go-units' FromHumanSize) or by 1024
    (``binary``, RAMInBytes); an ``i`` as in ``10MiB`` changes nothing. ``version`` picks the grammar: go-units
    0.4 up to Docker 20.10, go-units 0.5 (vendored since moby 23.0) from 28 on. In between, where distributions
    build with either, and without a version, only what both take is a size. Raises SizeError.
    """
    if version is None or version < _ONLY_NEW_GRAMMAR:
        size = _parse_old(text, units)
        return size if version is not None and version < _NEW_GRAMMAR else _parse_new(text, units)
    return _parse_new(text, units)


def _parse_old(text: str, units: Units) -> int:
    match = re.fullmatch(_OLD, text)
    if match is None:
        raise SizeError(f"invalid size: '{text}'")
    return _in_bytes(text, match["number"], (match["unit"] or "").lower(), units)


def _parse_new(text: str, units: Units) -> int:
    split = max(text.rfind(character) for character in "0123456789. ")
    if split == -1:
        raise SizeError(f"invalid size: '{text}'")
    number, suffix = text[: split + 1], text[split + 1 :].lower()
    if text[split] == " ":
        number = text[:split]
    if re.fullmatch(_FLOAT, number) is None:
        raise SizeError(f"invalid size: '{text}'")
    if re.fullmatch(_NEW_UNIT, suffix) is None:
        raise SizeError(f"invalid suffix: '{suffix}'")
    return _in_bytes(text, number, suffix[:1].replace("b", ""), units)


def _in_bytes(text: str, number: str, unit: str, units: Units) -> int:
    base = 1000 if units == "decimal" else 1024
    try:
        amount = _float(number)
        size = int(amount * base ** _POWERS[unit])
    except (ValueError, OverflowError):  # "1.2.3" of the old grammar, or beyond a float
        raise SizeError(f"invalid size: '{text}'") from None
    if amount < 0:
        raise SizeError(f"invalid size: '{text}'")
    if size > _LARGEST:
        raise SizeError(f"invalid size: '{text}' is more than 8 EiB")
    return size


def _float(text: str) -> float:
    plain = text.replace("_", "")
    return float.fromhex(plain) if "x" in plain.lower() else float(plain)
