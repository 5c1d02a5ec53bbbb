"""The Ansible collection against real hosts of several Docker versions, over real ssh."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.hosts.conftest import BootHost
from tests.hosts.harness import Host, Network
from tests.hosts.test_jobs import data_root, inventory, start_containers

BIN: Final = Path(sys.executable).parent
COLLECTION: Final = Path(__file__).parents[2] / "playbooks/ansible_collections/dockerd_cfg/docker"
FILE: Final = "/etc/docker/daemon.json"
FAULT: Final = "/etc/systemd/system/docker.service.d/fault.conf"
RECAP: Final = re.compile(
    r"^(\S+) +: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE
)
CONFIGURATION: Final = """\
[defaults]
host_key_checking = false
interpreter_python = /usr/bin/python3
timeout = 20
[ssh_connection]
pipelining = true
ssh_args = -o ControlMaster=auto -o ControlPersist=20s -o ServerAliveInterval=3 -o ServerAliveCountMax=3 -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
"""


class Played(NamedTuple):
    """What a playbook did: its exit code and output, and for each host what changed and what failed."""

    code: int
    output: str
    recap: dict[str, tuple[int, int]]


Play = Callable[..., Played]


@pytest.fixture
def play(network: Network, tmp_path: Path) -> Iterator[Play]:
    """Return a function that runs a playbook of the installed collection against hosts, named h1 and so on."""
    home = tmp_path / "controller"
    home.mkdir()
    sockets = tempfile.mkdtemp()  # a socket's path must be short
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets,
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(home),
        "ANSIBLE_NOCOLOR": "1",
    }
    (home / "ansible.cfg").write_text(CONFIGURATION)
    galaxy = [str(BIN / "ansible-galaxy"), "collection"]
    for argv in (
        [*galaxy, "build", str(COLLECTION), "--output-path", str(home)],
        [*galaxy, "install", "--offline", "-p", str(home), f"{home}/dockerd_cfg-docker-1.0.0.tar.gz"],
    ):
        subprocess.run(argv, check=True, env=environment, capture_output=True, timeout=60)

    def run(
        playbook: str, hosts: Mapping[str, Host], *options: str, timeout: float = 180, **variables: object
    ) -> Played:
        inventory = home / "hosts"
        lines = [f"{name} ansible_host={host.address} ansible_user=root" for name, host in hosts.items()]
        inventory.write_text(
            "\n".join([*lines, "[all:vars]", f"ansible_ssh_private_key_file={network.key}", ""])
        )
        given = {f"dockerd_cfg_{name}": value for name, value in variables.items()}
        argv = [str(BIN / "ansible-playbook"), "-i", str(inventory), *options, "-e", json.dumps(given)]
        done = subprocess.run(
            network.entering(*argv, playbook if "/" in playbook else f"dockerd_cfg.docker.{playbook}"),
            env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=timeout,
        )  # fmt: skip
        recap = {row[0]: (int(row[1]), int(row[2]) + int(row[3])) for row in RECAP.findall(done.stdout)}
        return Played(done.returncode, done.stdout + done.stderr, recap)

    yield run
    shutil.rmtree(sockets, ignore_errors=True)


def invocation(host: Host) -> str:
    """Return what names this one start of Docker."""
    return host.systemctl("show", "--property=InvocationID", "docker.service")


def limits(host: Host) -> Any:
    """Return the log options in daemon.json."""
    return json.loads(host.read(FILE)).get("log-opts") if host.exists(FILE) else None


def test_a_roll_out_foretells_changes_once_and_stops_at_the_first_host_that_is_not_well(
    network: Network, boot_host: BootHost, play: Play
) -> None:
    kinds = {"h1": "docker20", "h2": "docker26", "h3": "docker28"}
    hosts = {name: boot_host(variant, network=network) for name, variant in kinds.items()}
    for host in hosts.values():
        start_containers(host)
        network.wait_for_ssh(host.address)
    before = {name: (inventory(host), invocation(host)) for name, host in hosts.items()}
    wanted = {"max-size": "7m", "max-file": "3"}
    roll_out: dict[str, Any] = {"max_size": "7m", "serial": 1, "consent": True}

    # check mode touches nothing and foretells a change
    foretold = play("set_logs", hosts, "--check", "--diff", **roll_out)
    assert (foretold.code, foretold.recap) == (0, dict.fromkeys(hosts, (1, 0))), foretold.output
    assert foretold.output.count('"max-size": "7m"') == 3
    assert {name: (inventory(host), invocation(host)) for name, host in hosts.items()} == before
    assert [limits(host) for host in hosts.values()] == [None, None, None]

    # without consent nothing is restarted under containers
    refused = play("set_logs", {"h1": hosts["h1"]}, max_size="7m")
    assert (refused.code, refused.recap) == (2, {"h1": (0, 1)}), refused.output
    assert "consent: true" in refused.output
    assert invocation(hosts["h1"]) == before["h1"][1]

    # the second host's Docker does not come back with the change
    hosts["h2"].write("/usr/local/bin/picky", f"#!/bin/sh\n! grep -q max-size {FILE}\n", 0o755)
    hosts["h2"].write(FAULT, "[Service]\nExecStartPre=/usr/local/bin/picky\n")
    hosts["h2"].systemctl("daemon-reload")
    stopped = play("set_logs", hosts, **roll_out)
    assert (stopped.code, stopped.recap) == (2, {"h1": (1, 0), "h2": (0, 1)}), stopped.output
    assert "everything is undone and Docker runs as before" in stopped.output
    assert [limits(host) for host in hosts.values()] == [wanted, None, None]
    assert {name: inventory(host) for name, host in hosts.items()} == {
        name: kept for name, (kept, _) in before.items()
    }
    assert invocation(hosts["h3"]) == before["h3"][1]

    # once it is mended the roll-out goes on where it stopped; h1 is not restarted
    hosts["h2"].run("rm", FAULT)
    hosts["h2"].systemctl("daemon-reload")
    first = invocation(hosts["h1"])
    completed = play("set_logs", hosts, **roll_out)
    assert (completed.code, completed.recap) == (0, {"h1": (0, 0), "h2": (1, 0), "h3": (1, 0)}), (
        completed.output
    )
    assert [limits(host) for host in hosts.values()] == [wanted, wanted, wanted]
    assert invocation(hosts["h1"]) == first
    again = play("set_logs", hosts, max_size="7m", consent=True, serial="100%")
    assert (again.code, again.recap) == (0, dict.fromkeys(hosts, (0, 0))), again.output
    assert {name: inventory(host) for name, host in hosts.items()} == {
        name: kept for name, (kept, _) in before.items()
    }

    # an audit reaches every host, and tells of one that is off
    hosts["h3"].power_off()
    report = hosts["h1"].folder / "report.json"
    audit = play("audit", hosts, report=str(report))
    told = json.loads(report.read_text())
    assert audit.code == 0, audit.output
    assert [told[name]["reached"] for name in hosts] == [True, True, False]
    assert [told[name]["status"]["version"].partition("+")[0] for name in ("h1", "h2")] == [
        "20.10.24",
        "26.1.5",
    ]
    assert told["h1"]["logs"]["would_change"] == []


def test_storage_moves_comes_back_and_is_finished(network: Network, boot_host: BootHost, play: Play) -> None:
    host = boot_host("docker28", network=network)
    start_containers(host)
    network.wait_for_ssh(host.address)
    hosts, before = {"h1": host}, inventory(host)

    def played(playbook: str, *options: str, **variables: object) -> int:
        done = play(playbook, hosts, *options, consent=True, **variables)
        assert done.code == 0, done.output
        return done.recap["h1"][0]

    assert played("move_storage", "--check", target="/mnt/data") == 1
    assert data_root(host) == "/var/lib/docker"
    assert [played("move_storage", target="/mnt/data") for _ in range(2)] == [1, 0]
    assert (data_root(host), inventory(host)) == ("/mnt/data/docker", before)
    assert [played("rollback") for _ in range(2)] == [1, 0]
    assert (data_root(host), inventory(host)) == ("/var/lib/docker", before)
    assert played("move_storage", target="/mnt/data") == 1
    assert [played("finish") for _ in range(2)] == [1, 0]
    assert (data_root(host), inventory(host)) == ("/mnt/data/docker", before)


def nodes(manager: Host) -> list[tuple[str, str]]:
    """Return availability and labels of the nodes of a swarm."""
    form = "{{.Spec.Availability}} {{json .Spec.Labels}}"
    lines = manager.shell(f"docker node inspect --format '{form}' $(docker node ls -q)").splitlines()
    return [(line.split()[0], line.split()[1]) for line in lines]


def test_nodes_of_a_swarm_are_drained_while_docker_is_stopped(
    network: Network, boot_host: BootHost, play: Play
) -> None:
    hosts = {f"h{number}": boot_host("docker28", network=network) for number in (1, 2)}
    for host in hosts.values():
        network.wait_for_ssh(host.address)
    manager = hosts["h1"]
    manager.docker("swarm", "init", "--advertise-addr", manager.address)
    token = manager.docker("swarm", "join-token", "--quiet", "worker")
    hosts["h2"].docker("swarm", "join", "--token", token, f"{manager.address}:2377")
    manager.docker(
        *("service", "create", "--name=s", "--replicas=2", "--endpoint-mode=dnsrr", "--no-resolve-image"),
        *("--detach=false", "--stop-signal=KILL", "busybox:1", "sleep", "100000"),
    )
    seen = manager.popen("docker", "events", "--filter=type=node", "--format={{json .Actor.Attributes}}")
    wanted: dict[str, Any] = {"max_size": "7m", "serial": 1, "swarm_manager": "h1", "consent": True}

    rolled = play("set_logs", hosts, **wanted)
    # a change, a drain, and its end
    assert (rolled.code, rolled.recap) == (0, {"h1": (3, 0), "h2": (3, 0)}), rolled.output
    assert nodes(manager) == [("active", "{}")] * 2
    assert seen.stdout.count('"availability.new":"drain"') >= 1, seen.stdout + seen.stderr
    again = play("set_logs", hosts, **wanted)
    assert (again.code, again.recap) == (0, {"h1": (0, 0), "h2": (0, 0)}), again.output

    # one that a lost connection left drained gets its tasks again; one that somebody else drained stays so
    mine, other = manager.docker("node", "ls", "--quiet").split()
    manager.docker("node", "update", "--availability=drain", "--label-add=dockerd-cfg.drained=true", mine)
    manager.docker("node", "update", "--availability=drain", other)
    healed = play("set_logs", hosts, **wanted)
    assert healed.code == 0, healed.output
    assert sorted(nodes(manager)) == [("active", "{}"), ("drain", "{}")]
