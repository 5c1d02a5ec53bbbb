"""The tool killed at every entry of its journal, then resumed or rolled back: always one of the two right states."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from tests.killed.killed import MOVE, SignalAt, assert_new_state, assert_old_state, tool

# A move of one tree writes two entries for each of its steps, and one at its end.
STEPS: Final = 15
ENTRIES: Final = 2 * STEPS + 1
# Undoing all of it: the failure, the beginning, two for each step, the end.
FAILED_START: Final = 2 * 10 + 1
UNDO_ENTRIES: Final = 2 + 2 * 11 + 1

Fresh = Callable[[], Path]
MOMENTS: Final = [
    pytest.param(number, before, id=f"{'before' if before else 'after'}-entry-{number}")
    for number in range(ENTRIES)
    for before in (True, False)
]


def _is_open(root: Path) -> bool:
    return any((root / "var/lib/dockerd-cfg/runs").glob("*/plan.json"))


def test_a_move_writes_as_many_entries_as_these_tests_kill_it_at(fresh: Fresh) -> None:
    root = fresh()
    assert tool(root, *MOVE).code == 0
    (journal,) = (root / "var/lib/dockerd-cfg/runs").glob("*/journal.jsonl")
    assert len(journal.read_bytes().splitlines()) == ENTRIES


@pytest.mark.parametrize(("number", "before"), MOMENTS)
def test_a_move_killed_there_and_resumed_is_complete(
    fresh: Fresh, untouched: Path, number: int, before: bool
) -> None:
    root = fresh()
    assert tool(root, *MOVE, witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, "resume").code == 0
    assert_new_state(root, untouched)


@pytest.mark.parametrize(("number", "before"), MOMENTS)
def test_a_move_killed_there_and_rolled_back_leaves_no_trace(
    fresh: Fresh, untouched: Path, number: int, before: bool
) -> None:
    root = fresh()
    assert tool(root, *MOVE, witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, "rollback", "--yes").code == 0
    assert_old_state(root, untouched)


@pytest.mark.parametrize(("before", "way"), [(True, "rollback"), (False, "resume")])
@pytest.mark.parametrize("number", range(FAILED_START, FAILED_START + UNDO_ENTRIES))
def test_a_move_killed_while_it_undoes_itself_ends_in_a_right_state(
    fresh: Fresh, untouched: Path, number: int, before: bool, way: str
) -> None:
    root = fresh()
    SandboxServices(Layout(root)).write(failing_starts=1)
    assert tool(root, *MOVE, witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, way, "--yes").code == 0
    has_begun = number > FAILED_START + 1 or (number == FAILED_START + 1 and not before)
    (assert_old_state if has_begun or way == "rollback" else assert_new_state)(root, untouched)


@pytest.mark.parametrize(
    ("number", "before"), [(ENTRIES + place, place % 2 == 0) for place in range(2 + 2 * STEPS)]
)
def test_a_rollback_killed_there_and_repeated_leaves_no_trace(
    fresh: Fresh, untouched: Path, number: int, before: bool
) -> None:
    root = fresh()
    assert tool(root, *MOVE).code == 0
    assert tool(root, "rollback", "--yes", witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, "rollback", "--yes").code == 0
    assert_old_state(root, untouched)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("number", range(ENTRIES, ENTRIES + 4))
def test_a_finish_killed_there_and_repeated_frees_the_space(fresh: Fresh, number: int, before: bool) -> None:
    root = fresh()
    assert tool(root, *MOVE).code == 0
    assert tool(root, "finish", "--yes", witness=SignalAt(number, before)).code == -signal.SIGKILL
    assert tool(root, "finish", "--yes").code == 0
    assert list((root / "var/lib").glob("docker*")) == [root / "var/lib/dockerd-cfg"]


def test_old_data_that_somebody_still_writes_to_is_not_deleted(fresh: Fresh) -> None:
    root = fresh()
    assert tool(root, *MOVE).code == 0
    (aside,) = (root / "var/lib").glob("docker.old-*")
    journal = aside / "volumes/records/_data/journal.txt"
    journal.write_text("a backup program held it open\n")
    soon = time.time() + 10
    os.utime(journal, (soon, soon))

    refused = tool(root, "finish", "--yes")

    assert refused.code == 4
    assert "some other program still uses it" in refused.said
    assert journal.exists()


@pytest.mark.parametrize("way", ["resume", "rollback"])
@pytest.mark.parametrize("seed", range(8))
def test_a_move_killed_at_a_random_instant_ends_in_a_right_state(
    untouched: Path, fresh: Fresh, seed: int, way: str
) -> None:
    root = fresh()
    seconds = random.Random(seed).uniform(0.005, 0.4)  # noqa: S311  # no secret
    killed = tool(root, *MOVE, after=(seconds, signal.SIGKILL))
    if killed.code == 0 and way == "resume":
        assert_new_state(root, untouched)
        return
    if _is_open(root):
        assert tool(root, way, "--yes").code == 0
    elif way == "resume":
        assert tool(root, *MOVE).code == 0
    (assert_new_state if way == "resume" else assert_old_state)(root, untouched)


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_last_line_of_the_journal_is_forgotten(fresh: Fresh, untouched: Path, cut: int) -> None:
    root = fresh()
    assert tool(root, *MOVE, witness=SignalAt(12, before=False)).code == -signal.SIGKILL
    (journal,) = (root / "var/lib/dockerd-cfg/runs").glob("*/journal.jsonl")
    journal.write_bytes(journal.read_bytes()[:-cut])
    assert tool(root, "resume").code == 0
    assert_new_state(root, untouched)
