"""Whether Docker starts, and containers start, with a daemon.json that it reads: `check` says it beforehand."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import get_args

import pytest

from dockerd_cfg.config.check import DockerVersion, check_bytes
from dockerd_cfg.host.surroundings import Surroundings
from tests.hosts.conftest import HOSTS
from tests.hosts.harness import Host
from tests.hosts.harness.create import create
from tests.hosts.stage_documents import CASES, Case, Outcome

ONCE = "[Service]\nRestart=no\n"

# $1 how the file is read and nothing else done: a command that succeeds if it can be read; stdin is the file.
# Docker's bridge and networks go, or the next document would find the addresses of the last one.
# What is said comes first, the outcome is the last line.
TRY = """\
systemctl stop docker.socket docker.service
ip link delete docker0 2>/dev/null || :
rm -rf /var/lib/docker/network
cat > /etc/docker/daemon.json
sh -c "$1" 2>&1 || { echo parse; exit 0; }
systemctl reset-failed docker.service docker.socket
if ! timeout 30 systemctl start docker.service 2>&1; then
  journalctl --sync
  journalctl --unit=docker.service --no-pager --output=cat --lines=12
  systemctl show --property=Result docker.service | grep -qx Result=exit-code || { echo unclear; exit 0; }
  echo start; exit 0
fi
timeout 10 docker info >/dev/null
if timeout 30 docker run --rm --pull=never --stop-signal=KILL busybox:1 true 2>&1
then echo good
else timeout 20 docker rm --force $(docker ps --all --quiet) || :; echo container
fi
"""
# 20.10 has no --validate: as another user than root it reads the file first, and complains about root afterwards.
READ_20_10 = "setpriv --reuid=65534 --regid=65534 --clear-groups {} 2>&1 | grep 'with root privileges'"
READ = "{} --validate"
VALIDATES = DockerVersion(23)
# What the documents name is not there, but for programs, where the path does not say otherwise.
BARE = Surroundings(
    has_program=lambda name: name != "/nonexistent",
    has_file=lambda _: False,
    has_plugin=lambda *_: False,
    has_address=lambda address: not address.startswith("198.51.100."),
    filesystem=lambda _: "ext4",
    interfaces=frozenset(),
    most_open_files=None,
    lacks_realtime=False,
)


@dataclass(frozen=True)
class Tried:
    """A host that one document after the other is tried on."""

    host: Host
    version: DockerVersion
    command: tuple[str, ...]  # as the unit starts dockerd

    def outcome(self, data: bytes) -> tuple[str, str]:
        """How far Docker gets with a daemon.json, and what it says."""
        read = (READ if self.version >= VALIDATES else READ_20_10).format(" ".join(self.command))
        said = self.host.run("sh", "-euc", TRY, "try", read, stdin=data, timeout=120).stdout
        return said.splitlines()[-1], said

    def foreseen(self, data: bytes) -> Outcome:
        """How far Docker gets as `check` has it: to the first stage with an error."""
        findings = check_bytes(data, version=self.version, flags=self.command, host=BARE)
        stages = {finding.stage for finding in findings if finding.is_error}
        return next((stage for stage in get_args(Outcome) if stage in stages), "good")


@pytest.fixture(scope="module")
def tried_on(real_hosts: None) -> Iterator[Callable[[str], Tried]]:  # noqa: ARG001  # it skips where there are none
    """Give the one host of a variant for all documents; booted when first asked for."""
    hosts: dict[str, Tried] = {}

    with ExitStack() as ends:

        def tried_on(variant: str) -> Tried:
            if variant not in hosts:
                host = create(variant)
                ends.callback(host.destroy)
                host.start()
                host.wait_until_up()
                host.write("/etc/systemd/system/docker.service.d/once.conf", ONCE)
                host.systemctl("daemon-reload")
                unit = host.systemctl("show", "--property=ExecStart", "docker.service")
                started = re.search(r"argv\[\]=(.*?) ;", unit)
                assert started, unit
                command = [word for word in started[1].split() if not word.startswith("$")]
                version = DockerVersion.parse(host.docker("version", "--format", "{{.Server.Version}}"))
                hosts[variant] = Tried(host, version, tuple(command))
            return hosts[variant]

        yield tried_on


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check_says_how_far_docker_gets(
    tried_on: Callable[[str], Tried], request: pytest.FixtureRequest, case: Case
) -> None:
    tried = tried_on(case.variant)
    request.node.stash[HOSTS] = [tried.host]
    outcome, said = tried.outcome(case.data)
    assert outcome == case.outcome, said
    assert tried.foreseen(case.data) == outcome, said
