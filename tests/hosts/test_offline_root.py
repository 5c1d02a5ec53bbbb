"""A root prepared with --root before its first boot: Docker comes up with the log limits and the data root given."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.hosts.harness import Host
from tests.hosts.harness.create import create

# $1 the host's folder; $2 its lower folders; then the commands of the tool, one a line.
PREPARE = """\
set -e
cd "$1"
mount -o loop root.img changes
mount -o loop lib.img lib
mount -t overlay prepared -o "lowerdir=$2,upperdir=$PWD/changes/upper,workdir=$PWD/changes/work" root
mount --bind lib root/var/lib
if [ "$3" = fresh ]; then rm -rf root/var/lib/docker root/var/lib/containerd; fi
mkdir -p root/var/lib/elsewhere
shift 3
for line; do $line --root "$PWD/root" --yes; done
"""


@pytest.fixture
def host(real_hosts: None) -> Iterator[Host]:  # noqa: ARG001  # it skips where there are none
    """A host that is off."""
    made = create("docker28")
    yield made
    made.destroy()


def prepare(host: Host, *lines: str, fresh: bool = False) -> str:
    """Run the tool of this machine on the root of a host that is off; ``fresh``: which has never run Docker."""
    program = f"{sys.executable} -m dockerd_cfg"
    done = subprocess.run(
        [
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", PREPARE, "prepare"),
            *(str(host.folder), ":".join(map(str, host.lower_folders))),
            "fresh" if fresh else "used",
            *(f"{program} {line}" for line in lines),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_root_prepared_before_its_first_boot_comes_up_as_wanted(host: Host) -> None:
    prepare(host, "set-logs --max-size 7m", "move-storage /mnt/data", fresh=True)
    assert "Nothing to do" in prepare(host, "set-logs --max-size 7m")

    host.start()
    host.wait_until_up()

    options = json.loads(host.read("/etc/docker/daemon.json"))["log-opts"]
    assert options == {"max-size": "7m", "max-file": "3"}
    assert host.docker("info", "--format", "{{.LoggingDriver}}") == "json-file"
    assert host.docker("info", "--format", "{{.DockerRootDir}}") == "/mnt/data/docker"
    assert host.exists("/mnt/data/docker/containers")
    assert "/mnt/data" in host.systemctl("show", "--property=RequiresMountsFor", "docker.service")


def test_data_is_not_put_where_a_disk_will_be_mounted_later(host: Host) -> None:
    with pytest.raises(AssertionError, match="something will be mounted at /mnt/data at boot"):
        prepare(host, "move-storage /mnt/data")


@pytest.mark.parametrize("mode", ["symlink", "bind"])
def test_a_root_without_data_is_led_nowhere_by_a_link_or_mount(host: Host, mode: str) -> None:
    with pytest.raises(AssertionError, match="Docker has not run in this root"):
        prepare(host, f"move-storage /mnt/data --mode {mode}", fresh=True)


def test_the_data_of_a_root_that_does_not_run_moves_with_it(host: Host) -> None:
    prepare(host, "move-storage /var/lib/elsewhere")

    host.start()
    host.wait_until_up()

    assert host.docker("info", "--format", "{{.DockerRootDir}}") == "/var/lib/elsewhere/docker"
    assert "busybox" in host.docker("images")
    assert not host.exists("/var/lib/docker")
