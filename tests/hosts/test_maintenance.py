"""Pruning on real hosts: what goes is what was told, what is in use, young, labelled or named stays, the timer comes and goes."""

import json
from typing import Any

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.harness import Host
from tests.hosts.test_jobs import answer

VARIANTS = ("docker20", "docker28", "docker28-containerd")
SERVICE = "dockerd-cfg-maintenance.service"
TIMER = "dockerd-cfg-maintenance.timer"
AGE = 10


def contents(host: Host) -> dict[str, set[str]]:
    """Return what Docker keeps, by kind."""
    asked = {
        "container": ("ps", "--all", "--format", "{{.Names}}"),
        "image": ("images", "--all", "--quiet", "--no-trunc"),
        "network": ("network", "ls", "--quiet", "--no-trunc"),
        "volume": ("volume", "ls", "--quiet"),
    }
    return {kind: set(host.docker(*argv).split()) for kind, argv in asked.items()}


def told(found: dict[str, Any], kind: str) -> set[str]:
    """Return the names (of containers) or ids of what an answer says goes."""
    by = "name" if kind == "container" else "id"
    return {item[by] for item in found["data"]["items"] if item["kind"] == kind}


def traces(host: Host) -> str:
    """Return all that systemd keeps of the timer."""
    found = host.shell("find /etc/systemd /var/lib/systemd /run/systemd -name '*dockerd-cfg-maint*' || :")
    return found + host.systemctl("list-units", "--all", "--no-legend", "dockerd-cfg-maint*", check=False)


def make_things(host: Host) -> None:
    """Make what goes and what stays: in use, labelled, named."""
    host.docker("tag", "web:1", "other/web:2")  # a name more, in another repository: Docker would want force
    host.docker("network", "create", "unused")
    host.docker("network", "create", "of-stopped")
    host.docker("volume", "create", "named")
    host.docker("run", "--name", "old", "busybox:1", "dd", "if=/dev/zero", "of=/zeros", "bs=1M", "count=3")
    host.docker("create", "--name", "never", "--volume", "/anonymous", "--network", "unused", "busybox:1")
    host.docker(
        *("create", "--name", "kept", "--label", "dockerd-cfg.keep", "--network", "of-stopped", "app:1"),
    )
    host.docker("create", "--name", "always", "--restart", "always", "busybox:1")
    host.docker("run", "--detach", "--name", "runs", "--volume", "/anonymous", "busybox:1", "sleep", "999")


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param("docker20", marks=pytest.mark.long),
        "docker28",
        pytest.param("docker28-containerd", marks=pytest.mark.long),
    ],
)
def test_the_timers_service_prunes_what_a_dry_run_told_and_leaves_no_trace_when_disabled(
    boot_host: BootHost, variant: str
) -> None:
    host = boot_host(variant)
    assert traces(host) == ""
    make_things(host)

    # the timer, the same again, another one
    assert answer(host, "maintenance", "enable")["changed"]
    assert not answer(host, "maintenance", "enable")["changed"]
    assert answer(host, "maintenance", "enable", "--older-than", f"{AGE}s", "--volumes")["changed"]
    assert (
        "unknown"
        in answer(host, "maintenance", "enable", "--schedule", "unknown", code=2)["error"]["message"]
    )
    assert host.is_active(TIMER)
    assert host.run("systemd-analyze", "verify", f"/etc/systemd/system/{TIMER}", check=False).stderr == ""
    status = answer(host, "maintenance", "status")["data"]
    assert (status["state"], status["runs"]) == ("on", [])
    assert status["next_run"]

    # what is young stays, whatever its image's age: one that was built long ago and comes only now
    host.shell("docker save busybox:1 | docker load >/dev/null; sleep 10")
    host.docker("run", "--name", "young", "busybox:1", "true")
    before = contents(host)
    would = answer(host, "maintenance", "run", "--dry-run")
    assert contents(host) == before
    assert told(would, "container") == {"old", "never"}
    assert len(told(would, "volume")) == 1
    assert would["data"]["bytes"] > 3_000_000

    host.systemctl("start", SERVICE)
    after = contents(host)
    for kind in before:
        assert before[kind] - after[kind] == told(would, kind), kind
        assert not after[kind] - before[kind]
    assert after["container"] == {"kept", "always", "runs", "young"}
    assert "named" in after["volume"]
    (past,) = answer(host, "maintenance", "status")["data"]["runs"]
    assert past["freed"] == would["data"]["bytes"]
    assert past["problem"] is None
    assert host.shell("stat -c %a /var/lib/dockerd-cfg/maintenance.json") == "600"
    # all that stayed still works: the container's network too, which Docker's own prune takes away
    host.docker("start", "kept", "always", "young", "runs")

    # without Docker: told, and Docker stays as it is
    host.systemctl("stop", "docker.socket", "docker.service")
    assert "does not run" in answer(host, "maintenance", "run", code=4)["error"]["message"]
    host.systemctl("start", SERVICE)
    assert not host.is_active("docker")
    assert answer(host, "maintenance", "status")["data"]["state"] == "on"

    assert answer(host, "maintenance", "disable")["changed"]
    assert not answer(host, "maintenance", "disable")["changed"]
    assert traces(host) == ""


