"""Which options of daemon.json a running daemon says that it uses. Pure: reads answers of the Engine API.

``GET /info`` (moby daemon/info.go) tells some, the predefined bridge network others (daemon/daemon_unix.go,
initBridgeDriver), the event of the last reload those that a reload can change (daemon/reload.go). Many options are
told nowhere: they are left out.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dockerd_cfg.json_value import JsonValue

# daemon.json's option, its field in GET /info
_INFO: Final = {
    "data-root": "DockerRootDir",
    "debug": "Debug",
    "default-runtime": "DefaultRuntime",
    "experimental": "ExperimentalBuild",
    "live-restore": "LiveRestoreEnabled",
    "log-driver": "LoggingDriver",
    "storage-driver": "Driver",
    "proxies.http-proxy": "HttpProxy",
    "proxies.https-proxy": "HttpsProxy",
    "proxies.no-proxy": "NoProxy",
}
_BRIDGE: Final = {
    "icc": "com.docker.network.bridge.enable_icc",
    "ip": "com.docker.network.bridge.host_binding_ipv4",
    "ip-masq": "com.docker.network.bridge.enable_ip_masquerade",
    "mtu": "com.docker.network.driver.mtu",
}
_RELOAD: Final = (
    "default-cgroupns-mode",
    "default-ipc-mode",
    "default-shm-size",
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "max-download-attempts",
    "network-diagnostic-port",
    "shutdown-timeout",
)
# Go's way of printing a map: map[buildkit:true cdi:false]
_FEATURE: Final = r"([\w-]+):(true|false)"
# what the daemon always counts as insecure: the machine itself
_LOOPBACK: Final = frozenset({"127.0.0.0/8", "::1/128"})


def reported_options(
    info: Mapping[str, Any], bridge: Mapping[str, Any], reloads: Sequence[Mapping[str, str]]
) -> dict[str, JsonValue]:
    """Return the options in use, by name, as far as these answers tell.

    ``info`` is that of ``GET /info``, ``bridge`` that of ``GET /networks/bridge``, ``reloads`` the attributes of the
    daemon's reload events, oldest first. Raises AttributeError, KeyError, TypeError or ValueError for odd answers.
    """
    found: dict[str, JsonValue] = {name: info[field] for name, field in _INFO.items() if field in info}
    found["labels"] = list(info.get("Labels") or [])
    registry = info.get("RegistryConfig") or {}
    found["registry-mirrors"] = list(registry.get("Mirrors") or [])
    networks = set(registry.get("InsecureRegistryCIDRs") or []) - _LOOPBACK
    names = [name for name, index in (registry.get("IndexConfigs") or {}).items() if not index["Secure"]]
    found["insecure-registries"] = sorted(networks) + sorted(names)
    found["authorization-plugins"] = list((info.get("Plugins") or {}).get("Authorization") or [])
    if pools := info.get("DefaultAddressPools"):
        found["default-address-pools"] = [{"base": pool["Base"], "size": pool["Size"]} for pool in pools]
    told = bridge.get("Options") or {}
    found |= {name: _scalar(told[field]) for name, field in _BRIDGE.items() if field in told}
    found |= _addresses(bridge)
    if reloads:
        last = reloads[-1]
        found |= {name: _scalar(last[name]) for name in _RELOAD if name in last}
        if "features" in last:
            found["features"] = {
                name: value == "true" for name, value in re.findall(_FEATURE, last["features"])
            }
    return found


def _addresses(bridge: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Return the bridge's own address and, where it is less than the whole network, what containers get."""
    for config in (bridge.get("IPAM") or {}).get("Config") or []:
        gateway, subnet, given = config.get("Gateway"), config.get("Subnet") or "", config.get("IPRange")
        if gateway and ":" not in gateway:
            own: dict[str, JsonValue] = {"bip": f"{gateway}/{subnet.rpartition('/')[2]}"}
            return own | ({"fixed-cidr": given} if given else {})
    return {}


def _scalar(text: str) -> JsonValue:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int) else text
