"""Values that dockerd refuses while it reads daemon.json: stage ``parse``.

Source: ``Validate`` and the decoders in moby's ``daemon/config``, ``opts`` and ``registry``, and
``loadDaemonCliConfig``; tags v20.10.24 to docker-v29.7.2. A rule that an older Docker applies only when it starts
is told with stage ``start`` there.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv6Network
from typing import Final

from dockerd_cfg.config.check_context import Context, Path, dotted
from dockerd_cfg.config.check_grammar import (
    any_of,
    is_ip,
    parse_cidr,
    parse_duration,
    parse_integer,
    split_url,
)
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.sizes import SizeProblem, parse_size
from dockerd_cfg.findings import Finding, Stage

_V23: Final = DockerVersion(23, 0, 0)
_V25: Final = DockerVersion(25, 0, 0)
_V28: Final = DockerVersion(28, 0, 0)
_V28_3: Final = DockerVersion(28, 3, 0)
_V29: Final = DockerVersion(29, 0, 0)
_NETIP_SUBNETS: Final = DockerVersion(27, 0, 0)

_LEVELS: Final = ("panic", "fatal", "error", "warn", "info", "debug", "trace")
_DOMAIN_PART: Final = r"(?::?[a-zA-Z0-9]|:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])"
_DOMAIN: Final = re.compile(rf":?{_DOMAIN_PART}(?::?\.{_DOMAIN_PART})*\.?[ \t\n\f\r]*")
_LONGEST_DOMAIN: Final = 254
_RESERVED_LABELS: Final = ("com.docker.", "io.docker.", "org.dockerproject.")
_MARK: Final = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*")
_LINK_LOCAL: Final = IPv6Network("fe80::/64")
_HIGHEST_PORT: Final = 65535


def value_findings(context: Context) -> Iterator[Finding]:
    """Yield the values that are refused while the file is read."""
    for rule in _RULES:
        yield from rule(context)


def _bad(
    context: Context, path: Path, message: str, hint: str, *, stage: Stage = "parse", code: str = "bad-value"
) -> Finding:
    return context.finding(code, stage, path, message, hint)


def _choices(context: Context) -> Iterator[Finding]:
    version = context.version
    levels = _LEVELS if version >= _V25 else (*_LEVELS, "warning")
    level = context.values.get("log-level")
    if isinstance(level, str) and level and level.lower() not in levels:
        yield _bad(context, ("log-level",), f'Docker has no log level "{level}"', f"write {any_of(_LEVELS)}")
    for key, words, since in (
        ("log-format", ("text", "json"), _V25),
        ("default-ipc-mode", ("private", "shareable"), None),
        ("default-cgroupns-mode", ("private", "host"), None),
        ("firewall-backend", ("iptables", "nftables"), _V29),
    ):
        value = context.values.get(key)
        if isinstance(value, str) and value and value not in words and (since is None or version >= since):
            yield _bad(context, (key,), f'{key} cannot be "{value}"', f"write {any_of(words)}")


def _numbers(context: Context) -> Iterator[Finding]:
    version = context.version
    lowest_attempts = 0 if version >= _V23 else 1
    limits: list[tuple[str, int, DockerVersion | None]] = [
        ("max-concurrent-downloads", 0, None),
        ("max-concurrent-uploads", 0, None),
        ("max-download-attempts", lowest_attempts, None),
        ("mtu", 0, _V23),
        ("default-stop-timeout", 0, DockerVersion(29, 7, 0)),
        ("network-diagnostic-port", 0, _V28),
    ]
    for key, lowest, since in limits:
        if (
            key in context.values
            and context.number(key) < lowest
            and (since is None or version >= since)
            and _is_int(context, key)
        ):
            yield _bad(
                context,
                (key,),
                f"{key} must not be below {lowest}",
                f"write {lowest} or more, or leave it out",
            )
    if version >= _V28 and context.number("network-diagnostic-port") > _HIGHEST_PORT:
        yield _bad(
            context,
            ("network-diagnostic-port",),
            "network-diagnostic-port is no port",
            "write a number from 0 to 65535",
        )


def _is_int(context: Context, key: str) -> bool:
    value = context.values.get(key)
    return isinstance(value, int) and not isinstance(value, bool)


def _addresses(context: Context) -> Iterator[Finding]:
    for key in ("ip", "default-gateway", "default-gateway-v6", "host-gateway-ip"):
        value = context.values.get(key)
        if isinstance(value, str) and value and not is_ip(value):
            yield _bad(
                context,
                (key,),
                f'{key} must be an IP address, not "{value}"',
                'write for instance "192.0.2.1"',
            )
    for path, text in context.texts("dns"):
        if not _is_dns_server(text, context.version):
            yield _bad(
                context,
                path,
                f'dns must hold IP addresses, not "{text}"',
                'write for instance ["192.0.2.53"]',
            )
    families: set[bool] = set()
    for path, text in context.texts("host-gateway-ips") if context.version >= _V28 else []:
        if not text:
            continue
        if not is_ip(text, zone=True):
            yield _bad(
                context,
                path,
                f'host-gateway-ips must hold IP addresses, not "{text}"',
                'write for instance ["192.0.2.1"]',
            )
        elif (":" in text) in families:
            family = "IPv6" if ":" in text else "IPv4"
            yield _bad(
                context, path, f"host-gateway-ips takes only one {family} address", "keep one of each family"
            )
        families.add(":" in text)


def _is_dns_server(text: str, version: DockerVersion) -> bool:
    if version < _V25:
        return is_ip(text.strip())
    return not text or is_ip(text, zone=version >= _V29)


def _domains(context: Context) -> Iterator[Finding]:
    for path, text in context.texts("dns-search"):
        name = text.strip(" ")
        if name != "." and not (
            re.search("[a-zA-Z]", name) and _DOMAIN.fullmatch(name) and len(name) <= _LONGEST_DOMAIN
        ):
            yield _bad(context, path, f'"{text}" is no domain', 'write for instance ["example.com"]')


def _labels(context: Context) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for path, text in context.texts("labels"):
        name, equals, value = text.partition("=")
        if not equals:
            yield _bad(
                context,
                path,
                f'the label "{text}" is not of the form key=value',
                f'write "{text or "key"}=VALUE"',
            )
        elif text.lower().startswith(_RESERVED_LABELS):
            yield _bad(
                context,
                path,
                f"the label {name} is in a namespace that Docker keeps to itself",
                "choose another prefix",
            )
        elif seen.setdefault(name, value) != value:
            yield _bad(
                context, path, f"the label {name} is given twice with different values", "keep one of them"
            )


def _resources(context: Context) -> Iterator[Finding]:
    kinds: dict[str, list[str]] = {}
    hint = 'write for instance ["NVIDIA-GPU=UUID1"] or ["SSD=4"]'
    for path, text in context.texts("node-generic-resources"):
        if text.count("=") != 1:
            yield _bad(context, path, f'the resource "{text}" is not of the form key=value', hint)
            continue
        name, _, value = (part.strip() for part in text.partition("="))
        kinds.setdefault(name, []).append(value)
    for name, values in kinds.items():
        numbers = [number for number in map(parse_integer, values) if number is not None]
        if numbers and (len(values) > 1 or numbers[0] < 0):
            message = f"the resource {name} must be one number from 0 up, or any count of names"
            yield _bad(context, ("node-generic-resources",), message, hint)


def _exec_opts(context: Context) -> Iterator[Finding]:
    stage: Stage = "parse" if context.version >= _V28 else "start"
    hint = 'write ["native.cgroupdriver=systemd"] or ["native.cgroupdriver=cgroupfs"]'
    for path, text in context.texts("exec-opts"):
        name, _, value = (part.strip() for part in text.partition("="))
        if not value:
            yield _bad(
                context, path, f'the exec-opt "{text}" is not of the form key=value', hint, stage=stage
            )
        elif name.lower() != "native.cgroupdriver":
            if context.version >= _V28:
                yield _bad(context, path, f"Docker has no exec-opt {name}", hint)
            else:
                yield _bad(context, path, f"Docker ignores the exec-opt {name}", hint, stage="ignored")


def _hosts(context: Context) -> Iterator[Finding]:
    stage: Stage = "parse" if context.version >= _V23 else "start"
    for path, text in context.texts("hosts"):
        address = text.strip()
        scheme, separator, rest = address.partition("://")
        if not separator:
            scheme, rest = "tcp", address
        problem = None
        if not address:
            continue
        if scheme not in {"tcp", "unix", "fd", "npipe"}:
            problem = f'"{scheme}" is no protocol that Docker listens on'
        elif scheme == "tcp":
            problem = _tcp_problem(rest)
        elif scheme != "fd" and "://" in rest:
            problem = "it holds more than one ://"
        if problem:
            hint = 'write for instance ["unix:///var/run/docker.sock", "tcp://127.0.0.1:2376"]'
            yield _bad(context, path, f'Docker cannot listen on "{text}": {problem}', hint, stage=stage)


def _tcp_problem(rest: str) -> str | None:
    url = split_url(f"tcp://{rest}")
    if url is None:
        return "it is no HOST:PORT"
    if url.path:
        return "it must not hold a path"
    port = url.netloc.rpartition("]")[2].rpartition(":")[2] if ":" in url.netloc.rpartition("]")[2] else ""
    if port and int(port) == 0:
        return "the port must not be 0"
    return None


def _mirrors(context: Context) -> Iterator[Finding]:
    stage: Stage = "parse" if context.version >= _V28_3 else "start"
    for path, text in context.texts("registry-mirrors"):
        url = split_url(text)
        scheme = text.partition("://")[0]
        if "://" not in text or not scheme:
            message = f'the mirror "{text}" has no scheme'
        elif url is None or url.scheme not in {"http", "https"}:
            message = f'the mirror "{text}" is no http:// or https:// address'
        elif url.query or url.fragment:
            message = f'the mirror "{text}" must not have a query or fragment'
        elif "@" in url.netloc:
            message = "a mirror must not have a user name or password"
        else:
            continue
        yield _bad(context, path, message, 'write for instance ["https://mirror.example.com"]', stage=stage)


def _tls(context: Context) -> Iterator[Finding]:
    """A file that switches TLS on must name certificates: the flags' defaults do not count then."""
    asked = "tlsverify" in context.names or context.values.get("tls") is True
    if not asked or context.flags.keys() & {"tls", "tlsverify"}:
        return
    if not (context.values.get("tlscert") and context.values.get("tlskey")):
        key = "tlsverify" if "tlsverify" in context.names else "tls"
        yield _bad(
            context,
            context.names[key][0],
            f"{key} switches TLS on, which needs tlscert and tlskey",
            'add "tlscert": "/etc/docker/cert.pem" and "tlskey": "/etc/docker/key.pem"',
            stage="parse" if context.version >= _V23 else "start",
            code="tls-without-certificates",
        )


