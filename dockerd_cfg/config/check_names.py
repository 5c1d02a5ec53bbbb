"""Names in daemon.json: unknown, too new, removed, without effect, or also given as a flag.

Source: ``findConfigurationConflicts`` and ``configValuesSet`` in moby's ``daemon/config/config.go``, tags v20.10.24
to docker-v29.7.2, and ``checkDeprecatedOptions`` of 23.0.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dockerd_cfg.config.catalogue import Option, find_option, options, suggest
from dockerd_cfg.config.check_context import Context, Path, dotted
from dockerd_cfg.config.check_version import NEWEST, DockerVersion
from dockerd_cfg.config.flags import OPTION_OF_FLAG
from dockerd_cfg.config.tree import JsonValue
from dockerd_cfg.config.unknown_objects import is_accepted, what_becomes_of
from dockerd_cfg.findings import Finding

_GATEWAYS: Final = frozenset({"host-gateway-ip", "host-gateway-ips"})
_GATEWAYS_SINCE: Final = DockerVersion(28, 0, 0)
_GRAPH_REFUSED: Final = DockerVersion(23, 0, 0)
_CGROUP_DRIVER: Final = 'write "exec-opts": ["native.cgroupdriver=systemd"]'
# Options of the docker command.
_OF_CLIENTS: Final = frozenset(
    {"HttpHeaders", "auths", "credHelpers", "credsStore", "detachKeys", "psFormat"}
)
# Names of moby's own structure that its check of names does not know.
_HINTS: Final[Mapping[str, str]] = {
    "containerd-plugin-namespace": "give it as the flag --containerd-plugins-namespace",
    "default-init": "write init-path",
    "all-proxy": "proxies has http-proxy, https-proxy and no-proxy",
    "userns": "write userns-remap",
    "cgroup-driver": _CGROUP_DRIVER,
    "cgroupdriver": _CGROUP_DRIVER,
    "native.cgroupdriver": _CGROUP_DRIVER,
    "disable-legacy-registry": "leave it out: it went in Docker 19.03",
    "logging": 'write "log-driver" and "log-opts" at the top level',
}
_ZERO_VALUES: Final = ("", 0, False, None)
# 20.10 keeps these even if they are 0: they are pointers in its Config.
_POINTERS_BEFORE_23: Final = frozenset(
    {"max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"}
)


def name_findings(context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the names of ``context``, members of objects that dockerd looks into included."""
    for name, (path, value) in context.names.items():
        known = options().get(name)
        if known is None or (known.type == "object" and not known.is_flat):
            yield _unknown(context, name, path)
        else:
            yield from _known(context, known, path, value)
    for key, value in context.values.items():
        if isinstance(value, Mapping):
            yield from _ignored_object(context, key, value)
    yield from _flag_conflicts(context)
    yield from _gateways(context)


def _known(context: Context, known: Option, path: Path, value: JsonValue) -> Iterator[Finding]:
    version = context.version
    hint = known.instead
    if known.since is not None and version < known.since:
        yield context.finding(
            "option-too-new",
            "parse",
            path,
            f"{known.key} needs Docker {known.since.release} or newer; older ones refuse the file",
            "leave it out, or update Docker",
        )
    elif not known.is_known_in(version) or (
        known.refused_since is not None
        and version >= known.refused_since
        and value not in (*_ZERO_VALUES, {})
    ):
        removal = known.refused_since or known.unknown_since
        since = f" in Docker {removal.release}" if removal else ""
        yield context.finding(
            "removed-option", "parse", path, f"{known.key} was removed{since}; the file is refused", hint
        )
    elif known.no_effect is not None and path[0] != "proxies":  # there these names are read
        yield context.finding(
            "option-without-effect", "ignored", path, f"{dotted(path)} has no effect: {known.no_effect}", hint
        )
    elif known.until is not None and version >= known.until:
        yield context.finding(
            "option-without-effect",
            "ignored",
            path,
            f"{known.key} has had no effect since Docker {known.until.release}",
            hint or "leave it out",
        )
    elif value is None:
        yield from _null(context, known, path)
    elif known.until is not None:
        message = f"{known.key} goes in Docker {known.until.release}: {known.removed}"
        yield context.finding("deprecated-option", "advice", path, message, hint or "leave it out")
    elif len(path) == 1:
        yield from _zero(context, known, path, value)


def _null(context: Context, known: Option, path: Path) -> Iterator[Finding]:
    if known.schema.get("x-null-refused") is not True:
        yield context.finding(
            "null-value", "ignored", path, f"{known.key} is null, which counts as not given", "leave it out"
        )


def _zero(context: Context, known: Option, path: Path, value: JsonValue) -> Iterator[Finding]:
    """Dockerd merges its defaults over whatever is zero; booleans are spared.

    Without a default nothing is done by an empty text, which a reload may still take; 0 may be the default.
    """
    if isinstance(value, bool) or value not in ("", 0) or known.key == "default-stop-timeout":
        return
    has_default = known.default not in (None, "", 0)
    if not has_default and (known.type != "string" or known.schema.get("x-live-reloadable") is True):
        return
    if known.key in _POINTERS_BEFORE_23 and context.version < DockerVersion(23, 0, 0):
        return
    shown = '""' if value == "" else "0"
    message = f"{known.key} {shown} counts as not given"
    if has_default:
        message += f": Docker uses its default, {known.default}"
    yield context.finding("zero-value", "ignored", path, message, "leave it out, or write another value")


