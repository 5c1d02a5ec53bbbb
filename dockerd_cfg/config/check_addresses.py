"""Addresses in daemon.json: of hosts, networks, name servers, registry mirrors, and where the API listens.

Source: the decoders and ``Validate`` of moby's ``daemon/config``, ``opts/hosts.go``, ``registry`` and the bridge
driver, tags v20.10.24 to docker-v29.7.2. A rule that an older Docker applies only when it starts is told with stage
``start`` there.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv6Interface, IPv6Network
from typing import Final

from dockerd_cfg.config.check_context import Context
from dockerd_cfg.config.check_grammar import is_ip, parse_cidr, parse_integer
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.go_urls import parse_go_url
from dockerd_cfg.findings import Finding, Stage

_V23: Final = DockerVersion(23, 0, 0)
_V25: Final = DockerVersion(25, 0, 0)
_V28: Final = DockerVersion(28, 0, 0)
_V28_3: Final = DockerVersion(28, 3, 0)
_V29: Final = DockerVersion(29, 0, 0)
_NETIP: Final = DockerVersion(27, 0, 0)

_DOMAIN_PART: Final = r"(?::?[a-zA-Z0-9]|:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])"
_DOMAIN: Final = rf":?{_DOMAIN_PART}(?::?\.{_DOMAIN_PART})*\.?[ \t\n\f\r]*"
_LONGEST_DOMAIN: Final = 254
_MARK: Final = r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*"
_MULTICAST: Final = "it is a multicast network"
_LINK_LOCAL: Final = IPv6Network("fe80::/64")


def address_findings(context: Context) -> Iterator[Finding]:
    """Yield the addresses that dockerd refuses while it reads the file."""
    for rule in _RULES:
        yield from rule(context)


def _addresses(context: Context) -> Iterator[Finding]:
    for key in ("ip", "default-gateway", "default-gateway-v6", "host-gateway-ip"):
        value = context.values.get(key)
        if isinstance(value, str) and value and not is_ip(value):
            yield context.bad_value(
                (key,),
                f'{key} must be an IP address, not "{value}"',
                'write for instance "192.0.2.1"',
            )
    for path, text in context.texts("dns"):
        if not _is_dns_server(text, context.version):
            yield context.bad_value(
                path,
                f'dns must hold IP addresses, not "{text}"',
                'write for instance ["192.0.2.53"]',
            )
    families: set[bool] = set()
    for path, text in context.texts("host-gateway-ips") if context.version >= _V28 else []:
        if not text:
            continue
        if not is_ip(text, zone=True):
            yield context.bad_value(
                path,
                f'host-gateway-ips must hold IP addresses, not "{text}"',
                'write for instance ["192.0.2.1"]',
            )
        elif (":" in text) in families:
            family = "IPv6" if ":" in text else "IPv4"
            yield context.bad_value(
                path, f"host-gateway-ips takes only one {family} address", "keep one of each family"
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
            re.search("[a-zA-Z]", name) and re.fullmatch(_DOMAIN, name) and len(name) <= _LONGEST_DOMAIN
        ):
            yield context.bad_value(path, f'"{text}" is no domain', 'write for instance ["example.com"]')


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
            problem = tcp_problem(rest, context.version)
        elif scheme != "fd" and "://" in rest:
            problem = "it holds more than one ://"
        if problem:
            hint = 'write for instance ["unix:///var/run/docker.sock", "tcp://127.0.0.1:2376"]'
            yield context.bad_value(path, f'Docker cannot listen on "{text}": {problem}', hint, stage=stage)


def tcp_problem(rest: str, version: DockerVersion) -> str | None:
    """Say why Docker cannot listen on ``rest``, what follows ``tcp://``, or None where it can.

    Moby's ParseTCPAddr, whose result is read by it once more: an IPv6 address without brackets gets them.
    """
    url = parse_go_url(f"tcp://{rest}", version)
    if url is None:
        return "it is no HOST:PORT"
    if url.path:
        return "it must not hold a path"
    host, port = url.address
    if port and parse_integer(port) is None:
        return "the port is no number that can be read"
    if port and int(port) == 0:
        return "the port must not be 0"
    again = f"[{host}]" if ":" in host or "%" in host else host
    return None if parse_go_url(f"tcp://{again}:1", version) else "it is no HOST:PORT"


def _mirrors(context: Context) -> Iterator[Finding]:
    stage: Stage = "parse" if context.version >= _V28_3 else "start"
    for path, text in context.texts("registry-mirrors"):
        url = parse_go_url(text, context.version)
        scheme = text.partition("://")[0]
        if "://" not in text or not scheme:
            message = f'the mirror "{text}" has no scheme'
        elif url is None or url.scheme not in {"http", "https"}:
            message = f'the mirror "{text}" is no http:// or https:// address'
        elif url.query or url.fragment:
            message = f'the mirror "{text}" must not have a query or fragment'
        elif url.path not in {"", "/"} and context.version < _V25:
            message = f'the mirror "{text}" must not have a path before Docker 25'
        elif url.user is not None:
            message = "a mirror must not have a user name or password"
        else:
            continue
        yield context.bad_value(
            path, message, 'write for instance ["https://mirror.example.com"]', stage=stage
        )


def _networks(context: Context) -> Iterator[Finding]:
    text = context.text("fixed-cidr-v6")
    if text:
        stage: Stage = "parse" if context.version >= _V25 else "start"
        problem = _subnet_problem(text, context.version)
        if problem is None and _is_for_bridge(context) and _is_multicast(text):
            problem, stage = _MULTICAST, "start"
        if problem:
            hint = 'write for instance "fd00:d0c::/64"'
            yield context.bad_value(
                ("fixed-cidr-v6",),
                f'fixed-cidr-v6 "{text}" cannot be used: {problem}',
                hint,
                stage=stage,
            )
    mark = context.text("bridge-accept-fwmark")
    if mark and context.version >= _V29 and not all(_is_mark(part) for part in mark.split("/", 1)):
        message = f'bridge-accept-fwmark must be MARK or MARK/MASK, not "{mark}"'
        yield context.bad_value(("bridge-accept-fwmark",), message, 'write for instance "0x1/0x3"')
    for index, pool in enumerate(_pools(context)):
        base = pool.get("base") if isinstance(pool, dict) else None
        if isinstance(base, str) and base and context.version >= _NETIP and parse_cidr(base) is None:
            message = f'the pool\'s base must be a network, not "{base}"'
            yield context.bad_value(
                ("default-address-pools", index, "base"),
                message,
                'write for instance "10.200.0.0/16"',
            )


def _subnet_problem(text: str, version: DockerVersion) -> str | None:
    """Moby's ValidateFixedCIDRV6; from 27.0 on it reads with netip and refuses more."""
    interface = parse_cidr(text)
    is_strict = version >= _NETIP
    if not isinstance(interface, IPv6Interface) or (is_strict and re.search("/0[0-9]", text)):
        return "it is no IPv6 network"
    network = interface.network
    if interface.ip.ipv4_mapped is not None:  # Go reads it as IPv4
        return "it is a network of IPv4"
    if is_strict and interface.ip.is_multicast:
        return _MULTICAST
    clashes = network.overlaps(_LINK_LOCAL) if is_strict else network.network_address in _LINK_LOCAL
    if clashes and network != _LINK_LOCAL:
        return "it clashes with the link-local fe80::/64"
    return None


def _is_for_bridge(context: Context) -> bool:
    """Whether Docker gives a bridge of its own an address of fixed-cidr-v6."""
    return context.switch("ipv6", default=False) and not context.text("bridge")


def _is_multicast(text: str) -> bool:
    interface = parse_cidr(text)
    return interface is not None and interface.ip.is_multicast


def _pools(context: Context) -> list[object]:
    pools = context.values.get("default-address-pools")
    return list(pools) if isinstance(pools, list) else []


def _is_mark(text: str) -> bool:
    return (
        re.fullmatch(_MARK, text) is not None and int(text, 8 if re.fullmatch("0[0-7]+", text) else 0) < 2**32
    )


_RULES: Final[tuple[Callable[[Context], Iterator[Finding]], ...]] = (
    _addresses,
    _domains,
    _hosts,
    _mirrors,
    _networks,
)
