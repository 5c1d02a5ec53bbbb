"""What check finds in a daemon.json: code, stage, key, place, message and hint, by version and flags."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerd_cfg.config.catalogue import options
from dockerd_cfg.config.check import MILESTONES, NEWEST, DockerVersion, check, check_bytes
from dockerd_cfg.config.scan import scan
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.surroundings import Surroundings

PROPERTY = settings(derandomize=True, deadline=None, database=None)

V20 = DockerVersion(20, 10, 24)
V23 = DockerVersion(23, 0, 6)
V24 = DockerVersion(24, 0, 9)
V25 = DockerVersion(25, 0, 5)
V26 = DockerVersion(26, 1, 5)
V27 = DockerVersion(27, 5, 1)
V28 = DockerVersion(28, 5, 2)
V29 = NEWEST

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "files"
QUIET = {"log-driver": "local"}  # so that there is no advice on logs
UNIT = ("/usr/bin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock")


def findings(
    document: Mapping[str, Any], version: DockerVersion | None = V28, flags: tuple[str, ...] = ()
) -> list[Finding]:
    return check({**QUIET, **document}, version=version, flags=flags)


def told(
    document: Mapping[str, Any], version: DockerVersion | None = V28, flags: tuple[str, ...] = ()
) -> list[tuple[str, str, str | None]]:
    return [(finding.code, finding.stage, finding.key) for finding in findings(document, version, flags)]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("5:28.5.2-1~debian.12~bookworm", DockerVersion(28, 5, 2)),
        ("20.10.24+dfsg1", DockerVersion(20, 10, 24)),
        ("29.0.1", DockerVersion(29, 0, 1)),
        ("v29.0.0-rc.1", DockerVersion(29, 0, 0)),
        ("docker-v29.7.2", DockerVersion(29, 7, 2)),
        ("28.1", DockerVersion(28, 1, 0)),
        ("26.1.5+dfsg1, build 411e817", DockerVersion(26, 1, 5)),
    ],
)
def test_a_version_is_read_from_what_docker_and_packages_print(text: str, version: DockerVersion) -> None:
    assert DockerVersion.parse(text) == version


@pytest.mark.parametrize("text", ["", "dev", "28", "library-import"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version of Docker"):
        DockerVersion.parse(text)


def test_versions_are_ordered_by_number() -> None:
    assert (
        DockerVersion(20, 10, 9)
        < DockerVersion(20, 10, 24)
        < DockerVersion(28, 0, 0)
        < DockerVersion(28, 10, 0)
    )


def test_a_version_is_written_in_full() -> None:
    assert str(DockerVersion(28, 2)) == "28.2.0"


def test_milestones_go_from_the_newest_to_the_oldest() -> None:
    assert list(MILESTONES) == sorted(MILESTONES, reverse=True)


@pytest.mark.parametrize("version", [None, *MILESTONES], ids=str)
def test_a_good_daemon_json_has_no_findings_in_any_version(version: DockerVersion | None) -> None:
    document: dict[str, Any] = {
        "data-root": "/mnt/data/docker",
        "live-restore": True,
        "log-driver": "json-file",
        "log-opts": {"max-size": "50m", "max-file": "3"},
        "registry-mirrors": ["https://mirror.example.com"],
        "insecure-registries": ["registry.example.com:5000", "10.0.0.0/8", "[::1]:5000"],
        "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 65536, "Soft": 1024}},
        "exec-opts": ["native.cgroupdriver=systemd"],
        "features": {"buildkit": True},
        "runtimes": {"nvidia": {"path": "/usr/bin/nvidia-container-runtime", "runtimeArgs": []}},
        "default-runtime": "nvidia",
        "builder": {"gc": {"enabled": True, "defaultKeepStorage": "20GB"}},
    }
    assert check(document, version=version, flags=UNIT) == []


EVERY_STAGE: list[tuple[str, dict[str, Any], DockerVersion | None, tuple[str, str, str]]] = [
    # as Go reads it
    ("a network of IPv4 in IPv6", {"fixed-cidr-v6": "::ffff:10.0.0.0/104"}, V26, ("bad-value", "parse", "fixed-cidr-v6")),
    ("a filter that is null", {"builder": {"gc": {"policy": [{"filter": [None]}]}}}, V20, ("bad-value", "parse", "builder.gc.policy[0].filter[0]")),
    ("a duration that is too long", {"builder": {"history": {"maxAge": "-90071992547409921h"}}}, V28, ("bad-value", "parse", "builder.history.maxAge")),
    ("a duration one nanosecond too long", {"builder": {"history": {"maxAge": "2562047h47m16.854775808s"}}}, V26, ("bad-value", "parse", "builder.history.maxAge")),
    # addresses that are open
    ("TCP without TLS", {"hosts": ["tcp://192.0.2.1:2375"]}, V28, ("open-address", "advice", "hosts[0]")),
    ("TCP by default", {"hosts": [":2375"]}, V20, ("open-address", "advice", "hosts[0]")),
    ("TLS that asks nobody", {"hosts": ["tcp://:2376"], "tls": True, "tlsverify": False, "tlscert": "/c", "tlskey": "/k"}, V28, ("open-address", "advice", "hosts[0]")),
    # addresses as Go reads them
    ("a mirror after a blank", {"registry-mirrors": [" https://m"]}, V28, ("bad-value", "parse", "registry-mirrors[0]")),
    ("a mirror with a broken escape", {"registry-mirrors": ["https://m/%zz"]}, V28, ("bad-value", "parse", "registry-mirrors[0]")),
    ("a mirror with an escape in its name", {"registry-mirrors": ["https://m%41"]}, V26, ("bad-value", "start", "registry-mirrors[0]")),
    ("a host with an escape", {"hosts": ["tcp://h%41:1"]}, V26, ("bad-value", "parse", "hosts[0]")),
    ("a port that is too long to read", {"hosts": ["tcp://h:99999999999999999999"]}, V26, ("bad-value", "parse", "hosts[0]")),
    ("an address without brackets", {"hosts": ["::1"]}, V28, ("bad-value", "parse", "hosts[0]")),
    # names
    ("an unknown option", {"nosuch": 1}, V28, ("unknown-option", "parse", "nosuch")),
    ("an unknown option that is null", {"nosuch": None}, V28, ("unknown-option", "parse", "nosuch")),
    ("the wrong case", {"Debug": True}, V28, ("unknown-option", "parse", "Debug")),
    ("a hidden member of moby's structure", {"default-init": "x"}, V28, ("unknown-option", "parse", "default-init")),
    ("a member of an object is looked at", {"proxy": {"a": 1}}, V28, ("unknown-option", "parse", "proxy.a")),
    ("an unknown object is ignored", {"logging": {"log-level": "info"}}, V28, ("unknown-object", "ignored", "logging")),
    ("an unknown empty object is ignored", {"foo": {}}, V28, ("unknown-object", "ignored", "foo")),
    ("proxies is no name", {"proxies": None}, V28, ("not-an-object", "parse", "proxies")),
    ("too new", {"bip6": "fd00::1/64"}, V27, ("option-too-new", "parse", "bip6")),
    ("too new inside an object", {"proxies": {"http-proxy": "x"}}, V20, ("option-too-new", "parse", "proxies.http-proxy")),
    ("too new and looked into", {"default-network-opts": {"bridge": {"a.b": "1"}}}, V23, ("option-too-new", "ignored", "default-network-opts")),
    ("removed and refused", {"graph": "/x"}, V23, ("removed-option", "parse", "graph")),
    ("removed and unknown", {"graph": ""}, V24, ("removed-option", "parse", "graph")),
    ("about to go", {"graph": "/x"}, V20, ("deprecated-option", "advice", "graph")),
    ("refused in 28", {"api-cors-header": "*"}, V28, ("removed-option", "parse", "api-cors-header")),
    ("empty in 28", {"api-cors-header": ""}, V28, ("option-without-effect", "ignored", "api-cors-header")),
    ("without effect in 27", {"api-cors-header": "*"}, V27, ("option-without-effect", "ignored", "api-cors-header")),
    ("zero in 25", {"oom-score-adjust": 0}, V25, ("option-without-effect", "ignored", "oom-score-adjust")),
    ("below zero in 25", {"oom-score-adjust": -500}, V25, ("removed-option", "parse", "oom-score-adjust")),
    ("never an error", {"allow-nondistributable-artifacts": ["x"]}, V29, ("option-without-effect", "ignored", "allow-nondistributable-artifacts")),
    ("the name of a flag", {"log-opt": ["a=b"]}, V28, ("option-without-effect", "ignored", "log-opt")),
    ("a proxy outside proxies", {"http-proxy": "x"}, V28, ("option-without-effect", "ignored", "http-proxy")),
    ("null", {"data-root": None}, V28, ("null-value", "ignored", "data-root")),
    ("an empty string", {"data-root": ""}, V28, ("zero-value", "ignored", "data-root")),
    ("an empty string without a default", {"bip": ""}, V28, ("zero-value", "ignored", "bip")),
    ("an empty string for an empty default", {"firewall-backend": ""}, V29, ("zero-value", "ignored", "firewall-backend")),
    ("zero", {"shutdown-timeout": 0}, V28, ("zero-value", "ignored", "shutdown-timeout")),
    ("both gateways", {"host-gateway-ip": "192.0.2.1", "host-gateway-ips": []}, V28, ("options-clash", "parse", "host-gateway-ip")),
    # types
    ("a string for a boolean", {"debug": "true"}, V28, ("wrong-type", "parse", "debug")),
    ("a number for a boolean", {"debug": 1}, V28, ("wrong-type", "parse", "debug")),
    ("a boolean for a number", {"mtu": True}, V28, ("wrong-type", "parse", "mtu")),
    ("a fraction for a number", {"mtu": 1500.0}, V28, ("wrong-type", "parse", "mtu")),
    ("a number beyond 64 bits", {"shutdown-timeout": 2**63}, V28, ("wrong-type", "parse", "shutdown-timeout")),
    ("a string for an array", {"dns": "192.0.2.1"}, V28, ("wrong-type", "parse", "dns")),
    ("a number in an array", {"labels": ["a=b", 1]}, V28, ("wrong-type", "parse", "labels[1]")),
    ("an object for an array", {"labels": {}}, V28, ("wrong-type", "parse", "labels")),
    ("null for a size", {"default-shm-size": None}, V28, ("wrong-type", "parse", "default-shm-size")),
    ("a number for a size", {"default-shm-size": 64}, V28, ("wrong-type", "parse", "default-shm-size")),
    ("a string for a feature", {"features": {"buildkit": "true"}}, V28, ("wrong-type", "parse", "features.buildkit")),
    ("deep inside", {"builder": {"gc": {"policy": [{"keepStorage": 1}]}}}, V28, ("wrong-type", "parse", "builder.gc.policy[0].keepStorage")),
    ("another case inside", {"default-ulimits": {"nofile": {"name": "nofile", "HARD": "1"}}}, V28, ("wrong-type", "parse", "default-ulimits.nofile.HARD")),
    ("an ignored member", {"builder": {"gcc": {}}}, V28, ("unknown-member", "ignored", "builder.gcc")),
    ("a refused member", {"nri-opts": {"bogus": 1}}, V29, ("unknown-member", "parse", "nri-opts.bogus")),
    ("a member that is too new", {"builder": {"gc": {"defaultReservedSpace": "1GB"}}}, V27, ("member-too-new", "ignored", "builder.gc.defaultReservedSpace")),
    # values
    ("a log level", {"log-level": "verbose"}, V28, ("bad-value", "parse", "log-level")),
    ("a log level of old", {"log-level": "warning"}, V28, ("bad-value", "parse", "log-level")),
    ("an ipc mode", {"default-ipc-mode": "host"}, V28, ("bad-value", "parse", "default-ipc-mode")),
    ("a cgroup mode", {"default-cgroupns-mode": "x"}, V28, ("bad-value", "parse", "default-cgroupns-mode")),
    ("a firewall", {"firewall-backend": "nft"}, V29, ("bad-value", "parse", "firewall-backend")),
    ("a mark", {"bridge-accept-fwmark": "x"}, V29, ("bad-value", "parse", "bridge-accept-fwmark")),
    ("downloads", {"max-concurrent-downloads": -1}, V28, ("bad-value", "parse", "max-concurrent-downloads")),
    ("no attempts", {"max-download-attempts": 0}, V20, ("bad-value", "parse", "max-download-attempts")),
    ("a port", {"network-diagnostic-port": 65536}, V28, ("bad-value", "parse", "network-diagnostic-port")),
    ("a stop timeout", {"default-stop-timeout": -1}, V29, ("bad-value", "parse", "default-stop-timeout")),
    ("an address", {"ip": "localhost"}, V28, ("bad-value", "parse", "ip")),
    ("a name server", {"dns": ["192.0.2.1", "1.2.3"]}, V28, ("bad-value", "parse", "dns[1]")),
    ("two gateways of a family", {"host-gateway-ips": ["192.0.2.1", "192.0.2.2"]}, V28, ("bad-value", "parse", "host-gateway-ips[1]")),
    ("a domain", {"dns-search": ["123456"]}, V28, ("bad-value", "parse", "dns-search[0]")),
    ("a label", {"labels": ["a"]}, V28, ("bad-value", "parse", "labels[0]")),
    ("a reserved label", {"labels": ["com.docker.a=b"]}, V28, ("bad-value", "parse", "labels[0]")),
    ("a label twice", {"labels": ["a=1", "a=2"]}, V28, ("bad-value", "parse", "labels[1]")),
    ("a resource", {"node-generic-resources": ["gpu"]}, V28, ("bad-value", "parse", "node-generic-resources[0]")),
    ("a mixed resource", {"node-generic-resources": ["a=1", "a=b"]}, V28, ("bad-value", "parse", "node-generic-resources")),
    ("an exec-opt", {"exec-opts": ["a=b"]}, V28, ("bad-value", "parse", "exec-opts[0]")),
    ("a host", {"hosts": ["foo://x"]}, V28, ("bad-value", "parse", "hosts[0]")),
    ("a host with a path", {"hosts": ["tcp://h:1/x"]}, V28, ("bad-value", "parse", "hosts[0]")),
    ("a host of 20.10", {"hosts": ["foo://x"]}, V20, ("bad-value", "start", "hosts[0]")),
    ("a mirror", {"registry-mirrors": ["m:5000"]}, V28, ("bad-value", "parse", "registry-mirrors[0]")),
    ("a mirror of 27", {"registry-mirrors": ["m:5000"]}, V27, ("bad-value", "start", "registry-mirrors[0]")),
    ("tls", {"tls": True}, V28, ("tls-without-certificates", "parse", "tls")),
    ("tls of 20.10", {"tls": True}, V20, ("tls-without-certificates", "start", "tls")),
    ("tlsverify false switches tls on", {"tlsverify": False}, V28, ("tls-without-certificates", "parse", "tlsverify")),
    ("a relative proxy", {"userland-proxy-path": "docker-proxy"}, V28, ("bad-value", "parse", "userland-proxy-path")),
    ("an IPv6 network", {"fixed-cidr-v6": "10.0.0.0/8"}, V28, ("bad-value", "parse", "fixed-cidr-v6")),
    ("a multicast network", {"ipv6": True, "fixed-cidr-v6": "ff02:1::/80"}, V26, ("bad-value", "start", "fixed-cidr-v6")),
    ("an IPv6 network of 24", {"fixed-cidr-v6": "garbage"}, V24, ("bad-value", "start", "fixed-cidr-v6")),
    ("a pool", {"default-address-pools": [{"base": "x", "size": 24}]}, V27, ("bad-value", "parse", "default-address-pools[0].base")),
    ("a size", {"default-shm-size": "64X"}, V28, ("bad-value", "parse", "default-shm-size")),
    ("an age", {"builder": {"history": {"maxAge": "soon"}}}, V28, ("bad-value", "parse", "builder.history.maxAge")),
    ("a filter of 20.10", {"builder": {"gc": {"policy": [{"filter": ["until"]}]}}}, V20, ("bad-value", "parse", "builder.gc.policy[0].filter[0]")),
    ("a Windows feature", {"features": {"windows-dns-proxy": True}}, V27, ("bad-value", "parse", "features.windows-dns-proxy")),
    ("userns-remap", {"userns-remap": "a:b:c"}, V28, ("bad-value", "parse", "userns-remap")),
    ("remap and snapshotter", {"userns-remap": "x", "features": {"containerd-snapshotter": True}}, V29, ("options-clash", "parse", "features.containerd-snapshotter")),
    ("embedded containerd", {"cri-containerd": True, "features": {"embedded-containerd": True}}, V29, ("options-clash", "parse", "features.embedded-containerd")),
    ("a missing runtime before 25", {"default-runtime": "x"}, V24, ("missing-runtime", "parse", "default-runtime")),
    ("the reserved runtime before 25", {"runtimes": {"runc": {"path": "/x"}}}, V24, ("reserved-runtime", "parse", "runtimes.runc")),
    # start
    ("a missing runtime", {"default-runtime": "x"}, V28, ("missing-runtime", "start", "default-runtime")),
    ("the reserved runtime", {"runtimes": {"runc": {"path": "/x"}}}, V28, ("reserved-runtime", "start", "runtimes.runc")),
    ("an empty runtime", {"runtimes": {"x": {}}}, V28, ("bad-runtime", "start", "runtimes.x")),
    ("a runtime of two kinds", {"runtimes": {"x": {"path": "/x", "runtimeType": "a.b"}}}, V28, ("bad-runtime", "start", "runtimes.x")),
    ("bridge and bip", {"bridge": "br0", "bip": "10.0.0.1/24"}, V28, ("options-clash", "start", "bip")),
    ("a bip", {"bip": "10.0.0.1"}, V28, ("bad-value", "start", "bip")),
    ("a pool of too large pieces", {"default-address-pools": [{"base": "10.0.0.0/16", "size": 8}]}, V28, ("bad-value", "start", "default-address-pools[0].size")),
    ("a firewall that is needed", {"icc": False, "iptables": False}, V28, ("options-clash", "start", "icc")),
    ("an IPv6 firewall that is needed", {"icc": False, "ipv6": True, "ip6tables": False}, V28, ("options-clash", "start", "icc")),
    ("ip6tables before 27", {"ip6tables": True}, V26, ("needs-experimental", "start", "ip6tables")),
    ("a cgroup driver", {"exec-opts": ["native.cgroupdriver=foo"]}, V28, ("bad-value", "start", "exec-opts[0]")),
    ("a slice", {"exec-opts": ["native.cgroupdriver=systemd"], "cgroup-parent": "/docker"}, V28, ("bad-value", "start", "cgroup-parent")),
    ("a removed storage driver", {"storage-driver": "devicemapper"}, V28, ("removed-storage-driver", "start", "storage-driver")),
    ("an unknown storage driver", {"storage-driver": "overlay3"}, V28, ("unknown-storage-driver", "start", "storage-driver")),
    ("a storage option", {"storage-opts": ["overlay2.override_kernel_check=true"]}, V24, ("unknown-storage-option", "start", "storage-opts[0]")),
    ("an option of another storage driver", {"storage-driver": "vfs", "storage-opts": ["overlay2.size=1G"]}, V28, ("unknown-storage-option", "start", "storage-opts[0]")),
    ("a pool without a size", {"default-address-pools": [{"base": "10.0.0.0/16"}]}, V28, ("bad-value", "start", "default-address-pools[0].size")),
    ("a pool of too small pieces", {"default-address-pools": [{"base": "10.0.0.0/16", "size": 33}]}, V28, ("bad-value", "start", "default-address-pools[0].size")),
    ("a pool without a network before 27", {"default-address-pools": [{"base": "10.0.0.0", "size": 24}]}, V26, ("bad-value", "start", "default-address-pools[0]")),
    ("a bip of one address before 23", {"bip": "172.26.0.1/32"}, V20, ("bad-value", "start", "bip")),
    ("a bip of two addresses before 23", {"bip": "172.26.0.0/31"}, V20, ("bad-value", "start", "bip")),
    ("a first address", {"bip": "172.26.0.0/16"}, V28, ("bad-value", "start", "bip")),
    ("a last address", {"bip": "172.26.255.255/16"}, V28, ("bad-value", "start", "bip")),
    ("a bip of IPv6", {"bip": "fd00::1/64"}, V28, ("bad-value", "start", "bip")),
    ("a bip6 of IPv4", {"bip6": "172.26.0.1/16"}, V28, ("bad-value", "start", "bip6")),
    ("a network of IPv6", {"fixed-cidr": "fd00::/64"}, V28, ("bad-value", "start", "fixed-cidr")),
    ("a gateway outside", {"bip": "172.26.0.1/16", "default-gateway": "10.0.0.1"}, V28, ("bad-value", "start", "default-gateway")),
    ("a gateway of IPv6", {"bip": "172.26.0.1/16", "default-gateway": "fd00::1"}, V28, ("bad-value", "start", "default-gateway")),
    ("the bridge as gateway", {"bip": "172.26.0.1/16", "default-gateway": "172.26.0.1"}, V28, ("bad-value", "start", "default-gateway")),
    ("an IPv6 gateway outside", {"ipv6": True, "fixed-cidr-v6": "fd00:1::/64", "default-gateway-v6": "fd00:2::1"}, V28, ("bad-value", "start", "default-gateway-v6")),
    ("IPv6 without a network before 28", {"ipv6": True}, V27, ("missing-value", "start", "ipv6")),
    ("an mtu", {"mtu": 67}, V28, ("bad-value", "start", "mtu")),
    ("a mirror with a path before 25", {"registry-mirrors": ["https://m/v2"]}, V24, ("bad-value", "start", "registry-mirrors[0]")),
    ("a size of a storage driver", {"storage-opts": ["overlay2.size=lots"]}, V28, ("bad-value", "start", "storage-opts[0]")),
    ("a switch of a storage driver", {"storage-opts": ["overlay2.override_kernel_check=yes"]}, V20, ("bad-value", "start", "storage-opts[0]")),
    ("a place for metrics", {"metrics-addr": ":9323"}, V28, ("bad-value", "start", "metrics-addr")),
    ("a port for metrics", {"metrics-addr": "127.0.0.1:99999"}, V28, ("bad-value", "start", "metrics-addr")),
    ("a profile that 20.10 has not", {"seccomp-profile": "builtin"}, V20, ("value-too-new", "start", "seccomp-profile")),
    ("a runtime that is null", {"runtimes": {"x": None}}, V28, ("bad-runtime", "start", "runtimes.x")),
    ("a default runtime of arguments before 24", {"default-runtime": "x", "runtimes": {"x": {"runtimeArgs": ["a"]}}}, V20, ("bad-runtime", "start", "runtimes.x")),
    ("no pool", {"default-address-pools": [None]}, V28, ("bad-value", "start", "default-address-pools[0]")),
    ("a registry with an underscore", {"insecure-registries": ["a_b:5000"]}, V28, ("bad-value", "start", "insecure-registries[0]")),
    ("a registry", {"insecure-registries": ["ftp://x"]}, V28, ("bad-value", "start", "insecure-registries[0]")),
    ("an API version", {"min-api-version": "9.99"}, V29, ("bad-value", "start", "min-api-version")),
    ("a namespace", {"containerd-namespace": "plugins.moby"}, V28, ("options-clash", "start", "containerd-namespace")),
    ("a size of the build cache", {"builder": {"gc": {"defaultKeepStorage": "lots"}}}, V28, ("bad-value", "start", "builder.gc.defaultKeepStorage")),
    ("a rule without a size before 27.5", {"builder": {"gc": {"enabled": True, "policy": [{"all": True}]}}}, V26, ("missing-value", "start", "builder.gc.policy[0]")),
    ("a log option", {"log-opts": {"maxsize": "1m"}}, V28, ("unknown-log-option", "start", "log-opts.maxsize")),
    # container
    ("a limit without a name", {"default-ulimits": {"nofile": {"Hard": 1, "Soft": 1}}}, V28, ("bad-limit", "container", "default-ulimits.nofile")),
    ("an unknown limit", {"default-ulimits": {"x": {"Name": "nofiles"}}}, V28, ("bad-limit", "container", "default-ulimits.x")),
    ("a limit above the limit", {"default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1, "Soft": 2}}}, V28, ("bad-limit", "container", "default-ulimits.nofile")),
    ("a limit that is null", {"default-ulimits": {"nofile": None}}, V28, ("bad-limit", "container", "default-ulimits.nofile")),
    ("unlimited files", {"default-ulimits": {"nofile": {"Name": "nofile", "Hard": -1, "Soft": -1}}}, V28, ("bad-limit", "container", "default-ulimits.nofile")),
    ("no files", {"default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1024}}}, V28, ("bad-limit", "container", "default-ulimits.nofile")),
    ("no slice", {"exec-opts": ["native.cgroupdriver=systemd"], "cgroup-parent": "/docker.slice"}, V28, ("bad-value", "container", "cgroup-parent")),
    ("a slice with a gap", {"exec-opts": ["native.cgroupdriver=systemd"], "cgroup-parent": "a--b.slice"}, V28, ("bad-value", "container", "cgroup-parent")),
    ("a name of a namespace", {"containerd-namespace": "a b"}, V28, ("bad-value", "container", "containerd-namespace")),
    ("a bip with room for itself alone", {"bip": "172.26.0.1/32"}, V28, ("bad-value", "container", "bip")),
    ("a bip with a gateway in the only place left", {"bip": "172.26.0.1/30", "default-gateway": "172.26.0.2"}, V28, ("bad-value", "container", "bip")),
    ("a network of the bridge's own address", {"bip": "172.26.0.1/16", "fixed-cidr": "172.26.0.0/31"}, V20, ("bad-value", "container", "fixed-cidr")),
    ("a network of one address", {"fixed-cidr": "172.28.5.0/32"}, V26, ("bad-value", "container", "fixed-cidr")),
    ("a network outside of bip", {"bip": "172.26.0.1/16", "fixed-cidr": "10.99.0.0/24"}, V28, ("bad-value", "container", "fixed-cidr")),
    ("an mtu before 25", {"mtu": 70000}, V24, ("bad-value", "container", "mtu")),
    ("a pool for networks of one's own", {"bip": "172.26.0.1/16", "default-address-pools": [{"base": "10.0.0.0/16", "size": 33}]}, V28, ("bad-value", "container", "default-address-pools[0].size")),
    ("a runtime of arguments before 24", {"runtimes": {"x": {"runtimeArgs": ["a"]}}}, V20, ("bad-runtime", "container", "runtimes.x")),
    ("a tag with an unknown field", {"log-driver": "journald", "log-opts": {"tag": "{{.Nmae}}"}}, V28, ("bad-log-option", "container", "log-opts.tag")),
    ("a tag with an unknown function", {"log-driver": "journald", "log-opts": {"tag": "{{uper .Name}}"}}, V28, ("bad-log-option", "container", "log-opts.tag")),
    ("a log size", {"log-opts": {"max-size": "10x"}}, V28, ("bad-log-option", "container", "log-opts.max-size")),
    ("a log driver", {"log-driver": "jsonfile"}, V28, ("unknown-log-driver", "container", "log-driver")),
    # ignored and advice
    ("an unknown feature", {"features": {"x": True}}, V28, ("unknown-feature", "ignored", "features.x")),
    ("a feature that is too new", {"features": {"cdi": True}}, V24, ("feature-too-new", "ignored", "features.cdi")),
    ("an old exec-opt without a value", {"exec-opts": ["a"]}, V27, ("bad-value", "ignored", "exec-opts[0]")),
    ("an old exec-opt", {"exec-opts": ["a=b"]}, V27, ("bad-value", "ignored", "exec-opts[0]")),
    ("a relative data root", {"data-root": "data"}, V28, ("relative-data-root", "advice", "data-root")),
    ("real-time groups", {"cpu-rt-period": 1000}, V28, ("needs-cgroup-v1", "advice", "cpu-rt-period")),
    ("a reload that fails", {"userland-proxy": True}, V28, ("reload-fails", "advice", "userland-proxy")),
    ("a registry with a scheme", {"insecure-registries": ["http://r:5000"]}, V28, ("scheme-in-registry", "advice", "insecure-registries[0]")),
    ("no rotation", {"log-driver": "json-file"}, V28, ("unlimited-logs", "advice", "log-opts.max-size")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "version", "expected"),
    [case[1:] for case in EVERY_STAGE],
    ids=[case[0] for case in EVERY_STAGE],
)
def test_a_mistake_is_one_finding_with_its_stage(
    document: dict[str, Any], version: DockerVersion, expected: tuple[str, str, str]
) -> None:
    assert told(document, version) == [expected]


@pytest.mark.parametrize(
    ("document", "version"),
    [
        pytest.param({"log-level": "WARN"}, V28, id="log levels in any case"),
        pytest.param({"log-level": "warning"}, V24, id="warning before 25"),
        pytest.param({"mtu": -1}, V20, id="a negative mtu in 20.10"),
        pytest.param({"max-concurrent-downloads": 0}, V20, id="zero downloads in 20.10"),
        pytest.param({"dns": [" 192.0.2.1"]}, V24, id="blanks round a name server before 25"),
        pytest.param({"dns": ["fe80::1%eth0"]}, V29, id="a name server with a zone in 29"),
        pytest.param({"labels": ["a=1", "a=1"]}, V28, id="a label twice with one value"),
        pytest.param({"default-runtime": "io.containerd.runsc.v1"}, V28, id="a shim as default runtime"),
        pytest.param({"default-runtime": "io.containerd.runtime.v1.linux"}, V20, id="the old shim"),
        pytest.param({"storage-driver": "stargz"}, V29, id="a snapshotter of 29"),
        pytest.param({"storage-driver": "devicemapper"}, V24, id="devicemapper in 24"),
        pytest.param({"userland-proxy": False, "userland-proxy-path": "x"}, V28, id="a proxy path that is not used"),
        pytest.param({"tls": True, "tlscert": "/c", "tlskey": "/k"}, V28, id="tls with certificates"),
        pytest.param({"tls": False}, V28, id="no tls"),
        pytest.param({"tls": True, "tlscert": "/c", "tlskey": "/k", "hosts": ["tcp://:2376"]}, V28, id="TCP with TLS"),
        pytest.param({"hosts": ["unix:///x", "fd://", ""]}, V28, id="sockets"),
        pytest.param({"builder": {"history": {"maxAge": "2562047h47m16.854775807s"}}}, V28, id="the longest duration"),
        pytest.param({"default-shm-size": "1_000"}, V28, id="a number with an underscore"),
        pytest.param({"default-stop-timeout": 0}, V29, id="no time to stop"),
        pytest.param({"shutdown-timeout": -1}, V28, id="all the time to stop"),
        pytest.param({"builder": {"gc": {"policy": [{"filter": {"until": {"1h": True}}}]}}}, V28, id="filters in the old form"),
        pytest.param({"builder": {"GC": {"Enabled": True}}}, V28, id="members in any case"),
        pytest.param({"builder": {"gc": {"enabled": False, "defaultKeepStorage": "lots"}}}, V28, id="a size that is not read"),
        pytest.param({"builder": {"gc": {"defaultKeepStorage": "lots"}}}, V27, id="a size that is not read by default before 28"),
        pytest.param({"default-address-pools": [{"BASE": "10.0.0.0/16", "Size": 24}]}, V28, id="a pool in any case"),
        pytest.param({"builder": {"gc": {"policy": [{"all": True}]}}}, V28, id="a rule without a size"),
        pytest.param({"bip": "172.26.0.0/31"}, V26, id="a network of two addresses"),
        pytest.param({"bip": "172.26.0.1/16", "fixed-cidr": "10.99.0.0/24"}, V26, id="a network outside of bip before 28"),
        pytest.param({"bip": "172.26.0.1/24", "fixed-cidr": "172.0.0.0/8"}, V28, id="a network around bip's"),
        pytest.param({"bip": "172.26.0.1/16", "fixed-cidr": "172.26.255.254/31"}, V20, id="a last address that is left"),
        pytest.param({"fixed-cidr": "172.28.5.0/31"}, V20, id="one address beside the bridge's"),
        pytest.param({"ipv6": True}, V28, id="IPv6 by itself"),
        pytest.param({"ipv6": True, "bridge": "none"}, V27, id="IPv6 without a bridge"),
        pytest.param({"mtu": 68}, V28, id="a small mtu"),
        pytest.param({"mtu": 70000, "bridge": "none"}, V28, id="an mtu that nothing has"),
        pytest.param({"bip": "172.26.0.1/16", "default-gateway": "172.26.0.2"}, V28, id="a gateway inside"),
        pytest.param({"default-gateway-v6": "fd00::1", "fixed-cidr-v6": "fd01::/64"}, V28, id="a gateway that is not used"),
        pytest.param({"fixed-cidr-v6": "ff02:1::/80"}, V26, id="a multicast network that is not used"),
        pytest.param({"metrics-addr": "[::1]:9323"}, V28, id="metrics by IPv6"),
        pytest.param({"metrics-addr": "localhost:9323"}, V28, id="metrics by name"),
        pytest.param({"seccomp-profile": "unconfined"}, V23, id="no seccomp"),
        pytest.param({"runtimes": {"x": {}}, "default-runtime": "x"}, V20, id="an empty runtime is runc before 24"),
        pytest.param({"registry-mirrors": ["https://m/v2"]}, V25, id="a mirror with a path"),
        pytest.param({"registry-mirrors": ["https://m/"]}, V20, id="a mirror with the root as path"),
        pytest.param({"storage-opts": ["overlay2.size=x"], "features": {"containerd-snapshotter": True}}, V28, id="storage options that are not used"),
        pytest.param({"cgroup-parent": "a-b.slice", "exec-opts": ["native.cgroupdriver=systemd"]}, V28, id="a slice inside another"),
        pytest.param({"cgroup-parent": "-.slice", "exec-opts": ["native.cgroupdriver=systemd"]}, V28, id="the root slice"),
        pytest.param({"containerd-namespace": "docker-a_b.c"}, V28, id="a namespace"),
        pytest.param({"log-driver": "journald", "log-opts": {"tag": '{{print .Name "x"}}{{if .ID}}y{{end}}{{ .ImageName | upper}}{{- .FullID -}}'}}, V28, id="a tag with all sorts"),
        pytest.param({"log-driver": "journald", "log-opts": {"tag": "{{with .Config}}{{.any}}{{end}}{{/* x */}}"}}, V28, id="a tag with a block"),
        pytest.param({"icc": False}, V28, id="icc false with iptables"),
        pytest.param({"default-ulimits": {"core": {"Name": "core", "Hard": -1, "Soft": 5}}}, V28, id="no hard limit"),
        pytest.param({"insecure-registries": ["[::1]:5000", "::1", "2001:db8::/32"]}, V28, id="registries by IPv6"),
        pytest.param({"default-network-opts": {"bridge": {"a.b": "1"}}}, V24, id="network options"),
        pytest.param({"runtimes": {"x": {"runtimeType": "a.b", "options": {"n": 1}}}}, V28, id="a shim with options"),
    ],
)  # fmt: skip
def test_what_docker_takes_has_no_findings(document: dict[str, Any], version: DockerVersion) -> None:
    assert told(document, version) == []


@pytest.mark.parametrize(
    ("document", "hint"),
    [
        ({"Debug": True}, "did you mean debug?"),
        ({"dataroot": "/x"}, "did you mean data-root?"),
        ({"log_driver": "x"}, "did you mean log-driver?"),
        ({"max-size": "1m"}, 'write it inside "log-opts": {"max-size": "..."}'),
        ({"log-opt": {"max-size": "1m"}}, "write log-opts"),
        ({"log-opt": []}, "write log-opts"),
        (
            {"log-opts.max-size": "1m"},
            'take it out (dockerd-cfg unset log-opts.max-size), and write "max-size" inside "log-opts"',
        ),
        ({"https-proxy": "x"}, "write it inside proxies"),
        ({"graph": "/x"}, "write data-root"),
        ({"logging": {"log-level": "info"}}, 'write "log-driver" and "log-opts" at the top level'),
        ({"x": {"group": "a"}}, "write group at the top level"),
        ({"debug": "true"}, 'write "debug": true, without quotes'),
        ({"mtu": "1500"}, 'write "mtu": 1500, without quotes'),
        ({"mtu": 1500.0}, 'write "mtu": 1500'),
        ({"dns": "192.0.2.1"}, 'write "dns": ["192.0.2.1"]'),
        ({"default-shm-size": 64}, 'write a text with a unit, for instance "default-shm-size": "256M"'),
        ({"log-driver": 3}, 'write "log-driver": "3"'),
        (
            {"default-ulimits": {"nofile": "64000:64000"}},
            'write for instance "nofile": {"Name": "nofile", "Hard": 65536, "Soft": 65536}',
        ),
        (
            {"default-address-pools": ["10.0.0.0/8"]},
            'write for instance {"base": "10.200.0.0/16", "size": 24}',
        ),
        (
            {"runtimes": {"path": "/usr/bin/nvidia-container-runtime"}},
            'write for instance "runtimes": {"nvidia": {"path": "/usr/bin/nvidia-container-runtime"}}',
        ),
        (
            {"runtimes": {"x": {"path": "x", "runtimeArgs": "[]"}}},
            'write "runtimeArgs": [], without quotes',
        ),
        ({"nvidia": {"path": "x"}}, 'write it inside "runtimes": {"nvidia": {...}}'),
        ({"default-runtime": "gvisor"}, 'add it to runtimes: {"gvisor": {"path": "/usr/bin/runsc"}}'),
        ({"logging": {"options": {}}}, 'write "log-driver" and "log-opts" at the top level'),
        ({"cgroup-driver": "systemd"}, 'write "exec-opts": ["native.cgroupdriver=systemd"]'),
        ({"buildkit": True}, 'write it inside "features": {"buildkit": true}'),
        ({"proxies": {"httpProxy": "x"}}, "proxies takes http-proxy, https-proxy, no-proxy"),
        (
            {"auths": {"docker.io": {}}},
            "it belongs into ~/.docker/config.json, the file of the docker command",
        ),
        (
            {"nri-opts": {"bogus": 1}},
            "leave nri-opts out, which needs Docker 29.2, or update Docker",
        ),
        ({"insecure-registries": ["http://x:5000/"]}, 'write "x:5000", without a path'),
        ({"storage-driver": "overlay"}, "its data must be migrated; new installations use overlay2"),
        ({"storage-driver": "overlay-2"}, "did you mean overlay2?"),
        ({"builder": {"gcc": {}}}, "did you mean gc?"),
        ({"runtimes": {"x": {"path": "x", "args": []}}}, "did you mean runtimeArgs?"),
        ({"default-ulimits": {"nofile": {"Hard": 1, "Soft": 1}}}, 'add "Name": "nofile"'),
        (
            {"storage-opts": ["overlay2.override_kernel_check=true"]},
            "leave it out: overlay2 works without it",
        ),
        (
            {"data-root": "$HOME/docker"},
            "write the whole path: Docker puts nothing in the place of variables and ~",
        ),
        (
            {"data-root": "D:\\docker"},
            "write a path of Linux: this one is of Windows, and becomes the name of a folder",
        ),
        (
            {"data-root": "{{ docker_root }}"},
            "this looks like a template that was not filled in: render it first",
        ),
        ({"runtimes": {"runsc": {}}}, 'write for instance {"path": "/usr/bin/runsc"}'),
    ],
)
def test_the_hint_says_what_to_write_instead(document: dict[str, Any], hint: str) -> None:
    assert [finding.hint for finding in findings(document)] == [hint]


def test_the_hint_on_what_an_array_or_a_text_holds_is_that_of_the_option() -> None:
    found = findings({"labels": {"a": "b"}})
    assert sorted((one.key, one.hint) for one in found) == [
        ("labels", 'write for instance "labels": ["rack=b12"]'),
        ("labels.a", 'write for instance "labels": ["rack=b12"]'),
    ]


@pytest.mark.parametrize(
    ("document", "flags", "keys"),
    [
        pytest.param({"hosts": ["fd://"]}, UNIT, ["hosts"], id="a packaged unit and hosts"),
        pytest.param({"containerd": "/x"}, UNIT, ["containerd"], id="a packaged unit and containerd"),
        pytest.param({"hosts": None}, UNIT, ["hosts"], id="null conflicts as well"),
        pytest.param({"debug": True}, ("-D",), ["debug"], id="equal values conflict"),
        pytest.param({"labels": ["a=b"]}, ("--label=c=d",), ["labels"], id="lists are not merged"),
        pytest.param({"x": {"group": "y"}}, ("--group=z",), ["x.group"], id="members of other objects conflict"),
        pytest.param({"runtimes": {"x": {"path": "/x"}}}, ("--add-runtime=y=/y",), [], id="runtimes are merged"),
        pytest.param({"group": "y"}, UNIT, [], id="other options"),
        pytest.param({"host-gateway-ip": "192.0.2.1"}, ("--host-gateway-ip=192.0.2.2",), ["host-gateway-ip"], id="the old gateway"),
        pytest.param({"host-gateway-ips": ["192.0.2.1"]}, ("--host-gateway-ip=192.0.2.2",), ["host-gateway-ips"], id="the new gateways"),
    ],
)  # fmt: skip
def test_a_flag_and_an_option_of_the_same_meaning_conflict(
    document: dict[str, Any], flags: tuple[str, ...], keys: list[str]
) -> None:
    conflicts = [finding for finding in findings(document, V28, flags) if finding.code == "flag-conflict"]
    assert [(finding.stage, finding.key) for finding in conflicts] == [("parse", key) for key in keys]


@pytest.mark.parametrize(
    ("document", "flags", "expected"),
    [
        pytest.param({"debug": True}, ("--tlsverify",), [("tls-without-certificates", "tlsverify")], id="none at all"),
        pytest.param({"debug": True}, ("--tlsverify=false",), [("tls-without-certificates", "tlsverify")], id="even with false"),
        pytest.param({"tlscert": "/etc/cert.pem"}, ("--tls",), [("tls-without-certificates", "tls")], id="no key"),
        pytest.param({"tls": True, "tlscert": "/etc/cert.pem"}, ("--tlsverify=false",), [("tls-without-certificates", "tls")], id="no key for the file"),
        pytest.param({"tls": True}, ("--tlscert=/etc/cert.pem", "--tlskey=/etc/key.pem"), [("tls-without-certificates", "tls")], id="flags without a switch"),
        pytest.param({"tlscert": "/nope", "tlskey": "/etc/key.pem"}, ("--tls",), [("missing-file", "tlscert")], id="no such file"),
        pytest.param({"tlscert": "/etc/cert.pem"}, ("--tls", "--tlskey=/etc/key.pem"), [], id="one here, one there"),
        pytest.param({"tlscert": "/nope"}, ("--tls=false",), [], id="switched off"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("version", "stage"), [(V20, "start"), (V26, "parse")], ids=str)
def test_certificates_must_be_there_whatever_switches_tls_on(
    document: dict[str, Any],
    flags: tuple[str, ...],
    expected: list[tuple[str, str]],
    version: DockerVersion,
    stage: str,
) -> None:
    host = BARE._replace(has_file=lambda name: name in {"/etc/cert.pem", "/etc/key.pem"})

    found = check({**QUIET, **document}, version=version, flags=flags, host=host)

    assert [(one.code, one.stage, one.key) for one in found] == [(code, stage, key) for code, key in expected]


def test_certificates_may_be_where_the_flags_look_by_default() -> None:
    default = {"/root/.docker/cert.pem", "/root/.docker/key.pem"}
    host = BARE._replace(has_file=default.__contains__)

    assert check(QUIET, version=V28, flags=("--tlsverify",), host=host) == []
    assert check(QUIET, version=V28, flags=("--tlsverify",)) == []


@pytest.mark.parametrize(
    ("flags", "version", "expected"),
    [
        pytest.param(("--nosuch",), V28, ("bad-flag", "--nosuch"), id="unknown"),
        pytest.param(("--builder=x",), V28, ("bad-flag", "--builder"), id="an option without a flag"),
        pytest.param(("--bip6=fd00::1/64",), V26, ("option-too-new", "--bip6"), id="too new"),
        pytest.param(("--validate",), V20, ("option-too-new", "--validate"), id="too new, and no option"),
        pytest.param(("--graph=/x",), V26, ("bad-flag", "--graph"), id="gone"),
        pytest.param(("--api-cors-header=x",), V28, ("bad-flag", "--api-cors-header"), id="without effect, then refused"),
        pytest.param(("--graph=/x", "--data-root=/y"), V20, ("bad-flag", "--graph"), id="two places"),
        pytest.param(("--mtu",), V28, ("bad-flag", "--mtu"), id="without its value"),
        pytest.param(("--mtu=x",), V28, ("bad-flag", "--mtu"), id="no number"),
        pytest.param(("--debug=x",), V28, ("bad-flag", "--debug"), id="neither true nor false"),
        pytest.param(("--mtu=-1",), V26, ("bad-value", "--mtu"), id="a number too low"),
        pytest.param(("--log-level=nope",), V20, ("bad-value", "--log-level"), id="a level"),
        pytest.param(("--label=a",), V28, ("bad-value", "--label"), id="a label"),
        pytest.param(("-H", "foo://x"), V20, ("bad-value", "--host"), id="an address"),
        pytest.param(("--registry-mirror=ftp://x",), V20, ("bad-value", "--registry-mirror"), id="a mirror"),
    ],
)  # fmt: skip
def test_flags_are_judged_by_themselves(
    flags: tuple[str, ...], version: DockerVersion, expected: tuple[str, str]
) -> None:
    (found,) = findings({}, version, flags)

    assert (found.code, found.key, found.stage) == (*expected, "parse")
    assert found.message.startswith(f"the flag {expected[1]} ")


@pytest.mark.parametrize(
    ("flags", "version"),
    [
        (UNIT, V20),
        (("--mtu=0x10", "--mtu=010", "--mtu=1_0", "--icc", "--debug=F", "-Dl", "info"), V28),
        (("--log-level=nope", "--log-level=info"), V28),
        (("--mtu=-1",), V20),
        (("--host-gateway-ip=::1", "--help", "--version", "--validate", "--config-file=/x"), V28),
        (("--add-runtime=x=/x", "--default-ulimit=nofile=1:1", "--log-opt=a"), V28),
        (("--graph=/x",), V20),
        (("--nosuch",), DockerVersion(NEWEST.major + 1)),
    ],
    ids=str,
)
def test_good_flags_have_no_findings(flags: tuple[str, ...], version: DockerVersion) -> None:
    assert [one for one in findings({}, version, flags) if one.stage == "parse"] == []


def test_the_old_name_of_the_data_root_as_a_flag_does_not_clash_with_the_option() -> None:
    assert [one for one in findings({"data-root": "/x"}, V20, ("-g", "/y")) if one.is_error] == []


def test_without_a_version_every_bad_flag_is_told_of() -> None:
    found = findings({}, None, ("--nosuch=1", "--mtu=x", "--bip6=::1/64"))

    assert {(one.key, one.is_error) for one in found} == {
        ("--nosuch", True),
        ("--mtu", True),
        ("--bip6", False),
    }


def test_flags_can_be_given_as_parsed() -> None:
    (finding,) = check({**QUIET, "debug": True}, version=V28, flags={"debug": ["true"]})
    assert finding.code == "flag-conflict"


def test_a_driver_given_as_a_flag_judges_the_options_of_the_file() -> None:
    document: dict[str, Any] = {"log-opts": {"max-size": "1m", "max-file": "2"}}
    codes = [
        (finding.code, finding.key)
        for finding in check(document, version=V28, flags=["--log-driver=journald"])
    ]
    assert codes == [("unknown-log-option", "log-opts.max-size"), ("unknown-log-option", "log-opts.max-file")]


def test_options_given_as_flags_count_for_the_driver_of_the_file() -> None:
    flags = ["--log-opt", "max-size=1m", "--log-opt=max-file=2"]
    assert check({"log-driver": "json-file"}, version=V28, flags=flags) == []


def test_a_runtime_added_by_a_flag_exists() -> None:
    assert told({"default-runtime": "y"}, V28, ("--add-runtime=y=/y",)) == []


def test_20_10_knows_no_other_image_store_than_the_storage_drivers() -> None:
    document = {"storage-driver": "overlay3", "features": {"containerd-snapshotter": True}}
    assert ("unknown-storage-driver", "start", "storage-driver") in told(document, V20)
    assert told(document, V28) == []


def test_an_oom_score_that_the_kernel_refuses_stops_docker() -> None:
    assert ("bad-value", "start", "oom-score-adjust") in told({"oom-score-adjust": 1001}, V20)
    assert not any(stage == "start" for _, stage, _ in told({"oom-score-adjust": -1000}, V20))


def test_20_10_looks_for_runtimes_in_the_file_alone() -> None:
    assert told({"default-runtime": "y"}, V20, ("--add-runtime=y=/y",)) == [
        ("missing-runtime", "parse", "default-runtime")
    ]


def test_findings_are_at_their_line_and_column_in_the_order_of_the_text() -> None:
    text = b"""{
  "log-driver": "local",
  "labels": ["a=b",
             "c"],
  "builder": {"gcc": 1},
\t"nosuch": 1
}
"""
    places = [(finding.key, finding.line, finding.column) for finding in check_bytes(text, version=V28)]
    assert places == [("labels[1]", 4, 14), ("builder.gcc", 5, 15), ("nosuch", 6, 2)]


def test_a_log_option_is_found_by_its_name() -> None:
    (finding,) = check_bytes(b'{"log-driver": "local",\n "log-opts": {\n  "a.b": "c"}}', version=V28)
    assert (finding.key, finding.line, finding.column) == ("log-opts.a.b", 3, 3)


def test_what_is_missing_is_placed_at_what_holds_it() -> None:
    (finding,) = check_bytes(b'{\n"log-opts": {"labels": "a"}}', version=V28)
    assert (finding.code, finding.line, finding.column) == ("unlimited-logs", 2, 1)


def test_what_is_missing_altogether_has_no_place() -> None:
    (finding,) = check_bytes(b"{}", version=V28)
    assert (finding.code, finding.line) == ("unlimited-logs", None)


def test_plain_values_have_no_places() -> None:
    assert [finding.line for finding in findings({"nosuch": 1})] == [None]


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [(b'{"debug": true,}', 1, 15), (b'{\n"debug": true\n"icc": true}', 2, 14), (b"[]", 1, 1)],
)
def test_a_text_that_is_no_json_object_is_one_error_of_stage_parse(
    data: bytes, line: int, column: int
) -> None:
    (finding,) = check_bytes(data)
    assert (finding.code, finding.stage, finding.severity) == ("not-json", "parse", "error")
    assert (finding.line, finding.column) == (line, column)
    assert finding.hint


@pytest.mark.parametrize(
    ("data", "version", "stage"),
    [
        pytest.param(b'{"debug": true, "debug": false}', V28, "ignored", id="a key given twice"),
        pytest.param(b'{"debug": true, "debug": false}', None, "ignored", id="a key given twice, for any docker"),
        pytest.param(b'{"debug": 1, "debug": false}', V28, "parse", id="a key given twice, once wrongly"),
        pytest.param(b'{"debug": true, "debug": false,}', V28, "parse", id="a key given twice, and a comma too many"),
        pytest.param(b'{"data-root": "a\\ud800"}', V28, "ignored", id="half a character"),
        pytest.param(b'{"debug": true}\f', V28, "ignored", id="a form feed at the end"),
        pytest.param(b'{"debug": true} x', V20, "ignored", id="text after the object, for 20.10"),
        pytest.param(b'{"debug": true} x', V28, "parse", id="text after the object"),
        pytest.param(b'{"debug": true} x', None, "parse", id="text after the object, for any docker"),
        pytest.param(b'{"data-root": "a\xff"}', V20, "ignored", id="no UTF-8, for 20.10"),
        pytest.param(b'{"data-root": "a\xff"}', V28, "parse", id="no UTF-8"),
        pytest.param(b'{"mtu": 1e400}', V28, "parse", id="a number that is too large"),
        pytest.param(b"[]", V20, "parse", id="no object"),
    ],
)  # fmt: skip
def test_of_a_text_that_docker_reads_otherwise_than_it_is_written_nobody_says_that_docker_refuses_it(
    data: bytes, version: DockerVersion | None, stage: str
) -> None:
    (finding,) = check_bytes(data, version=version)
    assert (finding.code, finding.stage, finding.severity) == ("not-json", stage, "error")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b" \n", "empty-file"),
        (b'\xef\xbb\xbf{"log-driver": "local"}', "byte-order-mark"),
    ],
)
def test_20_10_cannot_read_what_later_ones_can(data: bytes, code: str) -> None:
    codes = {
        version: [f.code for f in check_bytes(data, version=version) if f.is_error]
        for version in (V20, V28, None)
    }
    assert codes == {V20: [code], V28: [], None: [code]}


@pytest.mark.parametrize("version", [None, V20, V28], ids=str)
def test_no_file_is_no_error(version: DockerVersion | None) -> None:
    assert [finding.code for finding in check_bytes(None, version=version)] == ["unlimited-logs"]
    assert check(None, version=version) == check_bytes(None, version=version)


def test_a_scanned_file_and_its_bytes_are_judged_alike() -> None:
    data = b'{"nosuch": 1, "debug": "x"}'
    assert check(scan(data), version=V28) == check_bytes(data, version=V28)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"bip6": "fd00::1/64"}, [("option-too-new", "advice")]),
        ({"graph": "/x"}, [("removed-option", "parse")]),
        ({"max-download-attempts": 0}, [("bad-value", "parse"), ("zero-value", "ignored")]),
        ({"default-runtime": "x"}, [("missing-runtime", "parse"), ("missing-runtime", "start")]),
        ({"features": {"cdi": True}}, [("feature-too-new", "advice")]),
        ({"nosuch": 1}, [("unknown-option", "parse")]),
    ],
)
def test_without_a_version_every_supported_docker_must_agree(
    document: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert sorted((finding.code, finding.stage) for finding in findings(document, None)) == expected


def test_without_a_version_the_message_names_the_old_ones_that_mind() -> None:
    messages = [
        finding.message for finding in findings({"max-download-attempts": 0}, None) if finding.is_error
    ]
    assert messages == ["max-download-attempts must not be below 1 (Docker 20.10)"]


def test_a_newer_docker_than_the_catalogue_may_know_more_options() -> None:
    (finding,) = findings({"nosuch": 1}, DockerVersion(30, 0, 0))
    assert (finding.code, finding.severity) == ("unknown-option", "warning")


@pytest.mark.parametrize("version", MILESTONES, ids=str)
def test_every_example_is_read_by_the_versions_that_have_the_option(version: DockerVersion) -> None:
    refused = [
        finding
        for key, known in options().items()
        if known.works_in(version) and known.examples
        for finding in check({key: known.examples[0]}, version=version)
        if finding.stage == "parse" and not known.no_effect
    ]
    alone = {"default-runtime", "host-gateway-ip"}
    assert [finding for finding in refused if finding.key not in alone] == []


def test_errors_and_warnings_follow_the_stage() -> None:
    for _, document, version, _ in EVERY_STAGE:
        for finding in findings(document, version):
            assert finding.is_error == (finding.stage in {"parse", "start", "container"})


def test_every_finding_says_what_to_do() -> None:
    bare = [
        finding
        for _, document, version, _ in EVERY_STAGE
        for finding in findings(document, version)
        if not finding.hint
    ]
    assert bare == []


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@PROPERTY
@given(st.dictionaries(st.sampled_from(sorted(options())) | st.text(max_size=8), VALUES, max_size=5))
def test_nothing_that_is_json_makes_check_fail(document: dict[str, Any]) -> None:
    for finding in check(scan(json.dumps(document).encode()) if is_scannable(document) else document):
        assert finding.message


def is_scannable(document: dict[str, Any]) -> bool:
    return "\\ud" not in json.dumps(document)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not at hand")
def test_real_files_hold_few_surprises() -> None:
    surprising = {"unknown-option", "wrong-type"}
    judged = {
        path.name: check_bytes(path.read_bytes(), version=V28) for path in sorted(CORPUS.glob("*.json"))
    }
    refused = {name for name, found in judged.items() if any(finding.stage == "parse" for finding in found)}
    assert len(judged) > 20
    assert len(refused) < len(judged) / 4
    assert all(
        finding.code in surprising | {"not-json", "removed-option", "bad-value"}
        for found in judged.values()
        for finding in found
        if finding.stage == "parse"
    )


# What there is on the host

BARE = Surroundings(
    has_program=lambda name: name in {"crun", "/usr/bin/runsc", "containerd-shim-runsc-v1"},
    most_open_files=1048576,
    lacks_realtime=True,
    has_file=lambda name: name == "/etc/docker/seccomp.json",
    has_plugin=lambda name, root: (name, root) in {("opa", "/var/lib/docker"), ("casbin", "/mnt/docker")},
    filesystem={"/var/lib/docker": "ext4", "/mnt/xfs": "xfs", "/mnt/btrfs": "btrfs"}.get,
    has_address=lambda text: text not in {"192.0.2.8", "2001:db8::8"},
    interfaces=frozenset({"lo", "br0"}),
)
RUNNING = BARE._replace(is_running=True)
SIZE = {"storage-opts": ["overlay2.size=20G"]}


def limit(hard: int) -> dict[str, Any]:
    return {"default-ulimits": {"nofile": {"Name": "nofile", "Hard": hard, "Soft": 1024}}}


@pytest.mark.parametrize(
    ("document", "version", "expected"),
    [
        pytest.param({"runtimes": {"x": {"path": "/opt/x"}}}, V28, [("missing-program", "container", "runtimes.x")], id="a path to nothing"),
        pytest.param({"runtimes": {"x": {"path": "x", "runtimeArgs": ["a"]}}}, V20, [("missing-program", "container", "runtimes.x")], id="a name of nothing"),
        pytest.param({"runtimes": {"x": {"runtimeType": "io.containerd.x.v2"}}}, V28, [("missing-program", "container", "runtimes.x")], id="a shim"),
        pytest.param({"runtimes": {"x": {"runtimeType": "/opt/shim"}}}, V28, [("missing-program", "container", "runtimes.x")], id="a path to no shim"),
        pytest.param({"default-runtime": "io.containerd.x.v2"}, V28, [("missing-program", "container", "default-runtime")], id="a shim for all"),
        pytest.param({"default-runtime": "x", "runtimes": {"x": {"path": "/opt/x"}}}, V28, [("missing-program", "container", "runtimes.x"), ("missing-program", "container", "default-runtime")], id="a path to nothing for all"),
        pytest.param({"default-runtime": "x", "runtimes": {"x": {"path": "/opt/x", "runtimeArgs": []}}}, V28, [("missing-program", "container", "runtimes.x"), ("missing-program", "container", "default-runtime")], id="a path to nothing for all, without arguments"),
        pytest.param({"default-runtime": "x", "runtimes": {"x": {"path": "x", "runtimeArgs": ["a"]}}}, V20, [("missing-program", "start", "runtimes.x"), ("missing-program", "start", "default-runtime")], id="a name of nothing for all, with arguments, in 20.10"),
        pytest.param({"default-runtime": "x", "runtimes": {"x": {"path": "/opt/x", "runtimeArgs": ["a"]}}}, V29, [("missing-program", "start", "runtimes.x"), ("missing-program", "start", "default-runtime")], id="a path to nothing for all, with arguments"),
        pytest.param(limit(1048577), V28, [("bad-limit", "container", "default-ulimits.nofile")], id="more files than the kernel allows"),
        pytest.param({"cpu-rt-runtime": 950000}, V28, [("needs-cgroup-v1", "parse", "cpu-rt-runtime")], id="real time"),
        pytest.param({"seccomp-profile": "/nope"}, V20, [("missing-file", "start", "seccomp-profile")], id="a profile in 20.10"),
        pytest.param({"seccomp-profile": "/nope"}, V29, [("missing-file", "start", "seccomp-profile")], id="a profile"),
        pytest.param({"seccomp-profile": "unconfined"}, V20, [("value-too-new", "start", "seccomp-profile")], id="a profile that is no file later"),
        pytest.param({"authorization-plugins": ["opa", "casbin"]}, V28, [("missing-plugin", "start", "authorization-plugins[1]")], id="a plugin"),
        pytest.param({"bridge": "br1"}, V28, [("missing-interface", "start", "bridge")], id="an interface"),
        pytest.param({"metrics-addr": "192.0.2.8:9323"}, V28, [("missing-address", "start", "metrics-addr")], id="an address for metrics"),
        pytest.param({"hosts": ["unix:///x", "tcp://[2001:db8::8]:2376"]}, V20, [("open-address", "advice", "hosts[1]"), ("missing-address", "start", "hosts[1]")], id="an address to listen on"),
        pytest.param({"storage-driver": "btrfs"}, V28, [("wrong-filesystem", "start", "storage-driver")], id="btrfs"),
        pytest.param({"storage-driver": "zfs", "data-root": "/mnt/btrfs"}, V20, [("wrong-filesystem", "start", "storage-driver")], id="zfs"),
        pytest.param(SIZE, V28, [("needs-xfs", "start", "storage-opts[0]")], id="quotas"),
        pytest.param({**SIZE, "data-root": "/mnt/btrfs", "storage-driver": "overlay2"}, V29, [("needs-xfs", "start", "storage-opts[0]")], id="quotas on btrfs"),
    ],
)  # fmt: skip
def test_what_the_host_lacks_is_an_error(
    document: dict[str, Any], version: DockerVersion, expected: list[tuple[str, str, str]]
) -> None:
    found = check({**QUIET, **document}, version=version, host=BARE)

    assert [(one.code, one.stage, one.key) for one in found] == expected


@pytest.mark.parametrize(
    "document",
    [
        {"runtimes": {"x": {"path": "crun"}, "y": {"path": "/usr/bin/runsc"}}, "default-runtime": "y"},
        {"default-runtime": "io.containerd.runsc.v1"},
        {"default-runtime": "io.containerd.runc.v2"},
        limit(1048576),
        {"seccomp-profile": "/etc/docker/seccomp.json"},
        {"seccomp-profile": "unconfined"},
        {"seccomp-profile": "builtin"},
        {"authorization-plugins": ["opa"]},
        {"storage-driver": "btrfs", "data-root": "/mnt/btrfs"},
        {"storage-driver": "btrfs", "data-root": "/somewhere"},
        {"storage-driver": "btrfs", "features": {"containerd-snapshotter": True}},
        {"storage-driver": "zfs", "storage-opts": ["zfs.fsname=tank/docker"]},
        {"authorization-plugins": ["casbin"], "data-root": "/mnt/docker"},
        {"metrics-addr": "127.0.0.1:9323"},
        {"metrics-addr": "0.0.0.0:9323"},
        {"metrics-addr": "metrics.example.com:9323"},
        {"metrics-addr": "192.0.2.8:9323", "rootless": True},
        {"hosts": ["fd://", "unix:///192.0.2.8"]},
        {"bridge": "br0"},
        {"bridge": "none"},
        {"bridge": "docker0"},
        {"bridge": "second-name-of-br0"},
        {"bridge": "br1", "rootless": True},
        {**SIZE, "data-root": "/mnt/xfs"},
        {**SIZE, "data-root": "/mnt/btrfs"},
        {**SIZE, "data-root": "/nowhere"},
        {**SIZE, "features": {"containerd-snapshotter": True}},
        {"storage-opts": ["overlay2.size=0"]},
    ],
    ids=str,
)
def test_what_the_host_has_is_no_error(document: dict[str, Any]) -> None:
    assert check({**QUIET, **document}, version=V28, host=BARE) == []


@pytest.mark.parametrize(
    ("driver", "host", "severity"),
    [
        pytest.param("loki", None, "warning", id="an alias that its documentation gives a plugin"),
        pytest.param("some/logging-plugin:2.1", None, "warning", id="a repository"),
        pytest.param(
            "some/logging-plugin:2.1", BARE, "warning", id="a repository, for a host that does not run"
        ),
        pytest.param("nosuch", None, "error", id="any other name"),
        pytest.param("nosuch", BARE, "error", id="any other name, for a host that does not run"),
        pytest.param("opa", RUNNING, "warning", id="one that is there"),
        pytest.param("loki", RUNNING, "error", id="one that is not there"),
        pytest.param(
            "jsonfile", RUNNING._replace(has_plugin=lambda *_: True), "error", id="a slip of the pen"
        ),
    ],
)
def test_a_log_driver_that_may_be_a_plugin_is_no_error(
    driver: str, host: Surroundings | None, severity: str
) -> None:
    (found,) = check({"log-driver": driver, "log-opts": {"url": "http://logs"}}, version=V28, host=host)

    assert (found.code, found.stage, found.severity) == ("unknown-log-driver", "start", severity)


def test_a_type_of_runtime_that_is_not_read_before_24_needs_no_shim() -> None:
    document: dict[str, Any] = {"runtimes": {"x": {"runtimeType": "io.containerd.x.v2"}}}

    assert "missing-program" not in {one.code for one in check(document, version=V20, host=BARE)}


def test_more_real_time_than_the_host_shares_out_is_an_error() -> None:
    host = BARE._replace(lacks_realtime=False, most_realtime=0)

    found = check({**QUIET, "cpu-rt-runtime": 950000}, version=V28, host=host)

    assert [(one.code, one.stage) for one in found if one.is_error] == [("bad-limit", "container")]
