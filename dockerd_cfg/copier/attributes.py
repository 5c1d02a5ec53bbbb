"""Owners, extended attributes, modes and times: read from one file, given to another."""

import errno
import os
import stat
from typing import Final, NamedTuple

_ACLS: Final = frozenset({"system.posix_acl_access", "system.posix_acl_default"})
_DEFAULT_ACL: Final = "system.posix_acl_default"
_PERMISSIONS: Final = 0o777
_FULL: Final = 0o7777


class Traits(NamedTuple):
    """What a copy gets besides its contents; times in nanoseconds since 1970."""

    mode: int
    uid: int
    gid: int
    atime: int
    mtime: int
    extended: list[tuple[str, bytes]]


def traits_of(status: os.stat_result, extended: list[tuple[str, bytes]]) -> Traits:
    """Put together what ``status`` says and the extended attributes."""
    return Traits(
        status.st_mode, status.st_uid, status.st_gid, status.st_atime_ns, status.st_mtime_ns, extended
    )


def extended_attributes(file: int | bytes) -> list[tuple[str, bytes]]:
    """Return all extended attributes of ``file`` (a descriptor, or a path whose last part is not followed).

    ACLs are among them, what else the kernel makes up below ``system.`` is not. Raises OSError.
    """
    follow = isinstance(file, int)
    try:
        names = os.listxattr(file, follow_symlinks=follow)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return []
        raise
    found = []
    for name in names:
        if name.startswith("system.") and name not in _ACLS:
            continue
        try:
            found.append((name, os.getxattr(file, name, follow_symlinks=follow)))
        except OSError as error:
            if error.errno != errno.ENODATA:  # taken away meanwhile
                raise
    return found


def give(file: int, traits: Traits) -> None:
    """Give all of ``traits`` to the open ``file``. Raises OSError.

    In this order, since a new owner takes away capabilities and setuid, an ACL changes the mode, and whatever is
    written or set changes times.
    """
    os.fchown(file, traits.uid, traits.gid)
    for name, value in traits.extended:
        os.setxattr(file, name, value)
    os.fchmod(file, traits.mode & _FULL)
    os.utime(file, ns=(traits.atime, traits.mtime))


def give_new_file(file: int, status: os.stat_result, extended: list[tuple[str, bytes]]) -> None:
    """Like `give`, for a file just made with the permissions of ``status``: with as few calls as will do."""
    os.fchown(file, status.st_uid, status.st_gid)
    if extended:
        for name, value in extended:
            os.setxattr(file, name, value)
    if extended or status.st_mode & (_FULL ^ _PERMISSIONS):
        os.fchmod(file, status.st_mode & _FULL)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def give_by_name(name: bytes, folder: int, traits: Traits) -> None:
    """Like `give`, for what cannot be opened: a symlink, device, fifo or socket just made in ``folder``."""
    os.chown(name, traits.uid, traits.gid, dir_fd=folder, follow_symlinks=False)
    for attribute, value in traits.extended:
        os.setxattr(by_descriptor(folder, name), attribute, value, follow_symlinks=False)
    if not stat.S_ISLNK(traits.mode) and (traits.extended or traits.mode & (_FULL ^ _PERMISSIONS)):
        os.chmod(name, traits.mode & _FULL, dir_fd=folder)
    os.utime(name, ns=(traits.atime, traits.mtime), dir_fd=folder, follow_symlinks=False)


def by_descriptor(folder: int, name: bytes) -> bytes:
    """Return a path to ``name`` in the open ``folder``, for calls that know no folders: only ``name`` can surprise."""
    return b"/proc/self/fd/%d/%s" % (folder, name)


def keep_to_ourselves(folder: int) -> None:
    """Take from a folder of an earlier copy what new files in it would inherit, and everyone's way into it.

    What it is to have it gets when all is copied. Raises OSError.
    """
    os.fchmod(folder, 0o700)
    try:
        os.removexattr(folder, _DEFAULT_ACL)
    except OSError as error:
        if error.errno not in {errno.ENODATA, errno.EOPNOTSUPP}:
            raise


def is_same(old: os.stat_result, new: os.stat_result) -> bool:
    """Tell whether ``new`` needs no copying again: written to its end, since times are given last.

    It must not have more names than its source, or a hard link would stand that is none any more.
    """
    return (
        old.st_mode == new.st_mode
        and old.st_mtime_ns == new.st_mtime_ns
        and (not stat.S_ISREG(old.st_mode) or old.st_size == new.st_size)
        and old.st_uid == new.st_uid
        and old.st_gid == new.st_gid
        and old.st_rdev == new.st_rdev
        and new.st_nlink <= old.st_nlink
    )
