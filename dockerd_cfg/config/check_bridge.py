"""Docker's own bridge and its address pools: what is read without complaint, and fails when the bridge is set up.

Source: ``verifyDaemonSettings`` and ``initBridgeDriver`` of moby's daemon, the bridge driver and ipam of libnetwork,
tags v20.10.24 to docker-v29.7.2.
"""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from typing import Final

from dockerd_cfg.config.check_context import Context
from dockerd_cfg.config.check_grammar import is_ip, parse_cidr
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.tree import JsonValue
from dockerd_cfg.findings import Finding, Stage

_V23: Final = DockerVersion(23, 0, 0)
_V25: Final = DockerVersion(25, 0, 0)
_V27: Final = DockerVersion(27, 0, 0)
_V28: Final = DockerVersion(28, 0, 0)

_LOWEST_MTU: Final = 68
_HIGHEST_MTU: Final = 65535
_NO_BROADCAST: Final = 31  # from this prefix length on there is none


def bridge_findings(context: Context) -> Iterator[Finding]:
    """Yield what keeps Docker's bridge from being set up, or containers from being connected to it."""
    for rule in _RULES:
        yield from rule(context)


def _addresses(context: Context) -> Iterator[Finding]:
    hint = "keep one of them: bridge for a bridge of your own, bip for Docker's"
    for key, since in (("bip", None), ("bip6", _V28)):
        if context.text("bridge") and context.text(key) and (since is None or context.version >= since):
            yield context.finding(
                "options-clash", "start", (key,), f"bridge and {key} cannot both be given", hint
            )
    for key, example in (
        ("bip", "172.26.0.1/16"),
        ("bip6", "fd00:d0c::1/64"),
        ("fixed-cidr", "172.26.1.0/24"),
    ):
        text = context.text(key)
        if not text or key not in context.values or (key == "bip6" and context.version < _V28):
            continue
        problem = _address_problem(context, key, parse_cidr(text))
        if problem:
            message = f'{key} must be {problem}, not "{text}"'
            yield context.finding("bad-value", "start", (key,), message, f'write for instance "{example}"')


def _address_problem(context: Context, key: str, address: IPv4Interface | IPv6Interface | None) -> str | None:
    """What the address should be and is not."""
    if address is None:
        return "an address with a prefix length"
    version = 6 if key == "bip6" else 4
    if address.version != version:
        return f"an IPv{version} address"
    network = address.network
    if key == "bip" and network.prefixlen < _NO_BROADCAST:
        if address.ip == network.network_address:
            return "the bridge's own address, which the network's first one cannot be"
        if address.ip == network.broadcast_address:
            return "the bridge's own address, which the network's last one cannot be"
    if key == "bip" and context.version < _V23 and network.prefixlen >= _NO_BROADCAST:
        return "an address of a network with more than two before Docker 23"
    return None


def _room(context: Context) -> Iterator[Finding]:
    """Containers get addresses of fixed-cidr, else of bip: where it leaves none free, none starts."""
    key = next((key for key in ("fixed-cidr", "bip") if key in context.values), None)
    bridge, pool = (parse_cidr(context.text(name)) for name in ("bip", "fixed-cidr"))
    own, pool = bridge or pool, pool or bridge
    if key is None or context.text("bridge"):
        return
    if context.text("bip") and _address_problem(context, "bip", bridge):
        return
    if not isinstance(own, IPv4Interface) or not isinstance(pool, IPv4Interface):
        return
    network = own.network
    if not network.overlaps(pool.network):
        if context.version >= _V28:
            message = f"fixed-cidr {pool.network} lies outside of the bridge's network {network}: containers get no address"
            yield context.finding("bad-value", "container", (key,), message, "give a part of bip's network")
        return
    usable = max(network, pool.network, key=lambda one: one.prefixlen)
    taken = {str(own.ip), context.text("default-gateway")}
    if network.prefixlen < _NO_BROADCAST:
        taken |= {str(network.network_address), str(network.broadcast_address)}
    if usable.num_addresses <= len(taken) and all(str(address) in taken for address in usable):
        message = (
            f"{key} leaves containers no address: the bridge itself, or its network, needs all of {usable}"
        )
        yield context.finding("bad-value", "container", (key,), message, 'write for instance "172.26.0.1/16"')


