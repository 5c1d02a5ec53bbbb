"""Moves of every kind on real hosts: not one acknowledged record is missing after any of them, nor after their undoing."""

import json
import time
from contextlib import closing
from datetime import datetime

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.hard_stops import NEAR, NEW, OLD, Watched, changes, entries
from tests.hosts.harness import Host
from tests.hosts.harness.disks import FileSystem
from tests.hosts.harness.inside import Process
from tests.hosts.test_jobs import answer, data_root, inventory

LONG = pytest.mark.long  # what is not so marked covers the most for its time

# Whatever is made is acknowledged with what it holds.
MAKER = """\
cd /root; i=0; export DOCKER_BUILDKIT=0; mkdir -p context
printf 'FROM app:1\\nCOPY made /made\\nRUN cp /made /built && sync\\n' > context/Dockerfile
while :; do
  i=$((i + 1)); head -c 20000 /dev/urandom > made; cp made context/; sum=$(sha256sum < made)
  tar c made | docker import - import:$i > /dev/null 2>&1 && echo "import:$i /made $sum" >> acknowledged
  docker load --quiet --input app.tar > /dev/null 2>&1
  docker create --name maker$i busybox:1 true > /dev/null 2>&1 && docker cp made maker$i:/made > /dev/null 2>&1 &&
    docker commit maker$i commit:$i > /dev/null 2>&1 && echo "commit:$i /made $sum" >> acknowledged
  docker rm maker$i > /dev/null 2>&1
  docker build --tag build:$i context > /dev/null 2>&1 && echo "build:$i /built $sum" >> acknowledged
done
"""
POLLER = """\
import http.client, socket, time
while True:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect("/run/docker.sock")
            client.sendall(b"GET /containers/json HTTP/1.0\\r\\n\\r\\n")
            client.recv(1000)
    except OSError:
        pass
    time.sleep(0.01)
"""
CHECK = """\
while read -r image path sum _; do
  docker rm checked > /dev/null 2>&1 || :
  docker create --name checked $image true > /dev/null
  found=$(docker cp checked:$path - | tar xO | sha256sum)
  [ "$found" = "$sum  -" ] || { echo "$image holds $found, not $sum"; exit 1; }
done < /root/acknowledged
docker rm checked > /dev/null; wc -l < /root/acknowledged
"""


def move(host: Host, *argv: str, code: int = 0) -> str:
    """Move, read what the tool says, and return it."""
    host.systemctl("reset-failed", "docker.service", "docker.socket")
    done = host.tool(*argv, "--yes")
    said = done.stdout + done.stderr
    print(said)
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said


def acknowledged(host: Host) -> list[str]:
    """What the maker has made so far: lines of image, path and digest."""
    return host.run("cat", "/root/acknowledged", check=False).stdout.splitlines()


def clear_away(host: Host, before: dict[str, list[str]]) -> None:
    """Remove what was made since, and assert that nothing of before is missing at any time.

    What the daemon was about to do when its client was killed may appear a moment later, and images that others hang
    on go only after them: so whatever is new is removed until nothing is.
    """
    tried: list[str] = []
    deadline = time.monotonic() + 60
    while changed := changes(before, inventory(host)):
        missing = {kind: gone for kind, (gone, _) in changed.items() if gone}
        assert not missing, f"missing: {missing}\n{tried}"
        assert time.monotonic() < deadline, f"cannot be removed: {changed}\n{tried}"
        for kind, verb in (("containers", "rm"), ("images", "rmi")):
            if kind in changed:
                tried = [
                    *tried[-9:],
                    host.run("docker", verb, "--force", *changed[kind][1], check=False).stderr,
                ]
    print("removed with", tried)


