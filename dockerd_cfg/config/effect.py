"""Whether the running daemon uses what daemon.json says: which values to expect, and how to compare them. Pure."""

import ipaddress
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from dockerd_cfg.config.catalogue import find_option, split_key
from dockerd_cfg.config.sizes import SizeError, parse_size
from dockerd_cfg.json_value import JsonValue

_UNORDERED: Final = frozenset({"authorization-plugins", "insecure-registries", "labels", "registry-mirrors"})
# Told, but not in the words of the file.
# Where user namespaces are remapped, the data lies in a folder named for the ids.
_REMAPPED: Final = r"[0-9]+\.[0-9]+"
_NOT_COMPARED: Final = frozenset({"default-address-pools"})
# Their zero values are replaced by the default (moby daemon/config/config.go, MergeDaemonConfigurations by mergo).
_ZERO: Final[tuple[JsonValue, ...]] = ("", 0, None)


def wanted_values(
    value: Mapping[str, JsonValue], keys: Sequence[tuple[str, ...]], *, flags: Collection[str] = ()
) -> dict[str, JsonValue]:
    """Return what the daemon must use once ``value`` is its daemon.json, for each of ``keys``, by dotted name.

    An option that is not set has its default; one whose default nobody knows is left out, as is one of those that
    the daemon's ``flags`` set.
    """
    wanted: dict[str, JsonValue] = {}
    for key in keys:
        for name in () if key[0] in flags else _comparable(key, value):
            found = _at(value, split_key(name))
            if found in _ZERO and not isinstance(found, bool):
                option = find_option(name)
                found = None if option is None else option.default
            if found is not None:
                wanted[name] = found
    return wanted


def is_in_use(name: str, value: JsonValue, reported: Mapping[str, JsonValue]) -> bool | None:
    """Tell whether the daemon, which says it uses ``reported``, uses ``value``; None: it does not say.

    A data root gets a folder below it where user namespaces are remapped; passwords of proxies are told as xxxxx.
    """
    if name not in reported or name in _NOT_COMPARED:
        return None
    if name == "data-root":
        root, wanted = PurePosixPath(str(reported[name])), PurePosixPath(str(value))
        return root == wanted or (root.parent == wanted and re.fullmatch(_REMAPPED, root.name) is not None)
    if name.startswith("proxies.") and "@" in str(value):
        return None
    return _plain(name, value) == _plain(name, reported[name])


def shown(value: JsonValue) -> str:
    """Return ``value`` as people write it."""
    return value if isinstance(value, str) else json.dumps(value)


def _comparable(key: tuple[str, ...], value: Mapping[str, JsonValue]) -> list[str]:
    """Return the names under which the daemon may tell of ``key``: whole options, and the single proxies."""
    if key[0] != "proxies":
        return [key[0]]
    members = value.get("proxies")
    names = key[1:2] or (tuple(members) if isinstance(members, dict) else ())
    return [f"proxies.{name}" for name in names]


def _at(value: Mapping[str, JsonValue], path: tuple[str, ...]) -> JsonValue:
    found: JsonValue = dict(value)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _plain(name: str, value: JsonValue) -> JsonValue:
    """Return ``value`` without what does not count: order, a mirror's final slash, how a size is written."""
    if name == "default-shm-size" and isinstance(value, str):
        try:
            return parse_size(value, units="binary")
        except SizeError:
            return value
    if name == "fixed-cidr" and isinstance(value, str):
        return str(_network(value) or value)
    if name == "storage-driver":
        return "overlayfs" if value == "overlay2" else value  # the containerd image store's word for it
    if name in _UNORDERED and isinstance(value, list):
        return list[JsonValue](sorted({_plain_item(name, str(item)) for item in value} - {""}))
    return value


def _plain_item(name: str, item: str) -> str:
    if name == "labels":
        return item
    item = item.rstrip("/")
    if name != "insecure-registries":
        return item
    item = item.removeprefix("http://").removeprefix("https://")
    network = _network(item)
    if network is None:
        return item
    return "" if network.is_loopback else str(network) if "/" in item else item


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
