"""Whether a changed daemon.json may be written: our own checks, and dockerd's last word."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dockerd_cfg.config.check import MILESTONES, check
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, parse
from dockerd_cfg.config.scan import Document
from dockerd_cfg.errors import InvalidConfig, PreflightRefused
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.surroundings import Surroundings

if TYPE_CHECKING:
    from dockerd_cfg.config.edit_daemon_json import EditDaemonJson

FLAG_CONFLICT: Final = "flag-conflict"


def judge(
    file: DaemonJson,
    edit: "EditDaemonJson | None",
    *,
    version: DockerVersion | None,
    arguments: CommandLines,
    starts_now: bool,
    is_stale: bool = False,
    surroundings: Surroundings | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with ``file`` as it would be after ``edit`` (None: unchanged); errors stop the change.

    A fault that was there before, with which Docker starts now (``starts_now``) and which the edit does not touch,
    is no reason to refuse: it becomes a warning. So does one that only containers meet, and one of some versions where
    Docker's is not known, unless the change brings it into effect: Docker runs, and has not read the file yet
    (``is_stale``). Conflicts with the flags of coming starts are a reason: nothing has started with them yet.

    An error stops the change, so that it has the place that it has in ``file``, if any; others have that in the file to
    come. Pure.
    """
    present = None if file.image.data is None else file.json  # one that is not there is no empty one
    before = check(present, version=version, flags=arguments.now, host=surroundings)
    to_come = conflicts_to_come(present, before, version=version, coming=arguments.coming)
    places = {(one.code, one.key): (one.line, one.column) for one in (*before, *to_come)}
    may_start = starts_now or (version is None and _starts_somewhere(present, arguments.now, surroundings))
    old = {
        (finding.code, finding.key)
        for finding in before
        if (may_start or finding.stage == "container") and not is_stale
    }
    edits = () if edit is None else edit.edits

    def judged(finding: Finding) -> Finding:
        if not finding.is_error:
            return finding
        if (finding.code, finding.key) in old and not touches(edits, finding):
            return replace(finding, severity="warning")
        line, column = places.get((finding.code, finding.key), (None, None))
        return replace(finding, line=line, column=column)

    wanted = present if edit is None else parse(edit.new.image.data, file.path)
    after = before if edit is None else check(wanted, version=version, flags=arguments.now, host=surroundings)
    return (
        *map(judged, after),
        *map(judged, conflicts_to_come(wanted, after, version=version, coming=arguments.coming)),
    )


def _starts_somewhere(
    present: Document | None, flags: Sequence[str], surroundings: Surroundings | None
) -> bool:
    """Tell whether any supported Docker would start with the file ``present``."""
    return any(
        not any(
            finding.is_error and finding.stage != "container"
            for finding in check(present, version=version, flags=flags, host=surroundings)
        )
        for version in MILESTONES
    )


def conflicts_to_come(
    document: Document | None,
    found: Collection[Finding],
    *,
    version: DockerVersion | None,
    coming: Sequence[Sequence[str]],
) -> Iterator[Finding]:
    """Yield where ``document`` is at odds with the flags of ``coming`` starts, but for what was ``found`` already."""
    known = {finding.key for finding in found if finding.code == FLAG_CONFLICT}
    for flags in coming:
        for finding in check(document, version=version, flags=flags):
            if finding.code == FLAG_CONFLICT and finding.key not in known:
                known.add(finding.key)
                message = f"{finding.message}: Docker's unit was changed since Docker started, and it would not start again"
                yield replace(finding, message=message)


def touches(edits: Sequence[KeyEdit], finding: Finding) -> bool:
    """Tell whether ``edits`` change what ``finding`` is about."""
    return finding.key in {one.key[0] for one in edits} or is_within(
        finding.key, [one.dotted for one in edits]
    )


def mends_in_part(before: Sequence[Finding], after: Sequence[Finding], edits: Sequence[KeyEdit]) -> bool:
    """Tell whether ``edits`` do nothing but mend errors, while others stay that they do not touch.

    ``before`` and ``after`` are the findings without and with them.
    """
    was, stays = ([one for one in found if one.is_error] for found in (before, after))
    known, left = ({(one.code, one.key) for one in errors} for errors in (was, stays))
    return (
        bool(left)
        and left < known
        and all(any(touches([one], error) for error in was) for one in edits)
        and not any(touches(edits, error) for error in stays)
    )


def is_within(key: str | None, keys: Collection[str]) -> bool:
    """Tell whether ``key``, as a finding names it (``labels[0]``), is one of the dotted ``keys`` or part of one."""
    return key is not None and any(key == one or key.startswith((f"{one}.", f"{one}[")) for one in keys)


def refuse_errors(findings: Sequence[Finding], file: DaemonJson) -> None:
    """Raise InvalidConfig when ``findings`` hold errors, PreflightRefused when these are about the host alone."""
    errors = [finding for finding in findings if finding.is_error]
    if not errors:
        return
    first = errors[0]
    place = f" (line {first.line}, column {first.column})" if first.line else ""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if all(finding.stage == "preflight" for finding in errors):
        raise PreflightRefused(f"{first.message}{place}{more}", hint=first.hint, findings=tuple(findings))
    what = "would do nothing" if first.stage == "ignored" else "would be refused or break Docker"
    raise InvalidConfig(
        f"the change of {file.path} {what}: {first.message}{place}{more}",
        hint=first.hint,
        findings=tuple(findings),
    )


def ask_dockerd(
    host: Host,
    edit: "EditDaemonJson | None",
    arguments: CommandLines,
    *,
    present: DaemonJson | None = None,
) -> None:
    """Let the installed dockerd judge the candidate with the flags of its next start. Raises InvalidConfig if it refuses.

    ``present`` is the file where it is brought into effect although nothing in it changes.
    """
    image = edit.new.image if edit else present.image if present else None
    if image is None or (edit is None and image.data is None):
        return
    complaint = host.dockerd.validate(image.data or b"", arguments.next)
    if complaint is not None:
        what = f"the changed {edit.path}" if edit else str(present.path if present else "")
        raise InvalidConfig(
            f"dockerd refuses {what}: {complaint}", hint="see what it names, and mend that first"
        )