@pytest.mark.parametrize(
    ("variant", "disk_fs"),
    [
        pytest.param("docker20", "xfs", marks=LONG),
        pytest.param("docker26", "ext4", marks=LONG),
        pytest.param("docker28", "xfs", marks=LONG),
        ("docker28-containerd", "xfs"),
    ],
)
def test_nothing_acknowledged_is_lost_while_others_work_with_docker(
    boot_host: BootHost, variant: str, disk_fs: FileSystem
) -> None:
    host = boot_host(variant, disk_fs=disk_fs)
    watched = Watched(host, near=False)
    host.docker(
        *("run", "--detach", "--name=deaf", "--restart=always", "--stop-timeout=1", "--network=none"),
        *("app:1", "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"),
    )
    watched.remember()
    before = inventory(host)
    host.docker("save", "--output", "/root/app.tar", "app:1")
    with closing(host.popen("sh", "-c", MAKER)), closing(host.popen("python3", "-c", POLLER)):
        host.wait_for(lambda: len(acknowledged(host)) > 2, what="nothing is made")
        move(host, "move-storage", NEW, "--verify", "full")
        made = len(acknowledged(host))
        host.wait_for(lambda: len(acknowledged(host)) > made + 2, what="nothing is made")
    assert data_root(host) == "/mnt/data/docker"
    print(host.shell(CHECK, timeout=120), "images were acknowledged")
    clear_away(host, before)
    watched.assert_whole(images=True)
    assert "deaf" in host.docker("ps", "--format", "{{.Names}}")


@LONG
@pytest.mark.parametrize("variant", ["docker28", "docker28-containerd"])
def test_what_is_built_during_a_slowed_pre_copy_is_there_after_the_move(host: Host) -> None:
    watched = Watched(host, near=False)
    before = inventory(host)
    host.docker("save", "--output", "/root/app.tar", "app:1")
    trees = [f"{OLD}/docker", *([f"{OLD}/containerd"] if host.variant.image_store == "containerd" else [])]
    total = sum(
        int(host.run("du", "--summarize", "--block-size=1", tree).stdout.split()[0]) for tree in trees
    )
    rate = total // 12
    with (
        closing(host.popen("sh", "-c", MAKER)),
        closing(
            host.popen(
                *("dockerd-cfg", "move-storage", NEW, "--yes"),
                *("--full-speed", "--bwlimit", f"{rate // 1000}k"),
            )
        ) as moving,
    ):
        made = [
            _acknowledged_at(host, moving, "started", 1),
            _acknowledged_at(host, moving, "done", len(trees)),
        ]
        assert moving.wait(120) == 0, moving.stdout + moving.stderr
    of_it = made[1][len(made[0]) :]
    assert {line.partition(":")[0] for line in of_it} == {"import", "commit", "build"}, made
    times = [
        datetime.fromisoformat(entry["at"]) for entry in entries(host) if entry.get("kind") == "pre-copy"
    ]
    seconds = (times[-1] - times[0]).total_seconds()
    print(f"{total} bytes, {rate} a second at most: {seconds:.1f} s; {len(of_it)} images made meanwhile")
    assert 6 < seconds < 40  # without a limit it takes one or two
    assert data_root(host) == "/mnt/data/docker"
    print(host.shell(CHECK, timeout=120), "images were acknowledged")
    clear_away(host, before)
    watched.assert_whole(images=True)


def _acknowledged_at(host: Host, moving: Process, event: str, number: int) -> list[str]:
    """What the maker has made when that many pre-copies, one for each tree, have begun or are done."""
    deadline = time.monotonic() + 90
    while sum((entry["event"], entry.get("kind")) == (event, "pre-copy") for entry in entries(host)) < number:
        assert moving.poll() is None, moving.stdout + moving.stderr
        assert time.monotonic() < deadline, f"the pre-copy is not {event}"
        time.sleep(0.01)
    return acknowledged(host)


@pytest.mark.parametrize(
    ("variant", "mode", "disk_fs"),
    [pytest.param("docker28-containerd", "symlink", "xfs", marks=LONG), ("docker26", "bind", "ext4")],
)
def test_a_finished_move_that_keeps_the_old_path_outlives_a_reboot_and_frees_only_the_old_data(
    boot_host: BootHost, variant: str, mode: str, disk_fs: FileSystem
) -> None:
    host = boot_host(variant, disk_fs=disk_fs)
    watched = Watched(host, near=False)
    host.shell("mkdir /var/lib/mine; echo mine > /var/lib/mine/file; echo theirs > /mnt/data/neighbour")
    move(host, "move-storage", NEW, "--mode", mode)
    watched.assert_whole()
    before = host.free_bytes(OLD)
    move(host, "finish")
    assert host.free_bytes(OLD) > before
    assert host.read("/var/lib/mine/file") == "mine\n"
    assert host.read("/mnt/data/neighbour") == "theirs\n"
    assert not host.shell("ls -d /var/lib/*.old-* 2>/dev/null || :")
    host.reboot()
    host.wait_for(lambda: host.is_active("docker"), what="Docker after the reboot")
    assert host.run("test", "/var/lib/docker", "-ef", "/mnt/data/docker", check=False).returncode == 0
    watched.assert_whole(images=True)
    assert not answer(host, "move-storage", NEW, "--mode", mode, "--yes")["changed"]


