"""Real hosts as fixtures. Where they cannot run, the tests are left out, and the report says so at its end."""

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.hosts.harness import Disks, Host, Network, leftovers
from tests.hosts.harness.availability import reason_left_out
from tests.hosts.harness.create import create
from tests.hosts.harness.disks import FileSystem
from tests.hosts.left_out import SKIPPED, pytest_terminal_summary

REQUIRED = "DOCKERD_CFG_REQUIRE_HOSTS"
__all__ = ["BootHost", "pytest_terminal_summary"]

HERE = Path(__file__).parent
HOSTS = pytest.StashKey[list[Host]]()


class BootHost(Protocol):
    """Makes hosts for one test; all are destroyed at its end."""

    def __call__(
        self,
        variant: str = "docker28",
        *,
        disk_fs: FileSystem = "ext4",
        disk_mib: int = Disks.data_mib,
        disk_options: str = Disks.data_options,
        lib_mib: int = Disks.lib_mib,
        root_mib: int = Disks.root_mib,
        network: Network | None = None,
        wait: bool = True,
    ) -> Host: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("hosts")


@pytest.fixture(scope="session")
def real_hosts() -> None:
    """Skip what needs real hosts where there can be none; fail where they are required."""
    reason = reason_left_out()
    if reason and os.environ.get(REQUIRED) == "1":
        pytest.fail(f"real hosts are required: {reason}", pytrace=False)
    if reason:
        pytest.skip(f"{SKIPPED}{reason}")
    leftovers.sweep()


@pytest.fixture
def network(real_hosts: None, tmp_path: Path) -> Iterator[Network]:  # noqa: ARG001  # it skips where there are none
    """A network to boot hosts on; ask for it before the hosts, so that it outlives them."""
    made = Network(tmp_path)
    yield made
    made.close()


@pytest.fixture
def boot_host(real_hosts: None, request: pytest.FixtureRequest) -> Iterator[BootHost]:  # noqa: ARG001  # it skips where there are none
    hosts: list[Host] = []
    request.node.stash[HOSTS] = hosts

    def boot(
        variant: str = "docker28",
        *,
        disk_fs: FileSystem = "ext4",
        disk_mib: int = Disks.data_mib,
        disk_options: str = Disks.data_options,
        lib_mib: int = Disks.lib_mib,
        root_mib: int = Disks.root_mib,
        network: Network | None = None,
        wait: bool = True,
    ) -> Host:
        shape = Disks(
            root_mib=root_mib, lib_mib=lib_mib, data_fs=disk_fs, data_mib=disk_mib, data_options=disk_options
        )
        host = create(variant, shape, network)
        hosts.append(host)
        host.start()
        if wait:
            host.wait_until_up()
        return host

    with contextlib.ExitStack() as ends:
        yield boot
        for host in hosts:
            ends.callback(host.destroy)


@pytest.fixture
def variant() -> str:
    """The variant that `host` boots; a test that wants others parametrizes it."""
    return "docker28"


@pytest.fixture
def host(boot_host: BootHost, variant: str) -> Host:
    """One host that is up."""
    return boot_host(variant)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for host in item.stash.get(HOSTS, []):
            report.sections.append((f"{host.name} ({host.variant.name})", _account_of(host)))
    return report


def _account_of(host: Host) -> str:
    parts: list[tuple[str, Callable[[], str]]] = [
        ("console", lambda: host.console()[-3000:]),
        ("failed units", lambda: host.systemctl("--failed", "--no-legend", check=False, timeout=10)),
        ("journal of docker", lambda: host.journal("docker")),
        ("journal of docker.socket", lambda: host.journal("docker.socket", lines=20)),
        ("journal of containerd", lambda: host.journal("containerd", lines=20)),
    ]
    texts = []
    for title, tell in parts:
        try:
            texts.append(f"--- {title}\n{tell().rstrip()}")
        except Exception as error:  # noqa: BLE001 - the test's own failure must be told, whatever the host can still say
            texts.append(f"--- {title}: {error}")
    return "\n".join(texts)
