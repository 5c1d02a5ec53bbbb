"""set-logs --existing on a sandbox: what it changes, what it leaves, what it tells, and how it is taken back."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.change.journal import Entry
from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import sandbox_host
from dockerd_cfg.sandbox.tree import CONTAINERS, identifier
from tests.unit.cli.test_config_commands import Answer, Tool, untouched

LIMITS = {"max-size": "7m", "max-file": "3"}
GIVE = ("set-logs", "--max-size", "7m", "--existing")


@pytest.fixture
def tool(sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    return Tool(sandbox, monkeypatch)


def path(tool: Tool, name: str, root: str = "var/lib/docker") -> Path:
    return tool.root / root / "containers" / identifier(name) / "hostconfig.json"


def settings(tool: Tool, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path(tool, name).read_bytes())
    return found


def options(tool: Tool, name: str, root: str = "var/lib/docker") -> dict[str, str]:
    found: dict[str, str] = json.loads(path(tool, name, root).read_bytes())["LogConfig"]["Config"]
    return found


def edit(tool: Tool, name: str, driver: str = "json-file", **config: str) -> None:
    """Make a container's record say so, and let Docker know of it."""
    value = {**settings(tool, name), "LogConfig": {"Type": driver, "Config": dict(config)}}
    path(tool, name).write_text(json.dumps(value))
    tool.services.boot(running=("web", "job"))


def names(answer: Answer) -> list[str]:
    return [row["name"] for row in answer.data["containers"]]


def test_containers_without_a_limit_get_one_and_docker_stops_once(tool: Tool) -> None:
    answer = tool(*GIVE, "--yes")

    assert (answer.code, names(answer)) == (0, ["database", "job", "web"])
    assert all(options(tool, name) == LIMITS for name in CONTAINERS)
    assert tool.value["log-opts"] == LIMITS
    assert tool.invocation == 2
    assert tool.services.log_config(identifier("web")) == LogConfig("json-file", LIMITS)
    assert path(tool, "web").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("words", [(), ("all",), ("web,job", "--existing", "database")])
def test_a_second_run_changes_nothing(tool: Tool, words: tuple[str, ...]) -> None:
    assert tool(*GIVE, *words, "--yes").changed

    answer = untouched(tool, *GIVE, *words, "--yes")

    assert (answer.code, answer.changed, names(answer)) == (0, False, [])


def test_with_daemon_json_as_wanted_the_containers_alone_are_changed(tool: Tool) -> None:
    assert tool("set-logs", "--max-size", "7m", "--yes").changed
    before = tool.text

    assert names(tool(*GIVE, "web", "--yes")) == ["web"]

    assert tool.text == before
    assert (options(tool, "web"), options(tool, "job")) == (LIMITS, {})


def test_a_dry_run_tells_and_touches_nothing(tool: Tool) -> None:
    answer = untouched(tool, *GIVE, "--dry-run")
    _, out, _ = tool.said(*GIVE, "--dry-run")

    assert answer.changed
    assert answer.data["containers"][0]["before"] == {}
    assert answer.data["containers"][0]["after"] == LIMITS
    assert "+++ LogConfig of web in /var/lib/docker/containers/" in out
    assert "+max-size=7m" in out


def test_consent_is_needed_while_containers_run(tool: Tool) -> None:
    answer = untouched(tool, *GIVE)

    assert (answer.code, answer.errors) == (4, ["needs-consent"])


@pytest.mark.parametrize(
    "argv",
    [
        (*GIVE, "--restart", "never"),
        (*GIVE, "--config-file", "/etc/docker/daemon.json"),
        (*GIVE, "nosuch"),
        (*GIVE, "all,web"),
        (*GIVE, ","),
    ],
    ids=lambda argv: " ".join(argv[4:]),
)
def test_what_cannot_be_meant_is_a_wrong_usage(tool: Tool, argv: tuple[str, ...]) -> None:
    assert untouched(tool, *argv, "--yes").code == 2