def _userland_proxy(context: Context) -> Iterator[Finding]:
    path = context.text("userland-proxy-path")
    if (
        context.version >= _V25
        and path
        and not path.startswith("/")
        and context.switch("userland-proxy", default=True)
    ):
        message = f'userland-proxy-path must be an absolute path, not "{path}"'
        yield _bad(
            context,
            ("userland-proxy-path",),
            message,
            'write for instance "/usr/bin/docker-proxy", or leave it out',
        )


def _networks(context: Context) -> Iterator[Finding]:
    text = context.text("fixed-cidr-v6")
    if text:
        stage: Stage = "parse" if context.version >= _V25 else "start"
        problem = _subnet_problem(text, context.version)
        if problem:
            hint = 'write for instance "fd00:d0c::/64"'
            yield _bad(
                context,
                ("fixed-cidr-v6",),
                f'fixed-cidr-v6 "{text}" cannot be used: {problem}',
                hint,
                stage=stage,
            )
    mark = context.text("bridge-accept-fwmark")
    if mark and context.version >= _V29 and not all(_is_mark(part) for part in mark.split("/", 1)):
        message = f'bridge-accept-fwmark must be MARK or MARK/MASK, not "{mark}"'
        yield _bad(context, ("bridge-accept-fwmark",), message, 'write for instance "0x1/0x3"')
    for index, pool in enumerate(_pools(context)):
        base = pool.get("base") if isinstance(pool, dict) else None
        if isinstance(base, str) and base and context.version >= _V29 and parse_cidr(base) is None:
            message = f'the pool\'s base must be a network, not "{base}"'
            yield _bad(
                context,
                ("default-address-pools", index, "base"),
                message,
                'write for instance "10.200.0.0/16"',
            )


