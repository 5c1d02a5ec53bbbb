"""What tests of several folders share: a place for trees, and a Docker host to try things on."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
from tests.hosts.left_out import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]

# The same examples at each run, however busy the machine is.
settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

_IN_MEMORY = Path("/dev/shm")
_ENOUGH = 1 << 30


def _is_fit(folder: Path) -> bool:
    """Whether trees can be made there: writable, with room, and with extended attributes of users."""
    if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < _ENOUGH:
        return False
    with tempfile.NamedTemporaryFile(dir=folder) as trial:
        try:
            os.setxattr(trial.name, "user.trial", b"")
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder where syncing costs nothing, if there is one; else an ordinary one."""
    if not _is_fit(_IN_MEMORY):
        yield tmp_path_factory.mktemp("trees")
        return
    with tempfile.TemporaryDirectory(prefix="dockerd-cfg-tests-", dir=_IN_MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def place(in_memory: Path) -> Iterator[Path]:
    """An empty folder for one test, in memory if that can be."""
    folder = Path(tempfile.mkdtemp(dir=in_memory))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def sandbox(place: Path) -> Path:
    """A new sandbox: its root."""
    root = place / "host"
    make_sandbox(root)
    return root


@pytest.fixture
def host(sandbox: Path) -> Host:
    """The gateways of a new sandbox."""
    return sandbox_host(sandbox)


@pytest.fixture
def as_root() -> None:
    """Leave a test out that needs root's rights, where there are none."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
