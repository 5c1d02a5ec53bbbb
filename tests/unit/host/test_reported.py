"""What the daemon tells of its options: from its info, the predefined bridge, and its last reload."""

from typing import Any

import pytest

from dockerd_cfg.host.reported import reported_options

# As a 28.5.2 on Debian gives them, shortened.
INFO: dict[str, Any] = {
    "Driver": "overlay2",
    "LoggingDriver": "json-file",
    "CgroupDriver": "systemd",
    "Debug": False,
    "IndexServerAddress": "https://index.docker.io/v1/",
    "RegistryConfig": {
        "IndexConfigs": {
            "docker.io": {"Mirrors": ["https://mirror.example.net/"], "Name": "docker.io", "Official": True, "Secure": True},
            "registry.example:5000": {"Mirrors": [], "Name": "registry.example:5000", "Official": False, "Secure": False},
        },
        "InsecureRegistryCIDRs": ["10.0.0.0/8", "::1/128", "127.0.0.0/8"],
        "Mirrors": ["https://mirror.example.net/"],
    },
    "DockerRootDir": "/var/lib/docker",
    "HttpProxy": "http://xxxxx:xxxxx@proxy.example:3128",
    "HttpsProxy": "",
    "NoProxy": "localhost",
    "Labels": ["zone=a"],
    "ExperimentalBuild": False,
    "ServerVersion": "28.5.2",
    "Runtimes": {"runc": {"path": "runc"}},
    "DefaultRuntime": "runc",
    "Swarm": {"LocalNodeState": "inactive"},
    "LiveRestoreEnabled": True,
    "Plugins": {"Volume": ["local"], "Network": ["bridge", "host"], "Authorization": None, "Log": ["json-file"]},
    "DefaultAddressPools": [{"Base": "10.200.0.0/16", "Size": 24}],
}  # fmt: skip
BRIDGE: dict[str, Any] = {
    "Name": "bridge",
    "Options": {
        "com.docker.network.bridge.default_bridge": "true",
        "com.docker.network.bridge.enable_icc": "true",
        "com.docker.network.bridge.enable_ip_masquerade": "false",
        "com.docker.network.bridge.host_binding_ipv4": "192.0.2.1",
        "com.docker.network.bridge.name": "docker0",
        "com.docker.network.driver.mtu": "1500",
    },
}
RELOAD = {
    "allow-nondistributable-artifacts": "[]",
    "authorization-plugins": "[]",
    "cluster-advertise": "",
    "debug": "true",
    "default-cgroupns-mode": "private",
    "default-ipc-mode": "private",
    "default-runtime": "runc",
    "default-shm-size": "67108864",
    "features": "map[buildkit:true cdi:false containerd-snapshotter:true]",
    "insecure-registries": '["::1/128","127.0.0.0/8"]',
    "labels": '["zone=a"]',
    "live-restore": "true",
    "max-concurrent-downloads": "5",
    "max-concurrent-uploads": "6",
    "max-download-attempts": "7",
    "name": "host.example",
    "network-diagnostic-port": "0",
    "registry-mirrors": "[]",
    "runtimes": "runc:{runc [] <nil> {[]  [] [] []}}",
    "shutdown-timeout": "15",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data-root", "/var/lib/docker"),
        ("debug", False),
        ("default-runtime", "runc"),
        ("experimental", False),
        ("live-restore", True),
        ("log-driver", "json-file"),
        ("storage-driver", "overlay2"),
        ("proxies.http-proxy", "http://xxxxx:xxxxx@proxy.example:3128"),
        ("proxies.https-proxy", ""),
        ("proxies.no-proxy", "localhost"),
        ("labels", ["zone=a"]),
        ("registry-mirrors", ["https://mirror.example.net/"]),
        ("default-address-pools", [{"base": "10.200.0.0/16", "size": 24}]),
    ],
)
def test_the_info_tells_some_options(name: str, value: Any) -> None:
    assert reported_options(INFO, {}, [])[name] == value


def test_insecure_registries_are_networks_and_names_without_the_machine_itself() -> None:
    assert reported_options(INFO, {}, [])["insecure-registries"] == ["10.0.0.0/8", "registry.example:5000"]


@pytest.mark.parametrize(
    ("plugins", "told"),
    [
        ({"Authorization": None}, []),
        ({"Authorization": ["opa"]}, ["opa"]),
        ({}, []),
        (None, []),
    ],
)
def test_authorization_plugins_are_told_even_if_there_are_none(plugins: Any, told: list[str]) -> None:
    assert reported_options(INFO | {"Plugins": plugins}, {}, [])["authorization-plugins"] == told


