"""The step that edits daemon.json."""

import json
from collections.abc import Sequence
from typing import Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context
from dockerd_cfg.change.replace_file import ReplaceFile, StoredImage
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, differs
from dockerd_cfg.config.edit import Change, EditError, Set, Unset, edit
from dockerd_cfg.config.scan import ScanError, scan
from dockerd_cfg.config.tree import Document as Json
from dockerd_cfg.config.tree import Member, same
from dockerd_cfg.errors import FileProblem, InvalidConfig
from dockerd_cfg.files import FileImage
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import masked_value
from dockerd_cfg.paths import Layout


class EditDaemonJson(ReplaceFile):
    """Edit options of daemon.json. Undoing after somebody else's edit takes back just these options.

    Where one of them has got another value since, that is refused; with ``yields``, in runs that undo themselves when
    nobody can be asked, it stays as it is and the others are taken back.
    """

    kind: Literal["edit-daemon-json"] = "edit-daemon-json"
    edits: tuple[KeyEdit, ...]
    yields: bool = False

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Write {', '.join(edit.dotted for edit in self.edits)} to {self.path}"

    def capture_undo(self, context: Context) -> Before:
        """Note which options stay as somebody else has written them since."""
        kept: list[JsonValue] = [*self.kept(context.host.layout, context.captured(self.kind) or {})]
        return {"kept": kept} if kept else {}

    def kept(self, layout: Layout, before: Before) -> list[str]:
        """Return the options, dotted, that undoing leaves as somebody else has written them since."""
        if not self.yields:
            return []
        stored = StoredImage.model_validate(before).image
        try:
            now, old = scan(files.read_image(layout.file(self.path)).data), scan(stored.data)
        except (FileProblem, ScanError):
            return []  # undoing will tell
        return [one.dotted for one in self.edits if _is_anothers(one, now, old)]

    def take_back(self, present: FileImage, before: FileImage) -> bytes | None:
        """Put each option back as it was, if it still is as we wrote it. Raises FileProblem if one is not."""
        try:
            now, old = scan(present.data), scan(before.data)
        except ScanError as error:
            raise FileProblem(
                f"{self.path} was changed since and is no valid JSON: {error}",
                hint="mend it by hand, then roll back again",
            ) from error
        changes: list[Change] = []
        for one in self.edits:
            member, earlier = now.member(one.key), old.member(one.key)
            if _says_the_same(member, earlier):
                continue  # taken back already
            if _is_anothers(one, now, old):
                if self.yields:
                    continue
                ours = "not set" if one.unset else _shown(one, one.value)
                theirs = "not set" if member is None else _shown(one, member.value.value)
                raise FileProblem(
                    f"{one.dotted} in {self.path} was changed by somebody else since: "
                    f"we wrote {ours}, now it is {theirs}",
                    hint="decide which it shall be and write it there by hand; then roll back again",
                )
            had_parent = len(one.key) > 1 and old.member(one.key[:-1]) is not None
            undo = (
                Unset(one.key, prune=not had_parent) if earlier is None else Set(one.key, earlier.value.value)
            )
            changes.append(undo)
        return edit(present.data, changes)


def _shown(one: KeyEdit, value: JsonValue) -> str:
    return json.dumps(masked_value(one.key[-1], value))


def _is_anothers(one: KeyEdit, now: Json, old: Json) -> bool:
    """Whether the option has another value now than the one we wrote, and than the one before."""
    member = now.member(one.key)
    is_ours = member is None if one.unset else member is not None and same(member.value.value, one.value)
    return not is_ours and not _says_the_same(member, old.member(one.key))


def _says_the_same(one: Member | None, other: Member | None) -> bool:
    if one is None or other is None:
        return one is other
    return same(one.value.value, other.value.value)


def edit_step(
    present: DaemonJson, edits: Sequence[KeyEdit], *, yields: bool = False
) -> EditDaemonJson | None:
    """Return the step that makes ``edits`` to ``present``, None when they change nothing.

    Raises InvalidConfig when an option's parent is no object.
    """
    try:
        data = edit(present.image.data, [one.change for one in edits])
    except EditError as error:
        raise InvalidConfig(f"{present.path}: {error.message}", hint=error.hint or None) from error
    if data == present.image.data or (present.image.data is None and scan(data).value == {}):
        return None
    changed = tuple(one for one in edits if differs(present, one))
    return EditDaemonJson(
        path=present.path,
        new=StoredImage.of(FileImage(data)),
        expected=present.image.digest,
        edits=changed,
        yields=yields,
    )
