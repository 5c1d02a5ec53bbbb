"""The tool is killed before and after every entry of its journals; then it is told to go on, or back."""

from pathlib import Path

import pytest

from tests.crash.states import (
    MOVE,
    SET_LOGS,
    Sandboxes,
    State,
    at_once,
    entries,
    fingerprint,
    run_state,
)
from tests.crash.tool import Tool

KILLED = -9
SIDES = ("before", "after")
Wrong = dict[object, list[str]]


def kill_at(entry: int, when: str) -> dict[str, object]:
    return {"signals": ["SIGKILL"], "entry": entry, "when": when}


def wrong(found: dict[tuple[int, str], list[str]], names: list[str]) -> Wrong:
    """The trials that ended otherwise than they should, by the entry's number, name, and what came then."""
    return {(number, names[number], command): said for (number, command), said in found.items() if said}


@pytest.mark.parametrize("when", SIDES)
@pytest.mark.parametrize(("command", "wanted"), [("resume", "new"), ("rollback", "old")])
def test_a_move_killed_at_any_entry_ends_in_one_of_two_states(
    when: str,
    command: str,
    wanted: str,
    tool: Tool,
    pristine: Path,
    moved: Path,
    sandboxes: Sandboxes,
    request: pytest.FixtureRequest,
) -> None:
    state: State = request.getfixturevalue(wanted)

    def trial(point: tuple[int, str]) -> list[str]:
        root = sandboxes.copy(pristine)
        assert tool.run(root, MOVE, kill_at(point[0], when)).status == KILLED
        ended = tool.run(root, f"{command} --yes")
        said = [] if ended.status == 0 else [f"exit code {ended.status}: {ended.err}"]
        found = said + state.deviations(root)
        sandboxes.remove(root)
        return found

    names = entries(moved)
    found = at_once([(number, command) for number in range(len(names))], trial)
    assert wrong(found, names) == {}


@pytest.mark.parametrize("when", SIDES)
@pytest.mark.parametrize("command", ["resume", "rollback"])
def test_a_rollback_killed_at_any_entry_is_carried_to_its_end(
    when: str, command: str, tool: Tool, moved: Path, old: State, sandboxes: Sandboxes
) -> None:
    undone = sandboxes.copy(moved)
    assert tool.run(undone, "rollback --yes").status == 0
    names = entries(undone)[len(entries(moved)) :]

    def trial(point: tuple[int, str]) -> list[str]:
        root = sandboxes.copy(moved)
        assert tool.run(root, "rollback --yes", kill_at(point[0], when)).status == KILLED
        ended = tool.run(root, f"{command} --yes")
        if point[0] == 0 and when == "before" and command == "resume":
            return [] if run_state(root) == "applied" else [run_state(root)]  # nothing was begun yet
        said = [] if ended.status == 0 else [f"exit code {ended.status}: {ended.err}"]
        found = said + old.deviations(root)
        sandboxes.remove(root)
        return found

    found = at_once([(number, command) for number in range(len(names))], trial)
    assert wrong(found, names) == {}
