"""Which snapshots containerd has committed, read from its snapshotter's database without asking containerd.

The layout of the buckets is that of containerd core/snapshots/storage/bolt.go: v1 / snapshots / KEY /
{id, kind, createdat, ...}; it has been the same since containerd 1.0.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dockerd_cfg.host.bolt import Bolt, Torn, read_bolt

_COMMITTED: Final = 3
# Go's time starts with the year 1, so many seconds before Unix time (time.Time.MarshalBinary: version, seconds, nanoseconds, offset in minutes).
_YEAR_1: Final = 62_135_596_800
_TIME: Final = struct.Struct(">bqih")


def committed(database: Path, before: float) -> frozenset[int]:
    """Return the numbers of the snapshots that were committed before the Unix time ``before``.

    None at all when that cannot be known for certain.
    """
    return read_bolt(database, lambda bolt: frozenset(_committed(bolt, before))) or frozenset()


def _committed(bolt: Bolt, before: float) -> Iterator[int]:
    for version, value, is_bucket in bolt.top():
        if version != b"v1" or not is_bucket:
            continue
        for name, snapshots, _ in bolt.bucket(value):
            if name != b"snapshots":
                continue
            for _, snapshot, _ in bolt.bucket(snapshots):
                fields = {key: field for key, field, _ in bolt.bucket(snapshot)}
                if fields.get(b"kind") == bytes([_COMMITTED]) and _moment(fields[b"createdat"]) < before:
                    yield _unsigned(fields[b"id"])


def _moment(data: bytes) -> float:
    """Return the Unix time that Go's time.Time.MarshalBinary wrote."""
    _, seconds, nanoseconds, _ = _TIME.unpack_from(data)
    moment: float = seconds - _YEAR_1 + nanoseconds / 1e9
    return moment


def _unsigned(data: bytes) -> int:
    """Return a number as Go's binary.PutUvarint wrote it."""
    value = 0
    for position, byte in enumerate(data):
        value |= (byte & 0x7F) << 7 * position
        if not byte & 0x80:
            return value
    raise Torn
