"""What a move sees to around Docker's data: the boot without its disk, reboots during the stop, and containers' health."""

import pytest

from tests.hosts.hard_stops import Watched
from tests.hosts.harness import Host
from tests.hosts.test_jobs import answer, data_root
from tests.hosts.test_move_faults import MOVE, at_the_stop
from tests.hosts.test_moves import move

ODD = "/mnt/it's 100% [mine]"  # a name in which systemd would see a quote, a specifier and a pattern


@pytest.mark.parametrize("variant", ["docker28-containerd"])
def test_without_the_disk_it_was_moved_to_docker_does_not_come_up_on_an_empty_folder(host: Host) -> None:
    watched = Watched(host, near=False)
    in_fstab = ODD.replace(" ", "\\040")
    host.shell(
        f'truncate -s 600M /disks/odd.img; mkfs.ext4 -qF /disks/odd.img; mkdir "{ODD}"; '
        f"""printf '%s\\n' "/disks/odd.img {in_fstab} ext4 loop,nofail 0 0" >> /etc/fstab; """
        f'systemctl daemon-reload; mount "{ODD}"'
    )
    move(host, "move-storage", ODD)
    assert data_root(host) == f"{ODD}/docker"
    watched.assert_whole()
    host.shell("mv /disks/odd.img /disks/pulled.img")
    host.reboot()
    assert not host.is_active("docker")
    assert not host.is_active("containerd")
    host.run("timeout", "20", "docker", "ps", check=False)
    assert not host.is_active("docker")
    assert host.shell(f'ls -A "{ODD}"') == ""
    told = answer(host, "status")
    assert told["data"]["docker"] == "inactive"
    assert told["data"]["data_root"] == f"{ODD}/docker"

    host.shell("mv /disks/pulled.img /disks/odd.img; systemctl reset-failed; systemctl start docker")
    watched.assert_whole()
    move(host, "rollback")
    watched.assert_whole(images=True)


def test_a_reboot_is_held_off_during_the_stop_of_a_move_and_of_its_undoing(host: Host) -> None:
    Watched(host, near=False)
    for argv in (MOVE, ("rollback", "--yes")):
        at_the_stop(host, "systemd-inhibit --list --no-legend > /root/inhibitors")
        host.systemctl("reset-failed", "docker.service", "docker.socket")
        answer(host, *argv)
        (line,) = host.read("/root/inhibitors").splitlines()
        assert "dockerd-cfg" in line
        assert "shutdown" in line
        assert line.split()[-1] == "block"
        assert host.shell("systemd-inhibit --list --no-legend") == ""


def test_containers_that_were_healthy_are_waited_for(host: Host) -> None:
    host.docker(
        *("run", "--detach", "--name=ill", "--restart=always", "--stop-signal=KILL", "--network=none"),
        *(
            "--health-cmd=[ -e /tmp/ready ]",
            "--health-interval=1s",
            "--health-retries=60",
            "app:1",
            "sh",
            "-c",
        ),
        "rm -f /tmp/ready; sleep 6; touch /tmp/ready; sleep 10000",
    )
    state = ("inspect", "--format={{.State.Health.Status}}", "ill")
    host.wait_for(lambda: host.docker(*state) == "healthy", what="not healthy")
    move(host, "move-storage", "/mnt/data")
    assert host.docker(*state) == "healthy"
    move(host, "rollback")
    assert host.docker(*state) == "healthy"
