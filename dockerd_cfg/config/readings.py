"""What dockerd reads in a text that is no strict JSON, or says something twice: as Go's decoder does, not as it is written."""

import json
import math
from collections.abc import Callable
from typing import Any, Final, NoReturn

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.text import ScanError, decode
from dockerd_cfg.json_value import JsonValue

_STRICT: Final = DockerVersion(23, 0, 0)
_BLANKS: Final = " \t\r\n"
# Go's unicode.IsSpace, by which the file is trimmed since 23.0
_SPACES: Final = f"{_BLANKS}\v\f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def readings(data: bytes, version: DockerVersion) -> list[dict[str, JsonValue]]:
    """Return the options that a dockerd ``version`` finds in ``data``; none where it refuses the text.

    Of a key given twice both values are decoded: there are two readings, with the last one and with the first. 20.10
    reads the first JSON value and no further, and bytes that are no UTF-8 as U+FFFD; later ones refuse both (moby
    daemon/config/config.go, getConflictFreeConfiguration).
    """
    try:
        last, first = (
            _read(data, is_strict=version >= _STRICT, pairs=pairs)
            for pairs in (dict, lambda pairs: dict(reversed(pairs)))
        )
    except (ScanError, ValueError, RecursionError):
        return []
    found = [{} if value is None else value for value in (last, first)]
    return [value for value in found if isinstance(value, dict)]


def _read(data: bytes, *, is_strict: bool, pairs: Callable[[list[tuple[str, Any]]], Any]) -> Any:
    decoder = json.JSONDecoder(
        object_pairs_hook=pairs, parse_float=_float, parse_int=_integer, parse_constant=_refuse
    )
    if is_strict:
        text, _ = decode(data)
        return decoder.decode(text.strip(_SPACES))
    value, _ = decoder.raw_decode(data.decode("utf-8", "replace").lstrip(_BLANKS))
    return value


def _float(text: str) -> float:
    """Return the number; one beyond the range of a 64-bit float is refused."""
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _integer(text: str) -> int:
    _float(text)
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)
