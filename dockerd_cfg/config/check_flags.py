"""dockerd's command line by itself: flags that it does not have, and values that it refuses there.

Source: ``cmd/dockerd/config.go``, ``config_unix.go`` and ``options.go`` of moby, tags v20.10.24 to docker-v29.7.2
(there ``daemon/command``), and spf13/pflag. What a flag sets is judged by the rules for the option in the file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from dockerd_cfg.config.catalogue import options
from dockerd_cfg.config.check_addresses import address_findings
from dockerd_cfg.config.check_context import Context
from dockerd_cfg.config.check_grammar import parse_bool
from dockerd_cfg.config.check_values import value_findings
from dockerd_cfg.config.check_version import NEWEST, DockerVersion
from dockerd_cfg.config.flags import OPTION_OF_FLAG
from dockerd_cfg.config.tree import JsonValue
from dockerd_cfg.findings import Finding

# Flags that set no option, with the first version that has them.
_NO_OPTIONS: Final = {
    "add-host": None,
    "config-file": None,
    "containerd-plugins-namespace": None,
    "help": None,
    "validate": DockerVersion(23, 0, 0),
    "version": None,
}
# Older than their options.
_FLAG_FIRST: Final = frozenset({"host-gateway-ips"})
# dockerd refuses these as soon as it reads the flag, in the file only later.
_JUDGED_AT_ONCE: Final = ("hosts", "registry-mirrors")
# Judged with the file, whichever of the two gives them.
_JUDGED_WITH_FILE: Final = frozenset(
    {"bridge-accept-fwmark", "fixed-cidr-v6", "userland-proxy-path", "userns-remap"}
)
# strconv.ParseInt with base 0.
_INTEGER: Final = "[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)"
_HINT: Final = "mend dockerd's command line (systemctl cat docker.service shows it)"


def flag_findings(context: Context) -> Iterator[Finding]:
    """Yield what dockerd refuses of the flags alone."""
    values: dict[str, JsonValue] = {}
    for name, given in context.flags.items():
        since = _since(name)
        problem = _problem(context, name, given)
        if since is not None and context.version < since:
            message = f"the flag {_flag(name)} needs Docker {since.release} or newer"
            yield context.finding("option-too-new", "parse", (_flag(name),), message, _HINT)
        elif problem:
            message = f"the flag {_flag(name)} {problem}"
            yield context.finding("bad-flag", "parse", (_flag(name),), message, _HINT)
        elif name in options() and name not in _JUDGED_WITH_FILE:
            values.update(_option(name, given))
    alone = Context(values, context.version)
    for finding in (*value_findings(alone), *address_findings(alone)):
        key = (finding.key or "").partition("[")[0]
        if finding.stage == "parse" or key in _JUDGED_AT_ONCE:
            message = f"the flag {_flag(key)} is refused: {finding.message}"
            yield replace(finding, stage="parse", severity="error", key=_flag(key), message=message)


def _since(name: str) -> DockerVersion | None:
    """The first version that has the flag, None where all have it or none."""
    known = options().get(name)
    return known.since if known and name not in _FLAG_FIRST else _NO_OPTIONS.get(name)


def _problem(context: Context, name: str, given: Sequence[str]) -> str | None:
    """What is wrong with the flag itself, or with the type of a value."""
    version = context.version
    if name in _NO_OPTIONS:
        return None
    known = options().get(name)
    if known is None or known.flag is None:
        return None if version > NEWEST else "is no flag of dockerd, which does not start with it"
    gone = known.refused_since if any(given) and known.refused_since else known.unknown_since
    if gone is not None and version >= gone:
        return f"is gone since Docker {gone.release}"
    if name == "graph" and "data-root" in context.flags:
        return "does not go together with --data-root"
    if not given:
        return "needs a value"
    if known.type == "boolean" and any(parse_bool(value) is None for value in given):
        return f'must be true or false, not "{given[-1]}"'
    if known.type == "integer" and not all(re.fullmatch(_INTEGER, one) for one in given):
        return f'must be a whole number, not "{given[-1]}"'
    return None


def _option(name: str, given: Sequence[str]) -> dict[str, JsonValue]:
    """What the file would hold instead of the flag; nothing for objects, which flags write otherwise."""
    match options()[name].type:
        case "array" if name != "default-address-pools":
            return {name: list(given)}
        case "boolean":
            return {name: parse_bool(given[-1])}
        case "integer":
            text = given[-1].replace("_", "")
            is_octal = re.fullmatch("[+-]?0[0-7]+", text) is not None
            return {name: int(text, 8 if is_octal else 0)}
        case "string":
            return {name: given[-1]}
        case _:
            return {}


def _flag(option: str) -> str:
    flags = {name: flag for flag, name in OPTION_OF_FLAG.items()}
    return f"--{flags.get(option, option)}"