def _subnet_problem(text: str, version: DockerVersion) -> str | None:
    """Moby's ValidateFixedCIDRV6; from 27.0 on it reads with netip and refuses more."""
    interface = parse_cidr(text)
    is_strict = version >= _NETIP_SUBNETS
    if interface is None or interface.version == 4 or (is_strict and re.search("/0[0-9]", text)):  # noqa: PLR2004
        return "it is no IPv6 network"
    network = interface.network
    if is_strict and interface.ip.is_multicast:
        return "it is a multicast network"
    clashes = network.overlaps(_LINK_LOCAL) if is_strict else network.network_address in _LINK_LOCAL
    if clashes and network != _LINK_LOCAL:
        return "it clashes with the link-local fe80::/64"
    return None


def _pools(context: Context) -> list[object]:
    pools = context.values.get("default-address-pools")
    return list(pools) if isinstance(pools, list) else []


def _is_mark(text: str) -> bool:
    return _MARK.fullmatch(text) is not None and int(text, 8 if re.fullmatch("0[0-7]+", text) else 0) < 2**32


def _sizes(context: Context) -> Iterator[Finding]:
    value = context.values.get("default-shm-size")
    if isinstance(value, str):
        try:
            parse_size(value, units="binary", version=context.version)
        except SizeProblem as problem:
            message = f"default-shm-size is no size that Docker understands: {problem}"
            yield _bad(context, ("default-shm-size",), message, 'write for instance "256M"')
    history = context.members("builder").get("history")
    age = history.get("maxAge") if isinstance(history, dict) else None
    if isinstance(age, str) and context.version >= _V25:
        text = age.strip("\"'")
        if text and parse_duration(text) is None and parse_integer(text) is None:
            path = ("builder", "history", "maxAge")
            yield _bad(
                context, path, f'{dotted(path)} must be a duration, not "{age}"', 'write for instance "48h"'
            )