@pytest.mark.parametrize(
    "words", [("--existing", "--yes"), ("--yes", "--existing"), ("--existing=unlimited", "--yes")]
)
def test_the_value_may_be_left_out(tool: Tool, words: tuple[str, ...]) -> None:
    assert names(tool("set-logs", *words)) == ["database", "job", "web"]


def test_a_driver_stays_and_gets_what_it_knows(tool: Tool) -> None:
    edit(tool, "web", "local", mode="non-blocking")

    tool("set-logs", "--driver", "json-file", "--log-opt", "labels=a", "--existing", "all", "--yes")

    assert settings(tool, "web")["LogConfig"] == {
        "Type": "local",
        "Config": {"mode": "non-blocking", "max-size": "50m", "max-file": "3"},
    }
    assert options(tool, "job") == {"max-size": "50m", "max-file": "3", "labels": "a"}


def test_those_that_cannot_be_limited_are_listed(tool: Tool) -> None:
    edit(tool, "web", "journald")
    path(tool, "job").write_bytes(b"{")
    tool.services.boot(running=("web",))

    answer = tool(*GIVE, "--yes")

    assert names(answer) == ["database"]
    assert {row["name"]: row["reason"] for row in answer.data["left_alone"]} == {
        "web": "other-driver",
        "job": "unreadable",
    }
    assert "web (journald)" in answer.talk
    assert [finding["code"] for finding in answer.result["findings"]] == ["existing-unreadable"]
    assert path(tool, "job").read_bytes() == b"{"


def test_a_docker_that_is_down_stays_down(tool: Tool) -> None:
    tool.services.stop(DOCKER_SERVICE)

    assert names(tool(*GIVE, "--yes")) == ["database", "job", "web"]

    assert tool.services.read()["active"] == [DOCKER_SOCKET_UNIT]
    tool.services.start(DOCKER_SERVICE)
    assert tool.services.log_config(identifier("web")) == LogConfig("json-file", LIMITS)
    assert tool("rollback", "--yes").code == 0
    assert tool.services.read()["active"] == [DOCKER_SOCKET_UNIT, DOCKER_SERVICE]
    assert options(tool, "web") == {}


@dataclass
class AtEntry:
    """Does something before the journal's entry of that number is written."""

    number: int
    act: Callable[[], object]

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""
        if entry.seq == self.number:
            self.act()

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""


def meanwhile(tool: Tool, act: Callable[[], object], report: Report | None = None) -> int:
    """Give limits; ``act`` happens when all is planned and Docker still runs."""
    host = sandbox_host(tool.root)
    report = report or Report()
    return run((*GIVE, "--yes"), make_host=lambda: host, report=report, witnesses=(AtEntry(0, act),))


def test_containers_are_chosen_again_once_docker_is_stopped(tool: Tool) -> None:
    newer = path(tool, "newer")

    def come_and_go() -> None:
        newer.parent.mkdir()
        for name in ("hostconfig.json", "config.v2.json"):
            newer.with_name(name).write_bytes(path(tool, "web").with_name(name).read_bytes())
        subprocess.run(["rm", "-r", path(tool, "database").parent], check=True)
        edit(tool, "job", **{"max-size": "1m"})

    out = io.StringIO()
    assert meanwhile(tool, come_and_go, Report(out=out)) == 0

    assert "2 existing containers got max-size=7m, max-file=3" in out.getvalue()
    assert options(tool, "newer") == options(tool, "web") == LIMITS
    assert options(tool, "job") == {"max-size": "1m"}
    assert not path(tool, "database").exists()


def test_a_rollback_gives_back_what_was_to_those_that_are_left_and_unchanged(tool: Tool) -> None:
    before = {name: path(tool, name).read_bytes() for name in CONTAINERS}
    text = tool.text
    tool(*GIVE, "--yes")
    subprocess.run(["rm", "-r", path(tool, "database").parent], check=True)
    edit(tool, "job", **{"max-size": "1m"})

    code, out, _ = tool.said("rollback", "--yes")

    assert code == 0
    assert "stays: the log options of job" in out
    assert path(tool, "web").read_bytes() == before["web"]
    assert options(tool, "job") == {"max-size": "1m"}
    assert tool.text == text


