"""Telling SELinux that the new place is like the old one, so that a relabelling keeps Docker's labels."""

from typing import Literal

from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath


class LabelTarget(Step):
    """Add a rule of equivalence (semanage-fcontext(8), --equal) and label the new, still empty folder by it.

    What is copied into it afterwards brings its labels along, as the extended attributes they are.
    """

    kind: Literal["label-target"] = "label-target"
    source: HostPath
    target: HostPath

    def describe(self) -> str:
        """Return one imperative sentence."""
        return f"Tell SELinux that {self.target} is to be labelled like {self.source}"

    def describe_undo(self) -> str | None:
        """Return one imperative sentence."""
        return f"Take back the SELinux rule for {self.target}"

    def capture(self, context: Context) -> Before:
        """Note whether there is such a rule already."""
        return {"existed": self._exists(context.host)}

    def apply(self, context: Context, before: Before) -> None:
        """Add rule and label. Raises CommandFailed."""
        host: Host = context.host
        if not self._exists(host):
            host.runner.run(["semanage", "fcontext", "--add", "--equal", str(self.source), str(self.target)])
        host.runner.run(["restorecon", "-R", str(self.target)], timeout=None)

    def revert(self, context: Context, before: Before) -> None:
        """Remove the rule, if it was ours. Raises CommandFailed."""
        host: Host = context.host
        if not before["existed"] and self._exists(host):
            host.runner.run(
                ["semanage", "fcontext", "--delete", "--equal", str(self.source), str(self.target)]
            )

    def _exists(self, host: Host) -> bool:
        listed = host.runner.run(["semanage", "fcontext", "--list", "--noheading", "--locallist"]).stdout
        return any(line.split() == [str(self.target), "=", str(self.source)] for line in listed.splitlines())
