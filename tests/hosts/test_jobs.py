"""Both jobs, from beginning to end, on real hosts of every kind."""

import json
from typing import Any

import pytest

from tests.hosts.harness import VARIANTS, Host

WRITER = "i=0; while :; do i=$((i+1)); echo $i >> /data/records; echo line $i; sleep 0.2; done"


def start_containers(host: Host) -> None:
    """Start a container that comes back by itself and one that does not, both writing to a volume."""
    host.docker("volume", "create", "records")
    for name, policy, image in (("always", "always", "busybox:1"), ("never", "no", "app:1")):
        host.docker(
            *("run", "--detach", "--name", name, f"--restart={policy}", "--stop-signal=KILL"),
            *("--volume", "records:/data", image, "sh", "-c", WRITER.replace("records", name)),
        )
    host.docker("create", "--name", "stopped", "web:1", "true")


def inventory(host: Host) -> dict[str, Any]:
    """Return the ids of everything Docker keeps, and what runs."""
    lines = {
        "images": host.docker("images", "--all", "--quiet", "--no-trunc"),
        "containers": host.docker("ps", "--all", "--quiet", "--no-trunc"),
        "running": host.docker("ps", "--format", "{{.Names}}"),
        "volumes": host.docker("volume", "ls", "--quiet"),
        "driver": host.docker("info", "--format", "{{.Driver}}"),
    }
    return {name: sorted(set(text.split())) for name, text in lines.items()}


def data_root(host: Host) -> str:
    """Return the data root Docker says it uses."""
    return host.docker("info", "--format", "{{.DockerRootDir}}").strip()


def records(host: Host, container: str) -> list[int]:
    """Return what a container has written to its volume so far."""
    return [int(line) for line in host.docker("exec", container, "cat", f"/data/{container}").split()]


