"""The hosts themselves: they are what their names say, they survive what tests do to them, and they leave nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.harness import (
    VARIANTS,
    CommandTimeoutError,
    Host,
    HostDownError,
    Network,
    base,
    cgroups,
    leftovers,
    recipe,
)
from tests.hosts.harness.disks import MIB, FileSystem
from tests.hosts.harness.inside import STAY, Process

OUTLIVED = """\
import sys, time
from tests.hosts.harness.create import create
host = create("docker28")
host.start()
host.wait_until_up()
host.docker("run", "-d", "busybox:1", "sleep", "1000")
print(host.name, flush=True)
time.sleep(1000)
"""


def traces_of(name: str) -> dict[str, list[str]]:
    """Everything on this machine that bears a host's name."""
    folder = str(leftovers.hosts() / name)
    processes = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if name in command:
            processes.append(command)
    traces = {
        "mounts": [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if name in line],
        "groups": [str(path) for path in cgroups.plan(name) if path.exists()],
        "processes": processes,
        "folders": [
            path for path in (folder, f"/run/systemd/nspawn/propagate/{name}") if os.path.lexists(path)
        ],
    }
    return {kind: found for kind, found in traces.items() if found}


def orphaned_loop_devices() -> list[str]:
    devices = subprocess.run(
        ["losetup", "-nO", "NAME,BACK-FILE"], check=True, capture_output=True, text=True
    ).stdout
    # other tests' own disks may still be held for a moment by the namespaces of hosts beside this one
    return [line for line in devices.splitlines() if "(deleted)" in line and str(leftovers.hosts()) in line]


def data_is_mounted(host: Host) -> bool:
    return host.run("mountpoint", "-q", "/mnt/data", check=False).returncode == 0


def test_a_suite_that_moved_on_is_named_with_what_it_has_now() -> None:
    with pytest.raises(
        base.BuildError, match=r"sid now has docker.io 29.0.1\+dfsg1, the recipe expects 28.5.2"
    ):
        base.check_version("29.0.1+dfsg1", recipe.DOCKER28)
    base.check_version("28.5.2+dfsg4-1+b2", recipe.DOCKER28)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_host_runs_the_docker_that_its_name_says(host: Host) -> None:
    assert host.docker("version", "--format", "{{.Server.Version}}").startswith(host.variant.docker.version)
    assert host.docker("info", "--format", "{{.Driver}}") == host.variant.storage_driver
    images = host.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    assert sorted(images) == ["app:1", "busybox:1", "web:1"]
    assert len(host.docker("image", "inspect", "-f", "{{json .RootFS.Layers}}", "web:1").split(",")) == 4
    assert host.docker("run", "--rm", "app:1", "cat", "/srv/app/old/new", "/srv/app/hard") == "new\none"
    assert host.systemctl("is-system-running") == "running"


@pytest.mark.parametrize("variant", VARIANTS)
def test_containers_and_disks_come_back_after_restart_reboot_and_power_cut(host: Host) -> None:
    host.docker(
        "run",
        "-d",
        "--restart=always",
        "--name=web",
        "--stop-signal=KILL",
        "-v=vol:/data",
        "busybox:1",
        "sh",
        "-c",
        "date >> /data/starts; exec sleep 1000",
    )
    volume = "/var/lib/docker/volumes/vol/_data/starts"

    def starts(number: int) -> bool:
        return len(host.read(volume).splitlines()) == number

    host.wait_for(lambda: starts(1))
    host.systemctl("restart", "docker")
    host.wait_for(lambda: starts(2))
    host.reboot()
    host.wait_for(lambda: starts(3))
    assert data_is_mounted(host)
    host.run("sync")
    host.power_cut()
    host.start()
    host.wait_until_up()
    host.wait_for(lambda: starts(4))
    assert data_is_mounted(host)
    assert host.docker("inspect", "-f", "{{.State.Running}}", "web") == "true"


def test_the_data_root_can_be_renamed_and_lies_on_a_disk_of_its_own(host: Host) -> None:
    assert host.shell("stat -f -c %T /var/lib/docker /mnt/data /etc") == "ext2/ext3\next2/ext3\noverlayfs"
    host.systemctl("stop", "docker.socket", "docker.service")
    host.run("mv", "/var/lib/docker", "/var/lib/docker.set-aside")
    host.systemctl("start", "docker")
    assert host.docker("images", "-q") == ""


