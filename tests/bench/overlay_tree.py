"""Makes trees to be copied: one like a data root with overlay2, one of nothing but small files."""

import os
import random
from pathlib import Path
from typing import Final

LAYERS: Final = 64
FOLDERS: Final = 290  # in a layer
OLD: Final = 1_600_000_000
_NOISE: Final = 1 << 23
_SIZES: Final = ((0, 4), (600, 30), (3000, 30), (12_000, 20), (50_000, 10), (200_000, 4), (1_500_000, 2))


def make_data_root(root: Path, files: int, *, seed: int = 1) -> None:
    """Make about ``files`` files below ``root``, 50 KB each on average, as image layers and containers leave them.

    Some are hard links, sparse, whiteouts, symlinks, setuid or have extended attributes; all are old.
    """
    chance = random.Random(seed)  # noqa: S311  # the same tree each time
    noise = chance.randbytes(_NOISE)
    sizes, weights = zip(*_SIZES, strict=True)
    per_folder = max(1, files // (LAYERS * FOLDERS))
    extra = files - per_folder * LAYERS * FOLDERS
    for _layer in range(LAYERS):
        base = root / "overlay2" / f"{chance.getrandbits(256):064x}"
        (base / "diff").mkdir(parents=True)
        (base / "work").mkdir()
        (base / "link").write_bytes(b"A" * 26)
        folders = [base / "diff"]
        for number in range(FOLDERS):
            above = folders[chance.randrange(len(folders))] if number else base / "diff"
            folder = above / f"folder-{number}"
            folder.mkdir()
            folders.append(folder)
            more = 1 if chance.random() < extra / (LAYERS * FOLDERS) else 0
            for file in range(per_folder + more):
                size = int(chance.choices(sizes, weights)[0] * chance.uniform(0.5, 1.5))
                _make_file(folder / f"file-{file}.so", noise, size, chance)
        os.setxattr(folders[3], "trusted.overlay.opaque", b"y")
        for number in range(10):
            os.mknod(folders[number] / "gone", 0o600 | 0o020000, os.makedev(0, 0))
        with (base / "diff" / "database").open("wb") as sparse:
            sparse.seek(20 << 20)
            sparse.write(noise[: 64 << 10])
            sparse.truncate(30 << 20)
        _make_old(base / "diff" / "database")
        for folder in reversed(folders):
            _make_old(folder)
    big = root / "volumes/data/_data"
    big.mkdir(parents=True)
    with (big / "large").open("wb") as large:
        for _ in range(max(1, files * 4 // 59_000 * 16)):
            large.write(noise)
    _make_old(big / "large")


def _make_file(path: Path, noise: bytes, size: int, chance: random.Random) -> None:
    start = chance.randrange(_NOISE - size)
    path.write_bytes(noise[start : start + size])
    kind = chance.random()
    if kind < 0.02:
        os.link(path, path.with_name(path.name + ".link"))
    elif kind < 0.04:
        os.setxattr(path, "user.kind", b"some value")
    elif kind < 0.05:
        path.chmod(0o4755)
    elif kind < 0.10:
        path.with_name(path.name + ".1").symlink_to(path.name)
        _make_old(path.with_name(path.name + ".1"))
    if kind > 0.9:
        os.chown(path, 1000, 1000)
    _make_old(path)


def _make_old(path: Path) -> None:
    os.utime(path, ns=(OLD * 10**9, OLD * 10**9 + 123_456_789), follow_symlinks=False)


def make_small_files(root: Path, files: int) -> None:
    """Make ``files`` files of a few bytes below ``root``, 500 in a folder, one in twenty a hard link."""
    for start in range(0, files, 500):
        folder = root / f"{start // 50_000}" / f"folder-{start}"
        folder.mkdir(parents=True)
        for number in range(min(500, files - start)):
            path = folder / f"some-file-with-a-usual-name-{number}"
            if number % 20 == 1:
                os.link(folder / f"some-file-with-a-usual-name-{number - 1}", path)
            else:
                path.write_bytes(b"small")
