"""daemon.json on the host: where it is, what it says, and the step that edits it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue

from dockerd_cfg import files
from dockerd_cfg.change.replace_file import ReplaceFile, StoredImage
from dockerd_cfg.config.edit import Change, EditError, Set, Unset, edit
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.scan import ScanError, scan
from dockerd_cfg.config.tree import Document as Json
from dockerd_cfg.config.tree import same
from dockerd_cfg.documents import Document
from dockerd_cfg.errors import FileProblem, InvalidConfig
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding
from dockerd_cfg.paths import DAEMON_JSON, HostPath, Layout


@dataclass(frozen=True, slots=True)
class DaemonJson:
    """The file as it is: its path, its image, its parsed text."""

    path: HostPath
    image: FileImage
    json: Json

    @property
    def value(self) -> dict[str, JsonValue]:
        """The options it sets; empty when there is no file."""
        return self.json.value


def config_path(argv: Sequence[str]) -> HostPath:
    """Return the path of the daemon.json that a dockerd with the arguments ``argv`` reads."""
    named = parse_flags(argv).get("config-file")
    return HostPath(named[-1]) if named else DAEMON_JSON


def read_daemon_json(layout: Layout, path: HostPath) -> DaemonJson:
    """Return the daemon.json at ``path``; an absent one sets nothing.

    Raises InvalidConfig when it cannot be read or is no JSON that dockerd takes, with line and column.
    """
    try:
        image = files.read_image(layout.real(path))
    except FileProblem as error:
        raise InvalidConfig(
            error.message, hint=error.hint or f"make {path} a readable file, or move it away"
        ) from error
    return DaemonJson(path, image, parse(image.data, path))


def parse(data: bytes | None, path: HostPath) -> Json:
    """Return the parsed text of a daemon.json. Raises InvalidConfig with the place of the fault."""
    try:
        return scan(data)
    except ScanError as error:
        finding = Finding(
            code="invalid-json",
            severity="error",
            stage="parse",
            message=error.message,
            hint=error.hint,
            line=error.line,
            column=error.column,
        )
        raise InvalidConfig(
            f"{path}, line {error.line}, column {error.column}: {error.message}",
            hint=error.hint,
            findings=(finding,),
        ) from error


class KeyEdit(Document):
    """One option given a value, or taken out (``unset``); ``key`` is its path from the top.

    With ``prune``, objects that become empty by taking it out go too.
    """

    key: tuple[str, ...]
    value: JsonValue = None
    unset: bool = False
    prune: bool = True

    @property
    def dotted(self) -> str:
        """The key as users write it."""
        return ".".join(self.key)

    @property
    def change(self) -> Change:
        """The same for the editor."""
        return Unset(self.key, prune=self.prune) if self.unset else Set(self.key, self.value)


class EditDaemonJson(ReplaceFile):
    """Edit options of daemon.json. Undoing after somebody else's edit takes back just these options."""

    kind: Literal["edit-daemon-json"] = "edit-daemon-json"
    edits: tuple[KeyEdit, ...]

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Write {', '.join(edit.dotted for edit in self.edits)} to {self.path}"

    def take_back(self, present: FileImage, before: FileImage) -> bytes | None:
        """Put each option back as it was, if it still is as we wrote it. Raises FileProblem if one is not."""
        try:
            now, old = scan(present.data), scan(before.data)
        except ScanError as error:
            raise FileProblem(f"{self.path} was changed since and is no valid JSON: {error}") from error
        changes: list[Change] = []
        for one in self.edits:
            member, earlier = now.member(one.key), old.member(one.key)
            is_ours = (
                member is None if one.unset else member is not None and same(member.value.value, one.value)
            )
            if not is_ours:
                present_text = "not set" if member is None else _value(member.value.value)
                raise FileProblem(
                    f"{one.dotted} in {self.path} was changed by somebody else since: "
                    f"we wrote {'not set' if one.unset else _value(one.value)}, now it is {present_text}",
                    hint="decide which it shall be and write it there by hand; then roll back again",
                )
            had_parent = len(one.key) > 1 and old.member(one.key[:-1]) is not None
            undo = (
                Unset(one.key, prune=not had_parent) if earlier is None else Set(one.key, earlier.value.value)
            )
            changes.append(undo)
        return edit(present.data, changes)


def _value(value: Any) -> str:
    import json  # noqa: PLC0415  # only for a message

    return json.dumps(value)


def edit_step(present: DaemonJson, edits: Sequence[KeyEdit]) -> EditDaemonJson | None:
    """Return the step that makes ``edits`` to ``present``, None when they change nothing.

    Raises InvalidConfig when an option's parent is no object.
    """
    try:
        data = edit(present.image.data, [one.change for one in edits])
    except EditError as error:
        raise InvalidConfig(f"{present.path}: {error.message}", hint=error.hint or None) from error
    if data == present.image.data or (present.image.data is None and scan(data).value == {}):
        return None
    changed = tuple(one for one in edits if _differs(present, one))
    return EditDaemonJson(
        path=present.path, new=StoredImage.of(FileImage(data)), expected=present.image.digest, edits=changed
    )


def _differs(present: DaemonJson, one: KeyEdit) -> bool:
    member = present.json.member(one.key)
    return member is not None if one.unset else member is None or not same(member.value.value, one.value)
