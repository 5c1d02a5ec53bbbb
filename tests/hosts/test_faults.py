"""What goes wrong on a real host: each ends with Docker running as before, or with nothing touched."""

import json
from contextlib import closing

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.harness import Host
from tests.hosts.test_jobs import (
    answer,
    assert_goes_on_writing,
    data_root,
    inventory,
    records,
    start_containers,
)


def assert_untouched(host: Host, before: dict[str, object], code: int, *argv: str, says: str) -> None:
    """Assert that the tool refuses with ``code``, says so, and changes nothing."""
    files = host.shell("cat /etc/docker/daemon.json 2>/dev/null || :; ls -A /mnt/data /etc/systemd/system")
    found = answer(host, *argv, code=code)
    assert says in json.dumps(found, ensure_ascii=False)
    assert found["error"]["hint"] or any(finding["hint"] for finding in found["findings"])
    assert not found["changed"]
    assert (
        host.shell("cat /etc/docker/daemon.json 2>/dev/null || :; ls -A /mnt/data /etc/systemd/system")
        == files
    )
    assert inventory(host) == before


def test_a_configuration_that_docker_refuses_at_start_is_undone(host: Host) -> None:
    # Nobody but the kernel can know that this address pool will not do: the file passes every check.
    start_containers(host)
    before = inventory(host)
    host.write(
        "/etc/systemd/system/docker.service.d/fail.conf", "[Service]\nExecStartPre=/usr/local/bin/picky\n"
    )
    host.write("/usr/local/bin/picky", "#!/bin/sh\n! grep -q max-size /etc/docker/daemon.json\n", 0o755)
    host.systemctl("daemon-reload")
    found = answer(host, "set-logs", "--yes", code=6)
    assert found["error"]["code"] == "step-failed"
    assert not host.exists("/etc/docker/daemon.json")
    assert host.is_active("docker")
    assert inventory(host) == before


REMOVE = """\
#!/bin/sh
[ ! -e /root/removed ] || exit 0
touch /root/removed
docker rm -f gone; docker volume rm gone; docker network rm gone; docker rmi gone:1
"""


@pytest.mark.parametrize("variant", ["docker20", "docker28", "docker28-containerd"])
def test_what_a_client_removes_in_the_last_moment_is_not_missed(host: Host) -> None:
    start_containers(host)
    host.write("/root/remove", REMOVE, 0o755)
    # systemd runs it after the tool has noted what there is, and before Docker stops
    host.write("/etc/systemd/system/docker.service.d/test.conf", "[Service]\nExecStop=/root/remove\n")
    host.systemctl("daemon-reload")
    moves = iter(["move", "rollback"])
    for code in (0, 6):
        host.shell(
            "docker volume create gone; docker network create gone; rm -f /root/removed; "
            "docker create --name=gone app:1; mkdir -p /root/x; date +%N >/root/x/x; "
            "tar -C /root/x -c . | docker import - gone:1"
        )
        if code:
            host.write(
                "/etc/systemd/system/docker.service.d/fail.conf",
                "[Service]\nExecStartPre=/bin/sh -c '! grep -q data-root /etc/docker/daemon.json'\n",
            )
            host.systemctl("daemon-reload")
        host.systemctl("reset-failed", "docker.service", "docker.socket")
        found = answer(host, "move-storage", "/mnt/data", "--yes", code=code)
        print(next(moves), found)
        assert host.exists("/root/removed")
        assert "gone" not in host.shell("docker ps -a; docker volume ls; docker network ls; docker images")
        if not code:
            answer(host, "rollback", "--yes")
            host.shell("rm -rf /var/lib/*.old-*")
    assert data_root(host) == "/var/lib/docker"


