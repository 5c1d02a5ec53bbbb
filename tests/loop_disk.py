"""Real file systems of our own, each in a file on a loop device."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_BLOCK: Final = 4096
_MAKING: Final = {
    "ext4": ["mkfs.ext4", "-qF", "-b", str(_BLOCK), "-E", "lazy_itable_init=0,lazy_journal_init=0"],
    "ext4 with small inodes": ["mkfs.ext4", "-qF", "-I", "128"],
    "xfs": ["mkfs.xfs", "-qf"],
    "btrfs": ["mkfs.btrfs", "-qf"],
}


@contextmanager
def loop_disk(
    folder: Path, name: str, *, kind: str = "ext4", size: str = "400M", inodes: int = 0, options: str = "rw"
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
    image = folder / f"{name}.img"
    with image.open("wb") as file:
        file.truncate(0)
    subprocess.run(["truncate", "-s", size, image], check=True)
    subprocess.run([maker, *arguments, image], check=True, capture_output=True)
    with _mounted(image, kind, options) as point:
        yield point


@contextmanager
def after_a_power_cut(point: Path) -> Iterator[Path]:
    """Mount what the power would leave of the disk mounted at ``point`` (a `loop_disk`), if it went now."""
    image = point.with_name(f"{point.name}-cut.img")
    # the disk is its file: what the file system did not send to it yet is not in there
    subprocess.run(["cp", "--sparse=always", point.with_name(f"{point.name}.img"), image], check=True)
    with _mounted(image, "disk", "rw") as left:
        yield left


@contextmanager
def with_broken_attributes(point: Path, name: str) -> Iterator[Path]:
    """Mount a copy of the disk at ``point`` (a `loop_disk` of ext4) where the attributes of the file ``name`` cannot be read.

    They have to be too many for its inode.
    """
    image = point.with_name(f"{point.name}-broken.img")
    subprocess.run(["fsfreeze", "--freeze", point], check=True)  # else the journal would mend it
    subprocess.run(["cp", "--sparse=always", point.with_name(f"{point.name}.img"), image], check=True)
    subprocess.run(["fsfreeze", "--unfreeze", point], check=True)
    told = subprocess.run(
        ["debugfs", "-R", f"stat /{name}", image], check=True, capture_output=True, text=True
    ).stdout
    (block,) = re.findall(r"File ACL: ([1-9][0-9]*)", told)
    with image.open("r+b") as disk:
        disk.seek(int(block) * _BLOCK)
        disk.write(bytes(_BLOCK))
    with _mounted(image, "disk", "rw") as left:
        yield left


@contextmanager
def _mounted(image: Path, kind: str, options: str) -> Iterator[Path]:
    point = image.with_suffix("")
    point.mkdir()
    mounted = subprocess.run(
        ["mount", "-o", f"loop,{options}", image, point], check=False, capture_output=True, text=True
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
