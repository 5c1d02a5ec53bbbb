"""Changes of daemon.json on real hosts: reload, restart, confirmation, undo, and where the values come from."""

import json
from contextlib import closing
from typing import Any

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.harness import Host
from tests.hosts.test_jobs import answer, inventory, start_containers

FILE = "/etc/docker/daemon.json"
VARIANTS = ("docker20", "docker26", "docker28", "docker28-containerd")


def main_pid(host: Host) -> str:
    return host.systemctl("show", "--property=MainPID", "--value", "docker").strip()


def info(host: Host, field: str) -> Any:
    return json.loads(host.docker("info", "--format", f"{{{{json .{field}}}}}"))


def container_pid(host: Host, name: str) -> str:
    return host.docker("inspect", "--format", "{{.State.Pid}}", name).strip()


def effective(host: Host, key: str) -> dict[str, Any]:
    (row,) = answer(host, "show", key, "--effective")["data"]["options"]
    return dict(row)


def drop_in(host: Host, text: str) -> None:
    """Give docker.service a drop-in and let it take effect."""
    host.write("/etc/systemd/system/docker.service.d/test.conf", text)
    host.systemctl("daemon-reload")
    host.systemctl("reset-failed", "docker.service", check=False)
    host.systemctl("restart", "docker.service")


@pytest.mark.parametrize("variant", VARIANTS)
def test_options_are_reloaded_or_restarted_as_they_need_and_taken_back(
    boot_host: BootHost, variant: str
) -> None:
    host = boot_host(variant)
    start_containers(host)
    before, pid, job = inventory(host), main_pid(host), container_pid(host, "always")

    found = answer(host, "set", "debug", "true")
    assert (found["data"]["action"], found["changed"]) == ("reload", True)
    assert info(host, "Debug") is True
    assert (main_pid(host), container_pid(host, "always")) == (pid, job)
    again = answer(host, "set", "debug", "true")
    assert (again["changed"], again["data"]["action"]) == (False, "none")

    # not told by the daemon before it was reloaded, nor by GET /info ever
    assert answer(host, "set", "max-concurrent-downloads", "7")["data"]["action"] == "reload"
    assert effective(host, "max-concurrent-downloads")["value"] == 7
    assert not answer(host, "set", "max-concurrent-downloads", "7")["changed"]

    refused = answer(host, "set", "mtu", "1400", code=4)
    assert "nobody is here to be asked" in refused["error"]["message"]
    found = answer(host, "set", "mtu", "1400", "--yes")
    assert found["data"]["action"] == "restart"
    assert main_pid(host) != pid
    assert inventory(host) == before
    # the file was written for another option since: that alone is no reason to restart
    answer(host, "set", "max-concurrent-uploads", "4")
    pid = main_pid(host)
    assert not answer(host, "set", "mtu", "1400", "--yes")["changed"]
    assert main_pid(host) == pid

    host.systemctl("reset-failed", "docker.service", check=False)
    answer(host, "rollback", "--yes", "3")
    assert "mtu" not in json.loads(host.read(FILE))
    assert json.loads(host.read(FILE))["max-concurrent-uploads"] == 4
    assert inventory(host) == before


def test_a_reload_that_docker_refuses_is_undone_without_a_restart(host: Host) -> None:
    start_containers(host)
    # dockerd does not read this file at a reload: it is told so by a unit that reloads nothing
    drop_in(host, "[Service]\nExecReload=\nExecReload=/bin/true\n")
    before, pid = inventory(host), main_pid(host)

    found = answer(host, "set", "debug", "true", code=6)

    assert "did not take over" in found["error"]["message"]
    assert not host.exists(FILE)
    assert (inventory(host), main_pid(host)) == (before, pid)


def test_a_unit_that_cannot_be_reloaded_is_sent_the_signal(host: Host) -> None:
    drop_in(host, "[Service]\nExecReload=\n")
    pid = main_pid(host)

    assert answer(host, "set", "labels", "a=1,b=2")["data"]["action"] == "reload"

    assert sorted(info(host, "Labels")) == ["a=1", "b=2"]
    assert main_pid(host) == pid