def _gateways(context: Context) -> Iterator[Finding]:
    """A gateway is reserved in the bridge's network, so it must lie there and be free."""
    bridge = parse_cidr(context.text("bip"))
    gateway = context.text("default-gateway")
    if isinstance(bridge, IPv4Interface) and is_ip(gateway):
        problem = None
        if ip_address(gateway) not in bridge.network:
            problem = f"lies outside of the bridge's network {bridge.network}"
        elif ip_address(gateway) == bridge.ip:
            problem = "is the bridge's own address: containers use it anyway"
        if problem:
            message = f"default-gateway {gateway} {problem}"
            hint = "leave it out, or give another address of the bridge's network"
            yield context.finding("bad-value", "start", ("default-gateway",), message, hint)
    network = parse_cidr(context.text("fixed-cidr-v6"))
    gateway = context.text("default-gateway-v6")
    if (
        network is not None
        and context.switch("ipv6", default=False)
        and is_ip(gateway)
        and ip_address(gateway) not in network.network
    ):
        message = f"default-gateway-v6 {gateway} lies outside of fixed-cidr-v6 {network.network}"
        yield context.finding(
            "bad-value", "start", ("default-gateway-v6",), message, "give an address of that network"
        )


def _ipv6(context: Context) -> Iterator[Finding]:
    if (
        context.version < _V28
        and context.switch("ipv6", default=False)
        and not context.text("fixed-cidr-v6")
        and not context.text("bridge")
    ):
        message = "ipv6 needs fixed-cidr-v6 before Docker 28: without it Docker does not start"
        place = context.names["ipv6"][0] if "ipv6" in context.names else ("ipv6",)
        yield context.finding(
            "missing-value", "start", place, message, 'add "fixed-cidr-v6": "fd00:d0c::/64"'
        )


def _mtu(context: Context) -> Iterator[Finding]:
    mtu = context.number("mtu")
    bridge = context.text("bridge")
    if bridge != "none" and (mtu > _HIGHEST_MTU or 0 < mtu < _LOWEST_MTU):
        # since 25.0 the bridge gets it as well, not only what is connected to it
        stage: Stage = "start" if context.version >= _V25 and not bridge else "container"
        message = f"Linux takes an mtu from {_LOWEST_MTU} to {_HIGHEST_MTU}, not {mtu}"
        yield context.finding(
            "bad-value", stage, ("mtu",), message, "leave it out, or write for instance 1500"
        )


def _pools(context: Context) -> Iterator[Finding]:
    pools = context.values.get("default-address-pools")
    for index, pool in enumerate(pools if isinstance(pools, list) else []):
        yield from _pool(context, index, pool)


def _pool(context: Context, index: int, pool: JsonValue) -> Iterator[Finding]:
    hint = 'write for instance {"base": "10.200.0.0/16", "size": 24}'
    path = ("default-address-pools", index)
    if pool is None:
        yield context.finding("bad-value", "start", path, "a pool that is null crashes Docker", hint)
    if not isinstance(pool, Mapping):
        return
    fields = {name.lower(): value for name, value in pool.items()}
    base, size = fields.get("base"), fields.get("size") or 0
    network = parse_cidr(base) if isinstance(base, str) else None
    if network is None:
        if context.version < _V27 or not base:
            message = "each pool needs a base, a network with a prefix length"
            yield context.finding("bad-value", "start", path, message, hint)
        return
    lowest, highest = network.network.prefixlen, network.network.max_prefixlen
    if isinstance(size, int) and not lowest <= size <= highest:
        message = f"the pool's size is a prefix length from {lowest} to {highest}, not {size}"
        # where Docker's bridge has another address, only networks of one's own suffer
        is_used = not any(context.text(key) for key in ("bip", "bridge", "fixed-cidr"))
        stage: Stage = "start" if size < lowest or is_used or _V25 <= context.version < _V27 else "container"
        yield context.finding("bad-value", stage, (*path, "size"), message, 'write for instance "size": 24')


_RULES: Final[tuple[Callable[[Context], Iterator[Finding]], ...]] = (
    _addresses,
    _room,
    _gateways,
    _ipv6,
    _mtu,
    _pools,
)