def test_disks_have_the_sizes_and_file_systems_asked_for(boot_host: BootHost) -> None:
    host = boot_host(disk_fs="xfs", disk_mib=320, lib_mib=300)
    assert host.shell("stat -f -c %T /mnt/data") == "xfs"
    assert 200 * MIB < host.free_bytes("/mnt/data") < 320 * MIB
    assert 150 * MIB < host.free_bytes("/var/lib/docker") < 300 * MIB
    assert (
        host.run("dd", "if=/dev/zero", "of=/var/lib/full", "bs=1M", check=False).stderr.count("No space left")
        == 1
    )
    assert host.docker("images", "-q").count("\n") == 2


def test_a_power_cut_loses_what_no_disk_had_yet(host: Host) -> None:
    for folder in ("/etc", "/var/lib", "/mnt/data"):
        host.shell(
            f"echo kept > {folder}/kept; sync {folder}/kept; sync -f {folder}; echo lost > {folder}/lost"
        )
    host.power_cut()
    with pytest.raises(HostDownError):
        host.run("true")
    host.start()
    host.wait_until_up()
    assert host.shell("cd /; cat etc/kept var/lib/kept mnt/data/kept") == "kept\nkept\nkept"
    assert not [folder for folder in ("/etc", "/var/lib", "/mnt/data") if host.exists(f"{folder}/lost")]


@pytest.mark.parametrize("disk_fs", ["ext4", "xfs"])
def test_a_power_cut_keeps_what_was_synced_and_no_more(boot_host: BootHost, disk_fs: FileSystem) -> None:
    host = boot_host(disk_fs=disk_fs)
    folders = ("/etc", "/var/lib", "/mnt/data")
    for folder in folders:
        host.shell(f"echo kept > {folder}/kept; sync {folder}/kept; echo lost > {folder}/lost")
        host.shell(f"echo more >> {folder}/kept; mv {folder}/kept {folder}/renamed; cat {folder}/renamed")
    host.power_cut()
    host.start()
    host.wait_until_up()
    for folder in folders:
        assert host.read(f"{folder}/kept") == "kept\n"
        assert not host.exists(f"{folder}/lost")
        assert not host.exists(f"{folder}/renamed")


def test_a_power_cut_of_quick_disks_loses_nothing(host: Host) -> None:
    host.shell("for folder in /etc /var/lib /mnt/data; do echo kept > $folder/kept; done")
    host.power_cut(losing=False)
    host.start()
    host.wait_until_up()
    assert host.shell("cd /; cat etc/kept var/lib/kept mnt/data/kept") == "kept\nkept\nkept"


def test_a_power_cut_comes_in_the_middle_of_a_sync_too(host: Host) -> None:
    """Nobody in the host learns of a sync that the power cut came before."""
    (host.folder / "disks/said").touch()
    host.popen(
        *("sh", "-c"),
        "i=0; while dd if=/dev/urandom of=/mnt/data/file bs=1M count=1 conv=fsync status=none; do "
        "i=$((i + 1)); echo $i > /mnt/data/number; sync /mnt/data/number && echo $i >> /disks/said; done; "
        "echo failed >> /disks/said",
    )
    host.wait_for(lambda: len((host.folder / "disks/said").read_text()) > 20)
    host.power_cut()
    said = (host.folder / "disks/said").read_text().split()
    host.start()
    host.wait_until_up()
    assert "failed" not in said
    assert int(host.read("/mnt/data/number") or "0") >= int(said[-1])


def test_a_clean_shutdown_loses_nothing(host: Host) -> None:
    host.shell("echo kept | tee /etc/kept /var/lib/kept > /mnt/data/kept")
    host.power_off()
    host.start()
    host.wait_until_up()
    assert host.shell("cd /; cat etc/kept var/lib/kept mnt/data/kept") == "kept\nkept\nkept"


