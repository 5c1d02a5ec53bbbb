"""The tool is killed at any instant of a move or of its rollback, while others ask Docker and start it all the time: it
never runs on half a copy, and resume and rollback alike end with all that was there."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.hard_stops import Case, Watched, end, entries, place, seeds, started, wait_for_instant
from tests.hosts.harness import Host

SAMPLE, FULL = (14, 31, 57, 83), 100
STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5"  # systemd's message that it starts a unit (sd-messages.h)

# Asks Docker all the time what it holds, and writes down each answer that differs from the last.
ASKER = """\
import http.client, json, socket, time
class Asked(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect("/run/docker.sock")
def names(path, key):
    asked = Asked("docker")
    asked.request("GET", path)
    answer = asked.getresponse()
    found = json.loads(answer.read())
    asked.close()
    return sorted(name for one in found for name in one[key] or ()) if answer.status == 200 else None
last = None
while True:
    try:
        now = names("/containers/json?all=1", "Names"), names("/images/json", "RepoTags")
    except (OSError, ValueError, http.client.HTTPException):
        now = None
    if now and None not in now and now != last:
        with open("/disks/seen", "a") as seen:
            print(json.dumps(now), file=seen)
        last = now
    time.sleep(0.05)
"""
# What others do: a package upgrade or a watchdog that starts Docker, a person who looks.
STARTER = """\
while :; do
  timeout 20 systemctl start docker.service; timeout 20 docker ps; timeout 20 systemctl start containerd.service docker.socket
  sleep 0.3
done
"""


@pytest.mark.parametrize("case", [Case.of(seed) for seed in seeds(SAMPLE, FULL)], ids=str)
def test_a_tool_killed_at_any_instant_loses_nothing(boot_host: BootHost, case: Case) -> None:
    host = boot_host(case.variant, disk_fs=case.disk_fs)
    watched = Watched(host, near=case.is_near)
    host.popen("python3", "-c", ASKER)
    host.popen("sh", "-c", STARTER)
    running = started(host, case)
    instant = wait_for_instant(host, case, running)
    with suppress(ProcessLookupError):
        running.kill()
    print(f"killed {case.delay:.3f} s after {case.at}, at: {instant}; it ended with {running.wait()}")
    print(running.stdout, running.stderr)

    time.sleep(1)  # what others start meanwhile must not come up
    if is_held(host):
        assert not host.is_active("docker")
    elif host.is_active("docker"):
        watched.wait_for_records()
        watched.assert_whole()

    expected, said = end(host, case, lambda: place(host, case))
    print(said)
    assert host.is_active("docker")
    assert place(host, case) == expected
    watched.assert_whole(images=True)
    assert_never_started_while_held(host)
    for line in (host.folder / "disks/seen").read_text().splitlines():
        containers, images = json.loads(line)
        assert {"/writer", "/stopped"} <= set(containers)
        assert {"app:1", "busybox:1", "web:1"} <= set(images)


def is_held(host: Host) -> bool:
    """Whether, as the journal has it, Docker is down and must not be started by anybody."""
    spans = list(held(host))
    return bool(spans) and spans[-1][1] == float("inf")


def held(host: Host) -> Iterator[tuple[float, float]]:
    """Yield the spans of time (Unix) in which Docker must not be started, the last one perhaps without an end."""
    since = None
    for entry in entries(host):
        match entry["event"], entry.get("kind"):
            case ("done", "stop-docker") | ("undone", "start-docker"):
                since = since or datetime.fromisoformat(entry["at"]).timestamp()
            case ("started", "start-docker") | ("undoing", "stop-docker"):
                if since is not None:
                    yield since, datetime.fromisoformat(entry["at"]).timestamp()
                since = None
    if since is not None:
        yield since, float("inf")


def assert_never_started_while_held(host: Host) -> None:
    """Assert by systemd's own account that nobody started Docker or its containerd while they were held."""
    spans = list(held(host))
    told = host.run(
        *("journalctl", "--output=json", "--output-fields=MESSAGE_ID,UNIT", f"MESSAGE_ID={STARTING}")
    ).stdout
    units = {"docker.service"} | ({"containerd.service"} if "containerd" in host.variant.name else set())
    for line in told.splitlines():
        message = json.loads(line)
        at = int(message["__REALTIME_TIMESTAMP"]) / 1e6
        if message.get("UNIT") in units:
            assert not [span for span in spans if span[0] < at < span[1]], (
                f"{message['UNIT']} started at {at}: {spans}"
            )