def test_a_daemon_json_refused_at_the_start_after_a_move_is_undone(host: Host) -> None:
    start_containers(host)
    before, written = inventory(host), records(host, "always")
    host.write(
        "/etc/systemd/system/docker.service.d/fail.conf", "[Service]\nExecStartPre=/usr/local/bin/picky\n"
    )
    host.write("/usr/local/bin/picky", "#!/bin/sh\n! grep -q data-root /etc/docker/daemon.json\n", 0o755)
    host.systemctl("daemon-reload")
    found = answer(host, "move-storage", "/mnt/data", "--yes", code=6)
    assert "docker.service does not start" in found["error"]["message"]
    assert data_root(host) == "/var/lib/docker"
    assert inventory(host) == before
    assert_goes_on_writing(host, "always", written)
    assert host.shell("ls /mnt/data; ls -d /var/lib/docker*").split() == [
        "lost+found",
        "/var/lib/docker",
        "/var/lib/dockerd-cfg",
    ]


def test_a_target_that_fills_up_during_the_copy_is_undone(boot_host: BootHost) -> None:
    host = boot_host("docker28", disk_mib=160)
    start_containers(host)
    before = inventory(host)
    # 40 MB that lie in the data root, and a neighbour that eats the target while they are copied
    host.docker("exec", "always", "sh", "-c", "dd if=/dev/urandom of=/data/large bs=1M count=40 2>/dev/null")
    eater = "while [ ! -e /mnt/data/docker ]; do sleep 0.01; done; dd if=/dev/zero of=/mnt/data/neighbour bs=1M count=150 || :"
    with closing(host.popen("sh", "-c", eater)):
        found = answer(host, "move-storage", "/mnt/data", "--yes", code=6)
    assert "full" in (found["error"]["hint"] or "")
    assert data_root(host) == "/var/lib/docker"
    assert inventory(host) == before
    assert not host.exists("/mnt/data/docker")


def test_a_killed_move_blocks_others_and_is_rolled_back(host: Host) -> None:
    start_containers(host)
    before, written = inventory(host), records(host, "always")
    host.docker("exec", "always", "sh", "-c", "dd if=/dev/urandom of=/data/large bs=1M count=60 2>/dev/null")
    with closing(host.popen("dockerd-cfg", "move-storage", "/mnt/data", "--yes")) as running:
        host.wait_for(lambda: host.exists("/mnt/data/docker/volumes"), what="the copy", timeout=60)
        running.kill()
    found = answer(host, "set-logs", "--yes", code=5)
    assert found["error"]["code"] in {"unfinished-run", "lock-held"}
    answer(host, "rollback", "--yes")
    assert inventory(host) == before
    assert_goes_on_writing(host, "always", written)
    assert not host.exists("/mnt/data/docker")


def test_bad_input_and_unfit_hosts_are_refused_untouched(host: Host) -> None:
    start_containers(host)
    before = inventory(host)

    def check(code: int, *argv: str, says: str) -> None:
        assert_untouched(host, before, code, *argv, says=says)

    check(2, "move-storage", "mnt/data", says="absolute")
    check(4, "move-storage", "/mnt/nowhere", says="does not exist")
    check(4, "move-storage", "/etc/hostname", says="not a folder")
    check(4, "move-storage", "/var/lib/docker/volumes", says="lies inside")
    check(4, "set-logs", says="nobody is here to be asked")
    check(3, "set-logs", "--max-size", "10x", "--yes", says="max-size")
    check(3, "set-logs", "--max-file", "0", "--yes", says="max-file")
    check(2, "set-logs", "--restart", "sometimes", "--yes", says="auto, never or always")
    host.shell("mkdir -p /mnt/data/docker && touch /mnt/data/docker/mine")
    check(4, "move-storage", "/mnt/data", "--yes", says="not an empty folder")
    host.shell("rm -r /mnt/data/docker; mkdir /mnt/tmp; mount -t tmpfs none /mnt/tmp; mkdir /mnt/tmp/d")
    check(4, "move-storage", "/mnt/tmp/d", "--yes", says="tmpfs")
    host.shell("mount -o remount,noexec /mnt/data")
    check(4, "move-storage", "/mnt/data", "--yes", says="noexec")
    host.shell("mount -o remount,exec /mnt/data; chmod 777 /mnt/data")
    check(4, "move-storage", "/mnt/data", "--yes", says="others than root may write")
    host.shell("chmod 700 /mnt/data")
    check(4, "move-storage", "/mnt/data", "--yes", says="does not let others pass")
    host.shell("chmod 755 /mnt/data")
    host.write("/etc/docker/daemon.json", '{"debug": false,}')
    check(3, "set-logs", "--yes", says="line 1")
    check(3, "move-storage", "/mnt/data", "--yes", says="line 1")
    host.shell("rm /etc/docker/daemon.json; mkdir /etc/docker/daemon.json")
    check(3, "set-logs", "--yes", says="not a regular file")
    host.shell("rmdir /etc/docker/daemon.json")
    done = host.run(
        "setpriv", "--reuid=65534", "--clear-groups", "dockerd-cfg", "set-logs", "--json", check=False
    )
    assert done.returncode == 4
    assert json.loads(done.stdout)["findings"][0]["code"] == "not-root"


