"""The folder where what is slow to make is kept: made once, under a lock, whole or not at all; the unused goes."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ENVIRONMENT = "DOCKERD_CFG_HOSTS_CACHE"
KEPT_UNUSED = 30 * 60.0  # seconds: a second checkout with another recipe must not lose what it uses


def folder() -> Path:
    """The cache's folder; it must lie on a real file system, since Docker's overlays lie on it."""
    return Path(os.environ.get(ENVIRONMENT, "/var/cache/dockerd-cfg-hosts"))


def key_of(*parts: str | bytes) -> str:
    """A short key for what goes into a product."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()[:12]


def folder_key(*paths: Path) -> str:
    """A key of files and folders: names and contents, without what Python leaves behind."""
    parts: list[str | bytes] = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                parts += [str(file.relative_to(path.parent)), file.read_bytes()]
    return key_of(*parts)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of that name; other processes wait."""
    locks = folder() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def product(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder KIND-KEY, made first if it is not there; `make` fills a new folder that is then renamed."""
    store = folder() / "store"
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = store / f"{kind}-{key}"
    with locked(kind):
        if not path.exists():
            unfinished = store / f".{kind}"
            if unfinished.exists():
                shutil.rmtree(unfinished)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(path)
        os.utime(path)
        _remove_unused(kind, path)
    return path


def _remove_unused(kind: str, present: Path) -> None:
    in_use = _in_use()
    for path in present.parent.glob(f"{kind}-*"):
        same_kind = path.name.rpartition("-")[0] == kind
        if same_kind and path != present and str(path) not in in_use:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > KEPT_UNUSED:
                    shutil.rmtree(path)


def _in_use() -> str:
    """What the running hosts have written down about themselves, with the layers that they are made of."""
    return "\n".join(file.read_text() for file in (folder() / "run").glob("*/owner.json"))
