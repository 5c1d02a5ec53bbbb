"""Paths of any length below a folder, turned into such that calls take: those end at 4,096 bytes (PATH_MAX, limits.h)."""

import os
from collections import OrderedDict
from types import TracebackType
from typing import Final, Self

# What is shorter is passed on as it is. With a root, a name of 255 bytes and what a program makes of it (a pattern with
# each byte escaped, a temporary name), a path stays below 4,096 bytes.
SECTION: Final = 1536
_HELD: Final = 64
_FOLDER: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


def sections(path: bytes) -> list[bytes]:
    """Return ``path`` (relative) in sections: each but the last a folder of `SECTION` bytes or a little more.

    The last one is empty where ``path`` ends with a slash after a whole section. Two paths have the same sections
    as far as they have the same folders.
    """
    found = []
    begin = 0
    while (end := path.find(b"/", begin + SECTION)) != -1:
        found.append(path[begin:end])
        begin = end + 1
    return [*found, path[begin:]]


class Reach:
    """Turns paths relative to ``root`` into paths for a call, to be used at once; a context manager.

    Folders on the way to very long ones are held open, so that the rest of the path is counted from there. ``root`` is
    followed where it is a link, but no link below it on the way to what is held open, whoever puts one there and when.
    """

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._held: OrderedDict[bytes, int] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the folders held open."""
        while self._held:
            os.close(self._held.popitem()[1])

    def __call__(self, path: bytes) -> bytes:
        """Return what to pass to a call for ``path``. Raises OSError when a folder on a long way is not there."""
        if len(path) <= SECTION:
            return self._root + b"/" + path
        *folders, rest = sections(path)
        return self._begin(folders) + b"/" + rest

    def open(self, path: bytes) -> int:
        """Return a descriptor of the folder ``path`` for the caller to close; no link is followed. Raises OSError."""
        *folders, rest = sections(path)
        return _opened(self._begin(folders), rest)

    def _begin(self, folders: list[bytes]) -> bytes:
        """Return what to pass to a call for the last of ``folders``, sections each below the one before."""
        begin, path = self._root, b""
        for folder in folders:
            path += folder + b"/"
            begin = b"/proc/self/fd/%d" % self._hold(path, begin, folder)
        return begin

    def _hold(self, path: bytes, above: bytes, folder: bytes) -> int:
        """Return a descriptor of the folder ``path``, which is ``folder`` below ``above``."""
        held = self._held.get(path)
        if held is None:
            held = _opened(above, folder)
            self._held[path] = held
            if len(self._held) > _HELD:
                os.close(self._held.popitem(last=False)[1])
        self._held.move_to_end(path)
        return held


def _opened(above: bytes, path: bytes) -> int:
    """Open the folder ``path`` below ``above``, following no link but ``above`` itself."""
    folder = os.open(above, _FOLDER)
    for name in path.split(b"/") if path else ():
        above_it = folder
        try:
            folder = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above_it)
        finally:
            os.close(above_it)
    return folder