def test_a_docker_that_had_failed_before_is_left_as_it_was(host: Host) -> None:
    host.write("/etc/systemd/system/docker.service.d/fail.conf", "[Service]\nExecStartPre=/bin/false\n")
    host.systemctl("daemon-reload")
    host.systemctl("restart", "docker", check=False)
    found = answer(host, "set-logs", "--yes", code=6)
    assert "everything was undone" in found["error"]["state"]
    assert not host.exists("/etc/docker/daemon.json")
    assert host.tool("history").returncode == 0
    assert answer(host, "rollback", "--yes")["changed"] is False


def test_a_target_that_is_too_small_is_refused(boot_host: BootHost) -> None:
    host = boot_host("docker28", disk_mib=48)
    assert_untouched(host, inventory(host), 4, "move-storage", "/mnt/data", "--yes", says="are needed")


def test_live_restore_with_running_containers_is_refused(host: Host) -> None:
    host.write("/etc/docker/daemon.json", '{"live-restore": true}')
    host.systemctl("restart", "docker")
    start_containers(host)
    assert_untouched(host, inventory(host), 4, "move-storage", "/mnt/data", "--yes", says="live-restore")


def test_a_data_root_given_as_a_flag_is_refused(host: Host) -> None:
    override = "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock"
    host.write("/etc/systemd/system/docker.service.d/root.conf", f"{override} --data-root=/var/lib/docker\n")
    host.systemctl("daemon-reload")
    host.systemctl("restart", "docker")
    assert_untouched(host, inventory(host), 4, "move-storage", "/mnt/data", "--yes", says="data-root-flag")


def test_without_docker_or_systemd_it_says_so(host: Host) -> None:
    host.shell(
        "systemctl disable --now docker.socket docker.service; mv /lib/systemd/system/docker.s* /etc/init.d/docker /root/"
    )
    host.systemctl("daemon-reload")
    assert answer(host, "set-logs", code=4)["findings"][0]["code"] == "no-docker"
    done = host.run(
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs none /run/systemd && dockerd-cfg set-logs --json",
        check=False,
    )
    assert done.returncode == 4
    assert json.loads(done.stdout)["findings"][0]["code"] == "no-systemd"


@pytest.mark.parametrize("sent", ["INT", "TERM", "HUP"])
def test_a_signal_in_the_middle_of_a_move_undoes_it(host: Host, sent: str) -> None:
    start_containers(host)
    before, written = inventory(host), records(host, "always")
    done = host.run("python3", "-c", _STARTER, f"SIG{sent}", timeout=120)
    status = done.stdout.split()[-1]
    assert status == "6", host.read("/root/said")
    assert f"interrupted by SIG{sent}" in host.read("/root/said")
    assert data_root(host) == "/var/lib/docker"
    assert inventory(host) == before
    assert_goes_on_writing(host, "always", written)


_STARTER = """
import signal, subprocess, sys, time
with open("/root/said", "w") as said:
    tool = subprocess.Popen(["dockerd-cfg", "move-storage", "/mnt/data", "--yes"], stdout=said, stderr=said)
    while subprocess.run(["systemctl", "is-active", "-q", "docker.service"]).returncode == 0:
        time.sleep(0.02)
    tool.send_signal(signal.Signals[sys.argv[1]])
    print(tool.wait())
"""
