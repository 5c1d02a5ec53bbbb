"""What becomes of the old tree: brought up to date before a way back, set aside, removed."""

import os
import time
from typing import Literal

from dockerd_cfg import files
from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.errors import FileProblem
from dockerd_cfg.files import links, trees
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.copying import begin, boot_id, copy_live
from dockerd_cfg.storage.flagged import lift_flags
from dockerd_cfg.storage.sealed import Moment
from dockerd_cfg.storage.target import is_ours, noted_token, real_path, refuse_mounts


class CarryAhead(Step):
    """Prepare a short way back: undone while Docker still runs on the new tree, it carries most back beforehand."""

    kind: Literal["carry-ahead"] = "carry-ahead"
    old: HostPath
    new: HostPath
    source: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Keep {self.source} as it was, for a way back"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Carry back what was written to {self.new} since, while Docker runs"

    def apply(self, context: Context, before: Before) -> None:
        """Nothing: it is only for the way back."""

    def capture_undo(self, context: Context) -> Before:
        """Note in which boot it began: a power cut in the middle may leave files without their contents."""
        return {"boot": boot_id(context)}

    def revert(self, context: Context, before: Before) -> None:
        """Bring the old tree near to the new one. Raises CommandFailed or FileProblem."""
        old, new = real_path(context, self.old), real_path(context, self.new)
        if not context.was_applied or not is_ours(new, self.source, noted_token(context)):
            return  # nothing to speak of was written, or the new tree is not there: handing back will tell
        if not old.is_dir() or old.samefile(new):
            return  # the new tree covers the old one: handing back uncovers it
        since = begin(new)
        handed_over = Moment.noted(context.captured("hand-over") or {}, "at")
        lift_flags(old, new, min(since.today, handed_over.today))
        copy_live(
            context,
            new,
            old,
            since=since,
            total_bytes=0,
            note=f"carrying back what was written to {self.new}",
            careful=True,
            reading=(context.captured_undo(self.kind) or {}).get("boot") != boot_id(context),
        )


class SetAside(Step):
    """Give the old tree another name, so that nothing can mistake it for the one in use."""

    kind: Literal["set-aside"] = "set-aside"
    source: HostPath
    aside: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Set the old data aside as {self.aside}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Make {self.aside} {self.source} again"

    def apply(self, context: Context, before: Before) -> None:
        """Rename. Raises FileProblem."""
        source, aside = real_path(context, self.source), real_path(context, self.aside)
        if not os.path.lexists(aside):
            files.rename(source, aside)

    def revert(self, context: Context, before: Before) -> None:
        """Rename back; whatever came to the old place meanwhile gets another name. Raises FileProblem."""
        source, aside = real_path(context, self.source), real_path(context, self.aside)
        if not os.path.lexists(aside):
            return
        files.remove_empty_folder(source)
        if os.path.lexists(source):
            files.rename(source, source.with_name(f"{source.name}.found-{time.time():.0f}"))
        files.rename(aside, source)


class DropLink(Step):
    """Remove the link that a renamed tree left at its old place, now that nothing needs it."""

    kind: Literal["drop-link"] = "drop-link"
    source: HostPath
    target: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Remove the link {self.source}, which is needed no more"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Make {self.source} a link to {self.target} again"

    def apply(self, context: Context, before: Before) -> None:
        """Remove it. Raises FileProblem."""
        links.remove_link(real_path(context, self.source))

    def revert(self, context: Context, before: Before) -> None:
        """Make it again; whatever came to the old place meanwhile gets another name. Raises FileProblem."""
        source = real_path(context, self.source)
        files.remove_empty_folder(source)
        if os.path.lexists(source) and not source.is_symlink():
            files.rename(source, source.with_name(f"{source.name}.found-{time.time():.0f}"))
        links.make_link(source, context.host.layout.link_text(self.target, self.source))


class RemoveTree(Step):
    """Remove an old tree for good; ``current`` is the one in use, which must be another."""

    kind: Literal["remove-tree"] = "remove-tree"
    path: HostPath
    current: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Remove {self.path}"

    def apply(self, context: Context, before: Before) -> None:
        """Remove. Raises FileProblem, before anything is removed when the tree is in use or has mounts below it."""
        host: Host = context.host
        path, current = real_path(context, self.path), real_path(context, self.current)
        if not os.path.lexists(path):
            return
        if not current.is_dir() or path.samefile(current) or current.resolve().is_relative_to(path.resolve()):
            raise FileProblem(
                f"{self.path} is not removed: {self.current}, which should be in use instead, is not there"
            )
        refuse_mounts(host, self.path)
        trees.remove_tree(path)
