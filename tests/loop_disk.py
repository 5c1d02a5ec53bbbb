"""Real file systems of our own, each in a file on a loop device."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_MAKING: Final = {
    "ext4": ["mkfs.ext4", "-qF", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
    "ext4 with small inodes": ["mkfs.ext4", "-qF", "-I", "128"],
    "xfs": ["mkfs.xfs", "-qf"],
}


@contextmanager
def loop_disk(
    folder: Path, name: str, *, kind: str = "ext4", size: str = "400M", inodes: int = 0
) -> Iterator[Path]:
    """Mount a new file system on ``folder/name``, with so many ``inodes`` (0: as many as is usual).

    The test is left out where that cannot be.
    """
    maker, *arguments = _MAKING[kind]
    arguments += ["-N", str(inodes)] if inodes else []
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if shutil.which(maker) is None:
        pytest.skip(f"{maker} is not installed")
    image, point = folder / f"{name}.img", folder / name
    with image.open("wb") as file:
        file.truncate(0)
    subprocess.run(["truncate", "-s", size, image], check=True)
    subprocess.run([maker, *arguments, image], check=True, capture_output=True)
    point.mkdir()
    mounted = subprocess.run(
        ["mount", "-o", "loop", image, point], check=False, capture_output=True, text=True
    )
    if mounted.returncode != 0:
        image.unlink()
        point.rmdir()
        pytest.skip(f"no {kind} on a loop device here: {mounted.stderr.strip()}")
    try:
        yield point
    finally:
        if subprocess.run(["umount", point], check=False, capture_output=True).returncode != 0:
            subprocess.run(["umount", "--lazy", point], check=True)  # a failed test left something open
        image.unlink()
        point.rmdir()
