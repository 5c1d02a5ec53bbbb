"""What dockerd reads without complaint and then does not start with, or starts no containers with.

Source: ``verifyDaemonSettings``, graph drivers, registry and builder set-up of moby, tags v20.10.24 to
docker-v29.7.2.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dockerd_cfg.config.check_context import Context, Path, dotted
from dockerd_cfg.config.check_grammar import any_of, closest, is_ip, parse_bool, parse_cidr, parse_integer
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.sizes import SizeError, parse_size
from dockerd_cfg.config.tree import JsonValue
from dockerd_cfg.findings import Finding, Stage

_V23: Final = DockerVersion(23, 0, 0)
_V24: Final = DockerVersion(24, 0, 0)
_V25: Final = DockerVersion(25, 0, 0)
_V27: Final = DockerVersion(27, 0, 0)
_SIZES_OPTIONAL: Final = DockerVersion(27, 5, 0)
_V28: Final = DockerVersion(28, 0, 0)
_V29: Final = DockerVersion(29, 0, 0)

_GRAPH_DRIVERS: Final = frozenset({"btrfs", "fuse-overlayfs", "overlay2", "vfs", "zfs"})
# Graph drivers that are gone, with the first version without them.
_GONE_DRIVERS: Final = {"aufs": _V24, "overlay": _V24, "devicemapper": _V25}
_KERNEL_CHECK: Final = "overlay2.override_kernel_check"
_STORAGE_OPTS: Final = {"btrfs": {"btrfs.min_space"}, "vfs": {"size"}, "zfs": {"zfs.fsname"}}
_STORAGE_SIZES: Final = frozenset({"btrfs.min_space", "overlay2.size", "size"})
# containerd's identifiers.
_NAMESPACE: Final = r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*"
_LONGEST_NAMESPACE: Final = 76
_OOM_SCORES: Final = range(-1000, 1001)
_API_VERSIONS: Final = ((1, 24), (1, 55))
_HIGHEST_PORT: Final = 65535
_HOST_PART: Final = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST: Final = rf"{_HOST_PART}(?:\.{_HOST_PART})*"


def start_findings(context: Context) -> Iterator[Finding]:
    """Yield what stops the daemon from starting, or containers, although the file is read."""
    for rule in _RULES:
        yield from rule(context)


def _firewall(context: Context) -> Iterator[Finding]:
    if not context.switch("icc", default=True):
        if not context.switch("iptables", default=True):
            yield context.finding(
                "options-clash",
                "start",
                _first(context, "icc", "iptables"),
                "icc false needs iptables",
                "set iptables or icc to true",
            )
        elif (
            context.version >= _V27
            and context.switch("ipv6", default=False)
            and not context.switch("ip6tables", default=True)
        ):
            yield context.finding(
                "options-clash",
                "start",
                _first(context, "icc", "ip6tables"),
                "icc false with ipv6 needs ip6tables",
                "set ip6tables to true",
            )
    if (
        context.version < _V27
        and context.switch("ip6tables", default=False)
        and not context.switch("experimental", default=False)
    ):
        yield context.finding(
            "needs-experimental",
            "start",
            ("ip6tables",),
            "ip6tables needs experimental before Docker 27",
            'add "experimental": true',
        )


def _storage(context: Context) -> Iterator[Finding]:
    version = context.version
    driver = context.text("storage-driver")
    gone = _GONE_DRIVERS.get(driver)
    uses_containerd = version >= _V24 and context.members("features").get("containerd-snapshotter") is True
    if gone is not None and version >= gone and not uses_containerd:
        message = f"the storage driver {driver} was removed in Docker {gone.release}"
        yield context.finding(
            "removed-storage-driver",
            "start",
            ("storage-driver",),
            message,
            "its data must be migrated; new installations use overlay2",
        )
    elif driver and driver not in _GRAPH_DRIVERS and gone is None and version < _V29 and not uses_containerd:
        guess = closest(driver, _GRAPH_DRIVERS)
        hint = f"did you mean {guess}?" if guess else f"write {any_of(sorted(_GRAPH_DRIVERS))}"
        yield context.finding(
            "unknown-storage-driver",
            "start",
            ("storage-driver",),
            f"Docker has no storage driver {driver}",
            hint,
        )
    if not uses_containerd:
        yield from _storage_opts(context, driver)


def _storage_opts(context: Context, driver: str) -> Iterator[Finding]:
    overlay2 = {"overlay2.size"} | ({_KERNEL_CHECK} if context.version < _V24 else set())
    options = {**_STORAGE_OPTS, "overlay2": overlay2}
    for path, text in context.texts("storage-opts"):
        name, equals, value = text.partition("=")
        name = name.strip().lower()
        known = options.get(driver or name.partition(".")[0])
        if not equals:
            message = f'the storage option "{text}" is not of the form key=value'
            yield context.finding(
                "bad-value", "start", path, message, 'write for instance ["overlay2.size=20G"]'
            )
        elif known is not None and name not in known:
            message = f"the storage driver {driver or 'overlay2'} has no option {name}"
            hint = f"it knows {', '.join(sorted(known))}"
            if name == _KERNEL_CHECK and driver in {"", "overlay2"}:
                message, hint = (
                    f"{name} was removed in Docker 24.0",
                    "leave it out: overlay2 works without it",
                )
            yield context.finding("unknown-storage-option", "start", path, message, hint)
        elif known is not None:
            yield from _storage_value(context, path, name, value.strip())


def _storage_value(context: Context, path: Path, name: str, value: str) -> Iterator[Finding]:
    if name == _KERNEL_CHECK and parse_bool(value) is None:
        message = f'{name} must be true or false, not "{value}"'
        yield context.finding("bad-value", "start", path, message, "leave it out: it has no effect")
    if name not in _STORAGE_SIZES:
        return
    try:
        parse_size(value, units="binary", version=context.version)
    except SizeError as problem:
        message = f"{name} is no size that Docker understands: {problem}"
        yield context.finding("bad-value", "start", path, message, f'write for instance "{name}=20G"')


def _registries(context: Context) -> Iterator[Finding]:
    for path, text in context.texts("insecure-registries"):
        scheme = next((one for one in ("http://", "https://") if text.lower().startswith(one)), "")
        name = text[len(scheme) :]
        if not _is_registry(name):
            host = name.partition("/")[0]
            hint = 'write HOST, HOST:PORT or a network, as in "registry.example.com:5000"'
            if host != name and _is_registry(host):
                hint = f'write "{host}", without a path'
            yield context.finding("bad-value", "start", path, f'"{text}" is no registry', hint)
        elif scheme:
            message = f"Docker drops the {scheme} from {text}"
            yield context.finding("scheme-in-registry", "advice", path, message, f'write "{name}"')


def _is_registry(name: str) -> bool:
    if parse_cidr(name) is not None:
        return True
    return not (name.startswith("-") or name.endswith("-") or "://" in name) and _is_host(name)


def _is_host(text: str) -> bool:
    """Moby's validateHostPort: a name as in image references, or an IP address, with a port or without."""
    if is_ip(text.strip("[]")):
        return True
    host, _, port = text.rpartition(":") if ":" in text else (text, "", "")
    if port and not (port.isdecimal() and int(port) <= _HIGHEST_PORT):
        return False
    return is_ip(host.strip("[]")) or re.fullmatch(_HOST, host) is not None


