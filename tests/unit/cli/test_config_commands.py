"""The commands around daemon.json on a sandbox: what state they leave, what code they end with, what they tell programs."""

import io
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import jsonschema
import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.locks import locked
from dockerd_cfg.paths import LOCK, Layout
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import sandbox_host

SCHEMA: Final = Path(__file__).parents[3] / "schemas" / "result.schema.json"
OTHER: Final = "/srv/daemon.json"
PATCH: Final = '{"debug": true, "max-concurrent-downloads": 9}'


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code, the one object it printed, and what it said besides."""

    code: int
    result: dict[str, Any]
    talk: str

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.result["data"]
        return data

    @property
    def changed(self) -> bool:
        return bool(self.result["changed"])

    @property
    def error(self) -> str:
        return str(self.result["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.result["error"]["message"])

    @property
    def hint(self) -> str:
        return str(self.result["error"]["hint"])

    @property
    def errors(self) -> list[str]:
        return [finding["code"] for finding in self.result["findings"] if finding["severity"] == "error"]


@dataclass
class Tool:
    """dockerd-cfg on a sandbox of its own."""

    root: Path
    patch: pytest.MonkeyPatch

    def __call__(self, *argv: str, stdin: bytes | None = None) -> Answer:
        """Run it with ``--json``; what it prints must be one object that the schema allows."""
        code, out, err = self._run([*argv, "--json"], stdin, as_json=True)
        assert out.count("\n") == 1, out
        result = json.loads(out)
        validator().validate(result)
        assert (result["status"] == "ok") == (code == 0)
        return Answer(code, result, err)

    def said(self, *argv: str, stdin: bytes | None = None) -> tuple[int, str, str]:
        """Run it for a person; return the exit code, standard output and standard error."""
        return self._run(list(argv), stdin, as_json=False)

    def _run(self, argv: list[str], stdin: bytes | None, *, as_json: bool) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        self.patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin or b"")))
        report = Report(as_json=as_json, out=out, err=err)
        code = run(argv, make_host=lambda: sandbox_host(self.root), report=report)
        return code, out.getvalue(), err.getvalue()

    @property
    def services(self) -> SandboxServices:
        return SandboxServices(Layout(self.root))

    @property
    def path(self) -> Path:
        return self.root / "etc/docker/daemon.json"

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def value(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.text)
        return value

    @property
    def invocation(self) -> int:
        """Counts the starts of Docker."""
        return int(self.services.read()["invocation"])

    @property
    def reloads(self) -> int:
        return len(self.services.read().get("reloads", []))

    @property
    def config(self) -> dict[str, Any]:
        """What Docker uses."""
        config: dict[str, Any] = self.services.read()["config"]
        return config

    @property
    def runs(self) -> list[str]:
        folder = self.root / "var/lib/dockerd-cfg/runs"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    @property
    def units(self) -> list[str]:
        return sorted(path.name for path in (self.root / "etc/systemd/system").iterdir())

    def elsewhere(self, old: str, new: str) -> None:
        """Let somebody else edit daemon.json."""
        assert old in self.text
        self.path.write_text(self.text.replace(old, new), encoding="utf-8")


@pytest.fixture
def tool(sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    return Tool(sandbox, monkeypatch)


def untouched(tool: Tool, *argv: str, stdin: bytes | None = None) -> Answer:
    """Run the tool and make sure that it left everything as it was: file, Docker, runs, units."""

    def state() -> tuple[Any, ...]:
        return tool.path.read_bytes(), tool.services.read(), tool.runs, tool.units

    before = state()
    answer = tool(*argv, stdin=stdin)
    assert state() == before
    return answer


# set


def test_set_writes_the_option_and_nothing_else(tool: Tool) -> None:
    before = tool.text

    answer = tool("set", "debug", "true")

    assert (answer.code, answer.changed) == (0, True)
    assert tool.text == before.replace('"live-restore": false', '"live-restore": false,\n    "debug": true')


def test_set_reloads_where_that_is_enough(tool: Tool) -> None:
    answer = tool("set", "debug", "true")

    assert (answer.data["need"], answer.data["action"], answer.data["restarts"]) == (
        "reload",
        "reload",
        False,
    )
    assert (tool.reloads, tool.invocation) == (1, 1)
    assert tool.config["debug"] is True


def test_set_restarts_where_a_reload_is_not_enough(tool: Tool) -> None:
    answer = tool("set", "mtu", "1400", "--yes")

    assert (answer.data["need"], answer.data["action"], answer.data["restarts"]) == ("restart", "restart", True)  # fmt: skip
    assert tool.invocation == 2
    assert tool.config["mtu"] == 1400


def test_set_tells_programs_what_it_did(tool: Tool) -> None:
    before = tool.text

    data = tool("set", "debug", "true").data

    assert data["file"] == "/etc/docker/daemon.json"
    assert data["changed_keys"] == ["debug"]
    assert data["dropped"] == []
    assert data["diff"] == {"before": before, "after": tool.text}
    assert data["run"] == "0001-set"
    assert "Write debug to /etc/docker/daemon.json" in data["steps"]


def test_a_second_set_changes_nothing_and_restarts_nothing(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--yes")

    answer = untouched(tool, "set", "mtu", "1400")

    assert (answer.code, answer.changed, answer.result["restart_required"]) == (0, False, False)
    assert (answer.data["need"], answer.data["action"], answer.data["changed_keys"]) == ("none", "none", [])
    assert not answer.data.keys() & {"run", "steps"}


def test_a_value_that_begins_with_a_dash_is_no_option(tool: Tool) -> None:
    assert tool("set", "shutdown-timeout", "-1").code == 0
    assert tool.value["shutdown-timeout"] == -1


@pytest.mark.parametrize("word", ["-verbose", "-y1", "-1y", "-yes", "-1v2"])
def test_a_word_with_letters_of_options_in_it_is_refused_as_a_whole(tool: Tool, word: str) -> None:
    answer = untouched(tool, "set", "shutdown-timeout", word)

    assert (answer.code, answer.message) == (2, f"there is no option {word}")
    assert answer.hint.endswith(f"-- {word}")


def test_the_hint_how_to_write_a_value_that_looks_like_an_option_works_as_it_stands(tool: Tool) -> None:
    refused = tool("set", "labels", "--no-diff", "-a=b", "--yes")

    assert (refused.code, refused.message) == (2, "there is no option -a=b")
    written = refused.hint.partition("write: dockerd-cfg ")[2]
    code, _, _ = tool.said(*(word for word in shlex.split(written) if word != "--json"))
    assert (code, tool.value["labels"]) == (0, ["-a=b"])


def test_a_nested_option_is_written_into_its_object(tool: Tool) -> None:
    tool("set", "builder.gc.enabled", "true", "--yes")

    assert tool.value["builder"] == {"gc": {"enabled": True}}


def test_a_proxy_is_an_option_that_has_an_effect(tool: Tool) -> None:
    answer = tool("set", "proxies.http-proxy", "http://proxy.example:3128", "--yes")

    assert (answer.code, answer.errors) == (0, [])


@pytest.mark.parametrize(
    ("argv", "finding"),
    [
        pytest.param(("set", "dbug", "true"), "unknown-option", id="an unknown option"),
        pytest.param(("set", "debug", "maybe"), "wrong-type", id="a value of another type"),
        pytest.param(("set", "mtu", "1.5"), "wrong-type", id="half a number"),
        pytest.param(("set", "log-opt", "max-size=1m"), "no-effect", id="an option without effect"),
        pytest.param(("set", "bip", ""), "zero-value", id="nothing for an option without a default"),
        pytest.param(("set", "log-opts.max-size", "10x"), "bad-log-option", id="no size"),
        pytest.param(("set", "log-driver", "loki"), "unknown-log-driver", id="a log driver that may be a plugin"),
        pytest.param(("set", "default-runtime", "no-such"), "missing-runtime", id="a runtime that is not there"),
        pytest.param(("set", "hosts", "fd://"), "flag-conflict", id="an option that a flag gives, too"),
        pytest.param(("unset", "dbug"), "unknown-option", id="taking out what is neither known nor set"),
    ],
)  # fmt: skip
def test_what_would_be_wrong_ends_with_3_and_touches_nothing(
    tool: Tool, argv: tuple[str, ...], finding: str
) -> None:
    answer = untouched(tool, *argv, "--yes")

    assert (answer.code, answer.error) == (3, "invalid-config")
    assert finding in answer.errors


@pytest.mark.parametrize("command", ["set debug true", "unset debug", "set-logs", "show", "show --effective", "check"])  # fmt: skip
def test_a_file_that_is_no_json_ends_with_3_and_its_place(tool: Tool, command: str) -> None:
    tool.path.write_text('{\n  "debug": true,\n}\n', encoding="utf-8")

    answer = untouched(tool, *command.split())

    assert (answer.code, answer.error) == (3, "invalid-config")
    assert [(finding["line"], finding["column"]) for finding in answer.result["findings"]] == [(2, 16)]


def test_forcing_a_plugins_log_driver_writes_it(tool: Tool) -> None:
    answer = tool("set", "log-driver", "loki", "--force", "log-driver", "--yes")

    assert (answer.code, answer.errors, tool.value["log-driver"]) == (0, [], "loki")


@pytest.mark.parametrize(
    "argv",
    [
        ("set", "data-root", "/srv/docker"),
        ("set", "storage-driver", "vfs"),
        ("set", "userns-remap", "default"),
        ("set", "features.containerd-snapshotter", "true"),
    ],
    ids=lambda argv: argv[1],
)
def test_what_would_hide_data_ends_with_4_and_touches_nothing(tool: Tool, argv: tuple[str, ...]) -> None:
    answer = untouched(tool, *argv, "--yes")

    assert (answer.code, answer.error, answer.errors) == (4, "preflight-refused", ["hides-data"])


def test_what_would_hide_the_data_of_a_docker_that_is_down_ends_with_4(tool: Tool) -> None:
    tool.services.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)

    assert tool("set", "data-root", "/srv/docker").code == 4


@pytest.mark.parametrize("argv", [("set", "mtu", "1400"), ("unset", "dns"), ("set-logs",)], ids=lambda argv: argv[0])  # fmt: skip
def test_a_restart_under_running_containers_needs_consent(tool: Tool, argv: tuple[str, ...]) -> None:
    answer = untouched(tool, *argv)

    assert (answer.code, answer.errors) == (4, ["needs-consent"])
    assert "web" in answer.message
    assert "job" in answer.message


@pytest.mark.parametrize(
    ("argv", "goes_on"),
    [
        (("set", "mtu", "1400"), True),
        (("unset", "live-restore"), False),
        (("merge", "-"), False),
    ],
    ids=lambda one: one[0] if isinstance(one, tuple) else "",
)
def test_what_is_asked_before_a_restart_is_true_of_containers_under_live_restore(
    tool: Tool, argv: tuple[str, ...], goes_on: bool
) -> None:
    tool("set", "live-restore", "true")

    answer = untouched(tool, *argv, stdin=b'{"live-restore": false, "mtu": 1400}')

    assert answer.code == 4
    assert ("they go on running (live-restore)" in answer.message) == goes_on


def test_a_restart_without_running_containers_needs_no_consent(tool: Tool) -> None:
    tool.services.write(running=[])

    assert tool("set", "mtu", "1400").code == 0


def test_a_restart_that_fails_is_undone_and_ends_with_6(tool: Tool) -> None:
    before = tool.text
    tool.services.write(failing_starts=1)

    answer = tool("set", "mtu", "1400", "--yes")

    assert (answer.code, answer.error, tool.text) == (6, "step-failed", before)
    assert "mtu" not in tool.config
    assert DOCKER_SERVICE in tool.services.read()["active"]


def test_a_docker_that_does_not_stay_up_is_undone_and_ends_with_6(tool: Tool) -> None:
    before = tool.text
    tool.services.write(short_lives=1)

    answer = tool("set", "mtu", "1400", "--yes")

    assert (answer.code, answer.error, tool.text) == (6, "step-failed", before)
    assert "ended again" in answer.message


def test_an_undoing_that_fails_too_ends_with_7_and_says_what_to_look_at(tool: Tool) -> None:
    tool.services.write(failing_starts=2)

    answer = tool("set", "mtu", "1400", "--yes")

    assert (answer.code, answer.error) == (7, "rollback-failed")
    assert "journalctl" in answer.hint


@pytest.fixture
def fixed(tool: Tool) -> Iterator[None]:
    """daemon.json is immutable, as chattr(1) makes it."""
    if subprocess.run(["chattr", "+i", tool.path], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no immutable files")
    yield
    subprocess.run(["chattr", "-i", tool.path], check=True)


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(
    "argv", [("set", "mtu", "1400", "--yes"), ("set", "mtu", "1400", "--dry-run")], ids=" ".join
)
def test_a_file_that_cannot_be_replaced_ends_with_4_and_touches_nothing(
    tool: Tool, argv: tuple[str, ...]
) -> None:
    refused = untouched(tool, *argv)

    assert (refused.code, refused.errors) == (4, ["fixed-file"])
    assert "chattr -i" in refused.hint


@pytest.mark.usefixtures("fixed")
def test_a_file_that_cannot_be_replaced_hinders_no_change_that_is_made_already(tool: Tool) -> None:
    assert tool("set", "log-driver", "json-file").code == 0


def test_a_rollback_of_a_file_that_cannot_be_replaced_is_refused_before_anything_is_touched(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool("set", "debug", "true")
    with monkeypatch.context() as patch:
        patch.setattr("dockerd_cfg.files.os.statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
        refused = untouched(tool, "rollback", "--yes")
    assert (refused.code, refused.error) == (4, "preflight-refused")
    assert "read-only" in refused.message

    assert tool("rollback", "--yes").code == 0


def test_a_docker_that_is_down_is_not_started(tool: Tool) -> None:
    tool.services.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)

    answer = tool("set", "mtu", "1400")

    assert (answer.code, answer.data["action"], answer.result["restart_required"]) == (0, "none", False)
    assert tool.services.read()["active"] == []


def running(tool: Tool) -> set[str]:
    return {container.name for container in tool.services.containers() if container.is_running}


def test_what_ran_before_a_restart_runs_after_it(tool: Tool) -> None:
    before = running(tool)

    tool("set", "mtu", "1400", "--yes")

    assert running(tool) >= before == {"web", "job"}


def test_what_ran_before_writing_down_the_present_driver_runs_after_it(tool: Tool) -> None:
    tool("set", "storage-driver", "overlay2", "--yes")

    assert running(tool) >= {"web", "job"}


# --restart


def test_never_writes_and_tells_that_a_restart_is_required(tool: Tool) -> None:
    answer = tool("set", "mtu", "1400", "--restart", "never")

    assert (answer.code, answer.changed, answer.result["restart_required"]) == (0, True, True)
    assert (tool.value["mtu"], tool.invocation) == (1400, 1)


def test_never_tells_so_again_until_docker_was_restarted(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--restart", "never")

    answer = untouched(tool, "set", "mtu", "1400", "--restart", "never")

    assert (answer.changed, answer.result["restart_required"]) == (False, True)


def test_what_never_left_is_brought_into_effect_by_the_same_command_without_it(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--restart", "never")

    answer = tool("set", "mtu", "1400", "--yes")

    assert (answer.changed, answer.data["changed_keys"], answer.data["action"]) == (True, [], "restart")
    assert tool.config["mtu"] == 1400


def test_always_restarts_even_for_a_reload(tool: Tool) -> None:
    tool("set", "debug", "true", "--restart", "always", "--yes")

    assert (tool.reloads, tool.invocation) == (0, 2)


@pytest.mark.parametrize("mode", ["sometimes", "", "Auto"])
def test_another_word_for_restart_is_wrong_usage(tool: Tool, mode: str) -> None:
    answer = untouched(tool, "set", "mtu", "1400", "--restart", mode)

    assert (answer.code, answer.error) == (2, "usage")


@pytest.mark.parametrize(
    "argv",
    [
        ("set",),
        ("set", "debug"),
        ("set", "debug", "true", "more"),
        ("set", "debug", "true", "--no-such-option"),
        ("set", "", "true"),
        ("unset",),
        ("merge",),
        ("show", "--no-such-option"),
        ("check", "--docker-version", "new"),
        ("check", "--docker-version", "19.03.1"),
        ("check", "--flags", "'"),
        ("check", "/no/such/file"),
        ("merge", "/no/such/file"),
        ("rollback", "99"),
        ("confirm", "99"),
        ("rollback", ""),
        ("finish", "", "--yes"),
        ("unset", "log-opts.", "--yes"),
        ("set", "log-opts.", "{}", "--yes"),
        ("show", "log-opts."),
        ("show", "log-opts.", "--effective"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(tool: Tool, argv: tuple[str, ...]) -> None:
    answer = untouched(tool, *argv)

    assert (answer.code, answer.error) == (2, "usage")


DIGITS: Final = "9" * 5000


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("set", "debug", "true", "--confirm-within", f"{DIGITS}m"), 2),
        (("move-storage", "/mnt/data", "--start-timeout", DIGITS), 2),
        (("move-storage", "/mnt/data", "--bwlimit", f"{DIGITS}m"), 2),
        (("maintenance", "run", "--older-than", f"{DIGITS}d"), 2),
        (("logs", "trim", "--max-size", DIGITS), 2),
        (("rollback", DIGITS), 2),
        (("set-logs", "--max-file", DIGITS), 3),
        (("set", "hosts", f"tcp://192.0.2.1:{DIGITS}"), 3),
        (("set", "metrics-addr", f"127.0.0.1:{DIGITS}"), 3),
        (("set", "insecure-registries", f"a:{DIGITS}"), 3),
        (("check", "--flags", f"--mtu {DIGITS}"), 0),
        (("check", "--docker-version", DIGITS), 0),
        (("check", "--docker-version", f"{DIGITS}.1"), 0),
    ],
    ids=lambda value: None if isinstance(value, int) else " ".join(value).replace(DIGITS, "9..."),
)
def test_a_number_of_any_length_is_judged_as_each_that_is_too_large(
    tool: Tool, argv: tuple[str, ...], code: int
) -> None:
    tool("set", "debug", "true")

    assert tool(*argv).code == code


def test_an_argument_that_is_missing_is_named(tool: Tool) -> None:
    assert "VALUE" in tool("set", "debug").message


# --dry-run


@pytest.mark.parametrize(
    "argv",
    [
        ("set", "debug", "true"),
        ("set", "mtu", "1400"),
        ("unset", "dns"),
        ("set-logs", "--max-size", "10m"),
        ("set", "mtu", "1400", "--restart", "never"),
        ("set", "mtu", "1400", "--confirm-within", "10m"),
    ],
    ids=" ".join,
)
def test_a_dry_run_changes_nothing_and_tells_what_would_change(tool: Tool, argv: tuple[str, ...]) -> None:
    answer = untouched(tool, *argv, "--dry-run")

    assert (answer.code, answer.changed) == (0, True)
    assert answer.data["diff"]["before"] == tool.text != answer.data["diff"]["after"]
    assert answer.data["steps"]
    assert "run" not in answer.data


def test_a_dry_run_of_what_is_so_already_would_change_nothing(tool: Tool) -> None:
    answer = untouched(tool, "set", "live-restore", "false", "--dry-run")

    assert (answer.changed, answer.data["diff"]["after"]) == (False, tool.text)


def test_a_dry_run_refuses_what_would_be_refused(tool: Tool) -> None:
    assert untouched(tool, "set", "data-root", "/srv", "--dry-run").code == 4


# unset


def test_unset_takes_out_what_set_put_in_to_the_byte(tool: Tool) -> None:
    before = tool.path.read_bytes()
    tool("set", "log-opts.max-size", "10m", "--yes")

    answer = tool("unset", "log-opts.max-size", "--yes")

    assert (answer.code, answer.changed, tool.path.read_bytes()) == (0, True, before)


@pytest.mark.parametrize("key", ["debug", "log-opts.max-size", "log-opt"])
def test_taking_out_what_is_not_set_changes_nothing(tool: Tool, key: str) -> None:
    answer = untouched(tool, "unset", key)

    assert (answer.code, answer.changed) == (0, False)


def test_an_unknown_option_that_stands_in_the_file_can_be_taken_out(tool: Tool) -> None:
    tool.elsewhere('"live-restore"', '"no-such": 1,\n    "live-restore"')

    assert tool("unset", "no-such", "--yes").code == 0
    assert "no-such" not in tool.value


def test_each_of_two_faults_can_be_mended_by_the_command_that_its_hint_names(tool: Tool) -> None:
    tool.path.write_text('{"a.b": 1, "log-opts.max-size": "5m"}\n', encoding="utf-8")
    before = tool.invocation

    first = tool("unset", "a.b", "--yes")
    assert (first.code, first.changed, tool.invocation) == (0, True, before)
    assert tool.value == {"log-opts.max-size": "5m"}

    assert tool("unset", "log-opts.max-size", "--yes").code == 0
    assert (tool.value, tool.invocation) == ({}, before + 1)


def test_a_new_log_driver_drops_options_and_tells_so(tool: Tool) -> None:
    tool("set", "log-opts", '{"max-size": "1m", "tag": "x"}', "--yes")

    answer = tool("set", "log-driver", "journald", "--yes")

    assert answer.data["dropped"] == ["max-size"]
    assert tool.value["log-opts"] == {"tag": "x"}


@pytest.mark.parametrize("argv", [("set", "log-driver", "local"), ("set-logs", "--driver", "local")])
def test_a_new_log_driver_drops_options_that_only_later_versions_know(
    tool: Tool, argv: tuple[str, ...]
) -> None:
    tool("set", "log-opts", '{"max-size": "1m", "labels": "x"}', "--yes")

    assert tool(*argv, "--yes").data["dropped"] == ["labels"]


def test_limits_written_as_numbers_stay_what_they_are_as_text(tool: Tool) -> None:
    tool.path.write_text('{"log-opts": {"max-file": 7, "max-size": 10485760, "compress": true}}')

    answer = tool("set-logs", "--yes")

    assert tool.value["log-opts"] == {"max-file": "7", "max-size": "10485760", "compress": "true"}
    assert "Written as text" in answer.talk
    assert "max-size, max-file, compress" in answer.talk


def test_a_limit_that_is_asked_for_wins_over_a_number(tool: Tool) -> None:
    tool.path.write_text('{"log-opts": {"max-file": 7}}')

    answer = tool("set-logs", "--max-file", "4", "--yes")

    assert tool.value["log-opts"] == {"max-file": "4", "max-size": "50m"}
    assert "Written as text" not in answer.talk


# merge


def test_a_patch_is_merged_from_standard_input(tool: Tool) -> None:
    answer = tool("merge", "-", stdin=PATCH.encode())

    assert (answer.code, answer.data["changed_keys"]) == (0, ["debug", "max-concurrent-downloads"])
    assert (tool.value["debug"], tool.value["max-concurrent-downloads"]) == (True, 9)


def test_a_patch_is_merged_from_a_file(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "patch.json").write_text(PATCH, encoding="utf-8")

    assert tool("merge", str(tmp_path / "patch.json")).changed is True
    assert tool.value["debug"] is True


def test_a_patch_is_one_run_with_one_reload(tool: Tool) -> None:
    tool("merge", "-", stdin=PATCH.encode())

    assert (tool.runs, tool.reloads) == (["0001-merge"], 1)


@pytest.mark.parametrize("argv", [("set-logs", "--max-size", "7m"), ("set", "log-opts.max-size", "7m")])
def test_log_options_that_are_null_are_none_that_were_given(tool: Tool, argv: tuple[str, ...]) -> None:
    tool.path.write_text('{"log-opts": null}', encoding="utf-8")

    assert tool(*argv, "--yes").code == 0
    assert tool.value["log-opts"]["max-size"] == "7m"
    assert tool("rollback", "--yes").code == 0
    assert tool.text == '{"log-opts": null}'


def test_null_in_a_patch_takes_an_option_out(tool: Tool) -> None:
    tool("merge", "-", "--yes", stdin=b'{"dns": null}')

    assert "dns" not in tool.value


def test_a_merge_takes_options_out_by_their_names(tool: Tool) -> None:
    answer = tool(
        "merge", "-", "--unset", "dns", "--unset", "log-opts.max-size", "--yes", stdin=PATCH.encode()
    )

    assert (answer.code, "dns" in tool.value, "log-opts" in tool.value) == (0, False, False)
    assert tool.value["debug"] is True


def test_what_was_merged_from_standard_input_is_called_the_patch(tool: Tool) -> None:
    _, said, _ = tool.said("merge", "-", "--unset", "dns", "--yes", stdin=b"{}")

    assert "Done: the patch is merged." in said


def test_a_second_merge_changes_nothing(tool: Tool) -> None:
    tool("merge", "-", stdin=PATCH.encode())

    answer = untouched(tool, "merge", "-", stdin=PATCH.encode())

    assert (answer.code, answer.changed) == (0, False)


def test_a_patch_without_anything_in_it_changes_nothing(tool: Tool) -> None:
    answer = untouched(tool, "merge", "-", stdin=b"{}")

    assert (answer.code, answer.changed) == (0, False)


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="blank"),
        pytest.param(b'{"debug": tru}', id="broken"),
        pytest.param(b'{"debug": true', id="cut off"),
        pytest.param(b'["debug"]', id="no object"),
        pytest.param(b'{"debug": true, "debug": false}', id="a key twice"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b'{"no-such": 1}', id="an unknown option"),
        pytest.param(b'{"debug": "x"}', id="a value of another type"),
        pytest.param(b'{"log-opt": ["a"]}', id="an option without effect"),
    ],
)
def test_a_wrong_patch_ends_with_3_and_touches_nothing(tool: Tool, patch: bytes) -> None:
    answer = untouched(tool, "merge", "-", "--yes", stdin=patch)

    assert (answer.code, answer.error) == (3, "invalid-config")


def test_a_broken_patch_is_told_with_its_place_in_the_patch(tool: Tool) -> None:
    answer = tool("merge", "-", stdin=b'{\n"debug": tru}')

    assert answer.message.startswith("standard input, line 2, column 10:")


def test_a_patch_that_would_hide_data_ends_with_4(tool: Tool) -> None:
    patch = b'{"features": {"containerd-snapshotter": true}}'

    assert untouched(tool, "merge", "-", "--yes", stdin=patch).errors == ["hides-data"]


# --config-file


def test_another_file_is_all_that_changes(tool: Tool) -> None:
    (tool.root / "srv").mkdir()
    before = tool.text, tool.services.read()

    answer = tool("set", "mtu", "1400", "--config-file", OTHER)

    assert (answer.code, answer.data["file"], answer.data["action"]) == (0, OTHER, "none")
    assert json.loads((tool.root / "srv/daemon.json").read_text(encoding="utf-8")) == {"mtu": 1400}
    assert (tool.text, tool.services.read()) == before


@pytest.mark.parametrize("mode", ["auto", "never", "always"])
def test_another_file_requires_no_restart(tool: Tool, mode: str) -> None:
    answer = tool("set", "mtu", "1400", "--config-file", OTHER, "--restart", mode)

    assert (answer.result["restart_required"], tool.invocation) == (False, 1)


def test_a_second_set_of_another_file_changes_nothing(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--config-file", OTHER)

    assert untouched(tool, "set", "mtu", "1400", "--config-file", OTHER).changed is False


def test_a_change_of_another_file_is_rolled_back_there(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--config-file", OTHER)

    assert tool("rollback").code == 0
    assert not (tool.root / "srv/daemon.json").exists()


def test_dockerds_own_file_named_is_no_other_file(tool: Tool) -> None:
    answer = tool("set", "debug", "true", "--config-file", "/etc/docker/daemon.json")

    assert (answer.data["action"], tool.reloads) == ("reload", 1)


@pytest.mark.parametrize("path", ["daemon.json", "/etc/docker/../x.json", ""])
def test_another_file_is_named_by_an_absolute_plain_path(tool: Tool, path: str) -> None:
    assert untouched(tool, "set", "debug", "true", "--config-file", path).code == 2


# --confirm-within, confirm


@pytest.mark.parametrize("text", ["soon", "", "5s", "8d", "-1m"])
def test_a_bad_duration_is_wrong_usage(tool: Tool, text: str) -> None:
    answer = untouched(tool, "set", "debug", "true", "--confirm-within", text)

    assert (answer.code, answer.error) == (2, "usage")


def test_a_run_to_be_confirmed_leaves_its_timer(tool: Tool) -> None:
    answer = tool("set", "debug", "true", "--confirm-within", "10m")

    assert (answer.code, tool.value["debug"]) == (0, True)
    assert tool.units == ["dockerd-cfg-confirm.service", "dockerd-cfg-confirm.timer"]


@pytest.mark.parametrize(
    "argv", [("set", "debug", "false"), ("unset", "dns", "--yes"), ("set-logs", "--yes")], ids=" ".join
)
def test_until_it_is_confirmed_nothing_else_may_change(tool: Tool, argv: tuple[str, ...]) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")

    answer = untouched(tool, *argv)

    assert (answer.code, answer.error) == (5, "unfinished-run")
    assert "dockerd-cfg confirm" in answer.hint


def test_confirming_keeps_the_change_and_ends_the_timer(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")

    answer = tool("confirm")

    assert (answer.code, answer.changed, answer.data["state"]) == (0, True, "applied")
    assert (tool.units, tool.value["debug"]) == ([], True)


def test_confirming_twice_changes_nothing(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    tool("confirm")

    assert untouched(tool, "confirm").changed is False


def test_after_confirming_others_may_change_things_again(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    tool("confirm")

    assert tool("set", "debug", "false").code == 0


@pytest.mark.parametrize("argv", [("confirm",), ("confirm", "1")], ids=" ".join)
def test_what_was_rolled_back_cannot_be_confirmed(tool: Tool, argv: tuple[str, ...]) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    tool("rollback", "--yes")

    answer = untouched(tool, *argv)

    assert (answer.code, answer.error) == (4, "preflight-refused")


def test_what_was_confirmed_and_then_rolled_back_cannot_be_confirmed(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    tool("confirm")
    tool("rollback", "--yes")

    assert tool("confirm").code == 4


def test_without_a_run_to_confirm_there_is_nothing_to_do(tool: Tool) -> None:
    tool("set", "debug", "true")

    answer = untouched(tool, "confirm")

    assert (answer.code, answer.changed, answer.data) == (0, False, {})


def test_the_timer_undoes_what_nobody_confirmed(tool: Tool) -> None:
    before = tool.text
    tool("set", "debug", "true", "--confirm-within", "10m")

    answer = tool("rollback", "--unless-confirmed", "--yes")

    assert (answer.code, answer.data["state"], tool.text, tool.units) == (0, "reverted", before, [])


def test_the_timer_of_a_confirmed_run_undoes_nothing(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    tool("confirm")

    answer = untouched(tool, "rollback", "--unless-confirmed", "--yes")

    assert (answer.code, answer.changed) == (0, False)


def test_the_timer_takes_back_what_is_ours_and_leaves_what_somebody_else_wrote(tool: Tool) -> None:
    tool("merge", "-", "--yes", "--confirm-within", "10m", stdin=b'{"debug": true, "labels": ["a=1"]}')
    tool.path.write_text('{"debug": true, "labels": ["b=2"], "max-download-attempts": 9}')

    code, said, _ = tool.said("rollback", "--unless-confirmed", "--yes")

    assert (code, tool.value, tool.units) == (0, {"labels": ["b=2"], "max-download-attempts": 9}, [])
    assert "stays: labels" in said
    assert "changed it since: labels" in tool.said("history", "1")[1]
    assert tool("set", "mtu", "1400", "--yes").code == 0


def test_the_timer_ends_a_run_of_which_somebody_else_changed_everything(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    tool.path.write_text('{"debug": 1}')

    assert tool("rollback", "--unless-confirmed", "--yes").data["state"] == "reverted"
    assert tool.text == '{"debug": 1}'


def test_a_run_that_could_not_undo_itself_is_told_of_with_what_to_do(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    before = tool.text
    journal = tool.root / "var/lib/dockerd-cfg/runs/0001-set/journal.jsonl"
    journal.write_bytes(re.sub(rb'("deadline":")\d{4}', rb"\g<1>2020", journal.read_bytes(), count=1))
    tool.path.write_text("{")
    assert untouched(tool, "rollback", "--unless-confirmed", "--yes").code == 4

    assert tool("status").data["open_run"]["overdue"]
    assert "dockerd-cfg-confirm.service" in tool.said("status")[1]

    tool.path.write_text(before)
    assert tool("rollback", "--yes").data["state"] == "reverted"
    assert tool("status").data["open_run"] is None


def test_a_failed_run_leaves_no_timer(tool: Tool) -> None:
    tool.services.write(failing_starts=1)

    assert tool("set", "mtu", "1400", "--yes", "--confirm-within", "10m").code == 6
    assert tool.units == []


# rollback


def test_rollback_gives_the_file_back_to_the_byte(tool: Tool) -> None:
    before = tool.path.read_bytes()
    tool("set", "debug", "true")

    answer = tool("rollback", "--yes")

    assert (answer.code, answer.changed, answer.data["state"]) == (0, True, "reverted")
    assert tool.path.read_bytes() == before
    assert "debug" not in tool.config


def test_rolling_back_what_a_reload_brings_back_restarts_nothing(tool: Tool) -> None:
    tool("set", "max-concurrent-downloads", "9")

    assert tool("rollback").code == 0
    assert (tool.invocation, "max-concurrent-downloads" in tool.config) == (1, False)


def test_rolling_back_under_running_containers_needs_consent(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--yes")

    answer = untouched(tool, "rollback")

    assert (answer.code, answer.errors) == (4, ["needs-consent"])
    assert "web" in answer.message
    assert "job" in answer.message


@pytest.mark.parametrize("key", ["bip", "fixed-cidr"])
def test_rolling_back_tells_of_addresses_that_stay(tool: Tool, key: str) -> None:
    tool("set", key, "172.26.0.1/16" if key == "bip" else "172.17.8.0/24", "--yes")
    dry = tool("rollback", "--dry-run")

    code, said, talk = tool.said("rollback", "--yes")

    assert code == 0
    assert f"without {key} Docker keeps the addresses its bridge has" in talk
    assert "is undone; the addresses of Docker's bridge stay." in said
    assert [finding["key"] for finding in dry.result["findings"]] == [key]


def test_rolling_back_tells_of_no_addresses_that_an_option_gives_back(tool: Tool) -> None:
    tool("set", "bip", "172.26.0.1/16", "--yes")
    tool("set", "bip", "172.27.0.1/16", "--yes")
    back = tool("rollback", "--yes")
    tool("set", "bip", "172.28.0.1/16", "--restart", "never")
    never_used = tool("rollback", "--yes")
    tool("unset", "bip", "--yes")
    taken_out = tool("rollback", "--yes")

    assert [one.result["findings"] for one in (back, never_used, taken_out)] == [[]] * 3


def test_rolling_back_twice_changes_nothing(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool("rollback", "--yes")

    answer = untouched(tool, "rollback")

    assert (answer.code, answer.changed) == (0, False)


def test_without_a_run_there_is_nothing_to_roll_back(tool: Tool) -> None:
    assert untouched(tool, "rollback").changed is False


def test_a_dry_run_of_a_rollback_changes_nothing(tool: Tool) -> None:
    tool("set", "debug", "true")

    answer = untouched(tool, "rollback", "--dry-run")

    assert (answer.code, answer.changed) == (0, True)


def test_an_older_run_whose_options_no_later_one_changed_can_be_rolled_back(tool: Tool) -> None:
    tool("set", "max-concurrent-downloads", "9")
    tool("set", "debug", "true")

    answer = tool("rollback", "1", "--yes")

    assert (answer.code, answer.data["run"]) == (0, "0001-set")
    assert ("max-concurrent-downloads" in tool.value, tool.value["debug"]) == (False, True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("max-concurrent-downloads", "9"), ("max-concurrent-downloads", "8")),
        (("log-opts.max-size", "1m"), ("log-opts", "{}")),
    ],
    ids=["the same option", "the object around it"],
)
def test_an_older_run_whose_options_a_later_one_changed_is_refused_with_the_one_in_the_way(
    tool: Tool, first: tuple[str, str], second: tuple[str, str]
) -> None:
    tool("set", *first, "--yes")
    tool("set", *second, "--yes")

    answer = untouched(tool, "rollback", "1", "--yes")

    assert (answer.code, answer.error) == (4, "preflight-refused")
    assert answer.hint == "first: dockerd-cfg rollback 0002-set"


def test_once_the_later_run_is_undone_the_older_one_can_be(tool: Tool) -> None:
    before = tool.text
    tool("set", "max-concurrent-downloads", "9")
    tool("set", "max-concurrent-downloads", "8")

    assert [tool("rollback", number).code for number in ("2", "1")] == [0, 0]
    assert tool.text == before


def test_an_edit_by_somebody_else_survives_a_rollback(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool.elsewhere("1.1.1.1", "9.9.9.9")
    theirs = tool.value

    assert tool("rollback", "--yes").code == 0
    assert tool.value == {name: value for name, value in theirs.items() if name != "debug"}


def test_what_was_taken_out_comes_back_beside_an_edit_by_somebody_else(tool: Tool) -> None:
    tool("unset", "dns", "--yes")
    tool.elsewhere("mirror.example.net", "other.example.net")

    assert tool("rollback", "--yes").code == 0
    assert tool.value["dns"] == ["10.0.0.53", "1.1.1.1"]
    assert tool.value["registry-mirrors"] == ["https://other.example.net"]


def test_a_rollback_over_somebody_elses_value_names_both_and_leaves_theirs(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool.elsewhere('"debug": true', '"debug": false')
    theirs = tool.text

    answer = tool("rollback", "--yes")

    assert answer.code != 0
    assert "we wrote true, now it is false" in answer.message
    assert tool.text == theirs


def test_a_rollback_over_somebody_elses_value_is_refused_before_anything_is_touched(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool.elsewhere('"debug": true', '"debug": false')

    assert untouched(tool, "rollback", "--yes").code == 4
    assert tool("set", "mtu", "1400", "--yes").code == 0


def test_what_somebody_else_took_back_already_is_rolled_back(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool.elsewhere(',\n    "debug": true', "")
    tool.elsewhere("1.1.1.1", "9.9.9.9")

    assert tool("rollback", "--yes").code == 0


def test_a_run_that_only_restarted_docker_is_not_rolled_back_but_the_one_that_wrote_is_named(
    tool: Tool,
) -> None:
    tool("set", "mtu", "1400", "--restart", "never")
    assert "Undo with" not in tool("set", "mtu", "1400", "--yes").talk

    answer = untouched(tool, "rollback", "--yes")

    assert (answer.code, answer.hint) == (4, "to undo what was written: dockerd-cfg rollback 0001-set")
    assert tool("rollback", "1", "--yes").code == 0
    assert "mtu" not in tool.value


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (("set", "log-driver", "syslog"), ("set", "log-opts.syslog-address", "udp://192.0.2.1:514")),
        (("set-logs",), ("set", "log-opts.compress", "true")),
    ],
    ids=["Docker would not start", "containers would not start"],
)
def test_a_rollback_that_would_leave_what_breaks_docker_is_refused_and_the_later_run_named(
    tool: Tool, earlier: tuple[str, ...], later: tuple[str, ...]
) -> None:
    assert [tool(*earlier, "--yes").code, tool(*later, "--yes").code] == [0, 0]

    answer = untouched(tool, "rollback", "1", "--yes")

    assert (answer.code, answer.hint) == (3, "first: dockerd-cfg rollback 0002-set")
    assert [tool("rollback", number, "--yes").code for number in ("2", "1")] == [0, 0]


def test_a_rollback_that_would_break_docker_beside_somebody_elses_edit_is_refused(tool: Tool) -> None:
    tool("set", "log-driver", "syslog", "--yes")
    tool.elsewhere(
        '"log-driver": "syslog"', '"log-driver": "syslog",\n    "log-opts": {"syslog-facility": "local0"}'
    )

    answer = untouched(tool, "rollback", "--yes")

    assert (answer.code, answer.errors) == (3, ["unknown-log-option"])
    assert "syslog-facility" in answer.message


def test_a_fault_that_somebody_else_left_does_not_keep_from_rolling_back(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool.elsewhere('"debug": true', '"debug": true,\n    "mtu": "none"')

    assert tool("rollback", "--yes").code == 0
    assert "debug" not in tool.value


def test_the_file_before_our_run_is_given_back_with_its_faults(tool: Tool) -> None:
    tool.services.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
    tool.elsewhere('"live-restore": false', '"live-restore": "no"')
    before = tool.text
    assert tool("set", "live-restore", "false").code == 0

    assert tool("rollback", "--yes").code == 0
    assert tool.text == before


def test_the_mode_and_owner_that_the_file_got_since_stay(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool.path.chmod(0o600)
    os.chown(tool.path, 1, 2)

    assert tool("rollback", "--yes").code == 0
    found = tool.path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o600, 1, 2)


def test_a_dry_run_of_a_rollback_shows_what_changes_in_the_file(tool: Tool) -> None:
    before = tool.text
    tool("set", "debug", "true")

    answer = untouched(tool, "rollback", "--dry-run")

    assert answer.data["diff"] == {"before": tool.text, "after": before}


def test_rolling_back_a_mere_write_tells_that_docker_uses_it_by_now(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--restart", "never")
    tool.services.restart(DOCKER_SERVICE)

    answer = tool("rollback", "--yes")

    assert tool.config.get("mtu") is None or answer.result["restart_required"] is True


# show


def test_show_tells_the_whole_file(tool: Tool) -> None:
    answer = untouched(tool, "show")

    assert answer.data == {"file": "/etc/docker/daemon.json", "exists": True, "value": tool.value}


@pytest.mark.parametrize(
    ("key", "is_set", "value"),
    [
        ("dns", True, ["10.0.0.53", "1.1.1.1"]),
        ("live-restore", True, False),
        ("debug", False, None),
        ("log-opts.max-size", False, None),
    ],
)
def test_show_tells_one_option(tool: Tool, key: str, is_set: bool, value: Any) -> None:
    data = untouched(tool, "show", key).data

    assert (data["key"], data["is_set"], data["value"]) == (key, is_set, value)


@pytest.mark.parametrize("argv", [("show", "dbug"), ("show", "dbug", "--effective")], ids=" ".join)
def test_showing_an_unknown_option_ends_with_3_and_the_one_meant(tool: Tool, argv: tuple[str, ...]) -> None:
    answer = untouched(tool, *argv)

    assert (answer.code, answer.hint) == (3, "did you mean debug?")


def test_show_without_a_file_says_so(tool: Tool) -> None:
    tool.path.unlink()

    assert tool("show").data == {"file": "/etc/docker/daemon.json", "exists": False, "value": {}}


def test_a_person_gets_the_file_as_it_is(tool: Tool) -> None:
    assert tool.said("show") == (0, tool.text, "")


def test_a_person_gets_a_text_value_bare(tool: Tool) -> None:
    assert tool.said("show", "log-driver") == (0, "json-file\n", "")


def effective(tool: Tool, key: str) -> dict[str, Any]:
    (row,) = untouched(tool, "show", key, "--effective").data["options"]
    return dict(row)


@pytest.mark.parametrize(
    ("key", "value", "source", "origin"),
    [
        ("dns", ["10.0.0.53", "1.1.1.1"], "file", "/etc/docker/daemon.json"),
        ("mtu", 1500, "default", ""),
        ("hosts", ["fd://"], "flag", ""),
        ("live-restore", False, "file", "/etc/docker/daemon.json"),
        ("proxies.http-proxy", None, "default", ""),
    ],
)
def test_effective_tells_the_value_and_its_source(
    tool: Tool, key: str, value: Any, source: str, origin: str
) -> None:
    row = effective(tool, key)

    assert row == {"key": key, "value": value, "source": source, "origin": origin, "note": ""}


def test_effective_tells_what_docker_has_not_taken_over(tool: Tool) -> None:
    tool("set", "log-driver", "local", "--restart", "never")

    row = effective(tool, "log-driver")

    assert (row["value"], row["source"]) == ("json-file", "daemon")
    assert row["note"].startswith("daemon.json says local")


def test_effective_tells_every_option_to_programs(tool: Tool) -> None:
    keys = [row["key"] for row in untouched(tool, "show", "--effective").data["options"]]

    assert len(keys) == len(set(keys))
    assert {"debug", "log-opts", "proxies.no-proxy"} <= set(keys)


def test_effective_tells_a_person_only_what_is_no_default(tool: Tool) -> None:
    _, out, _ = tool.said("show", "--effective")

    assert "registry-mirrors" in out
    assert "shutdown-timeout" not in out


def test_effective_of_a_docker_that_is_down_is_what_it_would_use(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--restart", "never")
    tool.services.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)

    assert (effective(tool, "mtu")["value"], effective(tool, "mtu")["source"]) == (1400, "file")


def test_secrets_are_shown_to_nobody(tool: Tool) -> None:
    answers = [
        tool("set", "proxies.http-proxy", "http://user:sesame@proxy.example", "--yes"),
        tool("show"),
        tool("show", "proxies.http-proxy"),
        tool("show", "proxies.http-proxy", "--effective"),
        tool("set", "proxies.http-proxy", "http://user:sesame@proxy.example", "--dry-run"),
        tool("status"),
    ]

    assert [answer.code for answer in answers] == [0] * len(answers)
    assert not [answer for answer in answers if "sesame" in json.dumps(answer.result) + answer.talk]
    assert "sesame" in tool.text


@pytest.mark.parametrize("name", ["splunk-token", "logentries-token"])
def test_a_secret_that_stands_apart_from_its_name_is_shown_to_nobody(tool: Tool, name: str) -> None:
    key = f"log-opts.{name}"
    tool("merge", "-", "--force", "log-opts", stdin=json.dumps({"log-opts": {name: "open sesame"}}).encode())
    tool("set", key, "open sesame", "--force", key, "--restart", "never")
    tool.elsewhere("open sesame", "close sesame")
    asked = [("show", key), ("show", key, "--effective"), ("status",), ("rollback", "--yes")]

    said = [tool.said(*argv) for argv in asked] + [tool(*argv) for argv in asked]

    assert not [one for one in said if "sesame" in str(one)]
    assert tool("show", key).data["value"] == "***"
    (drift,) = tool("status").data["drift"]
    assert (drift["wrote"], drift["now"]) == ("***", "***")
    assert tool.said("show", key)[1] == "***\n"
    assert 'we wrote "***", now it is "***"' in tool("rollback", "--yes").message


def test_a_secret_under_a_name_with_dots_is_shown_to_nobody(tool: Tool) -> None:
    tool.path.write_text('{"log-opts.splunk-token": "sesame"}', encoding="utf-8")

    said = [
        tool.said("show", "--effective"),
        tool.said("show", "log-opts.splunk-token"),
        tool("show", "--effective"),
    ]

    assert not [one for one in said if "sesame" in str(one)]


def test_a_secret_with_spaces_among_the_options_of_a_log_is_shown_to_nobody(tool: Tool) -> None:
    given = (
        "--driver",
        "splunk",
        "--log-opt",
        "splunk-url=https://a:1",
        "--log-opt",
        "splunk-token=open sesame",
    )

    said = [
        tool.said("set-logs", *given, "--yes", "--no-diff"),
        tool.said("set-logs", *given),
        tool.said("history"),
    ]

    assert [code for code, *_ in said] == [0, 0, 0]
    assert not [one for one in said if "sesame" in str(one)]


# check


def test_a_file_without_errors_ends_with_0(tool: Tool) -> None:
    answer = untouched(tool, "check")

    assert (answer.code, answer.errors) == (0, [])
    assert answer.data == {"file": "/etc/docker/daemon.json", "docker_version": "28.5.2", "flags": ["-H", "fd://"]}  # fmt: skip


def test_a_file_with_errors_ends_with_3_and_all_findings(tool: Tool) -> None:
    tool.path.write_text('{"debug": "x", "log-opt": ["a"], "no-such": 1}', encoding="utf-8")

    answer = untouched(tool, "check")

    assert (answer.code, answer.error) == (3, "invalid-config")
    assert {"wrong-type", "unknown-option"} == set(answer.errors)
    assert "log-opt" in {finding["key"] for finding in answer.result["findings"]}


def test_a_file_at_odds_with_the_flags_of_the_next_start_ends_with_3(tool: Tool) -> None:
    tool.path.write_text('{"mtu": 1500}', encoding="utf-8")
    unit = tool.root / "etc/systemd/system/docker.service"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text("[Service]\nExecStart=/usr/bin/dockerd -H fd:// --mtu 1400\n", encoding="utf-8")

    answer = untouched(tool, "check")

    assert (answer.code, answer.errors) == (3, ["flag-conflict"])


@pytest.mark.parametrize(
    ("text", "argv", "errors"),
    [
        pytest.param(b'{"debug": true}', (), [], id="right"),
        pytest.param(b'{"debug": tru}', (), ["not-json"], id="broken"),
        pytest.param(b'{"debug": true}', ("--flags", "-D"), ["flag-conflict"], id="with other flags"),
        pytest.param(b'{"hosts": ["fd://"]}', ("--flags", ""), [], id="without flags"),
        pytest.param(b'{"hosts": ["fd://"]}', (), ["flag-conflict"], id="with the flags of this host"),
        pytest.param(b'{"bip6": "fd00::1/64"}', ("--docker-version", "27.5.1"), ["option-too-new"], id="for an older docker"),
        pytest.param(b'{"bip6": "fd00::1/64"}', ("--docker-version", "28.0.0"), [], id="for a newer docker"),
    ],
)  # fmt: skip
def test_a_text_from_standard_input_is_checked(
    tool: Tool, text: bytes, argv: tuple[str, ...], errors: list[str]
) -> None:
    answer = untouched(tool, "check", "-", *argv, stdin=text)

    assert (answer.code, answer.errors) == (3 if errors else 0, errors)


def test_the_file_that_the_given_flags_name_is_checked(tool: Tool) -> None:
    (tool.root / "srv").mkdir(exist_ok=True)
    (tool.root / "srv/daemon.json").write_text('{"dbug": 1}', encoding="utf-8")

    answer = untouched(tool, "check", "--flags", f"--config-file {OTHER}")

    assert (answer.data["file"], answer.errors) == (OTHER, ["unknown-option"])


def test_what_is_missing_on_this_host_counts_unless_another_docker_is_meant(tool: Tool) -> None:
    text = b'{"runtimes": {"x": {"path": "/usr/bin/x"}}}'

    assert tool("check", "-", stdin=text).errors == ["missing-program"]
    assert tool("check", "-", "--docker-version", "28.5.2", stdin=text).errors == []
    refused = untouched(tool, "merge", "-", stdin=text)
    assert (refused.code, refused.errors) == (3, ["missing-program"])


def test_another_file_is_checked(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"dbug": 1}', encoding="utf-8")

    assert tool("check", str(tmp_path / "d.json")).errors == ["unknown-option"]


@pytest.mark.parametrize("argv", [("check",), ("merge", "--dry-run")], ids=" ".join)
def test_what_a_program_prints_can_be_named_like_a_file(tool: Tool, argv: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.write(writer, b'{"dbug": true}')
    os.close(writer)

    answer = untouched(tool, *argv, f"/dev/fd/{reader}")

    os.close(reader)
    assert (answer.code, answer.errors) == (3, ["unknown-option"])


@pytest.mark.parametrize("name", ["", "/", "/no/such/file"])
@pytest.mark.parametrize("command", ["check", "merge"])
def test_a_file_that_is_none_is_wrong_usage(tool: Tool, command: str, name: str) -> None:
    answer = untouched(tool, command, name)

    assert (answer.code, answer.error) == (2, "usage")
    assert "standard input" in answer.hint


@pytest.mark.parametrize(("version", "meant"), [("20", "20.10.24"), ("28", "28.5.2"), ("30", "30.0.0")])
def test_a_version_may_be_a_release_alone(tool: Tool, version: str, meant: str) -> None:
    answer = tool("check", "--docker-version", version)

    assert (answer.code, answer.data["docker_version"]) == (0, meant)


def test_a_release_that_is_too_old_is_called_old(tool: Tool) -> None:
    answer = tool("check", "--docker-version", "19")

    assert (answer.code, "older than 20.10" in answer.message) == (2, True)


@pytest.mark.parametrize("version", ["28.5", "v28.5.2"])
def test_a_version_may_be_short(tool: Tool, version: str) -> None:
    assert tool("check", "--docker-version", version).code == 0


def test_a_person_reads_the_place_and_when_it_hurts(tool: Tool) -> None:
    tool.path.write_text('{\n  "debug": "x"\n}\n', encoding="utf-8")

    code, out, _ = tool.said("check")

    assert code == 3
    assert "/etc/docker/daemon.json:2:" in out
    assert "Docker refuses the file" in out


# status


def test_status_tells_nothing_open_and_no_drift_at_first(tool: Tool) -> None:
    data = untouched(tool, "status").data

    assert (data["docker"], data["open_run"], data["drift"], data["log_driver"]) == ("active", None, [], "json-file")  # fmt: skip


def test_status_tells_a_run_that_waits_to_be_confirmed(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")

    assert untouched(tool, "status").data["open_run"] == {
        "run": "0001-set",
        "state": "unconfirmed",
        "overdue": False,
        "at_work": False,
    }


def test_status_tells_what_somebody_else_changed_since(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool.elsewhere('"debug": true', '"debug": false')

    assert untouched(tool, "status").data["drift"] == [{"key": "debug", "wrote": True, "now": False}]


def test_a_run_that_is_under_way_is_told_from_one_that_is_left_over(tool: Tool) -> None:
    tool("set", "debug", "true", "--confirm-within", "10m")
    lock = Layout(tool.root).real(LOCK)

    with locked(lock, "dockerd-cfg rollback (pid 1)"):
        status, (_, said, _) = tool("status"), tool.said("status")
        refused = tool("set", "debug", "false", "--dry-run")

    assert status.data["open_run"]["at_work"]
    assert "at work on it: dockerd-cfg rollback (pid 1)" in said
    assert "go on with" not in said
    assert (refused.code, refused.error) == (5, "lock-held")
    assert not tool("status").data["open_run"]["at_work"]


def test_status_tells_drift_in_the_words_of_daemon_json(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool("unset", "live-restore", "--yes")
    tool.path.write_text('{"debug": false, "live-restore": true}', encoding="utf-8")

    _, said, _ = tool.said("status")

    assert "drift: debug in /etc/docker/daemon.json is false; dockerd-cfg last wrote true\n" in said
    assert "drift: live-restore in /etc/docker/daemon.json is true; dockerd-cfg last took it out\n" in said


def test_status_tells_programs_of_a_daemon_json_that_cannot_be_read(tool: Tool) -> None:
    tool.path.unlink()
    tool.path.mkdir()

    (found,) = tool("status").result["findings"]

    assert (found["code"], found["severity"]) == ("unreadable", "error")
    assert [one["code"] for one in tool("set", "debug", "true").result["findings"]] == ["unreadable"]


@pytest.mark.parametrize(
    ("faulty", "is_refused"),
    [('"live-restore": false,,', True), ('"live-restore": true, "live-restore": false', False)],
    ids=["a comma too many", "a key given twice"],
)
def test_status_says_that_docker_will_not_start_again_only_where_it_refuses_the_file(
    tool: Tool, faulty: str, is_refused: bool
) -> None:
    tool.elsewhere('"live-restore": false', faulty)

    code, out, _ = tool.said("status")

    assert (code, "line" in out, "survive" in out) == (0, True, is_refused)


def test_status_tells_no_drift_of_what_was_rolled_back(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool("rollback", "--yes")

    assert untouched(tool, "status").data["drift"] == []


def test_status_tells_no_drift_of_what_a_later_run_changed(tool: Tool) -> None:
    tool("set", "max-concurrent-downloads", "9")
    tool("set", "max-concurrent-downloads", "8")

    assert untouched(tool, "status").data["drift"] == []


def test_status_tells_no_drift_of_what_a_later_run_took_out_as_a_whole(tool: Tool) -> None:
    tool("set", "log-opts.max-size", "1m", "--yes")
    tool("unset", "log-opts", "--yes")

    assert untouched(tool, "status").data["drift"] == []


def test_status_tells_of_a_file_with_which_docker_would_not_start(tool: Tool) -> None:
    tool.path.write_text("{", encoding="utf-8")

    answer = untouched(tool, "status")

    assert (answer.code, answer.errors) == (0, ["not-json"])


def test_status_tells_of_a_docker_that_is_down(tool: Tool) -> None:
    tool.services.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)

    data = untouched(tool, "status").data

    assert (data["docker"], data["data_root"]) == ("inactive", "/var/lib/docker")


def test_status_tells_how_full_the_disk_of_containerd_is_where_images_lie_there(tool: Tool) -> None:
    assert untouched(tool, "status").data["containerd"] is None
    tool.services.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
    shutil.rmtree(tool.root / "var/lib/docker/image")
    unit = tool.root / "etc/systemd/system/containerd.service"
    database = tool.root / "srv/containerd/io.containerd.metadata.v1.bolt/meta.db"
    config = tool.root / "etc/containerd/config.toml"
    for path, text in (
        (unit, "[Service]\nExecStart=/usr/bin/containerd\n"),
        (database, ""),
        (config, 'root = "/srv/containerd"'),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    found = untouched(tool, "status").data["containerd"]

    assert found["root"] == "/srv/containerd"
    assert found["disk"].keys() == {"total_bytes", "free_bytes", "free_inodes"}
    assert re.search("containerd's root: /srv/containerd, .* free of .* on its disk", tool.said("status")[1])


# history


def test_programs_are_told_the_journal_of_a_run_as_people_are(tool: Tool) -> None:
    tool.services.write(failing_starts=1)
    assert tool("set", "mtu", "1400", "--yes").code == 6

    data = untouched(tool, "history", "1").data
    _, said, _ = tool.said("history", "1")

    journal = data["journal"]
    assert [journal[0]["event"], journal[-1]["event"], data["kept"]] == ["started", "reverted", []]
    assert any("pretended failure" in (entry["error"] or "") for entry in journal)
    for entry in journal:
        number = "" if entry["step"] is None else f" [{entry['step']:2}] {entry['what']}".rstrip()
        assert f"  {entry['at']}  {entry['event']:16}{number}".rstrip() in said
    assert data["journal_file"] in said
    assert "journal" not in untouched(tool, "history").data


# Secrets


SECRETS: Final = {
    "proxies": {"http-proxy": "http://user:secret@proxy:3128"},
    "log-driver": "splunk",
    "log-opts": {"splunk-url": "https://splunk", "splunk-token": "secret"},
}


@pytest.mark.parametrize("key", ["proxies", "log-opts"])
def test_what_show_masks_is_not_written_back(tool: Tool, key: str) -> None:
    tool.path.write_text(json.dumps(SECRETS), encoding="utf-8")
    shown = tool("show").data["value"]
    assert "***" in json.dumps(shown[key])

    answer = untouched(tool, "merge", "-", stdin=json.dumps({key: shown[key]}).encode())

    assert (answer.code, answer.errors) == (3, ["masked-secret"])
    assert "leave" in answer.hint


@pytest.mark.parametrize(
    "argv",
    [
        ("set", "proxies.http-proxy", "http://u:***@proxy:3128", "--force", "proxies.http-proxy"),
        ("set", "proxies", '{"http-proxy": "http://***@proxy:3128"}'),
        ("set-logs", "--driver", "splunk", "--log-opt", "splunk-token=***"),
    ],
    ids=lambda argv: argv[0],
)
def test_a_placeholder_is_never_written(tool: Tool, argv: tuple[str, ...]) -> None:
    answer = untouched(tool, *argv)

    assert (answer.code, answer.errors) == (3, ["masked-secret"])


def test_asterisks_that_are_there_already_hinder_nothing(tool: Tool) -> None:
    tool.path.write_text('{"labels": ["stars=***"]}', encoding="utf-8")

    assert tool("merge", "-", "--yes", stdin=b'{"labels": ["stars=***"], "debug": true}').code == 0
    assert tool.value == {"labels": ["stars=***"], "debug": True}


# What is said


def test_what_is_forced_already_is_not_advised(tool: Tool) -> None:
    argv = ("set", "userns-remap", "default", "--dry-run")
    assert "--force userns-remap" in tool(*argv).talk

    answer = tool(*argv, "--force", "userns-remap")

    assert answer.code == 0
    assert "no longer find the images" in answer.talk
    assert "--force" not in answer.talk


@pytest.mark.parametrize("path", ["/srv/", "/srv/.", "/srv", "/none/", "/"])
@pytest.mark.parametrize("argv", [("set", "debug", "true"), ("show",)], ids=lambda argv: argv[0])
def test_a_folder_is_no_config_file(tool: Tool, argv: tuple[str, ...], path: str) -> None:
    (tool.root / "srv").mkdir(exist_ok=True)

    answer = untouched(tool, *argv, "--config-file", path)

    assert (answer.code, answer.error) == (2, "usage")
    assert "folder" in answer.message


def test_one_container_is_not_called_containers(tool: Tool) -> None:
    assert "under 2 running containers" in tool("set", "mtu", "1400").message
    tool.services.write(running=tool.services.read()["running"][:1])

    assert "under 1 running container (" in tool("set", "mtu", "1400").message
    assert "with 1 running container will" in tool("move-storage", "/mnt/data").message


def test_one_error_is_not_called_errors(tool: Tool) -> None:
    tool.path.write_text('{"mtu": "x", "log-opts": {"max-size": "1m"}}', encoding="utf-8")

    assert "1 error, 1 warning, for" in tool.said("check")[2]


# What programs are told of a failed run


def test_a_run_that_was_undone_is_named_and_changed_nothing(tool: Tool) -> None:
    tool.services.write(failing_starts=1)

    answer = tool("set", "mtu", "1400", "--yes")

    assert (answer.code, answer.changed, answer.data) == (6, False, {"run": "0001-set"})


def test_a_run_that_cannot_be_undone_is_named_and_has_changed_the_host(tool: Tool) -> None:
    tool.services.write(failing_starts=2)

    answer = tool("set", "mtu", "1400", "--yes")
    assert (answer.code, answer.changed, answer.data) == (7, True, {"run": "0001-set"})

    answer = tool("rollback", "--yes")
    assert (answer.code, answer.changed, answer.data["run"]) == (0, True, "0001-set")


def test_what_is_refused_before_a_run_begins_names_none(tool: Tool) -> None:
    answer = untouched(tool, "set", "mtu", "1400")

    assert (answer.code, answer.changed, answer.data) == (4, False, {})


# What waits for a restart


def note(tool: Tool, key: str) -> str:
    return str(tool("show", key, "--effective").data["options"][0]["note"])


def test_what_waits_for_a_restart_is_told_until_it_comes(tool: Tool) -> None:
    tool("set", "dns", "192.0.2.1", "--restart", "never")
    tool("set", "debug", "true")
    assert tool.reloads == 1

    answer = untouched(tool, "status")
    assert (answer.data["unused"], answer.result["restart_required"]) == (["dns"], True)
    assert "not in use: dns: " in tool.said("status")[1]
    assert "before a restart" in note(tool, "dns")

    tool.services.restart(DOCKER_SERVICE)
    answer = untouched(tool, "status")
    assert (answer.data["unused"], answer.result["restart_required"]) == ([], False)
    assert note(tool, "dns") == ""


def test_what_was_taken_out_waits_for_a_restart_as_well(tool: Tool) -> None:
    tool("set", "dns", "192.0.2.1", "--yes")
    assert untouched(tool, "status").data["unused"] == []

    tool("unset", "dns", "--restart", "never")

    assert untouched(tool, "status").data["unused"] == ["dns"]


def touch(path: Path) -> None:
    """Give the file a new time, as a copy of the same contents does."""
    soon = time.time() + 1
    os.utime(path, (soon, soon))


@pytest.mark.parametrize("between", [(), ("set", "debug", "true")], ids=["nothing", "a reload"])
def test_a_new_time_of_what_docker_read_in_our_run_is_no_reason_to_restart(
    tool: Tool, between: tuple[str, ...]
) -> None:
    tool("set", "mtu", "1400", "--yes")
    touch(tool.path)
    if between:
        assert tool(*between).data["action"] == "reload"
        touch(tool.path)
    before = tool.invocation

    assert not tool("set", "mtu", "1400", "--yes").changed
    assert (tool.invocation, tool("status").data["unused"]) == (before, [])


def test_a_new_time_of_what_an_undone_run_left_is_no_reason_to_restart(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--yes")
    tool("set", "mtu", "1500", "--yes")
    tool("rollback", "--yes")
    touch(tool.path)
    before = tool.invocation

    assert not tool("set", "mtu", "1400", "--yes").changed
    assert tool.invocation == before


def test_what_somebody_put_back_after_a_restart_with_other_contents_waits(tool: Tool) -> None:
    tool("set", "mtu", "1400", "--yes")
    ours = tool.text
    tool.path.write_text('{"mtu": 1500}', encoding="utf-8")
    tool.services.restart(DOCKER_SERVICE)
    tool.path.write_text(ours, encoding="utf-8")
    touch(tool.path)

    assert tool("set", "mtu", "1400", "--yes").data["action"] == "restart"


def test_what_somebody_else_wrote_waits_as_well(tool: Tool) -> None:
    tool.elsewhere('"live-restore": false', '"live-restore": true')

    assert "live-restore" in untouched(tool, "status").data["unused"]


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        pytest.param({"log-opts": {"max-size": 50}}, "log-option-not-a-string", "Docker would not survive its next restart", id="what Docker refuses"),
        pytest.param({"hosts": ["fd://"]}, "flag-conflict", "Docker would not survive its next restart", id="an option that a flag gives, too"),
        pytest.param({"log-opts": {"max-size": "10x"}}, "bad-log-option", "containers would not start", id="what containers do not start with"),
        pytest.param({"data-root": "/srv/docker"}, "hides-data", "would no longer find the images", id="another data root"),
    ],
)  # fmt: skip
def test_nobody_is_told_to_restart_docker_with_a_file_that_would_end_it_or_hide_its_data(
    tool: Tool, written: dict[str, Any], code: str, said: str
) -> None:
    tool.path.write_text(json.dumps(written), encoding="utf-8")
    (key,) = written

    answer = untouched(tool, "status")

    assert (answer.code, answer.errors, answer.result["restart_required"]) == (0, [code], False)
    assert key in answer.data["unused"]
    _, out, _ = tool.said("status")
    assert said in out
    assert "systemctl restart" not in out


def test_nobody_is_told_to_restart_docker_for_an_option_beside_one_that_would_end_it(tool: Tool) -> None:
    tool.path.write_text('{"live-restore": true, "dbug": true}', encoding="utf-8")
    assert "do not restart it" in note(tool, "live-restore")

    tool.path.write_text('{"live-restore": true}', encoding="utf-8")
    assert note(tool, "live-restore").endswith("; restart it")


def test_status_tells_of_a_file_with_which_a_docker_that_is_down_would_not_start(tool: Tool) -> None:
    tool.services.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
    tool.path.write_text('{"dbug": true}', encoding="utf-8")

    answer = untouched(tool, "status")

    assert (answer.code, answer.errors) == (0, ["unknown-option"])


def test_status_does_not_complain_of_what_docker_started_with(tool: Tool) -> None:
    tool.elsewhere('"live-restore": false', '"live-restore": false, "log-opts": {"max-size": "10x"}')
    tool.services.restart(DOCKER_SERVICE)

    assert untouched(tool, "status").errors == []


def test_what_was_in_use_before_a_reload_is_in_use_after_it(tool: Tool) -> None:
    tool("set", "dns", "192.0.2.1", "--yes")
    tool("set", "debug", "true")

    assert note(tool, "dns") == ""
    assert untouched(tool, "status").data["unused"] == []


def test_what_was_in_use_before_another_change_was_undone_is_in_use_after_it(tool: Tool) -> None:
    tool("set", "debug", "true")
    tool("set", "dns", "192.0.2.1", "--yes")
    tool("set", "debug", "false")
    starts = tool.invocation
    tool("rollback", "--yes")
    assert tool.invocation == starts

    assert untouched(tool, "status").data["unused"] == []
    answer = untouched(tool, "set", "dns", "192.0.2.1")
    assert (answer.code, answer.changed) == (0, False)


def test_who_has_to_be_root_is_not_shown_the_secret_again(tool: Tool) -> None:
    out = io.StringIO()

    code = run(
        ["set", "log-opts.splunk-token", "geheim"],
        make_host=lambda: sandbox_host(tool.root)._replace(is_privileged=False),
        report=Report(out=out, err=out),
    )

    assert (code, "geheim" in out.getvalue()) == (4, False)
    assert "sudo dockerd-cfg set log-opts.splunk-token" in out.getvalue()


def test_who_may_not_read_the_runs_is_told_what_can_be_known(tool: Tool) -> None:
    tool("set", "dns", "192.0.2.1", "--restart", "never")
    out = io.StringIO()

    code = run(
        ["show", "dns", "--effective"],
        make_host=lambda: sandbox_host(tool.root)._replace(is_privileged=False),
        report=Report(out=out, err=out),
    )

    assert (code, "before a restart" in out.getvalue()) == (0, True)