def answer(host: Host, *argv: str, code: int = 0, stdin: str | None = None) -> dict[str, Any]:
    """Run the tool in the host, let it end with ``code``, and return its answer."""
    done = host.tool(*argv, "--json", stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def assert_goes_on_writing(host: Host, container: str, before: list[int]) -> None:
    """Assert that all records of before are there, and that more come."""
    now = records(host, container)
    assert now[: len(before)] == before
    host.wait_for(lambda: len(records(host, container)) > len(now), what=f"{container} writes on")


@pytest.mark.parametrize("variant", VARIANTS)
def test_logs_are_limited_and_the_storage_moves_there_back_and_for_good(host: Host, variant: str) -> None:
    start_containers(host)
    before = inventory(host)
    assert before["running"] == ["always", "never"]
    old_file = host.read("/etc/docker/daemon.json") if host.exists("/etc/docker/daemon.json") else None

    # log rotation, and the same again
    assert answer(host, "set-logs", "--max-size", "7m", "--yes")["changed"]
    assert inventory(host) == before
    host.docker("create", "--name", "newer", "busybox:1", "true")
    config = json.loads(host.docker("inspect", "--format", "{{json .HostConfig.LogConfig}}", "newer"))
    assert config == {"Type": "json-file", "Config": {"max-size": "7m", "max-file": "3"}}
    host.docker("rm", "newer")
    invocation = host.systemctl("show", "--property=InvocationID", "docker.service")
    assert not answer(host, "set-logs", "--max-size", "7m", "--yes")["changed"]
    assert host.systemctl("show", "--property=InvocationID", "docker.service") == invocation

    # the move
    host.systemctl("reset-failed", "docker.service")
    written = {name: records(host, name) for name in before["running"]}
    moved = answer(host, "move-storage", "/mnt/data", "--yes")
    assert moved["changed"]
    assert data_root(host) == "/mnt/data/docker"
    assert inventory(host) == before
    for name, lines in written.items():
        assert_goes_on_writing(host, name, lines)
    has_containerd = variant == "docker28-containerd"
    assert host.exists("/mnt/data/containerd") == has_containerd
    assert not host.exists("/var/lib/docker")
    assert not answer(host, "move-storage", "/mnt/data", "--yes")["changed"]
    assert "/mnt/data" in host.systemctl("show", "--property=RequiresMountsFor", "docker.service")

    # back again, with what was written meanwhile
    written = {name: records(host, name) for name in before["running"]}
    assert answer(host, "rollback", "--yes")["changed"]
    assert data_root(host) == "/var/lib/docker"
    assert inventory(host) == before
    for name, lines in written.items():
        assert_goes_on_writing(host, name, lines)
    assert host.shell("ls /mnt/data").split() in (["lost+found"], [])

    # and for good
    answer(host, "move-storage", "/mnt/data", "--yes")
    assert inventory(host) == before
    free = host.free_bytes("/var/lib")
    freed = answer(host, "finish", "--yes")["data"]["bytes"]
    assert freed > 5_000_000
    assert host.free_bytes("/var/lib") - free > 0.8 * freed
    assert host.shell("ls -d /var/lib/docker* /var/lib/containerd.old* 2>/dev/null || :").split() == [
        "/var/lib/dockerd-cfg"
    ]
    host.reboot()
    host.wait_for(lambda: host.is_active("docker"), what="Docker after the reboot")
    assert data_root(host) == "/mnt/data/docker"
    assert sorted(inventory(host)["containers"]) == before["containers"]
    assert old_file is None or '"features"' in host.read("/etc/docker/daemon.json")


def test_an_undone_set_logs_gives_back_the_file_and_docker(host: Host) -> None:
    text = '{\n\t"debug": false,\n\t"registry-mirrors" : []\n}'
    host.write("/etc/docker/daemon.json", text)
    host.systemctl("restart", "docker")
    answer(host, "set-logs", "--driver", "local", "--yes")
    assert host.docker("info", "--format", "{{.LoggingDriver}}").strip() == "local"
    answer(host, "rollback", "--yes")
    assert host.read("/etc/docker/daemon.json") == text
    assert host.docker("info", "--format", "{{.LoggingDriver}}").strip() == "json-file"


def test_a_container_run_with_rm_is_no_reason_to_fail(host: Host) -> None:
    host.docker(
        "run", "--detach", "--rm", "--name", "passing", "--stop-signal=KILL", "busybox:1", "sleep", "1000"
    )
    answer(host, "move-storage", "/mnt/data", "--yes")
    assert data_root(host) == "/mnt/data/docker"


def test_a_docker_that_is_down_stays_down_and_moves_all_the_same(host: Host) -> None:
    host.systemctl("stop", "docker.socket", "docker.service")
    answer(host, "move-storage", "/mnt/data", "--yes")
    assert not host.is_active("docker")
    host.systemctl("start", "docker")
    assert data_root(host) == "/mnt/data/docker"
    assert "busybox" in host.docker("images")


@pytest.mark.parametrize("variant", ["docker28-containerd"])
def test_images_move_with_a_containerd_that_is_down_too(host: Host) -> None:
    stop = (
        "stop",
        "docker.service",
        "containerd.service",
    )  # docker.socket stays, and starts both when somebody asks
    host.run("ctr", "namespaces", "create", "k8s.io")
    host.systemctl(*stop)
    refused = answer(host, "move-storage", "/mnt/data", "--yes", code=4)
    assert [finding["code"] for finding in refused["findings"]] == ["containerd-shared"]
    host.systemctl("start", "containerd")
    host.run("ctr", "namespaces", "remove", "k8s.io")
    host.systemctl(*stop)
    host.run("mkdir", "-p", "/var/lib/docker/image/overlay2")  # of a time before containerd kept the images

    moved = answer(host, "move-storage", "/mnt/data", "--yes")

    assert [tree["name"] for tree in moved["data"]["trees"]] == ["docker", "containerd"]
    units = ("docker.socket", "docker.service", "containerd.service")
    assert [host.is_active(unit) for unit in units] == [True, False, False]
    assert "busybox" in host.docker("images")
    assert "/mnt/data/containerd" in host.run("containerd", "config", "dump").stdout
    host.systemctl("reset-failed", "docker.service", "docker.socket")
    answer(host, "rollback", "--yes")
    assert "busybox" in host.docker("images")
    assert not host.exists("/mnt/data/containerd")


def test_what_came_and_went_since_is_no_obstacle_to_undoing(host: Host) -> None:
    def run(name: str) -> None:
        host.docker("run", "--detach", "--name", name, "--stop-signal=KILL", "app:1", "sleep", "1000")

    run("gone")
    answer(host, "set-logs", "--yes")
    answer(host, "move-storage", "/mnt/data", "--yes")
    host.docker("rm", "--force", "gone")
    run("newer")
    before = inventory(host)
    host.systemctl("reset-failed", "docker.service")
    answer(host, "rollback", "1", "--yes")
    assert inventory(host) == before
    assert data_root(host) == "/mnt/data/docker"
    host.systemctl("reset-failed", "docker.service")
    answer(host, "rollback", "2", "--yes")
    assert inventory(host) == before
    assert data_root(host) == "/var/lib/docker"


def test_a_move_is_taken_back_even_while_docker_is_down(host: Host) -> None:
    host.docker("create", "--name", "gone", "app:1", "true")
    answer(host, "move-storage", "/mnt/data", "--yes")
    host.docker("rm", "gone")
    host.systemctl("stop", "docker.socket", "docker.service")
    answer(host, "rollback", "--yes")
    assert data_root(host) == "/var/lib/docker"


@pytest.mark.parametrize("mode", ["symlink", "bind"])
def test_an_image_made_since_comes_back_from_a_move_that_keeps_the_old_path(host: Host, mode: str) -> None:
    answer(host, "move-storage", "/mnt/data", "--mode", mode, "--yes")
    host.docker("run", "--name=maker", "busybox:1", "sh", "-c", "dd if=/dev/urandom of=/made bs=1M count=1")
    host.docker("commit", "maker", "made:1")
    made = host.docker("run", "--rm", "made:1", "sha256sum", "/made")
    before = inventory(host)
    host.run("sleep", "3")  # so long that its layer counts as sealed
    host.systemctl("reset-failed", "docker.service")
    answer(host, "rollback", "--yes")
    assert inventory(host) == before
    assert host.docker("run", "--rm", "made:1", "sha256sum", "/made") == made


NEEDING = """\
[Unit]
Requires={needs}
After=docker.service
[Service]
ExecStart=/bin/sh -c 'docker start app 2>/dev/null; exec sleep infinity'
"""


def test_units_that_need_docker_run_again_after_each_stop(host: Host) -> None:
    """Systemd stops them with Docker, and a start of Docker alone does not start them."""
    units = ["app.service", "above.service", "idle.service"]
    host.docker("create", "--name=app", "--network=none", "--stop-signal=KILL", "app:1", "sleep", "10000")
    for unit, needs in zip(units, ("docker.service", "app.service", "docker.service"), strict=True):
        host.write(f"/etc/systemd/system/{unit}", NEEDING.format(needs=needs))
    host.systemctl("daemon-reload")
    host.systemctl("start", "above")
    assert [host.is_active(unit) for unit in units] == [True, True, False]

    for argv in (("set-logs",), ("move-storage", "/mnt/data"), ("rollback",)):
        host.systemctl("reset-failed", "docker.service", "docker.socket")
        done = host.tool(*argv, "--yes")
        assert done.returncode == 0, done.stderr
        assert "app.service, above.service" in done.stdout + done.stderr or argv == ("rollback",)
        assert [host.is_active(unit) for unit in units] == [True, True, False]

    # and after a stop that is undone
    host.write(
        "/etc/systemd/system/docker.service.d/fail.conf",
        "[Service]\nExecStartPre=/bin/sh -c '! grep -q data-root /etc/docker/daemon.json'\n",
    )
    host.systemctl("daemon-reload")
    host.systemctl("reset-failed", "docker.service", "docker.socket")
    answer(host, "move-storage", "/mnt/data", "--yes", code=6)
    assert [host.is_active(unit) for unit in units] == [True, True, False]


def test_what_a_stop_removes_for_good_is_told_and_asked_for(host: Host) -> None:
    host.docker(
        "run", "--detach", "--rm", "--name=passing", "--stop-signal=KILL", "busybox:1", "sleep", "1000"
    )
    refused = answer(host, "set-logs", code=4)
    assert "1 running container (passing)" in refused["error"]["message"]
    assert "passing" in host.docker("ps")
    planned = answer(host, "move-storage", "/mnt/data", "--dry-run")
    assert [one["code"] for one in planned["findings"]] == ["run-with-rm"]
    assert "passing was run with --rm" in planned["findings"][0]["message"]
    refused = answer(host, "move-storage", "/mnt/data", code=4)
    assert "with 1 running container" in refused["error"]["message"]
    done = host.tool("set-logs", "--yes")
    assert "run with --rm will be removed for good: passing" in done.stderr
    assert "passing" not in host.docker("ps", "--all")
