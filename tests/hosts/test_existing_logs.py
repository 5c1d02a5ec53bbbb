"""Log options given to existing containers, on real hosts of every kind: they count, and they are taken back."""

import json
from typing import Any

import pytest

from tests.hosts.harness import VARIANTS, Host
from tests.hosts.test_jobs import answer

# 100 kB at once, and a line now and then
LINE = "x" * 100
WRITER = f"i=0; while [ $i -lt 1000 ]; do echo {LINE}; i=$((i+1)); done; echo kept > /kept; while :; do echo {LINE}; sleep 0.01; done"
SIZE, COUNT = 20_000, 2
# one write more than the limit: a line as json-file writes it
LARGEST_WRITE = 400
LIMITS = ("--max-size", "20k", "--max-file", str(COUNT))
FOLDER = "/var/lib/docker/containers"


def start_writer(host: Host, name: str, *options: str) -> str:
    return host.docker(
        *("run", "--detach", "--name", name, "--stop-signal=KILL", *options, "busybox:1", "sh", "-c", WRITER)
    )


def inspected(host: Host, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(host.docker("inspect", name))[0]
    return found


def log_config(host: Host, name: str) -> dict[str, Any]:
    found: dict[str, Any] = inspected(host, name)["HostConfig"]["LogConfig"]
    return found


def record(host: Host, one: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(host.read(f"{FOLDER}/{one}/hostconfig.json"))
    return found


def log_bytes(host: Host, one: str) -> int:
    """Return how much all files of a container's log hold."""
    return int(host.shell(f"cat {FOLDER}/{one}/{one}-json.log* | wc -c"))


def invocation(host: Host) -> str:
    return host.systemctl("show", "--property=InvocationID", "--value", "docker.service")


@pytest.mark.parametrize("variant", VARIANTS)
def test_containers_created_before_are_limited_and_unlimited_again(host: Host, variant: str) -> None:
    assert variant
    ids = {
        name: start_writer(host, name, f"--restart={policy}")
        for name, policy in (("always", "always"), ("never", "no"))
    }
    idle = host.docker("create", "--name", "idle", "busybox:1", "true")
    other = host.docker("create", "--name", "other", "--log-driver=none", "busybox:1", "true")
    for one in ids.values():
        host.wait_for(lambda one=one: log_bytes(host, one) > 3 * SIZE, what="a large log")  # type: ignore[misc]
    before = {one: record(host, one) for one in (*ids.values(), idle, other)}
    mode = host.shell(f"stat -c %a%u%g {FOLDER}/{idle}/hostconfig.json")

    planned = answer(host, "set-logs", *LIMITS, "--existing", "--dry-run")
    assert [row["name"] for row in planned["data"]["containers"]] == ["always", "idle", "never"]
    assert {one: record(host, one) for one in before} == before
    stopped = answer(host, "set-logs", *LIMITS, "--existing", "--yes")

    assert [row["reason"] for row in stopped["data"]["left_alone"]] == ["other-driver"]
    given = {"max-size": "20k", "max-file": str(COUNT)}
    for name, one in ids.items():
        assert inspected(host, name)["Id"] == one
        assert log_config(host, name)["Config"] == given
        assert host.docker("exec", name, "cat", "/kept") == "kept"
        host.wait_for(
            lambda one=one: log_bytes(host, one) <= COUNT * (SIZE + LARGEST_WRITE),  # type: ignore[misc]
            what="the log to be within its limit",
        )
    for one, was in before.items():
        now = record(host, one)
        assert now.pop("LogConfig") == (
            {"Type": "json-file", "Config": given} if one != other else was["LogConfig"]
        )
        assert now == {key: value for key, value in was.items() if key != "LogConfig"}
    assert host.shell(f"stat -c %a%u%g {FOLDER}/{idle}/hostconfig.json") == mode
    run = invocation(host)
    again = answer(host, "set-logs", *LIMITS, "--existing", "--yes")
    assert (again["changed"], again["data"]["containers"]) == (False, [])
    assert invocation(host) == run

    # somebody else's containers come and go until it is taken back
    host.docker("rm", "idle")
    host.systemctl("reset-failed", "docker.service", check=False)
    answer(host, "rollback", "--yes")
    for name, one in ids.items():
        assert inspected(host, name)["Id"] == one
        assert inspected(host, name)["State"]["Running"]
        assert log_config(host, name)["Config"] == {}
        assert host.docker("exec", name, "cat", "/kept") == "kept"
        host.wait_for(
            lambda one=one: log_bytes(host, one) > COUNT * (SIZE + LARGEST_WRITE),  # type: ignore[misc]
            what="the log to grow without limit",
        )
    assert not host.exists("/etc/docker/daemon.json") or "log-opts" not in host.read(
        "/etc/docker/daemon.json"
    )


def test_containers_that_outlast_the_stop_are_limited_without_being_restarted(host: Host) -> None:
    host.write("/etc/docker/daemon.json", '{"live-restore": true}\n')
    host.systemctl("restart", "docker.service")
    one = start_writer(host, "writer", "--rm")
    host.wait_for(lambda: log_bytes(host, one) > 3 * SIZE, what="a large log")
    pid = inspected(host, "writer")["State"]["Pid"]

    answer(host, "set-logs", *LIMITS, "--existing", "--yes")

    assert inspected(host, "writer")["State"]["Pid"] == pid
    host.wait_for(
        lambda: log_bytes(host, one) <= COUNT * (SIZE + LARGEST_WRITE), what="the log to be within its limit"
    )
    host.systemctl("reset-failed", "docker.service", check=False)
    answer(host, "rollback", "--yes")
    assert inspected(host, "writer")["State"]["Pid"] == pid
    assert log_config(host, "writer")["Config"] == {}
