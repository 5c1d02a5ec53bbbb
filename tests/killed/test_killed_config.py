"""A change of daemon.json killed at every entry of its journal, then resumed, rolled back, or left to the timer."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from tests.killed.killed import SignalAt, tool

Fresh = Callable[[], Path]
RELOADED: Final = ("set", "debug", "true", "--yes", "--confirm-within", "10m")
RESTARTED: Final = ("set", "mtu", "1400", "--yes", "--confirm-within", "10m")
STEPS: Final[dict[tuple[str, ...], int]] = {RELOADED: 6, RESTARTED: 6}
MOMENTS: Final = [
    pytest.param(argv, number, before, id=f"{argv[1]} {'before' if before else 'after'} entry {number}")
    for argv, steps in STEPS.items()
    for number in range(2 * steps + 1)
    for before in (True, False)
]


def in_file(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "etc/docker/daemon.json").read_bytes())
    return found


def in_use(root: Path) -> dict[str, Any]:
    """What the pretended daemon was told."""
    found: dict[str, Any] = SandboxServices(Layout(root)).read()["config"]
    return found


def assert_as_before(root: Path, before: tuple[bytes, dict[str, Any]]) -> None:
    text, used = before
    assert (root / "etc/docker/daemon.json").read_bytes() == text
    assert in_use(root) == used
    assert len(SandboxServices(Layout(root)).read()["running"]) >= 2
    assert not list((root / "etc/systemd/system").glob("dockerd-cfg*"))


def state_of(root: Path) -> tuple[bytes, dict[str, Any]]:
    return (root / "etc/docker/daemon.json").read_bytes(), in_use(root)


@pytest.mark.parametrize("argv", STEPS, ids=lambda argv: argv[1])
def test_a_change_writes_as_many_entries_as_these_tests_kill_it_at(
    fresh: Fresh, argv: tuple[str, ...]
) -> None:
    root = fresh()
    assert tool(root, *argv).code == 0
    (journal,) = (root / "var/lib/dockerd-cfg/runs").glob("*/journal.jsonl")
    assert len(journal.read_bytes().splitlines()) == 2 * STEPS[argv] + 1


@pytest.mark.parametrize(("argv", "number", "before"), MOMENTS)
def test_a_change_killed_there_and_resumed_is_in_effect(
    fresh: Fresh, argv: tuple[str, ...], number: int, before: bool
) -> None:
    root = fresh()
    assert tool(root, *argv, witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, "resume").code == 0
    assert tool(root, "confirm").code == 0
    wanted = json.loads(argv[2])
    assert (in_file(root)[argv[1]], in_use(root)[argv[1]]) == (wanted, wanted)
    assert len(SandboxServices(Layout(root)).read()["running"]) >= 2


@pytest.mark.parametrize(("argv", "number", "before"), MOMENTS)
def test_a_change_killed_there_is_undone_by_its_timer(
    fresh: Fresh, argv: tuple[str, ...], number: int, before: bool
) -> None:
    root = fresh()
    was = state_of(root)
    assert tool(root, *argv, witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, "rollback", "--unless-confirmed", "--yes").code == 0
    assert_as_before(root, was)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("number", range(13, 13 + 2 + 12))
@pytest.mark.parametrize("argv", STEPS, ids=lambda argv: argv[1])
def test_an_undo_killed_there_and_repeated_leaves_no_trace(
    fresh: Fresh, argv: tuple[str, ...], number: int, before: bool
) -> None:
    root = fresh()
    was = state_of(root)
    assert tool(root, *argv).code == 0
    assert tool(root, "rollback", "--yes", witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, "rollback", "--yes").code == 0
    assert_as_before(root, was)
