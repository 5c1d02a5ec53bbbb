"""A tree with all that is hard to copy, and a look at trees that shares no code with the copier."""

import contextlib
import hashlib
import os
import socket
import stat
import struct
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

OLD: Final = 1_500_000_000_123_456_789
CAPABILITY: Final = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
_OBJECT, _GROUP, _MASK, _OTHER, _USER = 0x01, 0x04, 0x10, 0x20, 0x02
_NOBODY: Final = 0xFFFFFFFF


def access_list() -> bytes:
    """Return an ACL that gives a user of its own something."""
    entries = (
        (_OBJECT, 7, _NOBODY),
        (_USER, 5, 1234),
        (_GROUP, 5, _NOBODY),
        (_MASK, 5, _NOBODY),
        (_OTHER, 0, _NOBODY),
    )
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def make_torture(root: Path) -> None:
    """Make the tree below ``root``."""
    (root / "plain").write_bytes(b"plain")
    (root / "empty").write_bytes(b"")
    (root / "empty-folder").mkdir()
    make_modes(root / "modes")
    make_attributes(root / "attributes")
    make_specials(root / "specials")
    make_links(root)
    make_sparse(root / "sparse")
    odd = root / os.fsdecode(b"odd \xff\xfe\n\t'name")
    odd.mkdir()
    (odd / ("n" * 255)).write_bytes(b"long name")
    (odd / os.fsdecode(b"\n")).write_bytes(b"newline")
    fixed = root / "immutable"
    fixed.write_bytes(b"fixed")
    grown = root / "append-only"
    grown.write_bytes(b"log")
    deep = root
    for number in range(60):
        deep /= f"d{number}"
        deep.mkdir()
    (deep / "bottom").write_bytes(b"bottom")
    make_old(root)
    for flag, path in (("+i", fixed), ("+a", grown)):
        subprocess.run(["chattr", flag, path], check=False, capture_output=True)


def make_modes(folder: Path) -> None:
    folder.mkdir()
    for mode in (0o0, 0o400, 0o644, 0o777, 0o1777, 0o2755, 0o4755, 0o6711, 0o7000):
        path = folder / f"file-{mode:o}"
        path.write_bytes(b"mode")
        os.chown(path, 1000, 2000)
        path.chmod(mode)
        below = folder / f"folder-{mode:o}"
        below.mkdir()
        (below / "inside").write_bytes(b"inside")
        os.mkfifo(below / "fifo")
        os.chown(below, 3000, 4000)
        below.chmod(mode)


def make_attributes(folder: Path) -> None:
    folder.mkdir()
    path = folder / "file"
    path.write_bytes(b"attributes")
    os.setxattr(path, "user.one", b"\x00\xff binary")
    os.setxattr(path, "user.empty", b"")
    os.setxattr(path, "trusted.overlay.origin", b"x" * 1500)
    tool = folder / "tool"
    tool.write_bytes(b"#!")
    os.chown(tool, 1000, 1000)
    os.setxattr(tool, "security.capability", CAPABILITY)
    listed = folder / "acl"
    listed.write_bytes(b"acl")
    os.setxattr(listed, "system.posix_acl_access", access_list())
    inheriting = folder / "default-acl"
    inheriting.mkdir()
    (inheriting / "before").write_bytes(b"without one")
    (inheriting / "folder").mkdir()
    os.setxattr(inheriting, "system.posix_acl_default", access_list())
    os.setxattr(inheriting, "trusted.overlay.opaque", b"y")
    link = folder / "symlink"
    link.symlink_to("file")
    os.setxattr(link, "trusted.of.symlink", b"link", follow_symlinks=False)
    device = folder / "device"
    os.mknod(device, stat.S_IFCHR | 0o640, os.makedev(1, 3))
    os.setxattr(device, "trusted.of.device", b"device")
    os.setxattr(device, "system.posix_acl_access", access_list())


def make_specials(folder: Path) -> None:
    folder.mkdir()
    os.mknod(folder / "whiteout", stat.S_IFCHR, os.makedev(0, 0))
    os.mknod(folder / "block", stat.S_IFBLK | 0o4660, os.makedev(259, 70_000))
    os.mkfifo(folder / "fifo", 0o622)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind(f"/proc/self/fd/{os.open(folder, os.O_RDONLY)}/socket")
    (folder / "dangling").symlink_to("/nowhere/at/all")
    (folder / "to-folder").symlink_to("..")
    (folder / "long").symlink_to("x" * 1000)
    os.chown(folder / "dangling", 1234, 5678, follow_symlinks=False)


