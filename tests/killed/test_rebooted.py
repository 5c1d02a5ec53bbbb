"""The power goes at any entry of the journal, Docker comes up by itself and goes on writing; then the run is ended."""

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.change.journal import Entry
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.tree import CONTAINERS
from tests.killed.killed import MOVE, SignalAt, running, tool

Fresh = Callable[[], Path]
MODES: Final = {
    "data-root": MOVE,
    "symlink": (*MOVE, "--mode", "symlink"),
    "rename": ("move-storage", "/var/lib/elsewhere", "--yes"),
    "rename and link": ("move-storage", "/var/lib/elsewhere", "--yes", "--mode", "symlink"),
}
ENTRIES: Final = {"data-root": 31, "symlink": 29, "rename": 19, "rename and link": 17}
MOMENTS: Final = [
    pytest.param(mode, number, id=f"{mode}-{number}")
    for mode, count in ENTRIES.items()
    for number in range(count)
]
RECORD: Final = "volumes/records/_data/after-the-reboot"


def reboot(root: Path) -> Path:
    """Take away what lies in memory, start Docker as at boot, let it write something; return the data root in use."""
    shutil.rmtree(root / "run/systemd/system")
    (root / "run/systemd/system").mkdir()
    (root / "run/dockerd-cfg.holds-docker").unlink(missing_ok=True)
    services = SandboxServices(Layout(root))
    services.boot(running=tuple(CONTAINERS))
    used = Layout(root).real(HostPath(services.info().data_root))
    record = used / RECORD
    with record.open("a") as file:  # the folder must be there: no tree that is empty or in part
        file.write("written\n")
    return used


def in_use(root: Path) -> Path:
    return Layout(root).real(HostPath(SandboxServices(Layout(root)).info().data_root))


def assert_complete(root: Path, untouched: Path) -> None:
    """Assert that Docker runs with all there was and all that was written since, wherever that lies."""
    used = in_use(root)
    assert (used / RECORD).read_text() == "written\n"
    had = {
        path.relative_to(untouched / "var/lib/docker") for path in (untouched / "var/lib/docker").rglob("*")
    }
    has = {path.relative_to(used) for path in used.rglob("*")}
    assert had - has == set()
    assert running(SandboxServices(Layout(root))) >= {"web", "job"}
    assert not (root / "run/dockerd-cfg.holds-docker").exists()
    assert not list((root / "run/systemd/system").iterdir())


@pytest.fixture
def host(fresh: Fresh) -> Path:
    root = fresh()
    (root / "var/lib/elsewhere").mkdir()
    return root


@pytest.mark.parametrize("mode", MODES)
def test_a_move_writes_as_many_entries_as_these_tests_cut_it_at(host: Path, mode: str) -> None:
    assert tool(host, *MODES[mode]).code == 0
    (journal,) = (host / "var/lib/dockerd-cfg/runs").glob("*/journal.jsonl")
    assert len(journal.read_bytes().splitlines()) == ENTRIES[mode]


@pytest.mark.parametrize(("mode", "number"), MOMENTS)
def test_a_move_cut_off_there_is_resumed_without_loss(
    host: Path, untouched: Path, mode: str, number: int
) -> None:
    assert tool(host, *MODES[mode], witness=SignalAt(number, before=number % 2 == 0)).code == -signal.SIGKILL
    reboot(host)
    assert tool(host, "status").code == 0
    done = tool(host, "resume", "--yes")
    assert done.code == 0, done.said
    assert_complete(host, untouched)
    assert in_use(host) in {host / "mnt/data/docker", host / "var/lib/elsewhere/docker"}


@pytest.mark.parametrize(("mode", "number"), MOMENTS)
def test_a_move_cut_off_there_is_rolled_back_without_loss(
    host: Path, untouched: Path, mode: str, number: int
) -> None:
    assert tool(host, *MODES[mode], witness=SignalAt(number, before=number % 2 == 1)).code == -signal.SIGKILL
    reboot(host)
    done = tool(host, "rollback", "--yes")
    assert done.code == 0, done.said
    assert_complete(host, untouched)
    assert in_use(host) == host / "var/lib/docker"
    assert not (host / "var/lib/docker").is_symlink()
    assert [*(host / "mnt/data").iterdir(), *(host / "var/lib/elsewhere").iterdir()] == []


