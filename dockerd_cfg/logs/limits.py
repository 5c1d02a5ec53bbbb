"""What limits a container's log files: the size of one and how many there are, by driver and options. Pure.

json-file rotates only with ``max-size``; local always does; every driver that Docker cannot read from (syslog, gelf ...)
has a cache in the local format (moby daemon/logger/{jsonfilelog,local,loggerutils/cache}, v20.10.24 to docker-v29.7.2).
"""

import contextlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from dockerd_cfg.config.sizes import SizeError, Units, parse_size

_LOCAL_SIZE: Final = 20 * 1024 * 1024
_LOCAL_FILES: Final = 5
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_WITHOUT_FILES: Final = frozenset({"none", "journald"})


class Limits(NamedTuple):
    """Bytes of one file (None: unlimited), how many files there are at most, and whether rotated ones are compressed."""

    max_size: int | None
    max_file: int
    compress: bool

    @property
    def total(self) -> int | None:
        """Bytes that all files together may take, before compression; None: unlimited."""
        return None if self.max_size is None else self.max_size * self.max_file


def limits_of(driver: str, options: Mapping[str, str]) -> Limits | None:
    """Return what limits the files that ``driver`` keeps with ``options``; None when it keeps none.

    A value that Docker refuses counts as its default: such a container does not start, and writes nothing.
    """
    if driver in {"", "json-file"}:
        return _read(options, "", Limits(None, 1, compress=False), "decimal")
    if driver == "local":
        return _read(options, "", Limits(_LOCAL_SIZE, _LOCAL_FILES, compress=True), "binary")
    if driver in _WITHOUT_FILES or options.get("cache-disabled") in _TRUE:
        return None
    return _read(options, "cache-", Limits(_LOCAL_SIZE, _LOCAL_FILES, compress=True), "binary")


def _read(options: Mapping[str, str], prefix: str, default: Limits, units: Units) -> Limits:
    size, number = default.max_size, default.max_file
    with contextlib.suppress(KeyError, SizeError):
        size = parse_size(options[f"{prefix}max-size"], units=units) or default.max_size
    told = options.get(f"{prefix}max-file", "").strip()
    if told.isascii() and told.isdecimal() and int(told[:9]) > 0:
        number = int(told[:9])
    word = options.get(f"{prefix}compress")
    compress = True if word in _TRUE else False if word in _FALSE else default.compress
    return Limits(size, number, compress)
