"""The gateway to durable file changes: the only module that replaces, renames and removes.

Every change is on disk when its function returns: contents are synced before a rename, folders after it.
No function follows a symbolic link that somebody could have planted in place of the file it is given.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from dockerd_cfg.errors import AccessDenied, FileProblem
from dockerd_cfg.files import inode_flags

_READ_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
TEMPORARY: Final = ".dockerd-cfg-new"
_LONGEST_NAME: Final = 255  # bytes (NAME_MAX)


class FileImage(NamedTuple):
    """A file as it was: contents and what belongs to them. ``data`` is None when there was no file.

    ``modified`` is when its contents were last written, as Unix time in seconds.
    """

    data: bytes | None
    mode: int = 0o644
    owner: int = 0
    group: int = 0
    modified: float = 0.0

    @property
    def digest(self) -> str:
        """The SHA-256 of the contents in hex; an absent file has one of its own."""
        return digest(self.data)

    def like(self, other: "FileImage") -> "FileImage":
        """Return the same contents with mode, owner and group of ``other``, unless there is no such file."""
        return (
            self
            if other.data is None
            else self._replace(mode=other.mode, owner=other.owner, group=other.group)
        )


class Replacement(NamedTuple):
    """A file to be replaced: where, by what, and the digest its present contents must have (None: any)."""

    path: Path
    image: FileImage
    expected: str | None = None


def digest(data: bytes | None) -> str:
    """Return the SHA-256 of ``data`` in hex, or ``absent`` for None."""
    import hashlib  # noqa: PLC0415  # loads OpenSSL, which a run that has nothing to do can spare

    return "absent" if data is None else hashlib.sha256(data).hexdigest()


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise FileProblem, AccessDenied where rights are missing, which begins with ``doing``, for an OSError in the block."""
    try:
        yield
    except OSError as error:
        reason = f"{error.strerror or error} ({errno.errorcode.get(error.errno or 0, 'no errno')})"
        full = "make a little room on that disk (a megabyte will do), then try again"
        kind = AccessDenied if error.errno == errno.EACCES else FileProblem
        raise kind(f"{doing}: {reason}", hint=full if error.errno == errno.ENOSPC else None) from error


def read_image(path: Path) -> FileImage:
    """Return what is at ``path`` (a symbolic link is followed: an administrator may keep the file elsewhere).

    Raises FileProblem when it is no regular file or cannot be read, AccessDenied when that takes other rights.
    """
    with translated(f"cannot read {path}"):
        try:
            descriptor = os.open(path, _READ_FLAGS)
        except FileNotFoundError:
            return FileImage(None)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise FileProblem(f"{path} is not a regular file", hint=f"look at it with: ls -ld {path}")
        with open(descriptor, "rb") as file:
            mode, time_modified = stat.S_IMODE(status.st_mode), status.st_mtime
            return FileImage(file.read(), mode, status.st_uid, status.st_gid, time_modified)


def check_replaceable(path: Path) -> None:
    """Change nothing. Raises FileProblem when even root could not replace the file ``path``, or create it."""
    real = Path(os.path.realpath(path))
    folder = next(parent for parent in real.parents if parent.exists())
    for fixed in filter(inode_flags.is_fixed, (folder, real)):
        raise FileProblem(
            f"{path} cannot be replaced: {fixed} is immutable or append-only",
            hint=f"somebody meant it to stay as it is (see: lsattr -d {fixed}); if it may be changed: chattr -i -a {fixed}",
        )
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise FileProblem(
            f"{path} cannot be replaced: {folder} is on a read-only file system",
            hint=f"see how it is mounted: findmnt -T {folder}; if it may be written to: mount -o remount,rw MOUNTPOINT",
        )


def replace_file(path: Path, image: FileImage, *, expected: str | None = None) -> None:
    """Make ``path`` hold ``image``, at once and durably; an image without data removes the file.

    When ``path`` is a symbolic link, its target is replaced. An existing file's extended attributes (SELinux
    label, ACLs) go over to the new one. ``expected`` is the digest the present contents must have: if somebody
    else changed the file meanwhile nothing is written. Missing folders are created (0755).
    Raises FileProblem.
    """
    replace_together([Replacement(path, image, expected)])


def replace_together(replacements: Sequence[Replacement]) -> None:
    """Replace several files as `replace_file` does one, the renames one right after the other.

    When the machine stops in between, all are the old or all the new ones, unless it happens within the few
    microseconds between two renames: a journaling file system brings both to disk in one transaction.
    Raises FileProblem, before anything is replaced when one of them was changed meanwhile or cannot be written.
    """
    with ExitStack() as stack:
        ready: list[tuple[Path, Path | None]] = []
        for path, image, expected in replacements:
            stack.enter_context(translated(f"cannot write {path}"))
            real = Path(os.path.realpath(path))
            if expected is not None and read_image(real).digest != expected:
                raise FileProblem(
                    f"{path} was changed by somebody else meanwhile",
                    hint="run the same command again: it will read the new contents",
                )
            if image.data is None:
                ready.append((real, None))
                continue
            make_folder(real.parent, mode=0o755)
            ready.append((real, stack.enter_context(written_beside(real, image, sync=True))))
        for real, temporary in ready:
            if temporary is None:
                real.unlink(missing_ok=True)
            else:
                os.replace(temporary, real)
        for folder in {real.parent for real, _ in ready if real.parent.is_dir()}:
            sync_folder(folder)