@dataclass
class KilledAt:
    """Kills the tool when a step of that kind is about to be taken, or has just been."""

    event: str
    kind: str

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""
        if (entry.event, entry.kind) == (self.event, self.kind):
            os.kill(os.getpid(), signal.SIGKILL)


SWITCH: Final = KilledAt("started", "hand-over")


@dataclass
class Asked:
    """Notes whether Docker is up when the records of its containers have just been rewritten, there or back."""

    root: Path

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""
        if entry.kind == "move-stored-paths" and entry.event in {"done", "undone"}:
            up = SandboxServices(Layout(self.root)).unit(DOCKER_SERVICE).is_active
            (self.root.parent / "rewritten").write_text(
                "under a running Docker" if up else "while Docker was down"
            )

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""


@pytest.mark.parametrize(
    ("killed", "then"),
    [
        pytest.param(KilledAt("done", "hand-over"), "resume", id="to be rewritten"),
        pytest.param(KilledAt("done", "move-stored-paths"), "rollback", id="to be taken back"),
    ],
)
@pytest.mark.parametrize("mode", ["rename", "rename and link"])
def test_records_are_not_rewritten_under_a_docker_that_came_up_by_itself(
    host: Path, untouched: Path, mode: str, killed: KilledAt, then: str
) -> None:
    """It holds the old paths in memory, and would write them again."""
    assert tool(host, *MODES[mode], witness=killed).code == -signal.SIGKILL
    reboot(host)
    done = tool(host, then, "--yes", witness=Asked(host))
    assert done.code == 0, done.said
    assert (host.parent / "rewritten").read_text() == "while Docker was down"
    assert_complete(host, untouched)


def test_a_docker_that_is_held_is_told_of_as_such(host: Path) -> None:
    """Whoever starts it gets no error and no Docker."""
    assert tool(host, *MOVE, witness=SWITCH).code == -signal.SIGKILL
    assert "dockerd-cfg holds it until the open run has ended" in tool(host, "status").said
    assert tool(host, "rollback", "--yes").code == 0
    assert "holds" not in tool(host, "status").said


@pytest.mark.parametrize("then", ["resume", "rollback"])
@pytest.mark.parametrize("mode", ["rename", "rename and link"])
def test_a_rename_cut_off_with_the_link_made_and_not_yet_in_its_place_is_ended_without_loss(
    host: Path, untouched: Path, mode: str, then: str
) -> None:
    assert tool(host, *MODES[mode], witness=SWITCH).code == -signal.SIGKILL
    target = host / "var/lib/elsewhere/docker"
    target.symlink_to(target.name)  # it is to stand in the old place, and leads to itself here
    reboot(host)
    done = tool(host, then, "--yes")
    assert done.code == 0, done.said
    assert_complete(host, untouched)
    assert in_use(host) == (target if then == "resume" else host / "var/lib/docker")


@pytest.mark.parametrize(
    ("mode", "number"),
    [
        pytest.param(mode, number, id=f"{mode}-{number}")
        for mode, count in ENTRIES.items()
        for number in range(count, 2 * count)
    ],
)
def test_a_rollback_cut_off_there_is_repeated_without_loss(
    host: Path, untouched: Path, mode: str, number: int
) -> None:
    assert tool(host, *MODES[mode]).code == 0
    killed = tool(host, "rollback", "--yes", witness=SignalAt(number, before=number % 2 == 0))
    reboot(host)
    assert killed.code == -signal.SIGKILL
    done = tool(host, "rollback", "--yes")
    assert done.code == 0, done.said
    assert_complete(host, untouched)
    assert in_use(host) == host / "var/lib/docker"
