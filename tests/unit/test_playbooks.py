"""The Ansible playbooks, run by a real ansible-playbook against a make-believe dockerd-cfg."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

PLAYBOOKS: Final = Path(__file__).resolve().parents[2] / "playbooks"
ANSIBLE: Final = Path(sys.executable).with_name("ansible-playbook")
RECAP: Final = re.compile(r"ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")
# Answers as changed the first time, as unchanged from then on; a dry run is not the first time.
FAKE: Final = """#!/bin/sh
cd "$(dirname "$0")"
printf '%s\\n' "$*" >>calls
if [ -e failure.json ]; then cat failure.json; exit 4; fi
if [ -e was-run ]; then cat unchanged.json; else cat changed.json; fi
case " $* " in *" --dry-run "*) ;; *) touch was-run ;; esac
"""

Play = Callable[..., tuple[str, int, int]]


def answer(**fields: Any) -> str:
    empty = {
        "version": 1, "command": "set-logs", "status": "ok", "changed": False, "restart_required": False,
        "data": {}, "findings": [], "error": None,
    }  # fmt: skip
    return json.dumps(empty | fields)


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """Return the folder of a dockerd-cfg that answers from files and notes how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "dockerd-cfg"
    program.write_text(FAKE)
    program.chmod(0o755)
    (folder / "changed.json").write_text(
        answer(
            changed=True,
            restart_required=True,
            data={"diff": {"before": "{}\n", "after": '{"log-opts": {"max-size": "50m"}}\n'}},
        )
    )
    (folder / "unchanged.json").write_text(answer())
    return folder


@pytest.fixture
def play(tmp_path: Path, tool: Path) -> Play:
    """Return a function that runs a playbook on this machine: its output, and how much changed and failed."""

    configuration = tmp_path / "ansible.cfg"
    configuration.touch()

    def run(playbook: str, *options: str, variables: Mapping[str, object]) -> tuple[str, int, int]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "PATH": f"{tool}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "HOME": str(tmp_path),
            "ANSIBLE_HOME": str(tmp_path / "ansible"),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
            "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
            "ANSIBLE_CONFIG": str(configuration),
            "ANSIBLE_NOCOLOR": "1",
        }
        given = {"ansible_become": False, "ansible_python_interpreter": sys.executable} | dict(variables)
        command = [str(ANSIBLE), "-i", "localhost,", "-c", "local", *options, "-e", json.dumps(given)]
        done = subprocess.run(
            [*command, str(PLAYBOOKS / playbook)],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        recap = RECAP.search(done.stdout)
        assert recap, done.stdout + done.stderr
        return done.stdout + done.stderr, int(recap[2]), int(recap[4])

    return run


def calls(tool: Path) -> list[str]:
    return (tool / "calls").read_text().splitlines()


def test_a_change_is_reported_once(tool: Path, play: Play) -> None:
    variables = {
        "dockerd_cfg_driver": "json-file",
        "dockerd_cfg_max_size": "50m",
        "dockerd_cfg_max_file": 3,
        "dockerd_cfg_log_opts": {"compress": "true", "labels": "a b"},
        "dockerd_cfg_restart": "never",
    }
    output, changed, failed = play("set-logs.yml", variables=variables)
    assert (changed, failed) == (1, 0), output
    assert "from its next restart on" in output
    output, changed, failed = play("set-logs.yml", variables=variables)
    assert (changed, failed) == (0, 0), output
    expected = (
        "set-logs --json --yes --restart never --driver json-file --max-size 50m --max-file 3 "
        "--log-opt=compress=true --log-opt=labels=a b"
    )
    assert calls(tool) == [expected, expected]


def test_check_mode_is_a_dry_run_that_shows_the_lines(tool: Path, play: Play) -> None:
    output, changed, failed = play("set-logs.yml", "--check", variables={})
    assert (changed, failed) == (1, 0), output
    assert calls(tool) == ["set-logs --json --yes --restart auto --dry-run"]
    assert not (tool / "was-run").exists()
    assert re.search(r"\+ \{.*max-size", output), output
    assert "- {}" in output


def test_a_failure_is_told_in_the_words_of_the_tool(tool: Path, play: Play) -> None:
    error = {
        "code": "preflight-refused",
        "message": "it cannot be moved",
        "state": "as it was",
        "hint": "mend it",
    }
    finding = {
        "code": "no-room",
        "severity": "error",
        "stage": "preflight",
        "message": "the disk is too small",
    }
    (tool / "failure.json").write_text(answer(status="error", error=error, findings=[finding]))
    output, changed, failed = play("move-storage.yml", variables={"dockerd_cfg_target": "/mnt/data"})
    assert (changed, failed) == (0, 1), output
    assert calls(tool) == ["move-storage /mnt/data --json --yes --containerd auto"]
    for part in (
        "exit code 4: it cannot be moved",
        "state: as it was",
        "hint: mend it",
        "finding: the disk is",
    ):
        assert part in output


def test_a_move_tells_how_to_go_back(tool: Path, play: Play) -> None:
    data = {"run": "0001-move-storage", "stop_seconds": 1.5, "diff": {"before": "", "after": "{}\n"}}
    (tool / "changed.json").write_text(answer(command="move-storage", changed=True, data=data))
    output, changed, failed = play(
        "move-storage.yml", "--diff", variables={"dockerd_cfg_target": "/mnt/data"}
    )
    assert (changed, failed) == (1, 0), output
    assert "dockerd-cfg rollback 0001-move-storage" in output
    assert "stopped for 1.5 s" in output