def test_a_file_with_which_every_reload_fails_makes_docker_restart(host: Host) -> None:
    host.write(FILE, '{"userland-proxy": true}\n')
    host.systemctl("restart", "docker.service")

    assert answer(host, "set", "debug", "true")["data"]["action"] == "restart"

    assert info(host, "Debug") is True


def test_what_keeps_docker_from_starting_is_undone(host: Host) -> None:
    start_containers(host)
    before = inventory(host)
    host.write("/usr/local/bin/picky", f"#!/bin/sh\n! grep -q bip {FILE}\n", 0o755)
    host.write(
        "/etc/systemd/system/docker.service.d/fail.conf", "[Service]\nExecStartPre=/usr/local/bin/picky\n"
    )
    host.systemctl("daemon-reload")

    found = answer(host, "set", "bip", "172.26.0.1/16", "--yes", code=6)

    assert "docker.service does not start" in found["error"]["message"]
    assert not host.exists(FILE)
    assert inventory(host) == before


def test_a_docker_that_ends_right_after_its_start_is_undone(host: Host) -> None:
    start_containers(host)
    before = inventory(host)
    host.write(
        "/usr/local/bin/ill", f"#!/bin/sh\n! grep -q mtu {FILE} || (sleep 0.3; kill -9 $MAINPID) &\n", 0o755
    )
    host.write(
        "/etc/systemd/system/docker.service.d/ill.conf", "[Service]\nExecStartPost=/usr/local/bin/ill\n"
    )
    host.systemctl("daemon-reload")

    found = answer(host, "set", "mtu", "1400", "--yes", code=6)

    assert found["error"]["code"] == "step-failed"
    assert not host.exists(FILE)
    assert inventory(host) == before


def bridge_address(host: Host) -> str:
    return host.shell("ip -4 -o address show docker0 | awk '{print $4}'")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_address_of_the_bridge_is_proved_and_told_as_it_is(boot_host: BootHost, variant: str) -> None:
    host = boot_host(variant)
    start_containers(host)
    before, own = inventory(host), bridge_address(host)

    answer(host, "set", "bip", "172.26.0.1/16", "--yes")
    assert bridge_address(host) == effective(host, "bip")["value"] == "172.26.0.1/16"

    # Docker keeps the address; the tool says so, and tells what is in use
    undone = answer(host, "rollback", "--yes")
    assert [finding["code"] for finding in undone["findings"]] == ["addresses-stay"]
    assert bridge_address(host) == "172.26.0.1/16"
    host.systemctl("reset-failed", "docker.service", check=False)
    answer(host, "set", "bip", "172.26.0.1/16", "--yes")
    told = answer(host, "unset", "bip", "--yes")
    assert "addresses-stay" in [finding["code"] for finding in told["findings"]]
    assert effective(host, "bip")["value"] == bridge_address(host)

    host.systemctl("reset-failed", "docker.service", check=False)
    answer(host, "set", "bip", own, "--yes")
    assert bridge_address(host) == own
    assert inventory(host) == before


def test_containers_go_on_under_live_restore(host: Host) -> None:
    host.write(FILE, '{"live-restore": true}\n')
    host.systemctl("restart", "docker.service")
    start_containers(host)
    job, before = container_pid(host, "always"), inventory(host)

    assert "go on running" in answer(host, "set", "mtu", "1400", code=4)["error"]["message"]
    answer(host, "set", "mtu", "1400", "--yes")

    assert container_pid(host, "always") == job
    assert inventory(host) == before

    # without it the next Docker stops what it finds running, and starts it again
    assert "go on running" not in answer(host, "unset", "live-restore", code=4)["error"]["message"]
    answer(host, "unset", "live-restore", "--yes")

    assert container_pid(host, "always") != job
    assert inventory(host) == before


