"""Documents on which check and real dockerds must agree: every option right, wrong, empty and null, and hard cases."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dockerd_cfg.config.catalogue import Option, options


@dataclass(frozen=True)
class Case:
    """One daemon.json with the flags that dockerd gets beside it; ``option`` is set if it holds that one only."""

    name: str
    data: bytes
    flags: tuple[str, ...] = ()
    option: str = ""


# One value of another type for each type, so that a type that is too lenient or too strict shows.
_WRONG: Final[Mapping[str, tuple[Any, ...]]] = {
    "array": ("text", {"a": "b"}, [1]),
    "boolean": ("true", 1),
    "integer": ("3", 1.5, True),
    "object": ("text", ["a"], {"a": {"b": {}}}),
    "string": (1, ["text"], {}),
    "any": (),
}
_EMPTY: Final[Mapping[str, Any]] = {"array": [], "boolean": False, "integer": 0, "object": {}, "string": ""}

# By option: further values, right and wrong, at the edges of their grammars.
VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "allow-nondistributable-artifacts": (["a b"],),
    "api-cors-header": ("*",),
    "authorization-plugins": ([None],),
    "bip": ("garbage",),
    "bip6": ("garbage",),
    "bridge-accept-fwmark": ("1", "0x1/0xf", "x", "4294967296"),
    "builder": (
        {"gc": {"enabled": "yes"}},
        {"gc": {"defaultKeepStorage": 20}},
        {"gc": {"defaultKeepStorage": "lots"}},
        {"GC": {"Enabled": True}},
        {"gc": {"defaultReservedSpace": 1}},
        {"gc": {"policy": [{"filter": ["until=1h"], "all": True}]}},
        {"gc": {"policy": [{"filter": ["until"]}]}},
        {"gc": {"policy": [{"filter": {"until": {"1h": True}}}]}},
        {"gc": {"policy": [{"filter": "until=1h"}]}},
        {"gc": {"policy": [{"keepStorage": 1}]}},
        {"gc": {"policy": {}}},
        {"gc": None},
        {"entitlements": {"network-host": None}},
        {"entitlements": {"network-host": "true"}},
        {"entitlements": {"device": "true"}},
        {"history": {"maxAge": "1h", "maxEntries": 3}},
        {"history": {"maxAge": 5}},
        {"history": {"maxAge": "5"}},
        {"history": {"maxAge": "soon"}},
        {"history": {"maxEntries": "3"}},
        {"keepDuration": 1},
    ),
    "cluster-store": ("consul://h",),
    "cpu-rt-period": (9223372036854775807, 9223372036854775808),
    "data-root": ("relative", "/with space"),
    "debug": (None,),
    "default-address-pools": (
        [{"base": "10.0.0.0/8", "size": 24}],
        [{"base": "10.0.0.0/8", "size": "24"}],
        [{"base": 10}],
        [None],
        [{"BASE": "10.0.0.0/8", "Size": 24}],
        ["10.0.0.0/8"],
    ),
    "default-cgroupns-mode": ("host", "Private", "none"),
    "default-gateway": ("10.0.0.1", "10.0.0.256", "010.0.0.1", " 10.0.0.1", "fe80::1%eth0", "::ffff:10.0.0.1"),
    "default-ipc-mode": ("private", "shareable", "host", "none", "container:x", "Private"),
    "default-network-opts": ({"bridge": {"mtu": 1}}, {"bridge": None}, {"bridge": {"mtu": None}}, {"bridge": {}}),
    "default-runtime": ("runc", "io.containerd.runc.v2", "missing", "io.containerd.runtime.v1.linux", "/usr/bin/x", "a.b", ".b"),
    "default-shm-size": (
        "64", "64M", "64 M", "64mb", "64MiB", "64Mi", "64  M", " 64M", "64M ", "1.5g", ".5g", "5.g", "1.2.3m", "1e3", "-1", "-0",
        "+1", "x", "m", "1x", "1bb", "1b", "1kib", "1kbi", "10ib", "1e400", "64E", "0", "99999999999p",
    ),
    "default-stop-timeout": (-1,),
    "default-ulimits": (
        {"nofile": None},
        {"nofile": {"name": "nofile", "hard": 1, "soft": 2}},
        {"nofile": {"Name": 1}},
        {"nofile": {"Hard": "1"}},
        {"nofile": {"Hard": 1.0}},
        {"nofile": {"Hard": -1, "Other": "x"}},
        {"nofile": 1024},
    ),
    "dns": (["1.1.1.1", "::1"], ["1.2.3"], [""], [" 1.1.1.1"], ["fe80::1%eth0"], [None], ["1.1.1.1:53"], ["dns.example.com"]),
    "dns-search": (["example.com"], ["."], ["123456"], ["a_b.com"], ["-a.com"], ["a..b"], ["example.com."], [" example.com "], [""],
                   [":a"], ["a:.b"], ["a." * 130 + "b"]),  # fmt: skip
    "exec-opts": (["foo"], ["foo=bar"], ["native.cgroupdriver=none"], [" Native.CgroupDriver = systemd "], ["native.cgroupdriver="],
                  ["isolation=hyperv"]),  # fmt: skip
    "features": ({"buildkit": True}, {"buildkit": "true"}, {"unknown": True}, {"unknown": 1}, {"cdi": None}, {"windows-dns-proxy": True}),
    "fixed-cidr": ("garbage",),
    "fixed-cidr-v6": (
        "2001:db8::/64", "2001:db8::1/64", "2001:db8::", "10.0.0.0/8", "fe80::/64", "fe80::/32", "fe80::1/64", "ff02::/64", "::/0",
        "2001:db8::/129", "garbage", "fe80:0:0:1::/64", "2001:db8::/064",
    ),
    "firewall-backend": ("nft",),
    "graph": ("/x",),
    "host-gateway-ip": ("10.0.0.1", "x", "fe80::1%eth0"),
    "host-gateway-ips": (["10.0.0.1"], ["10.0.0.1", "10.0.0.2"], ["10.0.0.1", "::1"], ["::1", "::2"], ["x"], ["fe80::1%eth0"]),
    "hosts": (["unix:///x"], ["fd://"], ["tcp://127.0.0.1:2375"], ["127.0.0.1"], ["foo://x"], ["tcp://1.2.3.4/path"], [""], ["unix://"],
              ["tcp://"], ["tcp://:0"], ["tcp://h:99999"], ["tcp://[::1]:2375"], ["tcp://[::1"], ["tcp://h:x"], ["npipe:////./pipe/x"],
              ["unix://a://b"], [" unix:///x "], ["tcp://h x"], ["://x"], ["tcp://127.0.0.1:2375/"]),  # fmt: skip
    "insecure-registries": (["-x-"], ["ftp://x"], ["http://x"]),
    "ip": ("0.0.0.0", "localhost"),
    "labels": (["a"], ["a=b"], ["a=1", "a=2"], ["a=1", "a=1"], ["com.docker.x=y"], ["IO.DOCKER.x=y"], ["=x"], [""], ["org.dockerproject.x=y"]),
    "log-driver": ("nosuch",),
    "log-format": ("json", "xml", "JSON"),
    "log-level": ("warn", "warning", "WARN", "verbose", "trace", "panic"),
    "log-opts": ({"max-size": "10m"}, {"max-size": 10}, {"max-file": 3}, {"max-size": None}, {"x": True}, {"max-size": "10x"}, {"a": {"b": "c"}}),
    "max-concurrent-downloads": (-1, 9223372036854775808, 1.0),
    "max-concurrent-uploads": (-1,),
    "max-download-attempts": (-1, 1),
    "min-api-version": ("9.99",),
    "mtu": (-1, 65536),
    "network-control-plane-mtu": (-1,),
    "network-diagnostic-port": (-1, 65535, 65536),
    "node-generic-resources": (["foo"], ["a=b"], ["a=b=c"], ["a=1", "a=2"], ["a=-1"], ["a=b", "a=c"], ["a=b", "a=1"], ["="], [" a = 1 "]),
    "nri-opts": ({"bogus": 1}, {"debug": True}, {"enable": 1}),
    "oom-score-adjust": (-500,),
    "proxies": (
        {"http-proxy": "http://x"}, {"http-proxy": 1}, {"https-proxy": None}, {"all-proxy": "x"}, {"debug": True}, {"HTTP-PROXY": "x"},
        {"no-proxy": ["a"]},
    ),
    "registry-mirrors": (["https://m"], ["m.example.com"], ["ftp://m"], ["https://m?x"], ["https://m#x"], ["https://u:p@m"], ["https://m/path"],
                         ["m:5000"], ["://m"], [""], ["https://"], ["http://m:x"]),  # fmt: skip
    "restart": ("x", False),
    "runtimes": (
        {"runc": {"path": "/x"}}, {"x": {}}, {"x": None}, {"x": {"path": 1}}, {"x": {"path": "/x", "runtimeArgs": ["a"]}},
        {"x": {"runtimeArgs": "a"}}, {"x": {"runtimeType": "a.b.c", "options": {"a": 1}}}, {"x": {"options": "a"}}, {"x": {"path": "/x", "args": 1}},
    ),
    "seccomp-profile": ("/nope",),
    "shutdown-timeout": (-1, 1e3),
    "storage-driver": ("nosuch",),
    "storage-opts": (["x"],),
    "tls": (True,),
    "tlsverify": (True, False),
    "userland-proxy-path": ("docker-proxy", "/usr/bin/env"),
    "userns-remap": ("a:b:c",),
}  # fmt: skip

# Several options together, unknown names, nesting.
DOCUMENTS: Final[tuple[Any, ...]] = (
    {},
    {"Debug": True},
    {"DATA-ROOT": "/x"},
    {"nosuch": 1},
    {"nosuch": None},
    {"": 1},
    {"nosuch": {}},
    {"nosuch": {"debug": True}},
    {"nosuch": {"debug": "x"}},
    {"nosuch": {"a": 1}},
    {"nosuch": {"live-restore": True, "a": 1}},
    {"nosuch": {"debug": {"a": 1}}},
    {"logging": {"log-driver": "local"}},
    {"log-opt": {"max-size": "10m"}},
    {"log-opt": ["max-size=10m"]},
    {"debug": {}},
    {"labels": {}},
    {"Labels": {}},
    {"Proxies": {"http-proxy": "x"}},
    {"Proxies": {"http-proxy": 1}},
    {"Log-Opts": {}},
    {"LOG-OPTS": {"debug": True}},
    {"containerd-plugin-namespace": "x"},
    {"containerd-plugin-namespace": {}},
    {"default-init": "x"},
    {"resolv-conf": "/x"},
    {"resolv-conf": {}},
    {"swarm-raft-heartbeat-tick": 1},
    {"swarm-raft-election-tick": {}},
    {"host-gateway-ip": "10.0.0.1", "host-gateway-ips": ["10.0.0.1"]},
    {"host-gateway-ip": None, "host-gateway-ips": None},
    {"graph": "/a", "data-root": "/b"},
    {"graph": "", "data-root": "/b"},
    {"bridge": "br0", "bip": "10.0.0.1/24"},
    {"icc": False, "iptables": False},
    {"default-runtime": "x", "runtimes": {"x": {"path": "/x"}}},
    {"default-runtime": "y", "runtimes": {"x": {"path": "/x"}}},
    {"userland-proxy": False, "userland-proxy-path": "docker-proxy"},
    {"userland-proxy": True},
    {"x": {"userland-proxy": False}, "userland-proxy-path": "docker-proxy"},
    {"tls": True, "tlscert": "/nonexistent/cert.pem"},
    {"tls": False, "tlsverify": None},
    {"x": {"tlsverify": True}},
    {"x": {"tls": True}},
    {"tls": None},
    {"userns-remap": "a:b:c", "features": {"containerd-snapshotter": True}},
    {"cluster-store": "", "cluster-store-opts": {}},
    {"log-driver": "journald", "log-opts": {"max-size": "10m"}},
    {"H": ["fd://"]},
    {"data-root": "/x", "debug": True, "log-opts": {"max-size": "1m", "max-file": "2"}, "live-restore": True},
)

_UNIT: Final = ("-H", "fd://", "--containerd=/run/containerd/containerd.sock")

# Flags beside a file: packaged units, shorthands, lists, maps, switches.
WITH_FLAGS: Final[tuple[tuple[Any, tuple[str, ...]], ...]] = (
    ({}, _UNIT),
    ({"hosts": ["fd://"]}, _UNIT),
    ({"hosts": []}, _UNIT),
    ({"hosts": None}, _UNIT),
    ({"containerd": "/run/containerd/containerd.sock"}, _UNIT),
    ({"x": {"containerd": "y"}}, _UNIT),
    ({"data-root": "/x"}, ("--data-root", "/y")),
    ({"data-root": "/x"}, ("--data-root=/x",)),
    ({"debug": True}, ("-D",)),
    ({"debug": True}, ("--debug=false",)),
    ({"debug": True, "log-level": "info"}, ("-Dl", "debug")),
    ({"log-level": "info"}, ("-D",)),
    ({"log-opts": {"max-size": "1m"}}, ("--log-opt", "max-file=2")),
    ({"log-opt": []}, ("--log-opt", "max-file=2")),
    ({"log-driver": "local"}, ("--log-opt", "max-file=2")),
    ({"labels": ["a=b"]}, ("--label", "a=b")),
    ({"dns": ["1.1.1.1"]}, ("--dns=1.1.1.1",)),
    ({"dns-opts": ["a"]}, ("--dns-opt=a",)),
    ({"runtimes": {"x": {"path": "/x"}}}, ("--add-runtime", "y=/y")),
    ({"default-runtime": "y"}, ("--add-runtime", "y=/y")),
    ({"live-restore": True}, ("--live-restore",)),
    ({"x": {"live-restore": True}}, ("--live-restore",)),
    ({"storage-driver": "overlay2"}, ("-s", "overlay2")),
    ({"storage-opts": []}, ("--storage-opt", "overlay2.size=1G")),
    ({"group": "docker"}, ("-Gdocker",)),
    ({"bridge": "none"}, ("-b=none",)),
    ({"pidfile": "/x"}, ("-p", "/y")),
    ({"insecure-registries": ["a"]}, ("--insecure-registry=b",)),
    ({"registry-mirrors": ["https://a"]}, ("--registry-mirror=https://b",)),
    ({"exec-opts": ["native.cgroupdriver=systemd"]}, ("--exec-opt", "native.cgroupdriver=systemd")),
    ({"default-address-pools": []}, ("--default-address-pool", "base=10.0.0.0/8,size=24")),
    ({"default-ulimits": {}}, ("--default-ulimit", "nofile=1:1")),
    ({"node-generic-resources": []}, ("--node-generic-resource", "a=b")),
    ({"host-gateway-ip": "10.0.0.1"}, ("--host-gateway-ip", "10.0.0.1")),
    ({"userland-proxy-path": "relative"}, ("--userland-proxy=false",)),
    ({"tlscert": "/x"}, ("--tlscert=/y",)),
    ({"icc": False}, ("--icc=false",)),
    ({"mtu": 1400}, ("--icc=false", "--mtu", "1500")),
    ({"shutdown-timeout": 3}, ("--shutdown-timeout", "3")),
)  # fmt: skip

# The file itself.
FILES: Final[Mapping[str, bytes]] = {
    "empty": b"",
    "blank": b" \n\t\r\n",
    "null": b"null",
    "null with space": b" null \n",
    "array": b"[]",
    "string": b'"x"',
    "number": b"1",
    "comment": b'{"debug": true} // x',
    "comment inside": b'{/* x */"debug": true}',
    "trailing comma": b'{"debug": true,}',
    "single quotes": b"{'debug': true}",
    "bare word": b"{debug: true}",
    "unclosed": b'{"debug": true',
    "missing comma": b'{"debug": true "icc": true}',
    "python constants": b'{"debug": True}',
    "nan": b'{"mtu": NaN}',
    "leading zero": b'{"mtu": 01500}',
    "plus": b'{"mtu": +1500}',
    "exponent": b'{"mtu": 15e2}',
    "minus zero": b'{"mtu": -0}',
    "fraction": b'{"mtu": 1500.0}',
    "tab in string": b'{"data-root": "a\tb"}',
    "escape": b'{"data-root": "a\\u0041"}',
    "bad escape": b'{"data-root": "a\\x41"}',
    "escaped key": b'{"d\\u0065bug": true}',
    "UTF-8": '{"labels": ["a=ä"]}'.encode(),
    "UTF-8 mark": b'\xef\xbb\xbf{"debug": true}',
    "UTF-8 mark only": b"\xef\xbb\xbf",
    "UTF-16 LE mark": b"\xff\xfe" + '{"debug": true}'.encode("utf-16-le"),
    "UTF-16 BE mark": b"\xfe\xff" + '{"debug": true}'.encode("utf-16-be"),
    "UTF-16 without mark": '{"debug": true}'.encode("utf-16-le"),
    "CRLF": b'{\r\n"debug": true\r\n}\r\n',
    "form feed": b'{"debug": true}\f',
    "no-break space": '{"debug":\u00a0true}'.encode(),
    "trailing text": b'{"debug": true} x',
    "second document": b"{}{}",
    "trailing NUL": b"{}\x00",
    "duplicate key": b'{"debug": true, "debug": false}',
    "duplicate key of another type": b'{"debug": 1, "debug": false}',
    "duplicate nested key": b'{"log-opts": {"max-size": "1m", "max-size": "2m"}}',
    "invalid UTF-8": b'{"data-root": "a\xff"}',
    "lone surrogate": b'{"data-root": "a\\ud800"}',
    "huge number": b'{"mtu": 1e400}',
    "HTML": b"<!DOCTYPE html>",
    "deep": b'{"x": ' + b"[" * 300 + b"]" * 300 + b"}",
}


def cases() -> list[Case]:
    """Return every case once; their names are all different."""
    return list({case.name: case for case in _cases()}.values())


def _cases() -> Iterator[Case]:
    for key, known in options().items():
        yield from _of_option(key, known)
    for key, values in VALUES.items():
        for value in values:
            yield _case({key: value})
    for document in DOCUMENTS:
        yield _case(document)
    for document, flags in WITH_FLAGS:
        yield _case(document, flags)
    for name, data in FILES.items():
        yield Case(name, data)


def _of_option(key: str, known: Option) -> Iterator[Case]:
    yield _case({key: known.examples[0] if known.examples else known.default})
    if not known.is_decoded:
        return  # any value goes: one is enough
    yield _case({key: None})
    yield _case({key: _EMPTY[known.type]})
    for value in _WRONG[known.type][: 3 if known.type in {"array", "object"} else 2]:
        yield _case({key: value})


def _case(document: Any, flags: tuple[str, ...] = ()) -> Case:
    text = json.dumps(document, ensure_ascii=False)
    only = next(iter(document)) if len(document) == 1 and not flags else ""
    return Case(" ".join((text, *flags)), text.encode(), flags, only)
