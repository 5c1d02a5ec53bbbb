"""Deleting old data: of a move that later moves followed, too."""

from pathlib import Path

import pytest

from tests.unit.cli.test_config_commands import Tool


@pytest.fixture
def tool(sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    return Tool(sandbox, monkeypatch)


def aside(tool: Tool) -> list[Path]:
    return sorted([*tool.root.glob("var/lib/docker.old-*"), *tool.root.glob("mnt/data/docker.old-*")])


def moved_twice(tool: Tool) -> None:
    (tool.root / "var/lib/elsewhere").mkdir()
    for target in ("/mnt/data", "/var/lib/elsewhere"):
        assert tool("move-storage", target, "--yes").code == 0
    assert len(aside(tool)) == 2


def test_the_old_data_of_each_of_two_moves_can_be_deleted(tool: Tool) -> None:
    moved_twice(tool)
    while (found := tool("finish", "--yes")).result["changed"]:
        assert found.code == 0
    assert aside(tool) == []
    assert (tool.root / "var/lib/elsewhere/docker/image").is_dir()


def test_the_old_data_of_the_first_of_two_moves_can_be_deleted_first(tool: Tool) -> None:
    moved_twice(tool)
    first = tool("history").result["data"]["runs"][0]["run"]
    assert tool("finish", str(first), "--yes").code == 0
    assert (tool.root / "var/lib/elsewhere/docker/image").is_dir()
    assert not list(tool.root.glob("var/lib/docker.old-*"))


def test_an_empty_word_is_no_run_whose_old_data_can_be_deleted(tool: Tool) -> None:
    assert tool("move-storage", "/mnt/data", "--yes").code == 0

    refused = tool("finish", "", "--yes")

    assert (refused.code, refused.message, len(aside(tool))) == (2, "there is no run ''", 1)


def test_moves_are_in_their_order_beyond_four_digits(tool: Tool) -> None:
    (tool.root / "var/lib/dockerd-cfg/runs/9998-set").mkdir(parents=True)
    moved_twice(tool)
    assert tool.runs == ["10000-move-storage", "9998-set", "9999-move-storage"]

    refused = tool("rollback", "9999", "--yes")

    assert (refused.code, refused.hint) == (4, "first: dockerd-cfg rollback 10000-move-storage")
    assert tool("finish", "9999", "--yes").code == 0
    assert not list(tool.root.glob("var/lib/docker.old-*"))


def test_the_old_data_of_a_move_that_waits_for_its_confirmation_is_kept(tool: Tool) -> None:
    assert tool("move-storage", "/mnt/data", "--confirm-within", "1h", "--yes").code == 0

    refused = tool("finish", "--yes")

    assert (refused.code, refused.result["error"]["code"]) == (5, "unfinished-run")
    assert "dockerd-cfg confirm" in refused.result["error"]["hint"]
    assert len(aside(tool)) == 1
    assert tool("confirm").code == 0
    assert tool("finish", "--yes").code == 0
    assert aside(tool) == []