def _api(context: Context) -> Iterator[Finding]:
    text = context.text("min-api-version")
    if not text or context.version < _V29:
        return
    parts = text.split(".")
    lowest, highest = _API_VERSIONS
    is_one = len(parts) == len(lowest) and all(part.isdecimal() for part in parts)
    if not is_one or not lowest <= tuple(map(int, parts)) <= highest:
        message = (
            f'min-api-version must be from {lowest[0]}.{lowest[1]} to {highest[0]}.{highest[1]}, not "{text}"'
        )
        yield context.finding(
            "bad-value", "start", ("min-api-version",), message, 'write for instance "1.44"'
        )


def _namespaces(context: Context) -> Iterator[Finding]:
    plugins = context.flags.get("containerd-plugins-namespace") or ["plugins.moby"]
    name = context.text("containerd-namespace")
    if name == plugins[-1]:
        message = f"containerd-namespace must not be {plugins[-1]}, the one of plugins"
        yield context.finding("options-clash", "start", ("containerd-namespace",), message, "leave it out")
    elif name and (re.fullmatch(_NAMESPACE, name) is None or len(name) > _LONGEST_NAMESPACE):
        message = f'containerd takes no namespace "{name}": containers cannot be created'
        hint = "write letters and digits, with single dots, hyphens or underscores between them"
        yield context.finding("bad-value", "container", ("containerd-namespace",), message, hint)
    remap = context.text("userns-remap")
    if remap.count(":") > 1:
        message = f'userns-remap must be USER or USER:GROUP, not "{remap}"'
        stage: Stage = "parse" if context.version >= DockerVersion(26, 0, 0) else "start"
        yield context.finding(
            "bad-value", stage, ("userns-remap",), message, 'write "default", or USER:GROUP'
        )


