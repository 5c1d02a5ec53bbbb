"""What a daemon.json depends on beside Docker: found on the host that is asked about, and on no other."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dockerd_cfg.host.surroundings import surroundings
from dockerd_cfg.paths import Layout


def put(path: Path, text: str = "", *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


@contextmanager
def without_roots_rights() -> Iterator[None]:
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("/opt/bin/runsc", True),
        ("crun", True),
        ("runsc", False),
        ("/usr/bin/env", False),
        ("/etc/passwd", False),
        ("/opt/bin", False),
    ],
)
def test_a_program_is_a_file_that_can_be_run_where_it_is_said_or_where_services_look(
    tmp_path: Path, name: str, is_there: bool
) -> None:
    put(tmp_path / "opt/bin/runsc", mode=0o755)
    put(tmp_path / "usr/bin/crun", mode=0o755)
    put(tmp_path / "etc/passwd")

    assert surroundings(Layout(tmp_path)).has_program(name) is is_there


@pytest.mark.parametrize("what", ["has_program", "has_file"])
def test_what_lies_where_only_root_may_look_may_be_there(tmp_path: Path, what: str) -> None:
    put(tmp_path / "opt/bin/runsc", mode=0o755)
    (tmp_path / "opt/bin").chmod(0)
    found = surroundings(Layout(tmp_path))

    with without_roots_rights():
        assert getattr(found, what)("/opt/bin/other")


@pytest.mark.parametrize("what", ["has_program", "has_file"])
def test_nothing_is_at_a_path_that_is_too_long(tmp_path: Path, what: str) -> None:
    assert not getattr(surroundings(Layout(tmp_path)), what)(f"/{'x' * 5000}")


@pytest.mark.parametrize("name", ["./runsc", "bin/runsc", "/opt/../bin/runsc"])
def test_a_path_that_is_not_plain_is_not_judged(tmp_path: Path, name: str) -> None:
    assert surroundings(Layout(tmp_path)).has_program(name)


def test_the_kernels_limit_is_read(tmp_path: Path) -> None:
    put(tmp_path / "proc/sys/fs/nr_open", "1048576\n")

    assert surroundings(Layout(tmp_path)).most_open_files == 1048576


def test_the_real_time_to_share_out_is_read(tmp_path: Path) -> None:
    put(tmp_path / "sys/fs/cgroup/cpu/cpu.rt_runtime_us", "950000\n")

    assert surroundings(Layout(tmp_path)).most_realtime == 950000


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    found = surroundings(Layout(tmp_path))

    assert (found.most_open_files, found.lacks_realtime) == (None, False)
    assert (found.interfaces, found.filesystem("/var/lib/docker")) == (None, None)


@pytest.mark.parametrize(
    ("name", "lacks"),
    [("cpu/cpu.rt_runtime_us", False), ("cpu/cpu.shares", True), ("cgroup.controllers", True)],
    ids=["real time shared out", "a kernel without", "cgroup v2"],
)
def test_control_groups_share_out_real_time_or_not(tmp_path: Path, name: str, lacks: bool) -> None:
    put(tmp_path / "sys/fs/cgroup" / name)

    assert surroundings(Layout(tmp_path)).lacks_realtime is lacks


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("/etc/docker/profile.json", True),
        ("/etc/link.json", True),
        ("/etc/docker", False),
        ("/etc/docker/other.json", False),
        ("/etc/docker/profile.json/more", False),
        ("profile.json", True),
        ("/etc/../other.json", True),
    ],
)
def test_a_file_is_looked_for_inside_the_root_and_what_is_not_plain_not_at_all(
    tmp_path: Path, name: str, is_there: bool
) -> None:
    put(tmp_path / "etc/docker/profile.json")
    (tmp_path / "etc/link.json").symlink_to("/etc/docker/profile.json")

    assert surroundings(Layout(tmp_path), is_running=False).has_file(name) is is_there


def test_a_link_to_a_program_does_not_lead_out_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/crun").symlink_to("/bin/sh")

    assert not surroundings(Layout(tmp_path)).has_program("crun")


@pytest.mark.parametrize(
    "path",
    ["etc/docker/plugins/opa.spec", "etc/docker/plugins/opa/opa.json", "usr/lib/docker/plugins/opa.spec"],
)
def test_a_plugin_is_there_when_a_file_tells_where_it_listens(tmp_path: Path, path: str) -> None:
    put(tmp_path / path)
    found = surroundings(Layout(tmp_path))

    assert found.has_plugin("opa", "/var/lib/docker")
    assert not found.has_plugin("opb", "/var/lib/docker")


def test_a_plugin_is_there_when_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run/docker/plugins"
    put(folder / "file.sock")
    monkeypatch.chdir(folder)  # the name of a socket must not be long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("opa.sock")
    found = surroundings(Layout(tmp_path))

    assert found.has_plugin("opa", "/var/lib/docker")
    assert not found.has_plugin("file", "/var/lib/docker")


@pytest.mark.parametrize("name", ["", "../opa", "/opa"])
def test_a_plugin_of_a_name_that_is_not_plain_is_not_judged(tmp_path: Path, name: str) -> None:
    assert surroundings(Layout(tmp_path)).has_plugin(name, "/var/lib/docker")


def test_a_plugin_that_docker_manages_could_be_any(tmp_path: Path) -> None:
    put(tmp_path / "mnt/docker/plugins" / ("a1" * 32) / "config.json")
    put(tmp_path / "var/lib/docker/plugins/storage/ingest")
    found = surroundings(Layout(tmp_path))

    assert found.has_plugin("opa", "/mnt/docker")
    assert not found.has_plugin("opa", "/var/lib/docker")


def test_plugins_of_a_root_that_does_not_run_are_not_judged(tmp_path: Path) -> None:
    assert surroundings(Layout(tmp_path), is_running=False).has_plugin("opa", "/var/lib/docker")


def test_the_network_interfaces_are_read(tmp_path: Path) -> None:
    put(tmp_path / "sys/class/net/br0/ifindex")

    assert surroundings(Layout(tmp_path)).interfaces == frozenset({"br0"})
    assert surroundings(Layout(tmp_path), is_running=False).interfaces is None


FIB = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /32 link BROADCAST
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.7
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
"""
INET6 = "20010db8000000000000000000000007 02 40 00 80     eth0\n"


