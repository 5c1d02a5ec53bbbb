"""What came of moves: where a tree is after others followed."""

from pathlib import Path

import pytest

from dockerd_cfg.change.history import Run
from dockerd_cfg.change.journal import Record
from dockerd_cfg.change.plan import Plan
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.outcome import place_by_now

OLD, ONE, TWO = "/var/lib/docker", "/mnt/one/docker", "/mnt/two/docker"


def move(source: str, target: str, mode: str = "data-root") -> Run:
    plan = Plan(
        command="move-storage",
        subject="storage",
        tool="0",
        created="2026-01-01T00:00:00+00:00",
        steps=(),
        summary={
            "mode": mode,
            "trees": [{"name": "docker", "source": source, "target": target, "old": None}],
        },
    )
    return Run("0001-move-storage", Path(), plan, Record([]))


@pytest.mark.parametrize(
    ("runs", "place"),
    [
        pytest.param([move(OLD, ONE)], ONE, id="no other move"),
        pytest.param([move(OLD, ONE), move(ONE, TWO)], TWO, id="moved on"),
        pytest.param([move(OLD, ONE), move(ONE, OLD), move(OLD, TWO)], TWO, id="moved back and on"),
        pytest.param([move(OLD, ONE, "symlink"), move(ONE, TWO)], TWO, id="by a link, and on"),
        pytest.param([move(OLD, ONE, "bind"), move(OLD, TWO)], TWO, id="mounted at the old place, and on"),
        pytest.param([move(TWO, OLD), move(OLD, ONE, "bind"), move(OLD, TWO)], TWO, id="mounted in between"),
        pytest.param([move(OLD, ONE), move(OLD, TWO)], ONE, id="another came to the old place"),
    ],
)
def test_the_new_place_of_a_tree_is_followed_through_later_moves(runs: list[Run], place: str) -> None:
    first, *later = runs
    target = HostPath(str(first.plan.summary["trees"][0]["target"]))  # type: ignore[index,call-overload]

    assert str(place_by_now(target, first, later)) == place