def _unknown(context: Context, name: str, path: Path) -> Finding:
    if context.version > NEWEST:
        message = f"{dotted(path)} is no option that is known here; this Docker is newer than the catalogue"
        return context.finding("unknown-option", "advice", path, message, "check its spelling")
    if len(path) == 1 and name in options():
        return context.finding(
            "not-an-object",
            "parse",
            path,
            f"{name} must be an object",
            f"write for instance {_example(options()[name])}",
        )
    return context.finding(
        "unknown-option",
        "parse",
        path,
        f"Docker has no option {dotted(path)}; the file is refused",
        _hint(name, str(path[0]), context.version),
    )


def _hint(name: str, outer: str, version: DockerVersion) -> str:
    """What to write instead of the unknown ``name`` at the top level, or in the object ``outer``."""
    if name in _HINTS or outer in _HINTS:
        return _HINTS.get(name) or _HINTS[outer]
    if outer in _OF_CLIENTS:
        return "it belongs into ~/.docker/config.json, the file of the docker command"
    if name == outer and find_option(name):
        first, _, rest = name.partition(".")
        return f'take it out (dockerd-cfg unset {name}), and write "{rest}" inside "{first}"'
    known = options().get(outer) if name != outer else None
    if known and known.instead:
        return known.instead
    if known and known.since is not None and version < known.since:
        return f"leave {outer} out, which needs Docker {known.since.release}, or update Docker"
    if known and known.type != "object":
        return f'write for instance "{outer}": {_example(known)}'
    guess = suggest(name)
    return (
        _place(name, outer)
        or (f"did you mean {guess}?" if guess else None)
        or (f"{outer} takes {', '.join(_members(outer))}" if known else None)
        or "remove it; docs.docker.com/reference/cli/dockerd lists the options"
    )


def _place(name: str, outer: str) -> str | None:
    """Where ``name`` is to be written, if it is known in another place."""
    for option, example in (("log-opts", '"..."'), ("features", "true")):
        if name in _members(option) and outer != option:
            return f'write it inside "{option}": {{"{name}": {example}}}'
    if name != outer and outer not in options() and name in _members("runtimes"):
        return f'write it inside "runtimes": {{"{outer}": {{...}}}}'
    return None


def _members(option: str) -> Sequence[str]:
    """The names inside an option that is an object, or inside the objects of one that holds several."""
    schema = options()[option].schema
    inner = schema.get("additionalProperties")
    nodes = [schema, inner] if isinstance(inner, Mapping) else [schema]
    found = [node.get("properties") for node in nodes]
    return [name for names in found if isinstance(names, Mapping) for name in names]


def _example(known: Option) -> str:
    return json.dumps(known.examples[0] if known.examples else {})


def _ignored_object(context: Context, key: str, value: Mapping[str, JsonValue]) -> Iterator[Finding]:
    """An object of a name unknown or too new is looked into for names, and then ignored; booleans in it are switched."""
    option = options().get(key)
    if not is_accepted(value, context.version) or (option is not None and not option.is_flat):
        return
    if option is not None:
        if option.since is not None and context.version < option.since:
            message = f"{key} needs Docker {option.since.release} or newer; older ones ignore it"
            hint = "leave it out, or update Docker"
            yield context.finding("option-too-new", "ignored", (key,), message, hint)
        return
    hint = _HINTS.get(key) or (f"write {', '.join(value)} at the top level" if value else "remove it")
    yield context.finding("unknown-object", "ignored", (key,), what_becomes_of(key, value), hint)


def _flag_conflicts(context: Context) -> Iterator[Finding]:
    flag_of = {option: flag for flag, option in OPTION_OF_FLAG.items()}
    for name, values in context.flags.items():
        aliases = _GATEWAYS if name in _GATEWAYS and context.version >= _GATEWAYS_SINCE else {name}
        for alias in sorted(aliases & context.names.keys() - {"runtimes"}):
            flag = flag_of.get(name, name)
            given = ", ".join(values)
            yield context.finding(
                "flag-conflict",
                "parse",
                context.names[alias][0],
                f"{alias} is also given to dockerd as the flag --{flag}{f' ({given})' if given else ''}, which Docker refuses even if both are equal",
                f"remove {alias} from daemon.json, or the flag from dockerd's command line (systemctl cat docker.service shows it)",
            )


def _gateways(context: Context) -> Iterator[Finding]:
    both = context.names.keys() >= _GATEWAYS
    if both and context.version >= _GATEWAYS_SINCE:
        yield context.finding(
            "options-clash",
            "parse",
            context.names["host-gateway-ip"][0],
            "host-gateway-ip and host-gateway-ips cannot both be given",
            "keep host-gateway-ips only",
        )
    if context.version < _GRAPH_REFUSED and context.values.get("graph") and context.values.get("data-root"):
        yield context.finding(
            "options-clash",
            "parse",
            ("graph",),
            "graph and data-root cannot both be given",
            "keep data-root only",
        )