@pytest.mark.parametrize(
    ("address", "is_there"),
    [
        ("192.0.2.7", True),
        ("127.0.0.53", True),
        ("0.0.0.0", True),  # noqa: S104 - nothing listens there
        ("::", True),
        ("2001:db8::7", True),
        ("::ffff:192.0.2.7", True),
        ("localhost", True),
        ("", True),
        ("192.0.2.8", False),
        ("192.0.2.255", False),
        ("2001:db8::8", False),
        ("::ffff:192.0.2.8", False),
    ],
)
def test_the_hosts_own_addresses_are_read(tmp_path: Path, address: str, *, is_there: bool) -> None:
    put(tmp_path / "proc/net/fib_trie", FIB)
    put(tmp_path / "proc/net/if_inet6", INET6)

    assert surroundings(Layout(tmp_path)).has_address(address) is is_there
    assert surroundings(Layout(tmp_path), is_running=False).has_address(address)
    put(tmp_path / "proc/sys/net/ipv4/ip_nonlocal_bind", "1\n")
    put(tmp_path / "proc/sys/net/ipv6/ip_nonlocal_bind", "1\n")
    assert surroundings(Layout(tmp_path)).has_address(address)


def test_addresses_that_cannot_be_read_are_not_judged(tmp_path: Path) -> None:
    assert surroundings(Layout(tmp_path)).has_address("192.0.2.8")
    assert surroundings(Layout(tmp_path)).has_address("2001:db8::8")


def test_the_addresses_of_this_machine_are_found() -> None:
    assert surroundings(Layout(Path("/"))).has_address("127.0.0.1")
    assert not surroundings(Layout(Path("/"))).has_address("198.51.100.77")


def test_the_file_system_of_a_path_is_that_of_its_mount(tmp_path: Path) -> None:
    put(
        tmp_path / "proc/self/mountinfo",
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /mnt rw - xfs /dev/sdb1 rw,prjquota\n",
    )
    (tmp_path / "data").symlink_to("/mnt/data")
    found = surroundings(Layout(tmp_path))

    assert [found.filesystem(path) for path in ("/var/lib/docker", "/mnt/x", "/data", "data")] == [
        "ext4", "xfs", "xfs", None,
    ]  # fmt: skip