def test_a_change_that_nobody_confirms_is_undone_by_itself(host: Host) -> None:
    start_containers(host)
    before = inventory(host)
    # the one who made it is gone at once, connection and all
    with closing(
        host.popen("dockerd-cfg", "set", "mtu", "1400", "--yes", "--confirm-within", "20s")
    ) as running:
        assert running.wait(60) == 0
    assert json.loads(host.read(FILE)) == {"mtu": 1400}
    assert answer(host, "status")["data"]["open_run"]["state"] == "unconfirmed"
    assert "confirm" in answer(host, "set", "debug", "true", code=5)["error"]["hint"]

    host.systemctl("reset-failed", "docker.service", check=False)
    host.wait_for(lambda: not host.exists(FILE), what="the timer", timeout=60)
    host.wait_for(
        lambda: answer(host, "history")["data"]["runs"][0]["state"] == "reverted", what="the undo", timeout=60
    )

    assert inventory(host) == before
    assert "dockerd-cfg-confirm" not in host.shell("ls -R /etc/systemd/system")
    assert "cannot be confirmed" in answer(host, "confirm", code=4)["error"]["message"]


def test_undoing_by_itself_leaves_what_somebody_else_wrote_meanwhile(host: Host) -> None:
    patch = '{"mtu": 1400, "max-download-attempts": 9}'
    answer(host, "merge", "-", "--yes", "--confirm-within", "15s", stdin=patch)
    host.write(FILE, '{"mtu": 1300, "max-download-attempts": 9}\n')

    host.wait_for(
        lambda: answer(host, "history")["data"]["runs"][0]["state"] == "reverted", what="the undo", timeout=60
    )

    assert json.loads(host.read(FILE)) == {"mtu": 1300}
    assert effective(host, "mtu")["value"] == 1300
    assert "stays: mtu" in host.journal("dockerd-cfg-confirm.service")
    assert answer(host, "set", "debug", "true")["changed"]


def test_a_change_that_is_confirmed_stays(host: Host) -> None:
    answer(host, "set", "debug", "true", "--confirm-within", "10s")
    assert host.is_active("dockerd-cfg-confirm.timer")

    assert answer(host, "confirm")["changed"]
    assert not answer(host, "confirm")["changed"]

    assert "dockerd-cfg-confirm" not in host.shell(
        "systemctl list-units --all --plain 'dockerd-cfg*'; ls -R /etc/systemd/system; sleep 11"
    )
    assert json.loads(host.read(FILE)) == {"debug": True}


def test_flags_are_found_where_they_are_written(host: Host) -> None:
    host.write("/etc/default/docker", 'DOCKER_OPTS="--log-level=warn --label=from=default"\n')
    host.write(
        "/etc/systemd/system/docker.service.d/mtu.conf",
        "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --mtu 1300 $DOCKER_OPTS\n",
    )
    host.systemctl("daemon-reload")
    host.systemctl("restart", "docker.service")

    level, mtu = effective(host, "log-level"), effective(host, "mtu")
    assert (level["value"], level["source"], level["origin"]) == ("warn", "flag", "/etc/default/docker")
    assert (mtu["value"], mtu["source"]) == (1300, "flag")
    assert mtu["origin"].endswith("docker.service.d/mtu.conf")

    for key, value in (("log-level", "info"), ("mtu", "1300"), ("labels", "x=1"), ("hosts", "fd://")):
        refused = answer(host, "set", key, value, code=3)
        assert "flag" in refused["error"]["message"]
    assert not host.exists(FILE)


def test_a_file_written_behind_dockers_back_is_told_from_what_it_uses(host: Host) -> None:
    host.write(FILE, '{"debug": true, "log-driver": "local"}\n')

    debug = effective(host, "debug")
    assert (debug["value"], debug["source"]) == (False, "daemon")
    assert "restart" in debug["note"]

    # what is written already is brought into effect
    assert answer(host, "set", "debug", "true")["data"]["action"] == "reload"
    assert effective(host, "debug")["source"] == "file"
    # a container to look at, which one that was killed left, is in nobody's way
    host.docker("create", "--name=dockerd-cfg-probe", "--label=dockerd-cfg=probe", "busybox:1", "true")
    assert answer(host, "set", "log-driver", "local")["data"]["action"] == "restart"
    assert "dockerd-cfg-probe" not in host.docker("ps", "--all")