def test_commands_have_input_output_codes_and_a_time_limit(host: Host, tmp_path: Path) -> None:
    assert host.run("cat", stdin="näh\n").stdout == "näh\n"
    assert host.run("sh", "-c", "echo out; echo err >&2; exit 3", check=False).returncode == 3
    started = time.monotonic()
    with pytest.raises(CommandTimeoutError, match="not done in"):
        host.run("sh", "-c", "sleep 100 & sleep 100", timeout=0.5)
    assert time.monotonic() - started < 3
    assert "sleep 100" not in host.run("ps", "ax").stdout
    host.write("/srv/a/b", b"\xff\n", 0o600)
    assert host.read_bytes("/srv/a/b") == b"\xff\n"
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_text("text")
    host.copy_in(tmp_path / "tree", "/srv")
    assert host.read("/srv/tree/file") == "text"


def test_a_command_in_the_background_can_be_signalled_and_killed(host: Host) -> None:
    process = host.popen("sh", "-c", "trap 'echo term; exit 7' TERM; echo up; while :; do sleep 0.05; done")
    host.wait_for(lambda: process.stdout == "up\n")
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 7
    assert process.stdout == "up\nterm\n"
    process = host.popen("sleep", "1000")
    process.kill()
    assert process.wait() == 128 + signal.SIGKILL


def test_what_enters_the_host_is_not_taken_for_the_command() -> None:
    process = Process(["sh", "-c", 'sleep 0.3; exec sh -c "$@"', "join", STAY, "stay", "sleep", "1000"])
    try:
        process.kill()
        assert process.wait() == 128 + signal.SIGKILL
    finally:
        process.close()


def test_the_tool_is_installed_from_its_wheel(host: Host) -> None:
    where = host.shell(
        "/opt/dockerd-cfg/venv/bin/python -c 'import dockerd_cfg; print(dockerd_cfg.__file__)'"
    )
    assert where.startswith("/opt/dockerd-cfg/venv/lib/")
    assert host.shell("command -v dockerd-cfg") == "/usr/local/bin/dockerd-cfg"


@pytest.mark.parametrize("state", ["off", "up", "frozen", "with a paused container"])
def test_a_destroyed_host_leaves_nothing(boot_host: BootHost, state: str) -> None:
    host = boot_host()
    assert set(traces_of(host.name)) == {"groups", "processes", "folders"}
    host.docker("run", "-d", "--stop-signal=KILL", "busybox:1", "sleep", "1000")
    if state == "with a paused container":
        host.docker("run", "--detach", "--name", "paused", "--network=none", "busybox:1", "sleep", "1000")
        host.docker("pause", "paused")
    if state == "frozen":
        host.popen("sleep", "1000")
        host.freeze()
        with pytest.raises(CommandTimeoutError):
            host.run("true", timeout=0.3)
    if state == "off":
        host.power_off()
    host.destroy()
    assert traces_of(host.name) == {}
    assert orphaned_loop_devices() == []


def test_processes_are_found_while_groups_come_and_go(tmp_path: Path) -> None:
    churn = 'cd "$1"; while :; do mkdir -p a/b/c d/e; rmdir a/b/c a/b a d/e d; done'
    with subprocess.Popen(["sh", "-c", churn, "churn", tmp_path]) as process:
        try:
            for _ in range(5000):
                assert cgroups.processes((tmp_path,)) == set()
        finally:
            process.kill()


@pytest.mark.usefixtures("real_hosts")
def test_hosts_of_a_killed_owner_are_swept_away() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OUTLIVED], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner, owner.stdout:
        name = owner.stdout.readline().strip()
        assert name, "the owner failed"
        assert name not in leftovers.sweep()  # its owner lives
        owner.kill()
    assert set(traces_of(name)) == {"groups", "processes", "folders"}
    assert json.loads((leftovers.hosts() / name / leftovers.OWNER).read_text())["pid"] == owner.pid
    assert leftovers.sweep() == [name]
    assert traces_of(name) == {}
    assert orphaned_loop_devices() == []


def test_hosts_on_a_network_are_reached_by_ssh_and_reach_each_other(
    network: Network, boot_host: BootHost
) -> None:
    first, second = boot_host("docker20", network=network), boot_host("docker28", network=network)
    for host in (first, second):
        network.wait_for_ssh(host.address)
        options = (
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-i",
            str(network.key),
        )
        assert network.run("ssh", *options, f"root@{host.address}", "hostname").stdout.strip() == host.name
    first.run("timeout", "5", "bash", "-c", f"exec 3<>/dev/tcp/{second.address}/22")
