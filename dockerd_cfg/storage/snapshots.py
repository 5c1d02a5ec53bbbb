"""Which snapshots containerd has committed, read from its snapshotter's database without asking containerd.

The database is a bbolt file: pages of a B+ tree, of which a writer never changes one that the last transaction uses
(bbolt page.go, node.go, db.go). So a copy of the file, during whose reading no transaction came to its end, is
consistent. The layout of the buckets is that of containerd core/snapshots/storage/bolt.go: v1 / snapshots / KEY /
{id, kind, createdat, ...}; it has been the same since containerd 1.0.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_MAGIC: Final = 0xED0CDAED
_VERSION: Final = 2
_PAGE_HEADER: Final = struct.Struct("<QHHI")
_META: Final = struct.Struct("<IIIIQQQQQQ")
_BUCKET: Final = struct.Struct("<QQ")
_BRANCH: Final = struct.Struct("<IIQ")
_LEAF: Final = struct.Struct("<IIII")
_IS_BRANCH: Final = 1
_IS_LEAF: Final = 2
_IS_BUCKET: Final = 1
_COMMITTED: Final = 3
_MOST_PAGES: Final = 1_000_000
_TRIES: Final = 3
# Go's time starts with the year 1, so many seconds before Unix time (time.Time.MarshalBinary: version, seconds, nanoseconds, offset in minutes).
_YEAR_1: Final = 62_135_596_800
_TIME: Final = struct.Struct(">bqih")


class _Torn(Exception):
    """The file is not what it should be: damaged, of another version, or changed while it was read."""


class _Meta(NamedTuple):
    """The newer of the two pages that say where the tree begins."""

    page_size: int
    root: int
    transaction: int


def committed(database: Path, before: float) -> frozenset[int]:
    """Return the numbers of the snapshots that were committed before the Unix time ``before``.

    None at all when the database is not there, cannot be understood, or changes all the time: then nothing is known
    for certain.
    """
    for _ in range(_TRIES):
        try:
            data = database.read_bytes()
            meta = _meta(data)
            found = frozenset(_committed(_Tree(data, meta.page_size), meta.root, before))
            with database.open("rb") as file:
                if _meta(file.read(2 * meta.page_size)).transaction == meta.transaction:
                    return found
        except (OSError, _Torn, struct.error, LookupError, ValueError, OverflowError, RecursionError):
            continue
    return frozenset()


def _meta(data: bytes) -> _Meta:
    """Return the valid meta page of the highest transaction (bbolt db.go, meta())."""
    first = _read_meta(data, 0)
    # the second page begins where the first one says; if that one is damaged, where pages usually do
    sizes = [first.page_size] if first is not None else [4096, 8192, 16384, 65536]
    seconds = [found for size in sizes if (found := _read_meta(data, size)) is not None]
    valid = [meta for meta in (first, *seconds) if meta is not None]
    if not valid:
        raise _Torn
    return max(valid, key=lambda meta: meta.transaction)


def _read_meta(data: bytes, offset: int) -> _Meta | None:
    raw = data[offset + _PAGE_HEADER.size : offset + _PAGE_HEADER.size + _META.size]
    if len(raw) < _META.size:
        return None
    magic, version, page_size, _, root, _, _, _, transaction, checksum = _META.unpack(raw)
    if magic != _MAGIC or version != _VERSION or checksum != _fnv_1a(raw[:-8]):
        return None
    return _Meta(page_size, root, transaction)


def _fnv_1a(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


class _Tree:
    """The pages of a database."""

    def __init__(self, data: bytes, page_size: int) -> None:
        self._data = data
        self._size = page_size
        self._seen = 0

    def items(self, root: int) -> Iterator[tuple[bytes, bytes, bool]]:
        """Yield key, value and whether that is a bucket, for each item of the bucket whose tree begins at page ``root``."""
        self._seen += 1
        if self._seen > _MOST_PAGES:
            raise _Torn
        begin = root * self._size
        number, flags, count, _ = _PAGE_HEADER.unpack_from(self._data, begin)
        if number != root:
            raise _Torn
        if flags & _IS_LEAF:
            yield from _leaves(self._data, begin, count)
        elif flags & _IS_BRANCH:
            for index in range(count):
                _, _, child = _BRANCH.unpack_from(
                    self._data, begin + _PAGE_HEADER.size + index * _BRANCH.size
                )
                yield from self.items(child)
        else:
            raise _Torn

    def bucket(self, value: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
        """Yield the items of the bucket that ``value`` describes: small ones stand in it (bbolt bucket.go, inline)."""
        root, _ = _BUCKET.unpack_from(value)
        if root:
            yield from self.items(root)
            return
        _, flags, count, _ = _PAGE_HEADER.unpack_from(value, _BUCKET.size)
        if not flags & _IS_LEAF:
            raise _Torn
        yield from _leaves(value, _BUCKET.size, count)


def _leaves(data: bytes, begin: int, count: int) -> Iterator[tuple[bytes, bytes, bool]]:
    for index in range(count):
        place = begin + _PAGE_HEADER.size + index * _LEAF.size
        flags, offset, key_size, value_size = _LEAF.unpack_from(data, place)
        key = data[place + offset : place + offset + key_size]
        value = data[place + offset + key_size : place + offset + key_size + value_size]
        if len(key) != key_size or len(value) != value_size:
            raise _Torn
        yield key, value, bool(flags & _IS_BUCKET)


def _committed(tree: _Tree, root: int, before: float) -> Iterator[int]:
    for version, value, is_bucket in tree.items(root):
        if version != b"v1" or not is_bucket:
            continue
        for name, snapshots, _ in tree.bucket(value):
            if name != b"snapshots":
                continue
            for _, snapshot, _ in tree.bucket(snapshots):
                fields = {key: field for key, field, _ in tree.bucket(snapshot)}
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
    raise _Torn
