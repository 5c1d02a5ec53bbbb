"""What is wrong with a daemon.json, and when it would hurt: every rule about the file's content, pure.

Stages ``parse`` (dockerd refuses the file), ``start`` (it would not start) and ``container`` (containers would not)
are errors, ``ignored`` and ``advice`` are warnings, but for what is no strict JSON. The rules are those of moby at the tags v20.10.24 to
docker-v29.7.2; of what depends on the host, only what is told of it counts: never whether users exist.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from dockerd_cfg.config.check_addresses import address_findings
from dockerd_cfg.config.check_advice import advice_findings
from dockerd_cfg.config.check_bridge import bridge_findings
from dockerd_cfg.config.check_context import Context
from dockerd_cfg.config.check_flags import flag_findings
from dockerd_cfg.config.check_names import name_findings
from dockerd_cfg.config.check_runtimes import runtime_findings
from dockerd_cfg.config.check_start import start_findings
from dockerd_cfg.config.check_surroundings import surroundings_findings
from dockerd_cfg.config.check_tls import tls_findings
from dockerd_cfg.config.check_types import type_findings
from dockerd_cfg.config.check_values import value_findings
from dockerd_cfg.config.check_version import MILESTONES, NEWEST, OLDEST, DockerVersion, over_versions
from dockerd_cfg.config.daemon_json import not_json
from dockerd_cfg.config.flags import parse_flags
from dockerd_cfg.config.scan import Document, JsonValue, ScanError, scan
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.surroundings import Surroundings

__all__ = ["MILESTONES", "NEWEST", "OLDEST", "DockerVersion", "check", "check_bytes"]

Flags = Mapping[str, Sequence[str]] | Sequence[str]

_TEMPLATE: Final = r"\{[{%]"
_READS_ANY_FILE: Final = DockerVersion(23, 0, 0)


def check_bytes(
    data: bytes | None,
    *,
    version: DockerVersion | None = None,
    flags: Flags = (),
    host: Surroundings | None = None,
) -> list[Finding]:
    """Return what is wrong with the daemon.json that consists of ``data`` (None: there is none).

    As `check`, and a text that is no strict JSON object is one error: of stage ``parse``, or ``ignored`` where
    dockerd reads the file all the same, but not what is written there.
    """
    try:
        document = scan(data)
    except ScanError as error:
        found = not_json(error)
        return [replace(found, stage="ignored") if _is_read(data or b"", version, flags) else found]
    return check(None if data is None else document, version=version, flags=flags, host=host)


def _is_read(data: bytes, version: DockerVersion | None, flags: Flags) -> bool:
    """Tell whether dockerd, each supported one without a ``version``, reads ``data``, which is no strict JSON."""
    from dockerd_cfg.config.readings import readings  # noqa: PLC0415  # only for what is wrong

    return all(
        found
        and not any(
            one.stage == "parse" for values in found for one in check(values, version=docker, flags=flags)
        )
        for docker in ([version] if version else (MILESTONES[-1], NEWEST))
        for found in [readings(data, docker)]
    )


def check(
    document: Document | Mapping[str, JsonValue] | None,
    *,
    version: DockerVersion | None = None,
    flags: Flags = (),
    host: Surroundings | None = None,
) -> list[Finding]:
    """Return what is wrong with ``document``, in the order of the text: a scanned file, plain values, or None for no file.

    ``flags`` is dockerd's command line, as words or as `parse_flags` gives it; a flag and an option of the same name
    do not go together. Without a ``version`` the file must please every supported Docker, from 20.10 to 29; what
    merely needs a newer one is advice. ``host`` is what is known of the one where it is to be used. Findings have a line and a column where ``document`` is a scanned file.
    """
    given = dict(flags) if isinstance(flags, Mapping) else parse_flags(flags)
    scanned = document if isinstance(document, Document) else None
    values = scanned.value if scanned else document if isinstance(document, Mapping) else {}

    def rules(candidate: DockerVersion) -> Iterator[Finding]:
        context = Context(values, candidate, given, scanned, host)
        if scanned is not None:
            yield from _file_findings(scanned, context)
        yield from name_findings(context)
        yield from flag_findings(context)
        yield from type_findings(context)
        yield from value_findings(context)
        yield from address_findings(context)
        yield from tls_findings(context)
        yield from bridge_findings(context)
        yield from start_findings(context)
        yield from runtime_findings(context)
        yield from surroundings_findings(context)
        yield from advice_findings(context)

    found = map(_hinting_at_template, over_versions(version, rules))
    return sorted(found, key=lambda finding: (finding.line or 0, finding.column or 0))


def _hinting_at_template(finding: Finding) -> Finding:
    """What is wrong with a value that was not filled in is just that; tags of logs are templates of Docker's own."""
    if finding.key == "log-opts.tag" or not re.search(_TEMPLATE, finding.message):
        return finding
    return replace(finding, hint="this looks like a template that was not filled in: render it first")


def _file_findings(document: Document, context: Context) -> Iterator[Finding]:
    """What Docker 20.10 cannot read though later ones can."""
    if context.version >= _READS_ANY_FILE:
        return
    problem = None
    if document.encoding.mark:
        problem = "byte-order-mark", "the file starts with a byte order mark", "save it as UTF-8 without one"
    elif not document.text.strip():
        problem = "empty-file", "the file is empty", "write {} into it, or remove it"
    if problem:
        code, message, hint = problem
        finding = context.finding(code, "parse", (), f"{message}, which Docker 20.10 refuses", hint)
        yield replace(finding, key=None, line=1, column=1)