# Paths of 6,000 bytes below the folder that is named, with two names for a file in each of their folders.
DEEP = """\
import os, sys
os.chdir(sys.argv[1])
for level in range(30):
    os.makedirs("d" * 199, exist_ok=True)
    os.chdir("d" * 199)
    with open(f"file-{sys.argv[2]}", "w") as file:
        file.write(f"{level} {sys.argv[2]}")
    os.link(file.name, f"name-{sys.argv[2]}")
"""
DIGEST = (
    "tar --create --sort=name --format=posix --pax-option=delete=atime,delete=ctime --xattrs --xattrs-include='*' "
    "--directory {} . | sha256sum"
)


def test_paths_that_no_call_takes_move_and_come_back_and_go(boot_host: BootHost) -> None:
    host = boot_host()
    watched = Watched(host, near=False)
    volume = "volumes/deep/_data"
    host.docker("volume", "create", "deep")
    watched.remember()
    host.run("python3", "-c", DEEP, f"/var/lib/docker/{volume}", "first")
    first = host.shell(DIGEST.format(f"/var/lib/docker/{volume}"))

    move(host, "move-storage", NEW, "--verify", "full")
    assert host.shell(DIGEST.format(f"/mnt/data/docker/{volume}")) == first
    host.run("python3", "-c", DEEP, f"/mnt/data/docker/{volume}", "second")
    second = host.shell(DIGEST.format(f"/mnt/data/docker/{volume}"))
    move(host, "rollback")
    assert host.shell(DIGEST.format(f"/var/lib/docker/{volume}")) == second != first
    move(host, "move-storage", NEW)
    assert host.shell(DIGEST.format(f"/mnt/data/docker/{volume}")) == second
    move(host, "finish")

    assert not host.shell("ls -d /var/lib/docker /var/lib/docker.old* 2>/dev/null || :")
    watched.assert_whole()


@LONG
@pytest.mark.parametrize("mode", ["data-root", "symlink"])
def test_two_moves_in_a_row_are_undone_in_their_order(host: Host, mode: str) -> None:
    """The first is a rename on the same file system, the second a copy."""
    watched = Watched(host, near=True)
    assert "nothing needs to be copied" in move(host, "move-storage", NEAR, "--mode", mode)
    watched.assert_whole()
    move(host, "move-storage", NEW, "--mode", mode)
    watched.make()
    refused = move(host, "rollback", "1", code=4)
    assert "hint" in refused
    move(host, "rollback")
    watched.assert_whole()
    assert data_root(host) in {f"{NEAR}/docker", "/var/lib/docker"}
    assert "earlier ones can be named" in move(host, "rollback")
    move(host, "rollback", "1")
    watched.assert_whole(images=True)
    assert data_root(host) == "/var/lib/docker"
    assert host.shell(f"readlink -f /var/lib/docker; ls {NEAR} /mnt/data").split() == [
        "/var/lib/docker", "/mnt/data:", "lost+found", f"{NEAR}:",
    ]  # fmt: skip
    move(host, "move-storage", NEAR, "--mode", mode)
    assert not answer(host, "finish", "--yes")["changed"]
    host.reboot()
    host.wait_for(lambda: host.is_active("docker"), what="Docker after the reboot")
    watched.assert_whole()


