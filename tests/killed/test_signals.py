"""Ctrl-C, SIGTERM and a lost connection at any moment."""

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.killed.killed import MOVE, SignalAt, assert_new_state, assert_old_state, tool
from tests.killed.test_killed_anywhere import ENTRIES

Fresh = Callable[[], Path]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize(
    ("number", "sent"),
    [(number, SIGNALS[number // 2 % 3]) for number in range(0, ENTRIES - 1, 2)],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_signal_at_a_step_undoes_the_move(
    fresh: Fresh, untouched: Path, number: int, sent: signal.Signals
) -> None:
    root = fresh()
    outcome = tool(root, *MOVE, witness=SignalAt(number, before=False, sent=sent))
    assert outcome.code == 6
    assert f"interrupted by {sent.name}" in outcome.said
    assert_old_state(root, untouched)


@pytest.mark.parametrize("sent", SIGNALS, ids=lambda s: s.name)
@pytest.mark.parametrize("seed", range(5))
def test_a_signal_at_a_random_instant_leaves_one_of_the_two_right_states(
    fresh: Fresh, untouched: Path, seed: int, sent: signal.Signals
) -> None:
    root = fresh()
    seconds = random.Random(seed).uniform(0.02, 0.4)  # noqa: S311  # no secret
    outcome = tool(root, *MOVE, after=(seconds, sent))
    assert "Traceback" not in outcome.said
    if outcome.code == 0:
        assert_new_state(root, untouched)
    else:
        assert outcome.code in {1, 6, -sent}  # the last: before the tool listens to signals
        assert_old_state(root, untouched)


def test_a_signal_before_the_first_step_leaves_no_run_open(fresh: Fresh) -> None:
    root = fresh()
    plan = root / "var/lib/dockerd-cfg/runs/0001-set/plan.json"
    before = (root / "etc/docker/daemon.json").read_bytes()

    outcome = tool(root, "set", "debug", "true", upon=(plan, signal.SIGHUP))

    assert (outcome.code, "interrupted by SIGHUP" in outcome.said) == (6, True)
    assert (root / "etc/docker/daemon.json").read_bytes() == before
    assert tool(root, "set", "debug", "true").code == 0


def test_a_second_signal_waits_until_the_undoing_is_done(fresh: Fresh, untouched: Path) -> None:
    class Twice(SignalAt):
        def _count(self, entry: object) -> None:
            event = getattr(entry, "event", "")
            if event == "undoing" or getattr(entry, "seq", None) == self.number:
                signal.raise_signal(self.sent)

    root = fresh()
    outcome = tool(root, *MOVE, witness=Twice(10, before=False, sent=signal.SIGINT))
    assert outcome.code == 6
    assert_old_state(root, untouched)


@pytest.mark.parametrize(("entry", "sent"), [(0, SIGNALS[0]), (7, SIGNALS[1]), (16, SIGNALS[2])])
def test_a_signal_during_a_rollback_does_not_stop_it(
    fresh: Fresh, untouched: Path, entry: int, sent: signal.Signals
) -> None:
    root = fresh()
    assert tool(root, *MOVE).code == 0
    witness = SignalAt(ENTRIES + entry, before=False, sent=sent)
    assert tool(root, "rollback", "--yes", witness=witness).code == 0
    assert_old_state(root, untouched)


def test_a_second_tool_is_told_who_is_at_work(fresh: Fresh) -> None:
    class Meanwhile(SignalAt):
        def _count(self, entry: object) -> None:
            if getattr(entry, "seq", None) == self.number:
                outcome = tool(root.parent / root.name, "set-logs", "--yes")
                (root.parent / "second").write_text(f"{outcome.code} {outcome.said}", encoding="utf-8")

    root = fresh()
    assert tool(root, *MOVE, witness=Meanwhile(4, before=False)).code == 0
    second = (root.parent / "second").read_text(encoding="utf-8")
    assert second.startswith("5 ")
    assert "move-storage (pid " in second
