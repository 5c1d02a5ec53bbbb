"""The step at which Docker's data changes its place: before it the old tree counts, after it the new one.

Whatever instant it is interrupted at, Docker comes up on one complete tree. Undoing it is the way back for all that
was written since, so that both are one step: the old configuration never comes back before the data does.
"""

import os
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.files import links
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import Layout
from dockerd_cfg.service.hold import hold, take_condition
from dockerd_cfg.service.stopping import stop
from dockerd_cfg.storage.boot import WriteMountUnit, mount_unit
from dockerd_cfg.storage.carry_back import carry_back, is_given_up, left_there, refuse_carry_back
from dockerd_cfg.storage.containerd import EditContainerdConfig
from dockerd_cfg.storage.copying import boot_id
from dockerd_cfg.storage.moved_tree import Mode, MovedTree
from dockerd_cfg.storage.places import (
    exchange_with_link,
    exchange_with_link_back,
    is_covered,
    lead_back,
    lead_to,
    mount_all,
    set_under,
    take_off,
)
from dockerd_cfg.storage.sealed import Moment
from dockerd_cfg.storage.target import noted_token, require_ours

Edit = Annotated[EditDaemonJson | EditContainerdConfig | WriteMountUnit, Field(discriminator="kind")]


class HandOver(Step):
    """Switch to the new trees. Undoing carries what was written there back to the old ones, then switches back."""

    kind: Literal["hand-over"] = "hand-over"
    mode: Mode
    trees: tuple[MovedTree, ...]
    edits: tuple[Edit, ...]
    stops: tuple[str, ...]

    @property
    def parts(self) -> tuple[Step, ...]:
        """The edits it makes."""
        return (self, *self.edits)

    def replaced(self, before: Before) -> Sequence[tuple[Step, Before]]:
        """Return the edits."""
        return tuple(zip(self.edits, _kept(before), strict=True))

    def describe(self) -> str:
        """Return one imperative sentence."""
        targets = " and ".join(str(tree.target) for tree in self.trees)
        match self.mode:
            case "data-root":
                how = "; ".join(_lower(edit.describe()) for edit in self.edits) or "configuration as it is"
            case "symlink":
                how = ", ".join(f"make {tree.named} a link to {tree.target}" for tree in self.trees)
            case "bind":
                how = ", ".join(f"mount {tree.target} at {tree.named}" for tree in self.trees)
        renamed = [f"rename {tree.source}" for tree in self.trees if tree.placement == "renamed"]
        return f"Hand over to {targets}: {', '.join([*renamed, how])}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        targets = " and ".join(str(tree.target) for tree in self.trees)
        if all(tree.placement == "copied" for tree in self.trees):
            return f"Carry back what was written to {targets} since, and switch back"
        stays = any(tree.placement == "adopted" for tree in self.trees)
        return f"Switch back from {targets}{'; what was written there stays there' if stays else ''}"

    def capture(self, context: Context) -> Before:
        """Keep the files to be edited, and note the moment and what tells our copies from others."""
        kept: dict[str, JsonValue] = {tree.name: self._link(context, tree) for tree in self.trees}
        edited: list[JsonValue] = [edit.capture(context) for edit in self.edits]
        layout: Layout = context.host.layout
        mounted: list[JsonValue] = [
            tree.name for tree in self.trees if os.path.ismount(layout.real(tree.source))
        ]
        now = Moment.now()
        return {
            "at": now.unix,
            "booted": now.booted,
            "boot": boot_id(context),
            "links": kept,
            "files": edited,
            "mounted": mounted,
            "token": noted_token(context),
        }

    def apply(self, context: Context, before: Before) -> None:
        """Switch. Raises FileProblem or CommandFailed."""
        layout: Layout = context.host.layout
        for tree in self.trees:
            if tree.placement == "copied":
                require_ours(context, tree.target, tree.source)
            if tree.placement == "renamed":
                exchange_with_link(layout, tree.source, tree.target)
        if self.mode == "bind":
            # Docker's unit needs the mounts: whoever starts it, though it is held, would mount over the old trees.
            hold(context.host, self._mounts())
        kept = _kept(before)
        files.replace_together(
            [one for edit, old in zip(self.edits, kept, strict=True) for one in edit.replacement(layout, old)]
        )
        links.switch_together(
            [
                switch
                for tree in self._linked()
                for switch in lead_to(layout, tree.named, tree.target, tree.aside)
            ]
        )
        if self.mode == "bind":
            self._mount(context.host)

    def _mount(self, host: Host) -> None:
        """Set all old trees aside, and then mount. Only a host that stopped meanwhile has mounted before."""
        if any(is_covered(host, tree.named, tree.aside) for tree in self.trees):
            stop(host, (*self.stops, *self._known_mounts(host)), tuple(tree.target for tree in self.trees))
        for tree in self.trees:
            set_under(host, tree.named, tree.aside)
        mount_all(host, self._mounts())

    def _mounts(self) -> tuple[str, ...]:
        return tuple(mount_unit(tree.named) for tree in self.trees) if self.mode == "bind" else ()

    def _known_mounts(self, host: Host) -> tuple[str, ...]:
        return tuple(unit for unit in self._mounts() if host.systemd.unit(unit).load == "loaded")

    def holds(self, context: Context, before: Before) -> bool | None:
        """Return True when Docker is told of the new trees. Raises CommandFailed when of some of them only."""
        place = self.place(context.host.layout, before)
        if place == "both":
            raise CommandFailed(
                "the host stopped in the very moment of the switch, and only one of Docker and containerd was switched",
                hint="run: dockerd-cfg rollback (nothing gets lost); then move again",
            )
        return True if place == "new" else None

    def place(self, layout: Layout, before: Before) -> Literal["old", "new", "both"]:
        """Return which place Docker and containerd are told to use; ``both``: one of them each."""
        leads = [self._leads_to_new(layout, before, tree) for tree in self.trees]
        if not any(leads):
            return "old"
        return "new" if all(leads) else "both"

    def capture_undo(self, context: Context) -> Before:
        """Note, for people, what Docker may have written to a new tree that is not there any more, and is given up."""
        before = context.captured(self.kind)
        if before is None or context.captured("start-docker") is None:
            return {}
        lost: list[JsonValue] = [
            left_there(tree, before)
            for tree in self.trees
            if tree.placement == "copied"
            and self._leads_to_new(context.host.layout, before, tree)
            and is_given_up(context, tree, before)
        ]
        return {"lost": lost} if lost else {}

    def revert(self, context: Context, before: Before) -> None:
        """Carry back, verify, switch back. Raises CommandFailed or FileProblem.

        When the new tree cannot be found although Docker ran on it for good, or came up on it by itself after a reboot,
        this refuses: the old tree would be taken back as it was before the move. In any other move that never came to
        its end, the old tree is what counts; what may have been lost was noted by `capture_undo`.
        """
        host: Host = context.host
        # Docker's unit needs the mounts: whoever starts it, though it is held, would have them mounted again.
        stop(host, (*self.stops, *self._known_mounts(host)), tuple(tree.target for tree in self.trees))
        for tree in self.trees:
            if self.mode == "bind":
                take_off(host, tree.named)
            if tree.placement == "copied" and self._leads_to_new(host.layout, before, tree):
                carry_back(context, tree, before, self.mode)
        self._put_old_trees_back(host.layout, before)
        self._restore_files(host.layout, before)
        for tree in self.trees:
            if tree.placement == "renamed":
                exchange_with_link_back(host.layout, tree.source, tree.target)
        if self.mode == "bind":
            take_condition(host, self._mounts())
            host.systemd.daemon_reload()

    def _put_old_trees_back(self, layout: Layout, before: Before) -> None:
        links.switch_together(
            [
                switch
                for tree in self._linked()
                for switch in lead_back(layout, tree.named, tree.source, tree.aside, _text(before, tree.name))
            ]
        )
        for tree in self._linked():
            if tree.named == tree.source and _text(before, tree.name) is None:
                links.remove_link(layout.real(tree.named))  # where there was no folder to be set aside
                links.remove_link(layout.real(tree.aside))
        for tree in self.trees:
            if self.mode == "bind":
                links.put_back(layout.real(tree.aside), layout.real(tree.named))

    def _linked(self) -> list[MovedTree]:
        """Return the trees whose old path is to become a link, which no rename leaves."""
        return [tree for tree in self.trees if self.mode == "symlink" and not _is_left_by_rename(tree)]

    def _restore_files(self, layout: Layout, before: Before) -> None:
        pairs = list(zip(self.edits, _kept(before), strict=True))
        for edit, _ in pairs:
            files.remove_leftover(layout.file(edit.path))
        files.replace_together([one for edit, old in pairs for one in edit.restoration(layout, old)])
        for edit, old in pairs:
            edit.remove_new_folder(layout, old)

    def refuse_conflict(self, layout: Layout, before: Before) -> None:
        """Raise FileProblem when somebody else's change to a file is in the way of undoing this."""
        for edit, old in zip(self.edits, _kept(before), strict=True):
            edit.refuse_conflict(layout, old)
        for tree in self.trees:
            if not self._leads_to_new(layout, before, tree):
                raise self._led_elsewhere(layout, tree)
            if tree.placement == "copied":
                refuse_carry_back(layout, tree, before, self.mode)

    def _led_elsewhere(self, layout: Layout, tree: MovedTree) -> FileProblem:
        """Return the refusal to undo where the new place no longer counts: nothing would be carried back from it."""
        if tree.edit is not None:
            path = self.edits[tree.edit].path
            message = (
                f"{path} no longer leads to {tree.target}, as the move left it: something else changed it"
            )
            first = f"let {path} lead to {tree.target} again"
        else:
            is_taken = os.path.lexists(layout.real(tree.named))
            found, first = ("something else is there", "move that away, ") if is_taken else ("it is gone", "")
            message = f"{tree.named} is no longer the link to {tree.target} that the move made: {found}"
            first += f"make the link again (ln -s {tree.target} {tree.named})"
        return FileProblem(
            message,
            hint=f"stop Docker (systemctl stop docker.socket docker.service), {first}, then run: dockerd-cfg rollback",
        )

    def _link(self, context: Context, tree: MovedTree) -> str | None:
        layout: Layout = context.host.layout
        named = layout.real(tree.named)
        if not named.is_symlink() or layout.resolve(tree.named) == layout.resolve(tree.target):
            return None
        return str(named.readlink())

    def _leads_to_new(self, layout: Layout, before: Before, tree: MovedTree) -> bool:
        """Tell whether what says where the tree lies names the new place."""
        if tree.edit is not None:
            return bool(self.edits[tree.edit].restoration(layout, _kept(before)[tree.edit]))
        if self.mode == "symlink":
            return layout.resolve(tree.named) == layout.resolve(tree.target)
        return tree.placement != "copied"


def _kept(before: Before) -> list[Before]:
    kept = before["files"]
    return [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []


def _is_left_by_rename(tree: MovedTree) -> bool:
    """Tell whether the rename itself leaves the link that is wanted."""
    return tree.placement == "renamed" and tree.named == tree.source


def _text(before: Before, name: str) -> str | None:
    kept = before["links"]
    text = kept.get(name) if isinstance(kept, dict) else None
    return text if isinstance(text, str) else None


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
