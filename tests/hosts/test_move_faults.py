"""What goes wrong in the middle of a move on a real host: it is undone, Docker runs as before, and no record is missing."""

import json
from contextlib import closing

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.hard_stops import OLD, Watched
from tests.hosts.harness import Host
from tests.hosts.test_jobs import answer, data_root

MOVE = ("move-storage", "/mnt/data", "--yes")
# The file system of the target ends at once, as when its disk fails: whatever is asked of it is an I/O error (ext4).
BREAK = """\
import fcntl, os, struct
fcntl.ioctl(os.open("/mnt/data", os.O_RDONLY), 0x8004587D, struct.pack("I", 2))
"""
FAULTS = {
    "unmounted": "umount --lazy /mnt/data",
    "read-only": "mount -o remount,abort /mnt/data",
    "broken": "python3 /root/break.py",
}
SAYS = {"unmounted": "was unmounted", "read-only": "Read-only", "broken": "reports errors"}


def at_the_stop(host: Host, script: str) -> None:
    """Have a script run once, when Docker has stopped and before anything else happens."""
    host.write(
        "/root/at-the-stop", f"#!/bin/sh\n[ -e /root/armed ] || exit 0\nrm /root/armed\n{script}\n", 0o755
    )
    host.write(
        "/etc/systemd/system/docker.service.d/test.conf", "[Service]\nExecStopPost=-/root/at-the-stop\n"
    )
    host.write("/root/armed", "")
    host.systemctl("daemon-reload")


def assert_undone(watched: Watched, *argv: str, says: str | tuple[str, ...]) -> None:
    """Assert that a move ends with everything undone, says why (in one of some ways), and that nothing is lost."""
    host = watched.host
    host.systemctl("reset-failed", "docker.service", "docker.socket")
    done = host.tool(*(argv or MOVE))
    said = done.stdout + done.stderr
    print(said)
    assert done.returncode == 6, said
    assert any(one in done.stderr for one in ([says] if isinstance(says, str) else says))
    assert "everything was undone" in done.stderr
    assert "Traceback" not in said
    assert len(done.stderr) < 5000
    assert data_root(host) == "/var/lib/docker"
    watched.assert_whole()
    assert answer(host, "status")["data"]["open_run"] is None


def renew_target(host: Host) -> None:
    """Make the disk of the target new, in whatever state it is."""
    host.shell(
        "umount --lazy /mnt/data 2>/dev/null || :; sleep 0.3; rm -rf /mnt/data/*; mkfs.ext4 -qF /disks/data.img; "
        "mountpoint -q /mnt/data || mount /mnt/data"
    )


@pytest.mark.parametrize("variant", ["docker28", "docker28-containerd"])
def test_a_target_that_goes_in_the_middle_is_no_loss(host: Host) -> None:
    watched = Watched(host, near=False)
    host.write("/root/break.py", BREAK)
    is_first = host.variant.name == "docker28"
    for kind in FAULTS if is_first else ["unmounted"]:
        at_the_stop(host, FAULTS[kind])
        assert_undone(watched, says=SAYS[kind])
        renew_target(host)
    # and before the stop: Docker never stopped, so there is nothing to undo but the copy
    for kind in ("unmounted", "broken") if is_first else ():
        fault = f"while [ ! -e /mnt/data/docker/volumes/static ]; do sleep 0.01; done; {FAULTS[kind]}"
        since = host.systemctl("show", "--property=InvocationID", "docker.service")
        with closing(host.popen("sh", "-c", fault)):
            assert_undone(watched, *MOVE, "--bwlimit", "6m", says=SAYS[kind])
        assert host.systemctl("show", "--property=InvocationID", "docker.service") == since
        renew_target(host)
    # the disk is there again: the same command succeeds
    host.systemctl("reset-failed", "docker.service", "docker.socket")
    answer(host, *MOVE)
    watched.assert_whole(images=True)


def test_writes_that_fail_only_when_they_come_to_the_disk_are_noticed(host: Host) -> None:
    """The disk promises more than it has, as a thin volume does: each write succeeds, and its contents are lost later."""
    watched = Watched(host, near=False)
    host.shell(
        "umount /mnt/data; mkdir /mnt/thin; mount -t tmpfs -o size=12m none /mnt/thin; truncate -s 400M /mnt/thin/img; "
        "mkfs.ext4 -q /mnt/thin/img; sed -i 's:^/disks/data.img:/mnt/thin/img:' /etc/fstab; "
        "systemctl daemon-reload; mount /mnt/data"
    )
    # told by the write itself, or by the kernel, which then makes the file system read-only: whichever is first
    assert_undone(watched, says=("Input/output error", "turned read-only"))


def test_a_target_that_fills_up_in_the_stop_is_undone(boot_host: BootHost) -> None:
    host = boot_host("docker26", disk_mib=130)
    watched = Watched(host, near=False)
    host.docker(
        *("run", "--detach", "--name=last-words", "--restart=always", "--stop-timeout=20", "--network=none"),
        *("--volume", "words:/words", "app:1", "sh", "-c"),
        "trap 'head -c 120000000 /dev/urandom > /words/last; exit 0' TERM; while :; do sleep 0.1; done",
    )
    watched.remember()
    assert_undone(watched, says="No space left")
    assert not host.exists("/mnt/data/docker")
    assert host.free_bytes("/mnt/data") > 90_000_000


