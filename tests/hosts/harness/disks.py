"""Disk images and their mounts: made, copied, let go of, and cut off as a power failure cuts them off."""

import contextlib
import fcntl
import json
import os
import struct
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from tests.hosts.harness.commands import run

FileSystem = Literal["ext4", "xfs"]

MIB = 1024 * 1024
SMALLEST_XFS = 300
# _IOR('X', 125, __u32), the same number for ext4 and xfs; 2: not even the journal is flushed.
SHUT_DOWN = 0x8004587D
WITHOUT_FLUSH = 2


def make(image: Path, mib: int, file_system: FileSystem = "ext4", *, content: Path | None = None) -> None:
    """A sparse image with a new file system, holding a copy of a folder if one is given (ext4)."""
    if file_system == "xfs" and mib < SMALLEST_XFS:
        raise ValueError(f"xfs wants a disk of {SMALLEST_XFS} MiB at least, not {mib}")
    with image.open("wb") as file:
        file.truncate(mib * MIB)
    if file_system == "xfs":
        run(["mkfs.xfs", "-q", str(image)])
    else:
        populate = ["-d", str(content)] if content else []
        run(["mkfs.ext4", "-q", "-F", *populate, str(image)], timeout=120)


def copy(source: Path, image: Path, mib: int) -> None:
    """A copy of an ext4 image with another size, as sparse as can be."""
    run(["cp", "--reflink=auto", "--sparse=always", str(source), str(image)], timeout=120)
    size = image.stat().st_size
    if mib * MIB > size:
        os.truncate(image, mib * MIB)
        run(["resize2fs", str(image)])
    elif mib * MIB < size:
        run(["e2fsck", "-f", "-p", str(image)], check=False)
        run(["resize2fs", str(image), f"{mib}M"])
        os.truncate(image, mib * MIB)


def loops_on(images: Iterable[Path]) -> list[str]:
    """The loop devices on those images, by inode: hosts see the files under other names."""
    wanted = set()
    for image in images:
        with contextlib.suppress(FileNotFoundError):
            status = image.stat()
            wanted.add((f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}", status.st_ino))
    columns = "NAME,BACK-INO,BACK-MAJ:MIN"
    answer = run(["losetup", "--list", "--json", "--output", columns]).stdout
    devices = json.loads(answer)["loopdevices"] if answer.strip() else []
    return [
        device["name"]
        for device in devices
        if device["back-maj:min"]  # none of a loop that is being made or freed just now
        and (device["back-maj:min"].strip(), int(device["back-ino"])) in wanted
    ]


def release(images: Iterable[Path], *, timeout: float = 10) -> None:
    """Wait until no loop device holds the images: mounting one twice would ruin it.

    A mounted device frees itself. One that a host attached by hand is detached, but not at once: numbers are given out
    again, and another host may just be mounting what now has this one.
    """
    images = list(images)
    started = time.monotonic()
    while loops := loops_on(images):
        passed = time.monotonic() - started
        if passed > timeout:
            raise TimeoutError(f"{', '.join(loops)} still in use")
        if passed > timeout / 5:
            for loop in loops:
                run(["losetup", "--detach", loop], check=False)
        time.sleep(0.02)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    """The folder, held open for the block."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def cut_off(file_system: int) -> None:
    """End the mounted file system of an open folder at once: what was not yet written is lost, as when the power goes."""
    fcntl.ioctl(file_system, SHUT_DOWN, struct.pack("I", WITHOUT_FLUSH))
