"""Existing containers given log options: killed, or cut off from power, at every entry of the journal and at every record.

Then resumed or rolled back: all have the new options, or all the old ones, in their records and in Docker's memory.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.tree import CONTAINERS, identifier
from tests.killed.killed import SignalAt, running, tool
from tests.killed.test_rebooted import reboot

Fresh = Callable[[], Path]
GIVE: Final = ("set-logs", "--max-size", "7m", "--existing", "--yes")
NEW: Final = {"max-size": "7m", "max-file": "3"}
STEPS: Final = 8
ENTRIES: Final = 2 * STEPS + 1
MOMENTS: Final = [
    pytest.param(number, before, id=f"{'before' if before else 'after'}-entry-{number}")
    for number in range(ENTRIES)
    for before in (True, False)
]
UNDO_MOMENTS: Final = range(ENTRIES, ENTRIES + 2 + 2 * STEPS)


def records(root: Path) -> dict[str, bytes]:
    return {
        name: (root / "var/lib/docker/containers" / identifier(name) / "hostconfig.json").read_bytes()
        for name in CONTAINERS
    }


def daemon_json(root: Path) -> bytes:
    return (root / "etc/docker/daemon.json").read_bytes()


def new_record(old: bytes) -> bytes:
    shown = json.dumps(NEW)
    return old.replace(b'"Config": {}', b'"Config": ' + shown.encode())


def assert_options(root: Path, options: dict[str, str]) -> None:
    """Assert that all containers have ``options``, in their records and in Docker's memory, and that all is in order."""
    services = SandboxServices(Layout(root))
    for name, data in records(root).items():
        config = services.log_config(identifier(name))
        assert config is not None
        assert (json.loads(data)["LogConfig"]["Config"], config.options) == (options, options)
    assert running(services) >= {"job", "web"}
    assert not list((root / "var/lib/docker/containers").rglob("*.dockerd-cfg-new"))
    assert not (root / "run/dockerd-cfg.holds-docker").exists()
    assert not list((root / "run/systemd/system").iterdir())


def assert_given(root: Path, untouched: Path) -> None:
    assert_options(root, NEW)
    assert records(root) == {name: new_record(data) for name, data in records(untouched).items()}
    assert json.loads(daemon_json(root))["log-opts"] == NEW


def assert_as_before(root: Path, untouched: Path) -> None:
    assert_options(root, {})
    assert records(root) == records(untouched)
    assert daemon_json(root) == daemon_json(untouched)


def assert_whole(root: Path, untouched: Path) -> None:
    """Assert that each record is the old or the new one, to the byte."""
    for name, data in records(root).items():
        old = records(untouched)[name]
        assert data in (old, new_record(old))


def test_a_run_writes_as_many_entries_as_these_tests_kill_it_at(fresh: Fresh, untouched: Path) -> None:
    root = fresh()
    assert tool(root, *GIVE).code == 0
    (journal,) = (root / "var/lib/dockerd-cfg/runs").glob("*/journal.jsonl")
    assert len(journal.read_bytes().splitlines()) == ENTRIES
    assert_given(root, untouched)


@pytest.mark.parametrize("is_cut", [False, True], ids=["killed", "cut"])
@pytest.mark.parametrize(("number", "before"), MOMENTS)
def test_a_run_that_ends_there_is_resumed(
    fresh: Fresh, untouched: Path, number: int, before: bool, is_cut: bool
) -> None:
    root = fresh()
    assert tool(root, *GIVE, witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert_whole(root, untouched)
    if is_cut:
        reboot(root)
    done = tool(root, "resume", "--yes")
    assert done.code == 0, done.said
    assert_given(root, untouched)


@pytest.mark.parametrize("is_cut", [False, True], ids=["killed", "cut"])
@pytest.mark.parametrize(("number", "before"), MOMENTS)
def test_a_run_that_ends_there_is_rolled_back(
    fresh: Fresh, untouched: Path, number: int, before: bool, is_cut: bool
) -> None:
    root = fresh()
    assert tool(root, *GIVE, witness=SignalAt(number, before)).code == -signal.SIGKILL
    if is_cut:
        reboot(root)
    done = tool(root, "rollback", "--yes")
    assert done.code == 0, done.said
    assert_as_before(root, untouched)


@pytest.mark.parametrize("is_cut", [False, True], ids=["killed", "cut"])
@pytest.mark.parametrize("number", UNDO_MOMENTS)
def test_a_rollback_that_ends_there_is_repeated(
    fresh: Fresh, untouched: Path, number: int, is_cut: bool
) -> None:
    root = fresh()
    assert tool(root, *GIVE).code == 0
    killed = tool(root, "rollback", "--yes", witness=SignalAt(number, before=number % 2 == 0))
    assert killed.code == -signal.SIGKILL
    assert_whole(root, untouched)
    if is_cut:
        reboot(root)
    done = tool(root, "rollback", "--yes")
    assert done.code == 0, done.said
    assert_as_before(root, untouched)


@contextmanager
def dying_at_record(number: int) -> Iterator[None]:
    """Let the tool die just before it replaces the record of that number."""
    replaced = list[object]()
    really = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == "hostconfig.json":
            replaced.append(target)
            if len(replaced) == number + 1:
                os.kill(os.getpid(), signal.SIGKILL)
        really(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dockerd_cfg.files.os.replace", replace)
        yield


@pytest.mark.parametrize("is_cut", [False, True], ids=["killed", "cut"])
@pytest.mark.parametrize("way", ["resume", "rollback"])
@pytest.mark.parametrize("number", range(3))
def test_a_run_that_ends_between_two_records_ends_well(
    fresh: Fresh, untouched: Path, number: int, way: str, is_cut: bool
) -> None:
    root = fresh()
    with dying_at_record(number):
        assert tool(root, *GIVE).code == -signal.SIGKILL
    assert_whole(root, untouched)
    if is_cut:
        reboot(root)
    # a resumed run that dies again, having stopped Docker again, is no worse off
    if way == "resume":
        assert tool(root, "resume", witness=SignalAt(6, before=True)).code == -signal.SIGKILL
    done = tool(root, way, "--yes")
    assert done.code == 0, done.said
    (assert_given if way == "resume" else assert_as_before)(root, untouched)


def test_a_run_that_fails_is_undone(fresh: Fresh, untouched: Path) -> None:
    root = fresh()
    SandboxServices(Layout(root)).write(failing_starts=1)
    assert tool(root, *GIVE).code == 6
    assert_as_before(root, untouched)


@pytest.mark.parametrize("number", range(0, ENTRIES - 1, 2))
def test_a_signal_at_a_step_undoes_the_run(fresh: Fresh, untouched: Path, number: int) -> None:
    root = fresh()
    outcome = tool(root, *GIVE, witness=SignalAt(number, before=False, sent=signal.SIGTERM))
    assert outcome.code == 6
    assert_as_before(root, untouched)
