"""The power goes at any instant of a move or of its rollback: Docker comes up by itself with all that was on disk, and
whatever is written after that survives the end of the move, whichever way it ends."""

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.hard_stops import (
    NEAR,
    Case,
    Watched,
    assert_up_by_itself,
    end,
    entries,
    place,
    seeds,
    started,
    wait_for_instant,
)
from tests.hosts.test_jobs import answer, data_root

SAMPLE, FULL = (0, 11, 21, 54), 60
SWITCH_SAMPLE, SWITCH_FULL = (1,), 20


@pytest.mark.parametrize("case", [Case.of(seed) for seed in seeds(SAMPLE, FULL)], ids=str)
def test_a_power_cut_at_any_instant_loses_nothing(boot_host: BootHost, case: Case) -> None:
    _cut_and_end(boot_host, case)


@pytest.mark.parametrize(
    "case", [Case.of_switch(seed) for seed in seeds(SWITCH_SAMPLE, SWITCH_FULL)], ids=str
)
def test_a_power_cut_in_the_moment_of_the_switch_loses_nothing(boot_host: BootHost, case: Case) -> None:
    _cut_and_end(boot_host, case)


def _cut_and_end(boot_host: BootHost, case: Case) -> None:
    host = boot_host(case.variant, disk_fs=case.disk_fs)
    watched = Watched(host, near=case.is_near)
    running = started(host, case)
    instant = wait_for_instant(host, case, running)
    host.power_cut(losing=case.rng.random() < 0.8)
    print(f"cut {case.delay:.3f} s after {case.at}, at: {instant}")

    host.start()
    host.wait_until_up()
    assert_up_by_itself(host)
    first = place(host, case)
    print(
        f"came up on the {first} place; journal: {[(e['event'], e.get('kind')) for e in entries(host)][-3:]}"
    )
    assert answer(host, "status")["data"]["data_root"] == data_root(host)
    watched.wait_for_records()
    watched.assert_whole()
    watched.make()

    expected, said = end(host, case, lambda: place(host, case))
    print(said)
    assert host.is_active("docker")
    assert place(host, case) == expected
    watched.assert_whole(images=True)


def test_what_the_disk_has_of_a_copy_but_for_its_contents_is_copied_again(boot_host: BootHost) -> None:
    """Names, sizes and times get to the disk when any neighbour there syncs a file, contents only in their own time."""
    host = boot_host()
    watched = Watched(host, near=False)
    host.run("sleep", "3")  # so that nothing of what is looked at counts as changed lately
    slow_sync = (
        "strace",
        "-qq",
        "--output=/dev/null",
        "--trace=syncfs",
        "--inject=syncfs:delay_enter=4000000:when=2+",
    )
    host.popen(*slow_sync, "dockerd-cfg", "move-storage", "/mnt/data", "--yes")
    copied = "/mnt/data/docker/volumes/static/_data"
    host.wait_for(lambda: host.exists(f"{copied}/soft"), what="no copy")
    host.shell("sleep 0.5; echo > /mnt/data/neighbour; sync /mnt/data/neighbour")
    host.power_cut()

    host.start()
    host.wait_until_up()
    print(host.shell(f"ls -ls {copied} | head -20"))
    watched.assert_whole()
    assert answer(host, "resume", "--yes")["changed"]
    watched.assert_whole(images=True)


@pytest.mark.parametrize("then", ["resume", "rollback"])
def test_a_rename_taken_back_may_leave_a_link_to_itself(boot_host: BootHost, then: str) -> None:
    host = boot_host()
    watched = Watched(host, near=True)
    answer(host, "move-storage", NEAR, "--mode", "symlink", "--yes")
    host.systemctl("reset-failed", "docker.service")
    strace = (
        "strace",
        "-qq",
        "--output=/dev/null",
        "--trace=renameat2",
        "--inject=renameat2:delay_exit=4000000",
    )
    host.popen(*strace, "dockerd-cfg", "rollback", "--yes")
    host.wait_for(
        lambda: host.run("test", "-L", f"{NEAR}/docker", check=False).returncode == 0, what="no exchange"
    )
    host.shell("sync")
    host.power_cut()

    host.start()
    host.wait_until_up()
    assert host.shell(f"readlink {NEAR}/docker") == f"{NEAR}/docker"
    assert answer(host, "status")["data"]["data_root"] == "/var/lib/docker"
    assert answer(host, then, "--yes")["changed"]
    assert host.run("test", "-L", f"{NEAR}/docker", check=False).returncode != 0
    assert host.run("test", "-L", "/var/lib/docker", check=False).returncode != 0
    watched.assert_whole(images=True)


def test_between_two_links_a_power_cut_leaves_neither(boot_host: BootHost) -> None:
    host = boot_host("docker28-containerd")
    watched = Watched(host, near=False)
    strace = (
        "strace",
        "-qq",
        "--output=/dev/null",
        "--trace=renameat2",
        "--inject=renameat2:delay_enter=4000000:when=2",
    )
    host.popen(*strace, "dockerd-cfg", "move-storage", "/mnt/data", "--mode", "symlink", "--yes")
    host.wait_for(
        lambda: host.run("test", "-L", "/var/lib/docker", check=False).returncode == 0, what="no link"
    )
    assert host.run("test", "-L", "/var/lib/containerd", check=False).returncode != 0
    host.power_cut()

    host.start()
    host.wait_until_up()
    assert host.shell("readlink -f /var/lib/docker /var/lib/containerd").split() == [
        "/var/lib/docker",
        "/var/lib/containerd",
    ]
    watched.assert_whole()
    assert answer(host, "resume", "--yes")["changed"]
    watched.assert_whole(images=True)


def test_a_mount_that_a_reboot_made_over_the_old_data_is_taken_off_and_made_again(
    boot_host: BootHost,
) -> None:
    host = boot_host("docker28-containerd")
    watched = Watched(host, near=False)
    strace = (
        "strace",
        "-qq",
        "--output=/dev/null",
        "--trace=renameat2",
        "--inject=renameat2:delay_enter=9000000:when=1",
    )
    host.popen(*strace, "dockerd-cfg", "move-storage", "/mnt/data", "--mode", "bind", "--yes")
    host.wait_for(lambda: host.exists("/etc/systemd/system/var-lib-containerd.mount"), what="no unit")
    host.run("sleep", "0.5")
    host.power_cut()

    host.start()
    host.wait_until_up()
    assert host.run("mountpoint", "-q", "/var/lib/docker", check=False).returncode == 0
    watched.wait_for_records()
    watched.assert_whole()
    watched.make()
    assert answer(host, "resume", "--yes")["changed"]
    watched.assert_whole(images=True)
    assert answer(host, "finish", "--yes")["data"]["bytes"] > 5_000_000
    watched.assert_whole(images=True)