def test_a_rollback_finds_the_containers_where_the_storage_was_moved_since(tool: Tool) -> None:
    tool(*GIVE, "--yes")
    assert tool("move-storage", "/mnt/data", "--yes").code == 0

    assert tool("rollback", "1", "--yes").code == 0

    assert all(options(tool, name, "mnt/data/docker") == {} for name in CONTAINERS)
    assert tool.services.log_config(identifier("web")) == LogConfig("json-file", {})
    assert tool.value["data-root"] == "/mnt/data/docker"
    assert "log-opts" not in tool.value


def test_a_later_run_on_the_same_container_is_undone_first(tool: Tool) -> None:
    tool("set-logs", "--max-size", "7m", "--yes")
    tool(*GIVE, "web", "--yes")
    tool(*GIVE, "job", "--yes")
    tool("set-logs", "--max-size", "7m", "--max-file", "5", "--existing", "web", "--yes")

    assert tool("rollback", "2", "--yes").code == 4
    assert tool("rollback", "3", "--yes").code == 0
    assert options(tool, "job") == {}
    assert tool("rollback", "4", "--yes").code == 0
    assert tool("rollback", "2", "--yes").code == 0
    assert options(tool, "web") == {}


def test_an_undo_by_itself_leaves_what_somebody_else_wrote(tool: Tool) -> None:
    tool(*GIVE, "--yes", "--confirm-within", "10m")
    tool.elsewhere('"7m"', '"9m"')

    code, out, _ = tool.said("rollback", "--unless-confirmed", "--yes")

    assert code == 0
    assert "stays: log-opts.max-size" in out
    assert tool.value["log-opts"] == {"max-size": "9m"}
    assert all(options(tool, name) == {} for name in CONTAINERS)


def test_a_daemon_json_that_docker_would_refuse_stops_it_all(tool: Tool) -> None:
    assert untouched(tool, "set-logs", "--max-size", "7x", "--existing", "--yes").code == 3


def test_a_log_that_was_too_large_and_grows_on_is_a_failure(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = path(tool, "web").with_name(f"{identifier('web')}-json.log")
    log.write_bytes(bytes(8_000_000))
    monkeypatch.setattr("dockerd_cfg.logs.existing_steps._ROTATION_PATIENCE", 0)
    really = SandboxServices._start_docker

    def writing(services: SandboxServices, state: dict[str, Any]) -> None:
        really(services, state)
        with log.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(SandboxServices, "_start_docker", writing)
    answer = tool(*GIVE, "--yes")

    assert answer.code == 6
    assert "grows on" in answer.message
    assert options(tool, "web") == {}


def test_a_log_that_is_too_large_and_quiet_is_told(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    path(tool, "web").with_name(f"{identifier('web')}-json.log").write_bytes(bytes(8_000_000))
    monkeypatch.setattr("dockerd_cfg.logs.existing_steps._ROTATION_PATIENCE", 0)

    answer = tool(*GIVE, "--yes")

    assert (answer.code, answer.data["over_limit"]) == (0, ["web"])


def test_a_docker_that_does_not_take_the_options_is_a_failure(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SandboxServices, "log_config", lambda *_: LogConfig("json-file", {}))

    answer = tool(*GIVE, "--yes")

    assert answer.code == 6
    assert "instead of json-file with max-size=7m" in answer.message
    assert options(tool, "web") == {}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("dockerd_cfg.cli.set_logs", {"pydantic", "sh", "logging", "dockerd_cfg.logs"}),
        ("dockerd_cfg.cli.existing_logs", {"pydantic", "sh", "logging"}),
    ],
)
def test_a_run_with_nothing_to_do_loads_little(module: str, unwanted: set[str]) -> None:
    script = f"import sys, {module}; sys.exit(str({unwanted} & sys.modules.keys() or ''))"

    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)

    assert done.stderr.strip() == ""