def test_what_the_host_lacks_is_refused_beforehand(host: Host) -> None:
    nr_open = int(host.read("/proc/sys/fs/nr_open"))
    limit = {"nofile": {"Name": "nofile", "Hard": nr_open + 1, "Soft": 1024}}
    for key, value in (
        ("runtimes.x.path", "/usr/bin/nosuch"),
        ("default-runtime", "io.containerd.nosuch.v1"),
        ("default-ulimits", json.dumps(limit)),
    ):
        assert "host" in answer(host, "set", key, value, "--yes", code=3)["error"]["message"]
    assert not host.exists(FILE)
    patch = {"runtimes": {"x": {"path": "/usr/sbin/runc"}}, "default-runtime": "x"}
    answer(host, "merge", "-", "--yes", stdin=json.dumps(patch))
    host.docker("run", "--rm", "--pull=never", "busybox:1", "true")


def test_a_folder_that_is_read_only_is_no_place_for_a_change(host: Host) -> None:
    answer(host, "set", "debug", "true")
    host.shell("mount --bind /etc/docker /etc/docker; mount -o remount,ro,bind /etc/docker")

    for argv in (("set", "mtu", "1400"), ("rollback",), ("move-storage", "/mnt/data")):
        refused = answer(host, *argv, "--yes", code=4)
        assert "read-only" in refused["error"]["message"]

    host.shell("umount /etc/docker")
    answer(host, "rollback", "--yes")
    assert not host.exists(FILE)


def test_the_socket_on_which_docker_is_asked_stays(host: Host) -> None:
    host.systemctl("disable", "--now", "docker.socket")
    drop_in(host, "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd\n")
    port = "tcp://127.0.0.1:2375"

    refused = answer(host, "set", "hosts", port, "--yes", code=4)
    assert "unix:///run/docker.sock" in refused["error"]["hint"]
    assert not host.exists(FILE)

    answer(host, "set", "hosts", f"unix:///var/run/docker.sock,{port}", "--yes")
    answer(host, "rollback", "--yes")


@pytest.mark.parametrize("variant", ["docker20", "docker28"])
def test_the_bridge_goes_and_comes_back(boot_host: BootHost, variant: str) -> None:
    host = boot_host(variant)
    host.docker("run", "--rm", "--pull=never", "busybox:1", "true")
    own = bridge_address(host)

    answer(host, "set", "bridge", "none")
    assert effective(host, "bridge")["value"] == "none"
    assert "docker0" not in host.shell("ip -brief link")
    assert not answer(host, "set", "bridge", "none")["changed"]

    answer(host, "rollback")
    assert bridge_address(host) == own
    host.docker("run", "--rm", "--pull=never", "busybox:1", "true")


def test_another_data_root_is_refused_while_docker_keeps_something(host: Host) -> None:
    start_containers(host)
    before = inventory(host)

    found = answer(host, "set", "data-root", "/mnt/data/docker", "--yes", code=4)

    assert "move-storage" in found["error"]["hint"]
    assert inventory(host) == before


def test_a_rollback_takes_back_only_what_we_wrote(host: Host) -> None:
    answer(host, "merge", "-", stdin='{"debug": true, "labels": ["a=1"]}')
    host.write(FILE, '{"debug": true, "labels": ["a=1"], "max-download-attempts": 9}\n')
    answer(host, "rollback", "--yes")
    assert json.loads(host.read(FILE)) == {"max-download-attempts": 9}

    answer(host, "set", "debug", "true")
    host.write(FILE, '{"debug": false}\n')
    refused = answer(host, "rollback", "--yes", code=4)
    assert "we wrote true, now it is false" in refused["error"]["message"]
    assert json.loads(host.read(FILE)) == {"debug": False}
    host.write(FILE, '{"debug": true}\n')
    answer(host, "rollback", "--yes")