def _build_filters(context: Context) -> Iterator[Finding]:
    """20.10 crashes on a filter without "=" (moby daemon/config/builder.go)."""
    gc = context.members("builder").get("gc")
    rules = gc.get("policy") if isinstance(gc, dict) else None
    for index, rule in enumerate(rules if isinstance(rules, list) and context.version < _V23 else []):
        filters = rule.get("filter") if isinstance(rule, dict) else None
        for place, text in enumerate(filters if isinstance(filters, list) else []):
            if isinstance(text, str) and "=" not in text:
                path = ("builder", "gc", "policy", index, "filter", place)
                yield _bad(
                    context,
                    path,
                    f'the filter "{text}" is not of the form key=value, which crashes Docker 20.10',
                    f'write "{text}=VALUE"',
                )


def _features(context: Context) -> Iterator[Finding]:
    features = context.members("features")
    if "windows-dns-proxy" in features and DockerVersion(26, 1, 0) <= context.version < _V28:
        yield _bad(
            context,
            ("features", "windows-dns-proxy"),
            "windows-dns-proxy exists on Windows only",
            "remove it",
        )
    if (
        features.get("containerd-snapshotter") is True
        and context.version >= _V29
        and context.text("userns-remap")
    ):
        message = "containerd-snapshotter does not go together with userns-remap"
        yield _bad(
            context,
            ("features", "containerd-snapshotter"),
            message,
            "leave out one of them",
            code="options-clash",
        )
    if features.get("embedded-containerd") is True and context.version >= DockerVersion(29, 7, 0):
        if context.switch("cri-containerd", default=False):
            message = "embedded-containerd does not go together with cri-containerd"
            yield _bad(
                context,
                ("features", "embedded-containerd"),
                message,
                "leave out one of them",
                code="options-clash",
            )


_RULES: Final[tuple[Callable[[Context], Iterator[Finding]], ...]] = (
    _choices,
    _numbers,
    _addresses,
    _domains,
    _labels,
    _resources,
    _exec_opts,
    _hosts,
    _mirrors,
    _tls,
    _userland_proxy,
    _networks,
    _sizes,
    _build_filters,
    _features,
)