def _builder(context: Context) -> Iterator[Finding]:
    gc = context.members("builder").get("gc")
    # moby reads the sizes only where it collects; since 28.0 it does so unless told otherwise
    if not isinstance(gc, Mapping) or not _is_on(gc, default=context.version >= _V28):
        return
    rules = gc.get("policy")
    places: list[tuple[Path, Mapping[str, JsonValue]]] = [(("builder", "gc"), gc)]
    places += [
        (("builder", "gc", "policy", index), rule)
        for index, rule in enumerate(rules if isinstance(rules, list) else [])
        if isinstance(rule, Mapping)
    ]
    for place, values in places[1:] if context.version < _SIZES_OPTIONAL else []:
        if not any(name.lower() == "keepstorage" and value for name, value in values.items()):
            message = (
                f"{dotted(place)} needs keepStorage before Docker 27.5: without it Docker does not start"
            )
            yield context.finding("missing-value", "start", place, message, 'add "keepStorage": "10GB"')
    sizes = ("storage", "space") if context.version >= _V28 else ("storage",)
    for place, values in places:
        for name, value in values.items():
            if name.lower().endswith(sizes) and isinstance(value, str) and value:
                try:
                    parse_size(value, units="binary", version=context.version)
                except SizeError as problem:
                    path = (*place, name)
                    message = f"{dotted(path)} is no size that Docker understands: {problem}"
                    yield context.finding("bad-value", "start", path, message, 'write for instance "20GB"')


def _process(context: Context) -> Iterator[Finding]:
    text = context.text("metrics-addr")
    host, _, port = text.rpartition(":")
    is_bare = ":" in host and not (host.startswith("[") and host.endswith("]"))
    number = parse_integer(port)
    if text and (not host or is_bare or number is None or not 0 <= number <= _HIGHEST_PORT):
        message = f'metrics-addr must be HOST:PORT, not "{text}"'
        hint = 'write for instance "127.0.0.1:9323"'
        yield context.finding("bad-value", "start", ("metrics-addr",), message, hint)
    score = context.number("oom-score-adjust")
    if context.version < _V25 and score not in _OOM_SCORES:
        message = f"oom-score-adjust must be from -1000 to 1000, not {score}"
        yield context.finding("bad-value", "start", ("oom-score-adjust",), message, "leave it out")
    profile = context.text("seccomp-profile")
    if context.version < _V23 and profile in {"builtin", "unconfined"}:
        message = f"Docker 20.10 takes seccomp-profile {profile} for the name of a file"
        hint = (
            "leave it out"
            if profile == "builtin"
            else "run containers with --security-opt seccomp=unconfined"
        )
        yield context.finding("value-too-new", "start", ("seccomp-profile",), message, hint)


def _is_on(gc: Mapping[str, JsonValue], *, default: bool) -> bool:
    enabled = next((value for name, value in gc.items() if name.lower() == "enabled"), None)
    return enabled is True or (enabled is None and default)


def _first(context: Context, *keys: str) -> Path:
    return next((context.names[key][0] for key in keys if key in context.names), (keys[0],))


_RULES: Final[tuple[Callable[[Context], Iterator[Finding]], ...]] = (
    _firewall,
    _storage,
    _registries,
    _api,
    _namespaces,
    _builder,
    _process,
)