@LONG
def test_a_data_root_given_as_a_flag_moves_in_the_modes_that_leave_it_there(host: Host) -> None:
    watched = Watched(host, near=False)
    host.write(
        "/etc/systemd/system/docker.service.d/root.conf",
        "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock "
        "--data-root=/var/lib/docker\n",
    )
    host.systemctl("daemon-reload")
    host.systemctl("restart", "docker")
    assert "--mode symlink or --mode bind" in move(host, "move-storage", NEW, code=4)
    for mode in ("symlink", "bind"):
        move(host, "move-storage", NEW, "--mode", mode)
        assert host.run("test", "/var/lib/docker", "-ef", "/mnt/data/docker", check=False).returncode == 0
        watched.assert_whole()
        move(host, "rollback")
        watched.assert_whole()


@LONG
def test_a_data_root_behind_links_moves_and_comes_back(host: Host) -> None:
    watched = Watched(host, near=False)
    host.shell(
        "systemctl stop docker.socket docker.service; mkdir -p /var/lib/real; mv /var/lib/docker /var/lib/real/docker; "
        "ln -s real/docker /var/lib/docker; systemctl start docker.socket docker.service"
    )
    watched.wait_for_records()
    assert "symbolic link" in move(host, "move-storage", NEW, "--mode", "bind", code=4)
    for mode in ("symlink", "data-root"):
        move(host, "move-storage", NEW, "--mode", mode)
        watched.assert_whole()
        move(host, "rollback")
        watched.assert_whole()
        assert host.shell("readlink /var/lib/docker") == "real/docker"
    # a link on the way there, not at its end
    host.shell(
        "systemctl stop docker.socket docker.service; rm /var/lib/docker; ln -s /var/lib/real /srv/way; "
        """echo '{"data-root": "/srv/way/docker"}' > /etc/docker/daemon.json; systemctl start docker.socket docker.service"""
    )
    for mode in ("symlink", "data-root"):
        move(host, "move-storage", NEW, "--mode", mode)
        watched.assert_whole()
        move(host, "rollback")
        watched.assert_whole()


@LONG
def test_a_data_root_that_is_a_mount_point_moves_and_finish_empties_it(host: Host) -> None:
    watched = Watched(host, near=True)
    host.shell(
        "systemctl stop docker.socket docker.service; rsync -aHAXS --numeric-ids /var/lib/docker/ /mnt/data/; "
        """echo '{"data-root": "/mnt/data"}' > /etc/docker/daemon.json; mv /var/lib/docker /var/lib/dead; """
        "systemctl start docker.socket docker.service"
    )
    watched.wait_for_records()
    for mode in ("symlink", "bind"):
        assert "mount point" in move(host, "move-storage", NEAR, "--mode", mode, code=4)
    move(host, "move-storage", NEAR)
    watched.make()
    move(host, "rollback")
    watched.assert_whole()
    move(host, "move-storage", NEAR)
    move(host, "finish")
    assert set(host.shell("ls -A /mnt/data").split()) <= {"lost+found"}
    assert host.run("mountpoint", "-q", "/mnt/data", check=False).returncode == 0
    watched.assert_whole(images=True)


def test_data_that_was_copied_by_hand_is_adopted_although_the_old_disk_is_dead(host: Host) -> None:
    watched = Watched(host, near=False)
    host.shell(
        "systemctl stop docker.socket docker.service; rsync -aHAXS --numeric-ids /var/lib/docker /mnt/data/; "
        "mv /var/lib/docker /var/lib/dead"
    )
    assert "--adopt" in move(host, "move-storage", NEW, code=4)
    move(host, "move-storage", NEW, "--adopt")
    host.systemctl("start", "docker")
    assert data_root(host) == "/mnt/data/docker"
    watched.assert_whole(images=True)


@LONG
def test_a_move_is_undone_by_the_clock_unless_it_is_confirmed(host: Host) -> None:
    watched = Watched(host, near=False)
    move(host, "move-storage", NEW, "--confirm-within", "10s")
    watched.make()
    host.wait_for(
        lambda: answer(host, "status")["data"]["data_root"] == "/var/lib/docker",
        what="not undone",
        timeout=60,
    )
    host.wait_for(lambda: host.is_active("docker"), what="Docker")
    watched.assert_whole(images=True)
    move(host, "move-storage", NEW, "--confirm-within", "10m")
    answer(host, "confirm")
    assert "dockerd-cfg" not in host.systemctl("list-timers", "--all", "--no-legend")
    assert data_root(host) == "/mnt/data/docker"
    watched.assert_whole()
    print(json.dumps(answer(host, "status")))
