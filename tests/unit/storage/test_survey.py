"""How much a tree holds, and what in it no copy could be made of."""

from pathlib import Path

from dockerd_cfg.storage.survey import survey
from tests.unit.copier.torture import make_very_deep


def test_the_longest_path_is_told(tmp_path: Path) -> None:
    (tmp_path / "a" / "bcd").mkdir(parents=True)
    (tmp_path / "a" / "bcd" / "ef").touch()
    size = survey(tmp_path)
    assert (size.longest, size.deepest) == (8, "a/bcd/ef")


def test_a_path_that_is_too_long_for_any_call_is_told_as_such(tmp_path: Path) -> None:
    make_very_deep(tmp_path, depth=40)
    size = survey(tmp_path)
    assert size.longest >= 4096
    assert size.deepest.startswith("0" * 200)
