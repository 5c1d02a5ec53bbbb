"""Telling SELinux that the new place is like the old one, so that a relabelling keeps Docker's labels."""

from typing import Final, Literal

from dockerd_cfg.change.plan import Before, Context, Step
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import DEFAULT_CONTAINERD_ROOT, DEFAULT_DATA_ROOT, HostPath

# Places for which every policy has rules of its own: an equivalence would take those away.
_IN_POLICY: Final = frozenset({str(DEFAULT_DATA_ROOT), str(DEFAULT_CONTAINERD_ROOT)})


class LabelTarget(Step):
    """Add a rule of equivalence (semanage-fcontext(8), --equal) and label by it what is there: a new, still empty folder.

    What is copied into it afterwards brings its labels along, as the extended attributes they are; so does what is renamed.
    SELinux follows one rule for a path, and no second one from there: after an earlier move the rule names the same
    place as the one for the source does.
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
        """Note whether there is a rule for it already, or none is needed, and else what it will be like."""
        rules, target = self._rules(context.host), str(self.target)
        return {
            "existed": target in rules or target in _IN_POLICY,
            "like": rules.get(str(self.source), str(self.source)),
        }

    def apply(self, context: Context, before: Before) -> None:
        """Add rule and label. Raises CommandFailed."""
        host: Host = context.host
        if not before["existed"] and str(self.target) not in self._rules(host):
            host.runner.run(
                ["semanage", "fcontext", "--add", "--equal", self._like(before), str(self.target)]
            )
        if host.layout.real(self.target).is_dir():
            host.runner.run(["restorecon", "-R", str(self.target)], timeout=None)

    def revert(self, context: Context, before: Before) -> None:
        """Remove the rule, if it was ours. Raises CommandFailed."""
        host: Host = context.host
        like = self._like(before)
        if not before["existed"] and self._rules(host).get(str(self.target)) == like:
            host.runner.run(["semanage", "fcontext", "--delete", "--equal", like, str(self.target)])

    def _like(self, before: Before) -> str:
        return str(before.get("like", self.source))

    @staticmethod
    def _rules(host: Host) -> dict[str, str]:
        """Return the local rules of equivalence: what each place is like."""
        listed = host.runner.run(["semanage", "fcontext", "--list", "--noheading", "--locallist"]).stdout
        rows = (line.split() for line in listed.splitlines())
        return {row[0]: row[2] for row in rows if len(row) == 3 and row[1] == "="}  # noqa: PLR2004  # PLACE = LIKE