def test_a_source_that_somebody_else_changes_after_the_stop_is_noticed(host: Host) -> None:
    watched = Watched(host, near=False)
    folder = f"{OLD}/docker/volumes/made/_data"
    host.docker("volume", "create", "made")
    watched.remember(volumes=False)
    host.write("/root/theirs", f"i=0; while :; do i=$((i + 1)); echo $i >> {folder}/theirs; done")
    at_the_stop(host, "systemd-run --quiet --unit=theirs sh /root/theirs")
    done = host.tool(*MOVE)
    host.systemctl("stop", "theirs")
    print(done.stdout + done.stderr)
    assert done.returncode == 6
    assert "differs from its source" in done.stderr
    numbers = host.read(f"{folder}/theirs").split()
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    watched.remember(volumes=True)
    watched.assert_whole()


WRAPPER = """\
#!/bin/sh
if [ -e /root/bad ] && { [ -L /var/lib/docker ] || grep -qs data-root /etc/docker/daemon.json; }; then
  %s
fi
exec /usr/sbin/dockerd "$@"
"""
STARTS = {
    "dies-soon": '/usr/sbin/dockerd "$@" & sleep 2; kill -9 $!; exit 1',
    "dies-at-once": "echo no pool left >&2; exit 1",
    "hangs": "sleep 1000",
    "hangs-deaf": "trap '' TERM; sleep 1000 & wait; wait; sleep 1000",
}


def test_a_docker_that_does_not_stay_up_at_the_new_place_is_brought_back(host: Host) -> None:
    watched = Watched(host, near=False)
    host.write(
        "/etc/systemd/system/docker.service.d/wrapper.conf",
        "[Service]\nExecStart=\nExecStart=/usr/local/bin/wrapper -H fd:// --containerd=/run/containerd/containerd.sock\n"
        "TimeoutStopSec=4s\n",
    )
    host.write("/usr/local/bin/wrapper", WRAPPER % ":", 0o755)
    host.systemctl("daemon-reload")
    host.systemctl("restart", "docker")
    host.write("/root/bad", "")
    for name, script in STARTS.items():
        print(f"== {name}")
        host.write("/usr/local/bin/wrapper", WRAPPER % script, 0o755)
        argv = () if name == "dies-at-once" else (*MOVE, "--start-timeout", "10s")
        mode = ("--mode", "symlink") if name == "hangs-deaf" else ()
        assert_undone(watched, *(argv or MOVE), *mode, says="docker.service")
        assert not host.exists("/mnt/data/docker")


LEFT = """
import os, pty, subprocess, sys, time
tool, terminal = pty.fork()
if tool == 0:
    os.execvp("dockerd-cfg", ["dockerd-cfg", "move-storage", "/mnt/data", "--yes"])
while subprocess.run(["systemctl", "is-active", "-q", "docker.service"]).returncode == 0:
    time.sleep(0.02)
os.close(terminal)  # the terminal is gone, as when an ssh connection is lost: SIGHUP, and errors for what is written
print(os.waitstatus_to_exitcode(os.waitpid(tool, 0)[1]))
"""


def test_a_terminal_that_is_lost_or_a_pipe_that_is_closed_leaves_nothing_half_done(host: Host) -> None:
    watched = Watched(host, near=False)
    lost = host.run("python3", "-c", LEFT, timeout=120)
    assert lost.stdout.split()[-1] == "6", lost
    assert data_root(host) == "/var/lib/docker"
    watched.assert_whole()
    assert answer(host, "status")["data"]["open_run"] is None
    assert not host.exists("/mnt/data/docker")
    host.systemctl("reset-failed", "docker.service", "docker.socket")
    closed = host.shell("dockerd-cfg move-storage /mnt/data --yes 2>&1 | head -1; dockerd-cfg status --json")
    print(closed)
    assert json.loads(closed.splitlines()[-1])["data"]["open_run"] is None
    watched.assert_whole(images=True)


def test_after_the_new_disk_is_lost_for_good_docker_goes_on_with_the_old_data(host: Host) -> None:
    Watched(host, near=False)
    answer(host, *MOVE)
    host.shell(
        "systemctl stop docker.socket docker.service; umount /mnt/data; rm /disks/data.img; "
        "sed -i /data.img/d /etc/fstab; systemctl daemon-reload"
    )
    refused = answer(host, "rollback", "--yes", code=4)
    assert "is its disk mounted" in refused["error"]["message"]
    command, _, after = refused["error"]["hint"].partition("(")[2].partition("), then run: ")
    host.shell(f"{command}; {after} --yes; systemctl start docker")  # as the hint says
    assert data_root(host) == "/var/lib/docker"
    assert host.is_active("docker")
    assert host.docker("inspect", "--format={{.State.Running}}", "writer").strip() == "true"
    assert answer(host, "status")["data"]["open_run"] is None
