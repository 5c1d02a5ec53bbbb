"""Many files of one tree at once: one sync for all of them."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage, read_image, sync_filesystem, translated, written_beside


def replace_many(
    tree: Path, images: Mapping[Path, FileImage], *, expected: Mapping[Path, str] | None = None
) -> None:
    """Replace many files below ``tree``, each at once and durably, with two syncs for all of them.

    ``expected`` holds the digests that present contents must have. When the machine stops meanwhile, each file is
    either the old or the new one. Raises FileProblem; before anything is replaced when one was changed meanwhile.
    """
    with ExitStack() as stack, translated(f"cannot write below {tree}"):
        written = {
            real: stack.enter_context(written_beside(real, image, sync=False))
            for real, image in images.items()
        }
        sync_filesystem(tree)
        for real in written.keys() & (expected or {}).keys():
            if expected and read_image(real).digest != expected[real]:
                raise FileProblem(f"{real} was changed by somebody else meanwhile")
        for real, temporary in written.items():
            os.replace(temporary, real)
        sync_filesystem(tree)


def write_over(tree: Path, images: Mapping[Path, FileImage]) -> None:
    """Write the contents of ``images`` into the files that are there, below ``tree``, durably.

    For a full disk: what does not grow needs no room. When the machine stops meanwhile, a file may hold a part of both.
    Raises FileProblem.
    """
    with translated(f"cannot write below {tree}"):
        for real, image in images.items():
            with open(os.open(real, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "wb") as file:
                file.write(image.data or b"")
                file.truncate()
        sync_filesystem(tree)