@contextmanager
def written_beside(real: Path, image: FileImage, *, sync: bool) -> Iterator[Path]:
    """Write ``image`` to a file beside ``real`` for the block to rename; what is left of it afterwards is removed."""
    temporary = beside(real)
    temporary.unlink(missing_ok=True)  # left by a killed run; only root writes into this folder
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    try:
        with open(descriptor, "wb") as file:
            file.write(image.data or b"")
            if os.geteuid() == 0:
                os.fchown(descriptor, image.owner, image.group)
            _keep_attributes(real, descriptor)
            os.fchmod(descriptor, image.mode)
            if sync:
                file.flush()
                os.fsync(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def beside(path: Path) -> Path:
    """Return the path of what is to take the place of ``path``, beside it, under a name that is the same each time."""
    name = f".{path.name}{TEMPORARY}"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        import zlib  # noqa: PLC0415  # names of that length are rare

        name = f".{zlib.crc32(os.fsencode(path.name)):08x}{TEMPORARY}"
    return path.with_name(name)


def remove_leftover(path: Path) -> None:
    """Remove what a killed ``replace_file`` left beside ``path``, if it did. Raises FileProblem."""
    real = Path(os.path.realpath(path))
    leftover = beside(real)
    if os.path.lexists(leftover):  # on a read-only file system even removing nothing is refused
        remove_file(leftover)


def _keep_attributes(real: Path, descriptor: int) -> None:
    try:
        names = os.listxattr(real)
    except OSError:
        return  # a new file gets what its folder gives; a file system without attributes has none to keep
    for name in names:
        try:
            os.setxattr(descriptor, name, os.getxattr(real, name))
        except OSError as error:
            if error.errno not in {errno.ENOTSUP, errno.EPERM, errno.EACCES}:
                raise


def make_folder(path: Path, *, mode: int) -> None:
    """Create the folder ``path`` with its parents, durably; existing folders are left as they are.

    ``mode`` is that of the folder itself; parents created are open to all, as those that systems come with are.
    Raises FileProblem when something else is in the way.
    """
    with translated(f"cannot create the folder {path}"):
        missing = [parent for parent in (path, *path.parents) if not parent.exists()]
        for folder in reversed(missing):
            own = mode if folder == path else 0o755
            folder.mkdir(mode=own, exist_ok=True)
            folder.chmod(own)
            sync_folder(folder.parent)
        if not path.is_dir():
            raise FileProblem(f"{path} is not a folder")


def make_new_folder(path: Path, *, mode: int) -> bool:
    """Create the folder ``path`` alone, durably; return False when something of that name exists."""
    with translated(f"cannot create the folder {path}"):
        try:
            path.mkdir(mode=mode)
        except FileExistsError:
            return False
        sync_folder(path.parent)
        return True


def sync_folder(path: Path) -> None:
    """Bring the entries of the folder ``path`` to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(path: Path) -> None:
    """Bring everything on the file system of ``path`` to disk (syncfs); raises FileProblem when that fails."""
    import ctypes  # noqa: PLC0415  # only a copy needs it

    with translated(f"cannot sync the file system of {path}"):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            library = ctypes.CDLL(None, use_errno=True)
            if library.syncfs(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(descriptor)


def rename(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target`` on the same file system, durably. Raises FileProblem."""
    with translated(f"cannot rename {source} to {target}"):
        if os.path.lexists(target):
            raise FileProblem(f"cannot rename {source} to {target}: that name is taken")
        os.rename(source, target)
        sync_folder(target.parent)
        if source.parent != target.parent:
            sync_folder(source.parent)


def remove_file(path: Path) -> None:
    """Remove the file ``path``, durably; an absent one is fine. Raises FileProblem."""
    with translated(f"cannot remove {path}"):
        try:
            path.unlink()
        except FileNotFoundError:
            return
        sync_folder(path.parent)


def remove_empty_folder(path: Path) -> None:
    """Remove the folder ``path`` if it is there and empty; otherwise leave it."""
    try:
        path.rmdir()
    except OSError:
        return
    sync_folder(path.parent)


def read_descriptor(descriptor: int) -> bytes:
    """Return all that an open file holds, from its beginning."""
    pieces = []
    os.lseek(descriptor, 0, os.SEEK_SET)
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
