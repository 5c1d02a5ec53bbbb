"""Which names are hard links to which file, in little memory: a million linked files take 32 MB."""

from array import array
from collections.abc import Iterator
from typing import Final

from dockerd_cfg.copier.spool import Spool

_SMALL: Final = 10  # bits of the first table
_SCATTER: Final = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: neighbouring inodes come to lie far apart
_WORD: Final = 64  # bits
_FULLEST: Final = 0.6


class Links:
    """The first name met of each file that has several, and all further names."""

    def __init__(self, folder: int) -> None:
        """Keep the names on the disk of ``folder``."""
        self._first = Spool(folder)
        self._further = Spool(folder)
        self._table = _Table(_SMALL)

    def is_further(self, inode: int, path: bytes) -> bool:
        """Note ``path`` as a name of ``inode``; tell whether another was noted before."""
        place = self._table.get(inode)
        if place is None:
            self._table.put(inode, self._first.append(path))
            if self._table.is_full:
                self._table = self._table.larger()
            return False
        self._further.append((path, place))
        return True

    def further(self) -> Iterator[tuple[bytes, int]]:
        """Yield each further name with the place of the first."""
        yield from self._further

    def first(self, place: int) -> bytes:
        """Return the first name that stands at ``place``."""
        path: bytes = self._first.at(place)
        return path


class _Table:
    """Numbers by numbers, side by side in one array; 0 is no key."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._cells = array("Q", bytes(16 << bits))
        self._used = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time for a larger one."""
        return self._used > _FULLEST * (1 << self._bits)

    def get(self, key: int) -> int | None:
        """Return the value of ``key``."""
        cell = self._find(key)
        return self._cells[cell + 1] if self._cells[cell] else None

    def put(self, key: int, value: int) -> None:
        """Add ``key``, which is not there yet."""
        cell = self._find(key)
        self._cells[cell] = key
        self._cells[cell + 1] = value
        self._used += 1

    def larger(self) -> "_Table":
        """Return the same in a table twice as large."""
        table = _Table(self._bits + 1)
        for cell in range(0, len(self._cells), 2):
            if self._cells[cell]:
                table.put(self._cells[cell], self._cells[cell + 1])
        return table

    def _find(self, key: int) -> int:
        """Return the cell of ``key``, or the free one where it belongs."""
        cells, mask = self._cells, len(self._cells) - 1
        cell = ((key * _SCATTER & ((1 << _WORD) - 1)) >> (_WORD - self._bits)) * 2
        while cells[cell] and cells[cell] != key:
            cell = (cell + 2) & mask
        return cell