def make_links(root: Path) -> None:
    for name in ("here", "there"):
        (root / name).mkdir()
    (root / "here/file").write_bytes(b"linked")
    (root / "here/link").symlink_to("target")
    os.mkfifo(root / "here/fifo")
    os.mknod(root / "here/device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    for name in ("file", "link", "fifo", "device"):
        for other in (root / "here" / f"{name}-2", root / "there" / name, root / f"{name}-3"):
            os.link(root / "here" / name, other, follow_symlinks=False)


def make_sparse(folder: Path) -> None:
    folder.mkdir()
    for name, size, places in (
        ("hole", 10 << 20, ()),
        ("end", 20 << 20, (19 << 20,)),
        ("middle", 200 << 20, (0, 100 << 20, 150 << 20)),
        ("odd", (5 << 20) + 17, (0, 4 << 20)),
    ):
        with (folder / name).open("wb") as file:
            for place in places:
                file.seek(place)
                file.write(os.urandom(100_000))
            file.truncate(size)


def make_old(root: Path) -> None:
    """Give everything below ``root`` a time of its own, long ago."""
    number = 0
    for above, folders, files in os.walk(root, topdown=False):
        for name in [*files, *folders]:
            number += 1
            os.utime(f"{above}/{name}", ns=(OLD, OLD + number * 1_000_000_007), follow_symlinks=False)
    os.utime(root, ns=(OLD, OLD))


def make_very_deep(root: Path, depth: int = 30, length: int = 200) -> None:
    """Make folders below ``root`` whose path is longer than any call takes."""
    here = os.open(root, os.O_RDONLY)
    for number in range(depth):
        name = f"{number:0{length}}"
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT, 0o640, dir_fd=here))
        os.symlink("file", "link", dir_fd=here)
        os.link("file", "second", src_dir_fd=here, dst_dir_fd=here)
    os.close(here)


def seen(root: Path) -> dict[bytes, Any]:
    """Return what is below ``root``, by path: all that a copy is to have, contents and groups of links included."""
    found: dict[bytes, Any] = {}
    names: dict[int, list[bytes]] = defaultdict(list)
    folder = os.open(root, os.O_RDONLY)
    _see(folder, b"", found, names)
    os.close(folder)
    for group in names.values():
        for path in group:
            found[path]["names"] = sorted(group)
    return found


def _see(folder: int, above: bytes, found: dict[bytes, Any], names: dict[int, list[bytes]]) -> None:
    for text in os.listdir(folder):
        name = os.fsencode(text)
        if name in {b"lost+found", b".dockerd-cfg-target.json"}:
            continue
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        path = above + name
        found[path] = _facts(folder, name, status)
        if stat.S_ISDIR(status.st_mode):
            below = os.open(name, os.O_RDONLY, dir_fd=folder)
            _see(below, path + b"/", found, names)
            os.close(below)
        else:
            names[status.st_ino].append(path)


def _facts(folder: int, name: bytes, status: os.stat_result) -> dict[str, Any]:
    path = b"/proc/self/fd/%d/%s" % (folder, name)
    facts: dict[str, Any] = {
        "mode": oct(status.st_mode),
        "owner": (status.st_uid, status.st_gid),
        "time": status.st_mtime_ns,
        "device": status.st_rdev,
        "attributes": {
            key: os.getxattr(path, key, follow_symlinks=False)
            for key in os.listxattr(path, follow_symlinks=False)
        },
    }
    if stat.S_ISLNK(status.st_mode):
        facts["target"] = os.readlink(name, dir_fd=folder)
    if stat.S_ISREG(status.st_mode):
        file = os.open(name, os.O_RDONLY, dir_fd=folder)
        with open(file, "rb") as content:  # noqa: PTH123  # a descriptor
            facts["content"] = (status.st_size, hashlib.file_digest(content, "sha256").hexdigest())
        facts["is sparse"] = status.st_blocks * 512 < status.st_size // 2
    return facts
