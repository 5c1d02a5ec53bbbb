"""The commands of maintenance on a sandbox: what they leave, what they end with, what they tell programs."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.locks import locked
from dockerd_cfg.maintenance.cache_advice import LARGE
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.tree import identifier
from tests.unit.cli.test_config_commands import Tool

OLD = "2020-01-01T00:00:00.123456789Z"
LONG_AGO = 1577836800
UNITS = "etc/systemd/system"
SERVICE, TIMER = "dockerd-cfg-maintenance.service", "dockerd-cfg-maintenance.timer"
YOUNG = {"LastTagTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def container(name: str, image: str, **more: Any) -> dict[str, Any]:
    return {
        "Id": name,
        "Names": [f"/{name}"],
        "ImageID": image,
        "Created": LONG_AGO,
        "State": "exited",
        "HostConfig": {"RestartPolicy": {"Name": "no"}},
        "SizeRw": 1000,
        **more,
    }


def image(name: str, **more: Any) -> dict[str, Any]:
    identity = f"sha256:{identifier(name)}"
    return {
        "Id": identity,
        "RepoTags": [f"{name}:1"],
        "Created": OLD,
        "Metadata": {"LastTagTime": OLD},
        "Size": 5000,
        "history": [{"Created": 1, "CreatedBy": name, "Size": 5000}],
        **more,
    }


def network(name: str, **more: Any) -> dict[str, Any]:
    return {"Id": f"{name}-id", "Name": name, "Created": OLD, "Scope": "local", **more}


def cache(name: str, **more: Any) -> dict[str, Any]:
    return {"ID": name, "LastUsedAt": OLD, "used": LONG_AGO, "Size": 700, **more}


@pytest.fixture
def tool(sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    for entry in (sandbox / "var/lib/docker/image/overlay2/imagedb/content/sha256").iterdir():
        os.utime(entry, (LONG_AGO, LONG_AGO))
    return Tool(sandbox, monkeypatch)


def keep(tool: Tool, **things: list[dict[str, Any]]) -> None:
    tool.services.write(engine=things)


def left(tool: Tool, kind: str) -> list[str]:
    rows = tool.services.read()["engine"].get(kind, [])
    return [row.get("Name") or row.get("ID") or row["Id"] for row in rows]


def going(found: Any) -> list[str]:
    return [item["name"] for item in found.data["items"]]


def some_things(tool: Tool) -> None:
    keep(
        tool,
        images=[
            image("nginx"),
            image("postgres"),
            image("busybox", RepoTags=["busybox:1", "other/busybox:2"]),
        ],
        containers=[container("runs", image("nginx")["Id"], State="running")],
        networks=[
            network("bridge"),
            network("lonely"),
            network("swarms", Scope="swarm"),
            network("docker_gwbridge"),
        ],
        volumes=[
            {"Name": "records", "Driver": "local", "CreatedAt": OLD},
            {"Name": "a" * 64, "Driver": "local", "CreatedAt": OLD, "UsageData": {"Size": 30}},
        ],
        cache=[cache("old"), cache("busy", InUse=True)],
    )


def test_a_dry_run_tells_what_the_run_then_prunes_and_status_what_it_freed(tool: Tool) -> None:
    some_things(tool)
    before = tool.services.read()

    would = tool("maintenance", "run", "--dry-run")
    assert tool.services.read() == before
    assert would.changed
    assert going(would) == ["old", "postgres:1", "busybox:1, other/busybox:2", "lonely"]
    assert would.data["bytes"] == 10_700

    done = tool("maintenance", "run")
    assert (done.code, done.data) == (0, would.data)
    assert left(tool, "images") == [image("nginx")["Id"]]
    assert left(tool, "networks") == ["bridge", "swarms", "docker_gwbridge"]
    assert left(tool, "volumes") == ["records", "a" * 64]
    (past,) = tool("maintenance", "status").data["runs"]
    assert (past["freed"], past["counts"]) == (10_700, {"image": 2, "network": 1, "build-cache": 1})

    again = tool("maintenance", "run")
    assert not again.changed
    assert (tool.root / "var/lib/dockerd-cfg/maintenance.json").stat().st_mode & 0o777 == 0o600


def test_volumes_go_only_when_asked_for_and_only_those_nobody_named(tool: Tool) -> None:
    some_things(tool)

    assert tool("maintenance", "run", "--volumes").code == 0

    assert left(tool, "volumes") == ["records"]


def test_what_came_just_now_is_kept_and_counted(tool: Tool) -> None:
    keep(tool, images=[image("nginx", Metadata=YOUNG), image("unknown", Metadata={})])

    found = tool("maintenance", "run")

    assert going(found) == []
    assert found.data["kept"] == {"too_young": 2, "labelled": 0}


def test_what_cannot_be_removed_is_told_and_the_rest_goes(tool: Tool) -> None:
    keep(tool, images=[image("nginx", busy=True), image("postgres")])

    found = tool("maintenance", "run")

    assert (found.code, going(found)) == (0, ["postgres:1"])
    assert [finding["code"] for finding in found.result["findings"]] == ["left"]
    assert "nginx:1" in tool("maintenance", "status").data["runs"][0]["problem"]


def test_docker_is_not_started_for_it(tool: Tool) -> None:
    tool.services.stop("docker.service", "docker.socket")

    found = tool("maintenance", "run")

    assert (found.code, found.errors) == (4, ["docker-down"])
    assert tool.services.read()["active"] == []
    status = tool("maintenance", "status")
    assert status.code == 0
    assert "does not run" in status.data["runs"][0]["problem"]


def test_a_docker_that_dies_on_the_way_is_told_with_what_was_pruned(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tool, images=[image("nginx")], networks=[network("lonely")])
    ask = SandboxServices.ask

    def dying(self: SandboxServices, method: str, path: str, *, timeout: float = 0) -> Any:
        if path.startswith("/networks/"):
            raise CommandFailed("Docker does not answer")
        return ask(self, method, path, timeout=timeout)

    monkeypatch.setattr(SandboxServices, "ask", dying)
    found = tool("maintenance", "run")

    assert (found.code, found.changed) == (1, True)
    assert going(found) == ["nginx:1"]
    assert "1 image" in found.result["error"]["state"]
    (past,) = tool("maintenance", "status").data["runs"]
    assert (past["counts"], past["problem"]) == ({"image": 1}, "Docker does not answer")


@pytest.mark.parametrize("argv", [("run",), ("enable",), ("disable",)])
def test_another_one_at_work_ends_it(tool: Tool, argv: tuple[str, ...]) -> None:
    with locked(tool.root / "run/dockerd-cfg.lock", "somebody"):
        found = tool("maintenance", *argv)

    assert (found.code, found.error) == (5, "lock-held")


@pytest.mark.parametrize("argv", [("run",), ("enable",), ("disable",)])
def test_an_open_run_ends_it(tool: Tool, argv: tuple[str, ...]) -> None:
    assert tool("set", "debug", "true", "--confirm-within", "10m").code == 0

    assert tool("maintenance", *argv).error == "unfinished-run"


def test_the_timer_comes_once_changes_and_goes_without_a_trace(tool: Tool) -> None:
    before = tool.units

    assert tool("maintenance", "enable", "--dry-run").changed
    assert tool.units == before
    assert tool("maintenance", "enable").changed
    assert tool.units == [SERVICE, TIMER]
    assert not tool("maintenance", "enable").changed
    assert tool("maintenance", "enable", "--older-than", "2d").changed
    status = tool("maintenance", "status").data
    assert (status["state"], status["settings"]["older_than"]) == ("on", 172800)
    assert status["next_run"]
    assert tool("maintenance", "run", "--dry-run").data["older_than"] == 172800  # as the timer has it

    assert tool("maintenance", "disable").changed
    assert tool.units == before
    assert not tool("maintenance", "disable").changed
    assert tool("maintenance", "status").data["state"] == "none"
    assert TIMER not in tool.services.read()["enabled"]


def test_a_timer_that_somebody_stopped_is_started_again(tool: Tool) -> None:
    tool("maintenance", "enable")
    tool.services.stop(TIMER)
    assert tool("maintenance", "status").data["state"] == "off"

    assert tool("maintenance", "enable").changed

    assert tool("maintenance", "status").data["state"] == "on"


def test_a_rollback_gives_back_what_was(tool: Tool) -> None:
    tool("maintenance", "enable")
    first = (tool.root / UNITS / SERVICE).read_bytes()
    tool("maintenance", "enable", "--schedule", "weekly")
    tool("maintenance", "disable")

    assert tool("rollback").code == 0
    assert "OnCalendar=weekly" in (tool.root / UNITS / TIMER).read_text(encoding="utf-8")
    assert tool("maintenance", "status").data["state"] == "on"
    assert tool("rollback", "2").code == 0
    assert (tool.root / UNITS / SERVICE).read_bytes() == first
    assert tool("rollback", "1").code == 0
    assert tool.units == []


@pytest.mark.parametrize("argv", [("enable", "--older-than", "2d"), ("disable",)])
def test_what_somebody_else_edited_is_left_alone(tool: Tool, argv: tuple[str, ...]) -> None:
    tool("maintenance", "enable")
    path = tool.root / UNITS / TIMER
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")

    found = tool("maintenance", *argv)

    assert (found.code, found.errors) == (4, ["edited"])
    assert path.read_text(encoding="utf-8").endswith("# mine\n")
    assert tool("rollback", "--yes").code == 4
    assert tool("maintenance", "status").data["edited"] == [f"/{UNITS}/{TIMER}"]


@pytest.mark.parametrize(
    "argv",
    [("maintenance", "enable", "--older-than", "2d"), ("maintenance", "disable"), ("rollback", "--yes")],
    ids=" ".join,
)
@pytest.mark.parametrize("more", [("--dry-run",), ()])
def test_what_somebody_made_immutable_is_refused_beforehand(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], more: tuple[str, ...]
) -> None:
    tool("maintenance", "enable")
    fixed = tool.root / UNITS / TIMER
    monkeypatch.setattr("dockerd_cfg.files.inode_flags.is_fixed", lambda path: path == fixed)

    found = tool(*argv, *more)

    assert found.code == 4
    assert "immutable" in found.result["error"]["message"]
    assert len(tool("history").data["runs"]) == 1


def test_drop_ins_of_others_are_told_of_and_stay(tool: Tool) -> None:
    tool("maintenance", "enable")
    drop_in = tool.root / UNITS / f"{TIMER}.d" / "override.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Timer]\n", encoding="utf-8")

    found = tool("maintenance", "disable")

    assert [finding["code"] for finding in found.result["findings"]] == ["drop-in"]
    assert drop_in.exists()


@pytest.mark.parametrize(
    "argv",
    [
        ("enable", "--older-than", "soon"),
        ("enable", "--schedule", "whenever"),
        ("enable", "--keep-label", "a b"),
        ("run", "--older-than", "1s"),
        ("status", "--older-than", "7d"),
        (),
        ("prune",),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_wrong_usage(tool: Tool, argv: tuple[str, ...]) -> None:
    assert tool("maintenance", *argv).code == 2
    assert tool.units == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"runs": [1]}'], ids=repr)
def test_a_record_that_cannot_be_understood_is_begun_anew(tool: Tool, text: str) -> None:
    path = tool.root / "var/lib/dockerd-cfg/maintenance.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")

    assert tool("maintenance", "status").data["runs"] == []
    assert tool("maintenance", "run").code == 0
    assert len(json.loads(path.read_text(encoding="utf-8"))["runs"]) == 1


def test_a_large_build_cache_is_told_of_with_the_command_that_limits_it(tool: Tool) -> None:
    keep(tool, cache=[cache("huge", Size=LARGE, InUse=True)])

    (finding,) = tool("maintenance", "run").result["findings"]
    assert finding["hint"] == "run: dockerd-cfg set builder.gc.defaultMaxUsedSpace 10GB"
    assert tool("set", "builder.gc.defaultMaxUsedSpace", "10GB", "--yes").code == 0
    assert tool("maintenance", "run").result["findings"] == []


def test_what_people_are_told_is_plain(tool: Tool) -> None:
    some_things(tool)
    code, out, _ = tool.said("maintenance", "run", "--dry-run")

    assert code == 0
    assert "would prune image postgres:1 (5.0 kB)\n" in out
    assert (
        "Would prune what is unused and older than 7d, no volumes, but nothing labelled dockerd-cfg.keep"
        in out
    )
    assert "\x1b" not in out
    assert "There is no timer" in tool.said("maintenance", "status")[1]
