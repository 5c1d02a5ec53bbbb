"""Reading a bbolt database, which Docker and containerd keep their records in, without asking either.

It is a file of pages of a B+ tree, of which a writer never changes one that the last transaction uses (bbolt page.go,
node.go, db.go). So a copy of the file, during whose reading no transaction came to its end, is consistent.
"""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")
Items = Iterator[tuple[bytes, bytes, bool]]

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
_MOST_PAGES: Final = 1_000_000
_TRIES: Final = 3


class Torn(Exception):
    """The file is not what it should be: damaged, of another version, or changed while it was read."""


class _Meta(NamedTuple):
    """The newer of the two pages that say where the tree begins."""

    page_size: int
    root: int
    transaction: int


def read_bolt(database: Path, look: Callable[["Bolt"], T]) -> T | None:
    """Return what ``look`` finds in ``database``.

    None when the database is not there, cannot be understood (``look`` may raise Torn, too), or changes all the time:
    then nothing is known for certain.
    """
    for _ in range(_TRIES):
        try:
            data = database.read_bytes()
            meta = _meta(data)
            found = look(Bolt(data, meta))
            with database.open("rb") as file:
                if _meta(file.read(2 * meta.page_size)).transaction == meta.transaction:
                    return found
        except (OSError, Torn, struct.error, LookupError, ValueError, OverflowError, RecursionError):
            continue
    return None


def _meta(data: bytes) -> _Meta:
    """Return the valid meta page of the highest transaction (bbolt db.go, meta())."""
    first = _read_meta(data, 0)
    # the second page begins where the first one says; if that one is damaged, where pages usually do
    sizes = [first.page_size] if first is not None else [4096, 8192, 16384, 65536]
    seconds = [found for size in sizes if (found := _read_meta(data, size)) is not None]
    valid = [meta for meta in (first, *seconds) if meta is not None]
    if not valid:
        raise Torn
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


class Bolt:
    """The items of a database: triples of key, value, and whether the value is a bucket of its own."""

    def __init__(self, data: bytes, meta: _Meta) -> None:
        self._data = data
        self._size = meta.page_size
        self._root = meta.root
        self._seen = 0

    def top(self) -> Items:
        """Yield the items of the outermost bucket."""
        return self._items(self._root)

    def _items(self, root: int) -> Items:
        self._seen += 1
        if self._seen > _MOST_PAGES:
            raise Torn
        begin = root * self._size
        number, flags, count, _ = _PAGE_HEADER.unpack_from(self._data, begin)
        if number != root:
            raise Torn
        if flags & _IS_LEAF:
            yield from _leaves(self._data, begin, count)
        elif flags & _IS_BRANCH:
            for index in range(count):
                _, _, child = _BRANCH.unpack_from(
                    self._data, begin + _PAGE_HEADER.size + index * _BRANCH.size
                )
                yield from self._items(child)
        else:
            raise Torn

    def bucket(self, value: bytes) -> Items:
        """Yield the items of the bucket that ``value`` describes: small ones stand in it (bbolt bucket.go, inline)."""
        root, _ = _BUCKET.unpack_from(value)
        if root:
            yield from self._items(root)
            return
        _, flags, count, _ = _PAGE_HEADER.unpack_from(value, _BUCKET.size)
        if not flags & _IS_LEAF:
            raise Torn
        yield from _leaves(value, _BUCKET.size, count)


def _leaves(data: bytes, begin: int, count: int) -> Items:
    for index in range(count):
        place = begin + _PAGE_HEADER.size + index * _LEAF.size
        flags, offset, key_size, value_size = _LEAF.unpack_from(data, place)
        key = data[place + offset : place + offset + key_size]
        value = data[place + offset + key_size : place + offset + key_size + value_size]
        if len(key) != key_size or len(value) != value_size:
            raise Torn
        yield key, value, bool(flags & _IS_BUCKET)
