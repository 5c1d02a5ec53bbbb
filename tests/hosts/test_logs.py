"""Container logs and disk usage on real hosts: what is told agrees with Docker and du, and trim breaks no log."""

import json
import re
from typing import Any

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.harness import Host
from tests.hosts.test_jobs import answer

WRITER = "i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i {filler}; done; {then}"
FILLER = "x" * 100


def start(host: Host, name: str, *options: str, lines: int = 5000, then: str = "exec sleep 1000") -> None:
    script = WRITER.format(lines=lines, filler=FILLER, then=then)
    host.docker(
        *("run", "--detach", "--name", name, "--network", "none", "--stop-signal=KILL", *options),
        *("busybox:1", "sh", "-c", script),
    )


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"(?m)^line (\d+) ", text)]


def row_of(told: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = [row for row in told["data"]["containers"] if row["name"] == name]
    return dict(row)


def du(host: Host, path: str) -> int:
    return int(host.run("du", "-xs", "-B1", path).stdout.split()[0])


def wait_for_lines(host: Host, name: str, last: int) -> None:
    host.wait_for(
        lambda: last in numbers(host.docker("logs", "--tail", "1", name)), what=f"the log of {name}"
    )


@pytest.mark.parametrize("variant", ["docker20", "docker26", "docker28"])
def test_logs_are_told_and_trimmed_and_go_on(boot_host: BootHost, variant: str) -> None:
    host = boot_host(variant)
    start(host, "running")
    start(host, "limited", "--log-opt", "max-size=50k", "--log-opt", "max-file=3")
    start(host, "ended", "--label", "com.docker.compose.project=shop", then="true")
    for name in ("running", "limited", "ended"):
        wait_for_lines(host, name, 5000)
    host.wait_for(lambda: "ended" not in host.docker("ps", "--format", "{{.Names}}"), what="its end")
    inspected = json.loads(host.docker("inspect", "limited", "ended", "running"))
    limited, ended, running = (one["LogPath"] for one in inspected)
    host.write(f"{limited}.7", "left by a larger max-file\n" * 1000)

    told = answer(host, "logs")
    assert row_of(told, "limited")["limit_bytes"] == 150_000
    assert row_of(told, "limited")["rotated_bytes"] > 0
    assert (row_of(told, "limited")["fix"], row_of(told, "running")["fix"]) == ("trim", "existing")
    assert row_of(told, "ended")["compose"] == "shop"
    assert [row_of(told, name)["is_running"] for name in ("running", "ended")] == [True, False]

    before = host.run("sha256sum", running, limited).stdout
    done = answer(host, "logs", "trim", "--max-size", "100k", "--yes")
    assert done["data"]["freed_bytes"] > 500_000
    assert not host.exists(f"{limited}.7")
    assert [(one["name"], one["why"]) for one in done["data"]["left"]] == [("running", "runs")]
    assert host.run("sha256sum", running, limited).stdout == before
    assert not answer(host, "logs", "trim", "--max-size", "100k", "--yes")["changed"]

    # read from its front, from its end, and written on
    kept = numbers(host.docker("logs", "ended"))
    assert 300 < len(kept) < 1000
    assert kept == list(range(kept[0], 5001))
    assert numbers(host.docker("logs", "--tail", "3", "ended")) == [4998, 4999, 5000]
    host.docker("start", "ended")
    wait_for_lines(host, "ended", 5000)
    host.wait_for(
        lambda: numbers(host.docker("logs", "ended")).count(5000) == 2, what="the second run's lines"
    )
    assert numbers(host.docker("logs", "ended")) == [*kept, *range(1, 5001)]
    assert host.run("stat", "-c", "%s", ended).stdout != "0"

    # by another program it is followed: left alone
    host.wait_for(lambda: "ended" not in host.docker("ps", "--format", "{{.Names}}"), what="its end")
    shipper = f"tail -f {ended} > /dev/null 2>&1 & echo $! > /run/shipper; sleep 0.3"
    host.shell(shipper)
    left = answer(host, "logs", "trim", "ended", "--max-size", "100k", "--yes")["data"]["left"]
    assert [one["why"] for one in left] == ["open"]
    host.shell("kill $(cat /run/shipper)")

    host.systemctl("stop", "docker.socket", "docker.service")
    down = answer(host, "logs")
    assert not down["data"]["docker"]
    assert row_of(down, "running")["grown_bytes"] == 0
    answer(host, "logs", "trim", "running", "--max-size", "100k", "--yes")
    host.systemctl("start", "docker.service")
    assert numbers(host.docker("logs", "--tail", "2", "running")) == [4999, 5000]
    assert numbers(host.docker("logs", "running"))[-1] == 5000


@pytest.mark.parametrize("variant", ["docker20", "docker28", "docker28-containerd"])
def test_usage_agrees_with_du_and_with_docker(boot_host: BootHost, variant: str) -> None:
    host = boot_host(variant)
    writing = (
        "dd if=/dev/zero of=/written bs=1M count=3; dd if=/dev/zero of=/data/x bs=1M count=2; exec sleep 1000"
    )
    for name in ("one", "two"):
        host.docker(
            *("run", "--detach", "--name", name, "--network", "none", "--stop-signal=KILL"),
            *("--volume", f"{name}:/data", "busybox:1", "sh", "-c", writing),
        )
    host.docker("volume", "create", "lonely")
    host.wait_for(lambda: du(host, "/var/lib") > 14_000_000, what="what the containers write")
    host.docker("stop", "two")
    host.shell("sync; sleep 0.5")

    told = answer(host, "usage")["data"]
    kinds = {one["kind"]: one for one in told["kinds"]}
    for tree in told["trees"]:
        assert abs(tree["bytes"] - du(host, tree["path"])) < 100_000
    assert 4_000_000 < kinds["volumes"]["bytes"] < 4_300_000
    assert kinds["volumes"]["reclaimable_bytes"] < 100_000
    assert 6_000_000 < kinds["containers"]["bytes"] < 6_700_000
    assert kinds["images"]["docker_bytes"] > 0
    assert kinds["images"]["reclaimable_bytes"] < kinds["images"]["bytes"]
    if variant != "docker28-containerd":
        assert 3_000_000 < kinds["containers"]["reclaimable_bytes"] < 3_300_000

    host.systemctl("stop", "docker.socket", "docker.service")
    down = answer(host, "usage")["data"]
    assert abs(down["bytes"] - told["bytes"]) < 200_000
    assert {one["kind"] for one in down["kinds"]} == kinds.keys()
