"""The timer's step, killed at any entry of its journal: it can be done to its end, or undone, from there."""

import signal
from pathlib import Path

import pytest

from tests.killed.killed import SignalAt, tool

UNITS = "etc/systemd/system"


def units(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / UNITS).iterdir()}


@pytest.mark.parametrize("verb", ["enable", "change", "disable"])
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("way", ["resume", "rollback"])
def test_the_timer_is_either_as_it_was_or_as_it_was_to_be(
    sandbox: Path, verb: str, number: int, before: bool, way: str
) -> None:
    argv = ["enable", "--older-than", "2d"] if verb == "change" else [verb]
    if verb != "enable":
        assert tool(sandbox, "maintenance", "enable").code == 0
    old = units(sandbox)
    killed = tool(sandbox, "maintenance", *argv, witness=SignalAt(number, before=before))
    assert killed.code == -signal.SIGKILL

    outcome = tool(sandbox, way, "--yes")

    assert outcome.code == 0, outcome.said
    if way == "rollback":
        assert units(sandbox) == old
    else:
        assert (units(sandbox) == {}) == (verb == "disable")
        assert units(sandbox) != old