def test_the_timer_outlives_a_reboot_and_is_given_back_by_a_rollback(host: Host) -> None:
    answer(host, "maintenance", "enable", "--schedule", "weekly")
    host.reboot()
    assert host.is_active(TIMER)
    assert answer(host, "maintenance", "status")["data"]["state"] == "on"

    answer(host, "maintenance", "enable", "--schedule", "Sun 04:00", "--keep-label", "stage=production")
    assert "OnCalendar=Sun 04:00" in host.read(f"/etc/systemd/system/{TIMER}")
    answer(host, "rollback")
    assert "OnCalendar=weekly" in host.read(f"/etc/systemd/system/{TIMER}")
    assert host.is_active(TIMER)
    answer(host, "maintenance", "disable")
    answer(host, "rollback")
    assert (host.is_active(TIMER), host.systemctl("is-enabled", TIMER)) == (True, "enabled")

    # what somebody else wrote stays
    host.shell(f"echo '# mine' >> /etc/systemd/system/{SERVICE}")
    assert "edited" in answer(host, "maintenance", "disable", code=4)["error"]["message"]
    assert "edited" in answer(host, "maintenance", "enable", code=4)["error"]["message"]
    assert answer(host, "maintenance", "status")["data"]["edited"] == [f"/etc/systemd/system/{SERVICE}"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_image_built_long_ago_that_came_just_now_is_kept_and_the_build_cache_goes(
    boot_host: BootHost, variant: str
) -> None:
    host = boot_host(variant)
    host.shell("docker save app:1 > /root/app.tar; docker rmi app:1; docker load < /root/app.tar; sleep 1")
    host.write(
        "/root/build/Dockerfile",
        "FROM busybox:1\nCOPY Dockerfile /\nRUN dd if=/dev/zero of=/z bs=1M count=3\n",
    )
    host.run("python3", "-c", BUILD, timeout=60)

    found = answer(host, "maintenance", "run", "--older-than", "30s", "--dry-run")
    assert "app:1" not in {item["name"] for item in found["data"]["items"]}
    assert found["data"]["kept"]["too_young"] >= 1

    # the built image holds a part of the cache; once it is gone, all the rest goes with one run
    host.shell("docker rmi built:1; sleep 10")
    would = answer(host, "maintenance", "run", "--older-than", "10s", "--dry-run")
    done = answer(host, "maintenance", "run", "--older-than", "10s")
    print(
        would["data"],
        done["data"],
        host.shell("curl -s --unix-socket /run/docker.sock http://d/system/df?type=build-cache || :"),
    )
    assert told(would, "build-cache") == told(done, "build-cache") != set()
    assert would["data"]["bytes"] == done["data"]["bytes"]
    assert json.loads(host.read("/var/lib/dockerd-cfg/maintenance.json"))["runs"][0]["freed"] > 3_000_000


# `docker build` with BuildKit needs a plugin that the hosts have not: the API does not
BUILD = """
import io, socket, tarfile
data = io.BytesIO()
with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as archive:
    archive.add("/root/build/Dockerfile", "Dockerfile")
body = data.getvalue()
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect("/run/docker.sock")
    head = "POST /build?version=2&t=built:1 HTTP/1.0\\r\\nHost: localhost\\r\\nContent-Type: application/x-tar\\r\\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\\r\\n\\r\\n".encode() + body)
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
assert b" 200 " in answer.splitlines()[0] and b"errorDetail" not in answer, answer
"""