@pytest.mark.parametrize("pools", [None, []])
def test_address_pools_that_are_the_default_are_not_told(pools: Any) -> None:
    assert "default-address-pools" not in reported_options(INFO | {"DefaultAddressPools": pools}, {}, [])


@pytest.mark.parametrize(
    ("name", "value"), [("icc", True), ("ip-masq", False), ("ip", "192.0.2.1"), ("mtu", 1500)]
)
def test_the_bridge_tells_others(name: str, value: Any) -> None:
    found = reported_options(INFO, BRIDGE, [])[name]

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("bridge", [{}, {"Options": None}, {"Options": {}}])
def test_without_a_bridge_its_options_are_not_told(bridge: Any) -> None:
    assert not reported_options(INFO, bridge, []).keys() & {"icc", "ip", "ip-masq", "mtu"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default-cgroupns-mode", "private"),
        ("default-ipc-mode", "private"),
        ("default-shm-size", 67108864),
        ("max-concurrent-downloads", 5),
        ("max-concurrent-uploads", 6),
        ("max-download-attempts", 7),
        ("network-diagnostic-port", 0),
        ("shutdown-timeout", 15),
        ("features", {"buildkit": True, "cdi": False, "containerd-snapshotter": True}),
    ],
)
def test_a_reload_tells_what_a_reload_can_change(name: str, value: Any) -> None:
    assert reported_options(INFO, {}, [RELOAD])[name] == value


def test_the_last_reload_counts() -> None:
    earlier = RELOAD | {"max-concurrent-downloads": "3"}

    assert reported_options(INFO, {}, [earlier, RELOAD])["max-concurrent-downloads"] == 5


def test_the_info_is_newer_than_a_reload() -> None:
    assert reported_options(INFO, {}, [RELOAD])["debug"] is False


@pytest.mark.parametrize(("text", "features"), [("map[]", {}), ("", {}), ("map[cdi:true]", {"cdi": True})])
def test_gos_maps_are_read(text: str, features: dict[str, bool]) -> None:
    assert reported_options(INFO, {}, [{"features": text}])["features"] == features


def test_a_reload_that_tells_no_features_leaves_them_untold() -> None:
    without = {name: value for name, value in RELOAD.items() if name != "features"}

    assert "features" not in reported_options(INFO, {}, [without])


def test_without_a_reload_what_only_it_tells_is_left_out() -> None:
    found = reported_options(INFO, BRIDGE, [])

    assert not found.keys() & {"features", "default-shm-size", "max-concurrent-downloads", "shutdown-timeout"}


def test_an_old_reload_tells_less() -> None:
    assert "default-cgroupns-mode" not in reported_options(INFO, {}, [{"shutdown-timeout": "15"}])


def test_an_empty_info_tells_that_lists_are_empty_and_no_more() -> None:
    assert reported_options({}, {}, []) == {
        "labels": [],
        "registry-mirrors": [],
        "insecure-registries": [],
        "authorization-plugins": [],
    }


@pytest.mark.parametrize(
    ("info", "bridge"),
    [
        pytest.param({"RegistryConfig": "x"}, {}, id="a registry that is no object"),
        pytest.param({"RegistryConfig": {"IndexConfigs": {"a": {}}}}, {}, id="an index without its word on security"),
        pytest.param({"DefaultAddressPools": [{}]}, {}, id="an empty pool"),
        pytest.param({"Labels": 5}, {}, id="labels that are a number"),
        pytest.param({}, {"Options": 5}, id="bridge options that are a number"),
        pytest.param({}, {"Options": {"com.docker.network.driver.mtu": 1500}}, id="a number where text belongs"),
    ],
)  # fmt: skip
def test_odd_answers_raise_what_the_gateway_translates(info: Any, bridge: Any) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        reported_options(info, bridge, [])


def test_the_bridge_tells_its_address_and_what_containers_get() -> None:
    config = [{"Subnet": "172.26.0.0/16", "Gateway": "172.26.0.1", "IPRange": "172.26.8.0/24"}]
    found = reported_options({}, {"IPAM": {"Config": config}}, [])
    assert (found["bip"], found["fixed-cidr"]) == ("172.26.0.1/16", "172.26.8.0/24")


def test_a_bridge_without_an_address_tells_none() -> None:
    assert "bip" not in reported_options({}, {"IPAM": {"Config": [{"Subnet": "fd00::/64"}]}}, [])
