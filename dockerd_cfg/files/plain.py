"""Reading a file that nobody but root and its owner's program should have made: no link is followed to it."""

import os
import stat
from pathlib import Path
from typing import Final

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage, read_descriptor, translated

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def read_plain(path: Path) -> FileImage:
    """Return the file at ``path``; like `dockerd_cfg.files.read_image`, but neither it nor its folder may be a link.

    Raises FileProblem when it is something else than one regular file of root's (or of whoever runs this) with this
    one name: somebody else made it, or meant another file to be read or replaced in its place.
    """
    with translated(f"cannot read {path}"):
        try:
            folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return FileImage(None)
        try:
            descriptor = os.open(path.name, _FLAGS, dir_fd=folder)
        except FileNotFoundError:
            return FileImage(None)
        finally:
            os.close(folder)
        try:
            status = os.fstat(descriptor)
            is_ours = status.st_uid in {0, os.geteuid()} and status.st_nlink == 1
            if not stat.S_ISREG(status.st_mode) or not is_ours:
                raise FileProblem(
                    f"{path} is not a file of Docker's own", hint=f"look at it with: ls -l {path}"
                )
            mode = stat.S_IMODE(status.st_mode)
            return FileImage(read_descriptor(descriptor), mode, status.st_uid, status.st_gid, status.st_mtime)
        finally:
            os.close(descriptor)
