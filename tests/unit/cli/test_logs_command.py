"""The commands logs and usage on a sandbox: what it tells people and programs, and what trim leaves."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.errors import FileProblem, Interrupted
from dockerd_cfg.files.front import drop_front
from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
from dockerd_cfg.sandbox.tree import identifier


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_sandbox(tmp_path / "host", layers=1, files=1)
    return tmp_path / "host"


def log_of(root: Path, name: str) -> Path:
    return root / "var/lib/docker/containers" / identifier(name) / f"{identifier(name)}-json.log"


def told(root: Path, *argv: str, code: int = 0) -> dict[str, Any]:
    out, err = io.StringIO(), io.StringIO()
    report = Report(as_json=True, out=out, err=err)
    assert run([*argv, "--json"], make_host=lambda: sandbox_host(root), report=report) == code, err.getvalue()
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def said(root: Path, *argv: str) -> str:
    out = io.StringIO()
    assert run(argv, make_host=lambda: sandbox_host(root), report=Report(out=out, err=io.StringIO())) == 0
    return out.getvalue()


def test_the_largest_log_comes_first_and_growth_the_second_time(root: Path) -> None:
    log_of(root, "job").write_bytes(b"{}\n" * 10_000)
    first = told(root, "logs")["data"]
    log_of(root, "job").write_bytes(b"{}\n" * 30_000)
    second = told(root, "logs")["data"]

    assert first["containers"][0]["name"] == "job"
    assert first["containers"][0]["grown_bytes"] is None
    assert second["containers"][0]["grown_bytes"] > 50_000
    assert second["unlimited"] == 3
    assert second["bytes"] == sum(one["bytes"] for one in second["containers"])


def test_docker_may_be_down(root: Path) -> None:
    SandboxServices(Layout(root)).stop("docker.service", "docker.socket")

    found = told(root, "logs")["data"]

    assert (found["docker"], len(found["containers"])) == (False, 3)


def test_a_hostile_name_is_shown_harmlessly(root: Path) -> None:
    record = log_of(root, "job").parent / "config.v2.json"
    value = json.loads(record.read_text(encoding="utf-8"))
    value["Name"] = "/\x1b]0;owned\x07\x1b[2J\n\u202eevil"
    value["Config"] = {"Labels": {"com.docker.compose.project": "p\x1b[31m\r"}}
    record.write_text(json.dumps(value), encoding="utf-8")

    text = said(root, "logs")

    assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}
    assert len(text.splitlines()) == 5


def test_trim_asks_tells_and_does_it_once(root: Path) -> None:
    path = log_of(root, "job")
    path.write_bytes(b'{"log":"x"}\n' * 50_000)
    path.with_name(f"{path.name}.1").write_bytes(bytes(9000))

    assert told(root, "logs", "trim", "job", code=4)["error"]["message"].endswith(
        "nobody is here to be asked"
    )
    planned = told(root, "logs", "trim", "--max-size", "100k", "--dry-run")
    assert planned["changed"]
    assert path.stat().st_size == 600_000
    done = told(root, "logs", "trim", "--max-size", "100k", "--yes")
    assert done["data"]["freed_bytes"] > 400_000
    assert path.stat().st_size < 110_000
    assert not told(root, "logs", "trim", "--max-size", "100k", "--yes")["changed"]


@pytest.fixture
def two_logs(root: Path) -> list[Path]:
    """Two logs that trim would shorten, in the order in which it does."""
    for name in ("job", "web"):
        log_of(root, name).write_bytes(b'{"log":"x"}\n' * 50_000)
    rows = told(root, "logs", "trim", "--max-size", "100k", "--dry-run")["data"]["files"]
    return [log_of(root, row["name"]) for row in rows if row["name"] in {"job", "web"}]


def test_of_a_log_that_cannot_be_shortened_it_is_told_and_the_others_are(
    root: Path, two_logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drop(path: Path, keep: int) -> int:
        if path == two_logs[0]:
            raise FileProblem(f"cannot shorten {path}: Input/output error (EIO)")
        return drop_front(path, keep)

    monkeypatch.setattr("dockerd_cfg.logs.trim.drop_front", drop)

    found = told(root, "logs", "trim", "--max-size", "100k", "--yes", code=1)
    assert "EIO" in found["error"]["message"]
    assert "freed in 1 file" in found["error"]["state"]
    assert found["changed"]
    assert [one["path"] for one in found["data"]["left"] if one["why"] == "failed"] == [
        f"/{two_logs[0].relative_to(root)}"
    ]
    assert two_logs[1].stat().st_size < 110_000

    again = told(root, "logs", "trim", "--max-size", "100k", "--yes", code=1)
    assert again["error"]["message"].endswith("nothing was changed")
    assert not again["changed"]


def test_a_signal_ends_it_and_what_was_freed_is_told(
    root: Path, two_logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drop(path: Path, keep: int) -> int:
        if path == two_logs[1]:
            raise Interrupted("SIGTERM")
        return drop_front(path, keep)

    monkeypatch.setattr("dockerd_cfg.logs.trim.drop_front", drop)

    found = told(root, "logs", "trim", "--max-size", "100k", "--yes", code=1)
    assert found["changed"]
    assert len(found["data"]["files"]) == 1
    assert found["data"]["freed_bytes"] == found["data"]["files"][0]["freed_bytes"] > 400_000


def test_a_log_that_somebody_made_immutable_is_left_and_told_beforehand(
    root: Path, two_logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dockerd_cfg.files.inode_flags.is_fixed", lambda path: path == two_logs[0])

    for consent in ("--dry-run", "--yes"):
        found = told(root, "logs", "trim", "--max-size", "100k", consent)["data"]
        assert [one["path"] for one in found["left"] if one["why"] == "fixed"] == [
            f"/{two_logs[0].relative_to(root)}"
        ]
    assert two_logs[0].stat().st_size == 600_000


def test_a_dry_look_is_not_noted(root: Path) -> None:
    told(root, "logs", "--dry-run")

    assert told(root, "logs")["data"]["seconds_since_last_look"] is None


def test_odd_words_are_refused(root: Path) -> None:
    assert told(root, "logs", "prune", code=2)["error"]["code"] == "usage"
    assert told(root, "logs", "--max-size", "1m", code=2)["error"]["code"] == "usage"
    assert told(root, "logs", "trim", "nobody", "--yes", code=2)["error"]["code"] == "usage"


def test_no_data_root_is_said(root: Path) -> None:
    SandboxServices(Layout(root)).stop("docker.service", "docker.socket")
    (root / "var/lib/docker").rename(root / "elsewhere")

    assert told(root, "logs", code=4)["error"]["code"] == "preflight-refused"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", ["logs", "usage"])
def test_a_terminal_gets_bars_and_no_color_none(
    root: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_of(root, "job").write_bytes(b"{}\n" * 30_000)
    monkeypatch.setenv("TERM", "xterm")
    shown = []
    for value in ("", "1"):
        monkeypatch.setenv("NO_COLOR", value)
        out = Terminal()
        assert run([command], make_host=lambda: sandbox_host(root), report=Report(out=out)) == 0
        shown.append(out.getvalue())

    assert "█" in shown[0]
    assert not {"█", "\x1b"} & set(shown[1])


def by_kind(found: dict[str, Any]) -> dict[str, int]:
    return {one["kind"]: one["bytes"] for one in found["kinds"]}


@pytest.mark.parametrize("name", ["volumes", "containers", "overlay2"])
def test_what_a_link_leads_to_is_counted_where_it_lies(root: Path, name: str) -> None:
    log_of(root, "job").write_bytes(b"{}\n" * 100_000)
    before = told(root, "usage")["data"]
    folder = root / "var/lib/docker" / name
    (root / "big").mkdir()
    folder.rename(root / "big" / name)
    folder.symlink_to(f"../../../big/{name}")

    after = told(root, "usage")["data"]

    assert [tree["path"] for tree in after["trees"] if tree["what"] == "data root"] == [
        "/var/lib/docker",
        f"/big/{name}",
    ]
    assert by_kind(after) == by_kind(before)
    assert after["reclaimable_bytes"] == before["reclaimable_bytes"]
    assert after["bytes"] == before["bytes"] == sum(tree["bytes"] for tree in after["trees"])


def test_usage_counts_with_docker_up_and_down(root: Path) -> None:
    up = told(root, "usage")["data"]
    SandboxServices(Layout(root)).stop("docker.service", "docker.socket")
    down = told(root, "usage")["data"]

    assert up["bytes"] == down["bytes"] == sum(one["bytes"] for one in up["kinds"])
    assert up["kinds"][0]["kind"] == "images"
    assert (up["docker"], down["docker"]) == (True, False)
    assert up["filesystems"][0]["docker_bytes"] == up["bytes"]
    assert "reclaimable" in said(root, "usage")
