"""Documents that Docker reads, and what comes of them: it does not start, no container starts, or all is well."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Outcome = Literal["parse", "start", "container", "good"]

VARIANTS: Final = ("docker20", "docker26", "docker28")

_OLD: Final = ("docker20",)
_NOT_NEW: Final = ("docker20", "docker26")
_NOT_OLD: Final = ("docker26", "docker28")
_NEW: Final = ("docker28",)

_SYSTEMD: Final = {"exec-opts": ["native.cgroupdriver=systemd"]}
_BRIDGE: Final = {"bip": "172.26.0.1/16"}


@dataclass(frozen=True)
class Case:
    """One daemon.json on one kind of host, and how far Docker gets with it."""

    name: str
    outcome: Outcome
    document: Mapping[str, Any]
    variant: str

    @property
    def data(self) -> bytes:
        """The file."""
        return json.dumps(self.document).encode()

    def __str__(self) -> str:
        return f"{self.variant}: {self.name}"


def _logs(driver: str | None, **opts: str | None) -> dict[str, Any]:
    named = {} if driver is None else {"log-driver": driver}
    return {**named, "log-opts": {name.replace("_", "-"): value for name, value in opts.items()}}


def _pool(base: str, size: int) -> dict[str, Any]:
    return {"default-address-pools": [{"base": base, "size": size}]}


def _limit(**fields: str | int) -> dict[str, Any]:
    return {"default-ulimits": {"nofile": fields}}


def _runtime(**fields: Any) -> dict[str, Any]:
    return {"runtimes": {"x": fields}}


def _collection(**fields: Any) -> dict[str, Any]:
    return {"builder": {"gc": fields}}


# Each for every variant, or for those that are named.
_START: Final[Mapping[str, tuple[Any, ...]]] = {
    # log drivers and their options
    "an option misspelt for the default driver": (_logs(None, max_sise="10m"),),
    "labels for local before 29.5": (_logs("local", labels="a"), _NEW),
    "sizes for journald": (_logs("journald", max_size="10m"),),
    "a facility of syslog": (_logs("syslog", syslog_facility="nosuch"),),
    "a format of syslog": (_logs("syslog", syslog_format="rfc1"), _NEW),
    "an address of syslog": (_logs("syslog", syslog_address="http://192.0.2.1:514"), _OLD),
    "gelf with options and no address": (_logs("gelf", tag="x"),),
    "gelf without a port": (_logs("gelf", gelf_address="udp://192.0.2.1"), _NEW),
    "compression for gelf over TCP": (
        _logs("gelf", gelf_address="tcp://127.0.0.1:12201", gelf_compression_level="1"),
        _NOT_NEW,
    ),
    "an address of fluentd": (_logs("fluentd", fluentd_address="http://localhost:24224"),),
    "a buffer of fluentd": (_logs("fluentd", fluentd_buffer_limit="lots"), _NEW),
    "an option of fluentd that is gone": (_logs("fluentd", fluentd_async_connect="true"), _NEW),
    "a timeout of fluentd that is too new": (
        _logs("fluentd", fluentd_async="true", fluentd_write_timeout="1s"),
        _NOT_NEW,
    ),
    "awslogs without a group": (_logs("awslogs", awslogs_region="eu-west-1"),),
    "awslogs with two ways to split": (
        _logs("awslogs", awslogs_group="g", awslogs_datetime_format="%Y", awslogs_multiline_pattern="x"),
        _NEW,
    ),
    "an option misspelt for splunk": (_logs("splunk", splunk_tocken="x"), _OLD),
    # Docker waits 15 seconds for the plugin that an unknown driver could be: once is enough
    "an unknown driver with options": (_logs("json-fil", max_size="10m"), _OLD),
    "logentries with options and no token": (_logs("logentries", line_only="true"), _OLD),
    "an unknown mode": (_logs("json-file", mode="fast"),),
    "a buffer for a driver that blocks": (_logs("local", max_buffer_size="4m"),),
    "a buffer that is no size": (_logs("local", mode="non-blocking", max_buffer_size="4x"), _NEW),
    "a cache neither on nor off": (_logs("syslog", cache_disabled="perhaps"), _NEW),
    # runtimes and control groups
    "a default runtime that is not there": ({"default-runtime": "nosuch"}, _NOT_OLD),
    "the reserved runtime": ({"runtimes": {"runc": {"path": "/usr/sbin/runc"}}}, _NOT_OLD),
    "a runtime of two kinds": (
        _runtime(path="/usr/sbin/runc", runtimeType="io.containerd.runc.v2"),
        _NOT_OLD,
    ),
    "a runtime that is null": ({"runtimes": {"x": None}}, _NOT_OLD),
    "a default runtime of arguments only": (
        {**_runtime(runtimeArgs=["--debug"]), "default-runtime": "x"},
        _OLD,
    ),
    "a default runtime with arguments that is not there": (
        {**_runtime(path="/nonexistent", runtimeArgs=["--debug"]), "default-runtime": "x"},
    ),
    "an unknown cgroup driver": ({"exec-opts": ["native.cgroupdriver=foo"]},),
    "a parent that is no slice": ({**_SYSTEMD, "cgroup-parent": "docker"},),
    # storage
    "an unknown storage driver": ({"storage-driver": "nosuch"},),
    "a removed storage driver": ({"storage-driver": "devicemapper"}, _NOT_OLD),
    "a storage driver for another file system": ({"storage-driver": "btrfs"}, _NEW),
    "a storage option that is no size": ({"storage-opts": ["overlay2.size=x"]},),
    "an unknown storage option": ({"storage-opts": ["overlay2.nosuch=1"]}, _NEW),
    "an option of another storage driver": (
        {"storage-driver": "overlay2", "storage-opts": ["dm.basesize=20G"]},
        _OLD,
    ),
    "a storage option that is gone": ({"storage-opts": ["overlay2.override_kernel_check=true"]}, _NOT_OLD),
    # networks
    "two bridges": ({**_BRIDGE, "bridge": "docker1"},),
    "a bridge without a prefix length": ({"bip": "172.26.0.1"}, _NEW),
    "a bridge at the network's own address": ({"bip": "172.26.0.0/16"},),
    "a bridge in a network of two addresses": ({"bip": "172.26.0.1/31"}, _OLD),
    "a bridge of IPv6": ({"bip": "fd00::1/64"}, _NOT_OLD),
    "containers in a network of IPv6": ({"fixed-cidr": "fd00::/64"}, _OLD),
    "a gateway outside of the network": ({**_BRIDGE, "default-gateway": "10.9.9.9"},),
    "the bridge as the gateway": ({**_BRIDGE, "default-gateway": "172.26.0.1"}, _NEW),
    "no traffic, and no firewall": ({"icc": False, "iptables": False},),
    "no IPv6 traffic, and no firewall": (
        {"icc": False, "ipv6": True, "fixed-cidr-v6": "fd00:d0c::/64", "ip6tables": False},
        _NEW,
    ),
    "IPv6 without a network": ({"ipv6": True}, _NOT_NEW),
    "IPv6 in a multicast network": ({"ipv6": True, "fixed-cidr-v6": "ff02:1::/80"}, _NOT_NEW),
    "a frame that is too large": ({"mtu": 100000}, _NOT_OLD),
    "a pool of pieces larger than it": (_pool("10.200.0.0/16", 8),),
    "a pool of pieces smaller than an address": (_pool("10.200.0.0/16", 33), _NOT_OLD),
    "a pool that is no network": (_pool("10.200.0.0", 24), _NOT_NEW),
    # the rest
    "a registry with a path": ({"insecure-registries": ["https://registry.example.com/v2"]},),
    "a registry with a hyphen first": ({"insecure-registries": ["-registry"]}, _OLD),
    "a mirror without a scheme": ({"registry-mirrors": ["mirror.example.com"]}, _NOT_NEW),
    "a mirror with a path": ({"registry-mirrors": ["https://mirror.example.com/v2"]}, _OLD),
    "metrics on all addresses": ({"metrics-addr": ":9323"},),
    "metrics on an address of another host": ({"metrics-addr": "198.51.100.7:9323"},),
    "a build cache that is no size": (_collection(enabled=True, defaultKeepStorage="lots"), _NOT_NEW),
    "a build cache that is no size, by default": (_collection(defaultKeepStorage="lots"), _NEW),
    "a rule of the build cache without a size": (_collection(enabled=True, policy=[{"all": True}]), _NOT_NEW),
    "the namespace of plugins": ({"containerd-namespace": "plugins.moby"},),
    "a profile that is not there": ({"seccomp-profile": "/nonexistent"},),
    "a bridge that is not there": ({"bridge": "br-nosuch"},),
    # Docker waits 15 seconds for it, as for an unknown driver
    "an authorization plugin that is not there": ({"authorization-plugins": ["nosuch"]}, _NEW),
    "a profile that is built in later": ({"seccomp-profile": "builtin"}, _OLD),
    "TLS without certificates": ({"tls": True}, _OLD),
}

_CONTAINER: Final[Mapping[str, tuple[Any, ...]]] = {
    "an unknown driver": ({"log-driver": "json-fil"}, _NEW),
    "logentries without a token": ({"log-driver": "logentries"}, _OLD),
    "gelf without an address": ({"log-driver": "gelf"}, _NEW),
    "a size with an unknown unit": (_logs("json-file", max_size="10x"),),
    "a negative size": (_logs("json-file", max_size="-1"), _NEW),
    "a size of nothing": (_logs("json-file", max_size="0"), _OLD),
    "a size that is null": (_logs(None, max_size=None), _NEW),
    "no files": (_logs("json-file", max_size="10m", max_file="0"),),
    "compression without a size": (_logs("json-file", compress="true"), _NOT_NEW),
    "compression of a single file": (_logs("json-file", max_size="10m", compress="true"), _NEW),
    "compression neither on nor off": (
        _logs("json-file", max_size="10m", max_file="3", compress="yes"),
        _OLD,
    ),
    "a single file for local": (_logs("local", max_file="1"),),
    "fewer than no files for local": (_logs("local", max_file="-1", compress="false"), _NEW),
    "a pattern that is none": (_logs("journald", labels_regex="("), _NEW),
    "a tag that is not closed": (_logs("json-file", tag="{{.Name"), _OLD),
    "a tag with an unknown field": (_logs("json-file", tag="{{.Nosuch}}"), _NOT_OLD),
    "a tag with an unknown function": (_logs("journald", tag="{{nosuch .Name}}"), _NEW),
    "splunk without a token": (_logs("splunk", tag="x"), _NOT_NEW),
    "splunk with a path": (_logs("splunk", splunk_token="t", splunk_url="https://127.0.0.1:8088/x"), _NEW),  # noqa: S106 - no secret
    "a soft limit above the hard one": (_limit(Name="nofile", Soft=2048, Hard=1024),),
    "a limit without a name": (_limit(Soft=1024, Hard=1024), _NEW),
    "a limit that Linux has not": (_limit(Name="nofiles", Soft=1024, Hard=1024), _OLD),
    "no limit for files": (_limit(Name="nofile", Soft=-1, Hard=-1), _NEW),
    "files forbidden": (_limit(Name="nofile", Hard=1024), _NOT_NEW),
    "a slice with a gap": ({**_SYSTEMD, "cgroup-parent": "a--b.slice"}, _NOT_OLD),
    "a namespace with a space": ({"containerd-namespace": "a b"}, _NEW),
    "a frame that is too small": ({"mtu": 10}, _OLD),
    "a bridge alone in its network": ({"bip": "172.26.0.1/32"}, _NOT_OLD),
    "a gateway in the last place": ({"bip": "172.26.0.1/30", "default-gateway": "172.26.0.2"}, _NEW),
    "the bridge's own address for containers": ({**_BRIDGE, "fixed-cidr": "172.26.0.0/31"},),
    "addresses outside of the bridge's network": ({**_BRIDGE, "fixed-cidr": "10.99.0.0/24"}, _NEW),
}

# Each looks like something above.
_GOOD: Final[Mapping[str, tuple[Any, ...]]] = {
    "nothing": ({},),
    "a limited log": (_logs("json-file", max_size="10m", max_file="3", compress="true"),),
    "a single file for local, not compressed": (_logs("local", max_file="1", compress="false"), _NEW),
    "a buffer for a driver that does not block": (
        _logs("local", mode="non-blocking", max_buffer_size="4m"),
        _NOT_NEW,
    ),
    "options of none": (_logs("none", max_sise="x"), _NEW),
    "gelf with an address": (_logs("gelf", gelf_address="udp://127.0.0.1:12201"), _NOT_NEW),
    "an option of fluentd that goes later": (_logs("fluentd", fluentd_async_connect="true"), _NOT_NEW),
    "a tag with all sorts": (
        _logs("journald", tag='{{print .Name "x"}}{{if .ID}}y{{end}}{{ .ImageName | upper}}{{- .FullID -}}'),
        _NEW,
    ),
    "a runtime that is runc before 24": ({**_runtime(), "default-runtime": "x"}, _OLD),
    "a runtime of one's own": ({**_runtime(path="/usr/sbin/runc"), "default-runtime": "x"}, _NEW),
    "a slice inside another": ({**_SYSTEMD, "cgroup-parent": "a-b.slice"}, _NOT_OLD),
    "a gateway inside of the network": (
        {**_BRIDGE, "fixed-cidr": "172.26.1.0/24", "default-gateway": "172.26.0.9"},
    ),
    "a bridge in a network of two addresses, from 23 on": ({"bip": "172.26.0.1/31"}, _NOT_OLD),
    "addresses outside of the bridge's network, before 28": (
        {**_BRIDGE, "fixed-cidr": "10.99.0.0/24"},
        _NOT_NEW,
    ),
    "IPv6 by itself": ({"ipv6": True}, _NEW),
    "the smallest frame": ({"mtu": 68}, _NEW),
    "a pool": (_pool("10.200.0.0/16", 24), _NOT_NEW),
    "a mirror with a path, from 25 on": ({"registry-mirrors": ["https://mirror.example.com/v2"]}, _NOT_OLD),
    "metrics on one address": ({"metrics-addr": "127.0.0.1:9323"}, _NEW),
    "a space that is not read before 28": (_collection(enabled=True, defaultReservedSpace="lots"), _NOT_NEW),
    "limits": (_limit(Name="NOFILE", Soft=1024, Hard=2048),),
}


def _cases() -> list[Case]:
    tables: tuple[tuple[Outcome, Mapping[str, tuple[Any, ...]]], ...] = (
        ("start", _START),
        ("container", _CONTAINER),
        ("good", _GOOD),
    )
    found = []
    for outcome, table in tables:
        for name, (document, *variants) in table.items():
            chosen = variants[0] if variants else VARIANTS
            found += [Case(name, outcome, document, variant) for variant in chosen]
    # by variant, so that a worker of the tests needs few hosts
    return sorted(found, key=lambda case: case.variant)


CASES: Final = tuple(_cases())
