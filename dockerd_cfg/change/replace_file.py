"""The step that gives a file new contents, and can give back the old ones to the byte."""

import base64
from collections.abc import Sequence
from typing import Self

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.documents import Document
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import FileImage, Replacement
from dockerd_cfg.paths import HostPath, Layout


class StoredImage(Document):
    """A file's image as it stands in a plan or a journal: as text where it is UTF-8, so that people can read it."""

    text: str | None = None
    base64: str | None = None
    mode: int = 0o644
    owner: int = 0
    group: int = 0
    modified: float = 0.0
    folder_existed: bool = True

    @classmethod
    def of(cls, image: FileImage, *, folder_existed: bool = True) -> Self:
        """Return the stored form of ``image``."""
        text, encoded = None, None
        if image.data is not None:
            try:
                text = image.data.decode("utf-8")
            except UnicodeDecodeError:
                encoded = base64.b64encode(image.data).decode("ascii")
        return cls(
            text=text,
            base64=encoded,
            mode=image.mode,
            owner=image.owner,
            group=image.group,
            modified=image.modified,
            folder_existed=folder_existed,
        )

    @property
    def image(self) -> FileImage:
        """The image itself."""
        data = self.text.encode() if self.text is not None else None
        if self.base64 is not None:
            data = base64.b64decode(self.base64)
        return FileImage(data, self.mode, self.owner, self.group, self.modified)


class ReplaceFile(Step):
    """Give ``path`` the contents ``new``, if it still has those with the digest ``expected``.

    Owner, mode and attributes of an existing file stay, when this is undone, too. Undoing gives back the contents, byte
    for byte; if somebody else changed them since, ``take_back`` decides.
    """

    path: HostPath
    new: StoredImage
    expected: str

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Give back {self.path} as it was"

    def replaced(self, before: Before) -> Sequence[tuple[Step, Before]]:
        """Return itself."""
        return ((self, before),)

    def capture(self, context: Context) -> Before:
        """Keep the whole file."""
        real = _layout(context).file(self.path)
        image = files.read_image(real)
        return StoredImage.of(image, folder_existed=real.parent.is_dir()).model_dump(
            mode="json", exclude_none=True
        )

    def apply(self, context: Context, before: Before) -> None:
        """Write. Raises FileProblem when the file is no longer the one the plan was made for."""
        files.replace_together(self.replacement(_layout(context), before))

    def replacement(self, layout: Layout, before: Before) -> list[Replacement]:
        """Return what is to be written: one file, none if it has its new contents already."""
        real = layout.file(self.path)
        if files.read_image(real).digest == self.new.image.digest:
            return []
        old = StoredImage.model_validate(before).image
        return [Replacement(real, self.new.image.like(old), self.expected)]

    def revert(self, context: Context, before: Before) -> None:
        """Give back what was there. Raises FileProblem when somebody else's change is in the way."""
        layout = _layout(context)
        files.remove_leftover(layout.file(self.path))
        files.replace_together(self.restoration(layout, before))
        self.remove_new_folder(layout, before)

    def restoration(self, layout: Layout, before: Before) -> list[Replacement]:
        """Return what is to be written to undo this: one file, none if nothing is left to undo.

        Raises FileProblem when somebody else's change is in the way.
        """
        present, image = self.undone(layout, before)
        if present.digest == image.digest:
            return []
        return [Replacement(layout.file(self.path), image, present.digest)]

    def remove_new_folder(self, layout: Layout, before: Before) -> None:
        """Remove the file's folder if it was made for it and is empty again."""
        stored = StoredImage.model_validate(before)
        if stored.image.data is None and not stored.folder_existed:
            files.remove_empty_folder(layout.file(self.path).parent)

    def refuse_conflict(self, layout: Layout, before: Before) -> None:
        """Raise FileProblem when somebody else's change is in the way of undoing this, or the file cannot be replaced."""
        present, image = self.undone(layout, before)
        if present.digest != image.digest:
            files.check_replaceable(layout.file(self.path))

    def undone(self, layout: Layout, before: Before) -> tuple[FileImage, FileImage]:
        """Return the file as it is and as undoing makes it. Raises FileProblem like `take_back`."""
        stored = StoredImage.model_validate(before).image
        present = files.read_image(layout.file(self.path))
        if present.digest in (stored.digest, self.new.image.digest):
            return present, stored if stored.data is None else stored.like(present)
        data = self.take_back(present, stored)
        return present, FileImage(data).like(present)

    def take_back(self, present: FileImage, before: FileImage) -> bytes | None:
        """Return ``present``, which somebody else changed, without our change. Raises FileProblem if that cannot be."""
        raise FileProblem(
            f"{self.path} was changed by somebody else since: giving back the old contents would lose that",
            hint=f"put {self.path} in order by hand (the run's journal holds the old contents), then roll back again",
        )


def _layout(context: Context) -> Layout:
    layout: Layout = context.host.layout
    return layout
