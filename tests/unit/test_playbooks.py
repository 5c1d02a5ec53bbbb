"""The Ansible collection: it lints, builds and installs; its modules and playbooks run a make-believe dockerd-cfg,
or the real one on a make-believe host."""

import ast
import json
import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # comes with ansible-core, without types

CHECKOUT: Final = Path(__file__).resolve().parents[2]
COLLECTIONS: Final = CHECKOUT / "playbooks"
COLLECTION: Final = COLLECTIONS / "ansible_collections/dockerd_cfg/docker"
MODULES: Final = tuple(sorted(path.stem for path in COLLECTION.glob("plugins/modules/*.py")))
PLAYBOOKS: Final = tuple(sorted(path.stem for path in COLLECTION.glob("playbooks/*.yml")))
OF_TOOL: Final = tuple(name for name in MODULES if name != "daemon_health")
BIN: Final = Path(sys.executable).parent
RECAP: Final = re.compile(
    r"^(\S+) +: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE
)

# Answers as changed the first time, as unchanged from then on; a dry run is not the first time.
FAKE: Final = """#!/bin/sh
cd "$(dirname "$0")"
printf '%s\\n' "$*" >>calls
case " $* " in *" - "*) cat >stdin ;; esac
if [ -e failure.json ]; then cat failure.json; exit "$(cat code)"; fi
case "$*" in history*) cat "history $3.json"; exit ;; status*) cat changed.json; exit ;; esac
if [ -e was-run ]; then cat unchanged.json; else cat changed.json; fi
case " $* " in *" --dry-run "*) ;; *) touch was-run ;; esac
"""
REAL: Final = """#!{python}
import sys
from functools import partial
from pathlib import Path
from dockerd_cfg.cli.app import run
from dockerd_cfg.sandbox.host import sandbox_host
sys.exit(run(sys.argv[1:], make_host=partial(sandbox_host, Path({root!r}))))
"""
# One process a call: what a module warned of stays in it.
DRIVER: Final = """
import importlib, json, sys
from ansible.module_utils.testing import patch_module_args
name, arguments = sys.argv[1], json.loads(sys.argv[2])
module = importlib.import_module("ansible_collections.dockerd_cfg.docker.plugins.modules." + name)
with patch_module_args(arguments):
    module.main()
"""
MEANINGS: Final = {
    1: "untouched", 2: "untouched", 3: "untouched", 4: "untouched", 5: "untouched",
    6: "undone", 7: "broken", 70: "unknown", 137: "unknown",
}  # fmt: skip

Play = Callable[..., tuple[str, dict[str, tuple[int, int]]]]


def answer(**fields: Any) -> str:
    empty = {
        "version": 1, "command": "set-logs", "status": "ok", "changed": False, "restart_required": False,
        "data": {}, "findings": [], "error": None,
    }  # fmt: skip
    return json.dumps(empty | fields)


def environment(home: Path, *folders: Path) -> dict[str, str]:
    """Return an environment in which Ansible finds nothing of the user's own."""
    (home / "ansible.cfg").touch()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "PATH": ":".join(map(str, [*folders, BIN, os.environ["PATH"]])),
        "PYTHONPATH": str(COLLECTIONS),
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(home / "local"),
        "ANSIBLE_REMOTE_TEMP": str(home / "remote"),
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_NOCOLOR": "1",
    }


def call(name: str, home: Path, /, *folders: Path, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """Run a module and return its result."""
    given = {"_ansible_check_mode": check, "_ansible_diff": True, **arguments}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, name, json.dumps(given)],
        env=environment(home, *folders), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert bool(result.get("failed")) == bool(done.returncode)
    return result


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
            data={
                "diff": {"before": "{}\n", "after": '{"log-opts": {"max-size": "50m"}}\n'},
                "restarts": True,
            },
        )
    )
    (folder / "unchanged.json").write_text(answer())
    return folder


@pytest.fixture
def real(tmp_path: Path, sandbox: Path) -> str:
    """Return the path of the real dockerd-cfg, for a make-believe host."""
    program = tmp_path / "real-dockerd-cfg"
    program.write_text(REAL.format(python=sys.executable, root=str(sandbox)))
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def play(tmp_path: Path, tool: Path) -> Iterator[Play]:
    """Return a function that runs a playbook on this machine: its output, and what changed and failed by host."""

    def run(
        playbook: str, *options: str, hosts: str = "localhost,", variables: Mapping[str, object]
    ) -> tuple[str, dict[str, tuple[int, int]]]:
        given = {
            "ansible_become": False,
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
        }
        command = [
            str(BIN / "ansible-playbook"),
            "-i",
            hosts,
            *options,
            "-e",
            json.dumps(given | dict(variables)),
        ]
        done = subprocess.run(
            [*command, playbook if "/" in playbook else f"dockerd_cfg.docker.{playbook}"],
            env=environment(tmp_path, tool), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        output = done.stdout + done.stderr
        recap = {row[0]: (int(row[2]), int(row[4]) + int(row[3])) for row in RECAP.findall(done.stdout)}
        assert recap, output
        return output, recap

    yield run
    shutil.rmtree(tmp_path / "ansible", ignore_errors=True)


def calls(tool: Path) -> list[str]:
    return (tool / "calls").read_text().splitlines()


# The collection


def test_the_linter_finds_nothing_by_its_strictest_profile(tmp_path: Path) -> None:
    copy = tmp_path / "ansible_collections/dockerd_cfg/docker"
    shutil.copytree(COLLECTION, copy)  # the linter writes beside what it reads
    env = {**environment(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    done = subprocess.run(
        [BIN / "ansible-lint", "--offline", "--strict", "--nocolor", "-q"],
        cwd=copy, env=env, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_collection_builds_and_installs(tmp_path: Path) -> None:
    env = environment(tmp_path)
    galaxy = [str(BIN / "ansible-galaxy"), "collection"]
    build = [*galaxy, "build", str(COLLECTION), "--output-path", str(tmp_path)]
    subprocess.run(build, check=True, env=env, capture_output=True, timeout=60)
    (archive,) = tmp_path.glob("dockerd_cfg-docker-*.tar.gz")
    place = tmp_path / "installed"
    install = [*galaxy, "install", "--offline", "-p", str(place), str(archive)]
    subprocess.run(install, check=True, env=env, capture_output=True, timeout=60)
    env["ANSIBLE_COLLECTIONS_PATH"] = str(place)
    playbooks = [f"dockerd_cfg.docker.{name}" for name in PLAYBOOKS]
    checked = subprocess.run(
        [BIN / "ansible-playbook", "-i", "localhost,", "--syntax-check", *playbooks],
        env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("playbook:") == len(PLAYBOOKS)


def test_every_module_is_documented_as_it_is(tmp_path: Path) -> None:
    names = [f"dockerd_cfg.docker.{name}" for name in MODULES]
    told = subprocess.run(
        [BIN / "ansible-doc", "--json", "-t", "module", *names],
        env=environment(tmp_path), capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    documents = json.loads(told)
    assert sorted(documents) == names
    for name in names:
        document = documents[name]
        assert document["doc"]["short_description"]
        assert document["return"]
        examples = yaml.safe_load(document["examples"])
        assert [task for task in examples if name in task]
        for task in examples:
            assert set(task.get(name) or {}) <= set(document["doc"]["options"])


@pytest.mark.parametrize("name", MODULES)
def test_the_documented_options_are_those_of_the_code(name: str, tmp_path: Path, tool: Path) -> None:
    told = subprocess.run(
        [BIN / "ansible-doc", "--json", "-t", "module", f"dockerd_cfg.docker.{name}"],
        env=environment(tmp_path), capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    (document,) = json.loads(told).values()
    probe = (
        "import json, sys, importlib, ansible.module_utils.basic as basic\n"
        "def spec(argument_spec, **_): print(json.dumps(argument_spec)); sys.exit()\n"
        "basic.AnsibleModule = spec\n"
        f"importlib.import_module('ansible_collections.dockerd_cfg.docker.plugins.modules.{name}').main()\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", probe],
        env=environment(tmp_path, tool),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    told_of = document["doc"]["options"]
    for option, spec in json.loads(printed).items():
        facts = told_of.pop(option)
        for field in ("type", "choices", "default", "elements"):
            assert facts.get(field) == spec.get(field), (option, field)
        assert facts.get("required", False) == spec.get("required", False)
    assert told_of == {}


@pytest.mark.parametrize("path", sorted(COLLECTION.glob("plugins/**/*.py")), ids=lambda path: path.stem)
def test_what_runs_on_the_hosts_is_written_for_an_old_python(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 5))
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.Starred)
    ]


def test_variables_of_the_role_are_described() -> None:
    role = COLLECTION / "roles/dockerd_cfg"
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    described = {name: option for spec in specs.values() for name, option in spec["options"].items()}
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    assert {name: described[name]["default"] for name in defaults} == defaults
    tasks = "\n".join(path.read_text() for path in role.glob("tasks/*.yml"))
    assert {name for name in described if name not in tasks} == set()
    documents = (COLLECTION / "README.md").read_text()
    assert {name for name in described if f"`{name}`" not in documents} == set()
    assert set(specs) - {"main"} == set(PLAYBOOKS)


# The modules


def test_a_change_is_reported_once(tool: Path, tmp_path: Path) -> None:
    program = str(tool / "dockerd-cfg")
    arguments: dict[str, Any] = {
        "executable": program, "driver": "json-file", "max_size": "50m", "max_file": 3, "existing": "all",
        "log_opts": {"compress": True, "labels": "a b"}, "restart": "never", "force": ["log-driver"],
        "confirm_within": "5m", "config_file": "/etc/other.json", "consent": True,
    }  # fmt: skip
    first = call("daemon_logs", tmp_path, **arguments)
    assert (first["changed"], first["restart_required"], first["host_state"]) == (True, True, "done")
    assert first["diff"]["after"].startswith('{"log-opts"')
    assert "restart_required" in json.dumps(first["warnings"])
    second = call("daemon_logs", tmp_path, **arguments)
    assert not second["changed"]
    assert "diff" not in second
    assert calls(tool) == 2 * [
        (
            "set-logs --json --driver=json-file --max-size=50m --max-file=3 --existing=all --log-opt=compress=true --log-opt=labels=a b "
            "--yes --confirm-within 5m --restart never --config-file /etc/other.json --force=log-driver"
        )
    ]


@pytest.mark.parametrize(
    ("module", "arguments", "expected"),
    [
        ("daemon_logs", {}, "set-logs --json --dry-run --restart auto"),
        ("daemon_logs", {"root": "/srv/image"}, "set-logs --json --root /srv/image --dry-run --restart auto"),
        ("daemon_config", {"unset": ["debug"]}, "merge --json - --unset=debug --dry-run --restart auto"),
        (
            "daemon_storage",
            {"target": "/mnt/data", "containerd": True, "adopt": True, "consent": True, "bwlimit": "5m"},
            (
                "move-storage --json /mnt/data --containerd=yes --mode=data-root --verify=attributes --bwlimit=5m "
                "--adopt --dry-run --yes"
            ),
        ),
        ("daemon_run", {"command": "finish", "run": "2"}, "finish --json 2 --dry-run"),
    ],
)
def test_check_mode_is_a_dry_run(
    tool: Path, tmp_path: Path, module: str, arguments: dict[str, Any], expected: str
) -> None:
    result = call(module, tmp_path, check=True, executable=str(tool / "dockerd-cfg"), **arguments)
    assert result["changed"]
    assert calls(tool) == [expected]
    if not arguments.get("consent"):
        assert "without consent" in json.dumps(result["warnings"])


@pytest.mark.parametrize(("command", "state", "changed"), [
    ("confirm", "unconfirmed", True), ("confirm", "interrupted", False), ("resume", "interrupted", True),
])  # fmt: skip
def test_what_has_no_dry_run_is_foretold(
    tool: Path, tmp_path: Path, command: str, state: str, changed: bool
) -> None:
    open_run = {"run": "0003-set-logs", "state": state}
    (tool / "changed.json").write_text(answer(data={"open_run": open_run}))
    for number, name in (("2", "0002-set-logs"), ("3", "0003-set-logs")):
        (tool / f"history {number}.json").write_text(answer(data={"runs": [{"run": name}]}))
    program = str(tool / "dockerd-cfg")
    told = [
        call("daemon_run", tmp_path, check=True, executable=program, command=command, run=run)["changed"]
        for run in (None, "3", "2")
    ]
    assert told == [changed, changed, False]
    assert set(calls(tool)) == {"status --json", "history --json 3", "history --json 2"}


@pytest.mark.parametrize("command", ["confirm", "resume", "rollback", "finish"])
def test_check_mode_foretells_that_there_is_no_such_run(tmp_path: Path, real: str, command: str) -> None:
    for check in (True, False):
        result = call("daemon_run", tmp_path, check=check, executable=real, command=command, run="7")
        assert "there is no run 7" in result["msg"]
        assert result["host_state"] == "untouched"


@pytest.mark.parametrize("code", MEANINGS)
def test_a_failure_says_why_and_what_became_of_the_host(tool: Path, tmp_path: Path, code: int) -> None:
    error = {"code": "x", "message": "it cannot be moved", "state": "as it was", "hint": "add --yes if meant"}
    finding = {
        "code": "no-room", "severity": "error", "stage": "preflight", "message": "the disk is too small",
        "hint": "free some", "key": "data-root", "line": 4, "column": 1,
    }  # fmt: skip
    failure = answer(
        status="error", error=error, findings=[finding], changed=code == 7, data={"run": "0001-x"}
    )
    (tool / "failure.json").write_text(failure)
    (tool / "code").write_text(str(code))
    result = call("daemon_storage", tmp_path, executable=str(tool / "dockerd-cfg"), target="/mnt/data")
    assert result["failed"]
    assert (result["exit_code"], result["host_state"], result["changed"]) == (code, MEANINGS[code], code == 7)
    assert (result["error"], result["findings"], result["run"]) == (error, [finding], "0001-x")
    lines = result["msg"].splitlines()
    assert lines[0].startswith(f"dockerd-cfg move-storage: it cannot be moved (exit code {code}, ")
    assert lines[1:] == [
        "state: as it was",
        "hint: add --yes if meant",
        "in Ansible: consent: true",
        "error: the disk is too small [no-room] (key data-root, line 4): free some",
    ]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", answer(version=2)])
def test_an_answer_that_cannot_be_read_fails(tool: Path, tmp_path: Path, text: str) -> None:
    (tool / "changed.json").write_text(text)
    result = call("daemon_logs", tmp_path, executable=str(tool / "dockerd-cfg"))
    assert "gave no answer that can be read" in result["msg"]
    assert result["host_state"] == "unknown"


def test_an_audit_tells_of_a_tool_that_gives_no_answer(tool: Path, tmp_path: Path) -> None:
    (tool / "failure.json").write_text("")
    (tool / "code").write_text("1")
    result = call("daemon_info", tmp_path, executable=str(tool / "dockerd-cfg"))
    assert (result["installed"], [one["command"] for one in result["failures"]]) == (
        True,
        ["status", "check"],
    )
    assert {(one["exit_code"], one["error"]["code"]) for one in result["failures"]} == {(1, "no-answer")}
    assert "gave no answer that can be read" in result["failures"][0]["error"]["message"]


@pytest.mark.parametrize("module", OF_TOOL)
def test_a_host_without_the_tool_is_told_of(tmp_path: Path, module: str) -> None:
    needed: dict[str, dict[str, Any]] = {
        "daemon_storage": {"target": "/x"},
        "daemon_run": {"command": "resume"},
        "daemon_config": {"unset": ["x"]},
    }
    result = call(module, tmp_path, executable="no-such-program", **needed.get(module, {}))
    if module == "daemon_info":
        assert (result["installed"], result["failures"]) == (False, [])
    else:
        assert "there is no no-such-program on this host" in result["msg"]


def test_secrets_are_on_no_command_line_and_in_no_result(tool: Path, tmp_path: Path) -> None:
    data = {"diff": {"before": "", "after": "the word is s3cret!"}, "file": "/etc/docker/daemon.json"}
    (tool / "changed.json").write_text(answer(changed=True, data=data))
    options = {"log-driver": "splunk", "log-opts": {"splunk-url": "https://x", "tag": None}}
    result = call(
        "daemon_config", tmp_path,
        executable=str(tool / "dockerd-cfg"), options=options,
        secret_options={"log-opts": {"splunk-token": "s3cret!"}}, unset=["builder.gc.enabled"],
    )  # fmt: skip
    assert result["changed"]
    assert "s3cret" not in json.dumps(result)
    assert "s3cret" not in calls(tool)[0]
    assert json.loads((tool / "stdin").read_text()) == {
        "log-driver": "splunk",
        "log-opts": {"splunk-url": "https://x", "tag": None, "splunk-token": "s3cret!"},
    }
    assert "--unset=builder.gc.enabled" in calls(tool)[0]


@pytest.mark.parametrize(
    "secret", ['pa"ss\\word', "pässword", "plain"], ids=["escaped", "beyond ASCII", "plain"]
)
def test_a_secret_is_in_no_result_however_json_writes_it_nor_is_the_one_before_it(
    tmp_path: Path, sandbox: Path, real: str, secret: str
) -> None:
    file = sandbox / "etc/docker/daemon.json"
    for value in ("the-one-before", secret, None):
        before = file.read_text()
        arguments: dict[str, Any] = {
            "executable": real,
            "consent": True,
            "secret_options": {"log-opts": {"labels": value}},
        }
        result = call("daemon_config", tmp_path, **arguments)
        assert result["changed"]
        assert '"labels": "' not in result["diff"]["after"].replace('"labels": "****', "")
        found = json.dumps([result["diff"], result["findings"], result["data"]], ensure_ascii=False)
        assert "the-one-before" not in found
        for form in (secret, json.dumps(secret)[1:-1]):
            assert json.dumps(form, ensure_ascii=False)[1:-1] not in found
        assert file.read_text() != before


@pytest.mark.parametrize("value", [None, ["a"], {"a": "b"}], ids=str)
def test_a_log_option_that_is_no_text_is_refused(tool: Path, tmp_path: Path, value: object) -> None:
    program = str(tool / "dockerd-cfg")
    refused = call("daemon_logs", tmp_path, executable=program, log_opts={"tag": value})
    assert refused["msg"].startswith("log_opts: tag takes a text, not ")
    assert not (tool / "calls").exists()


def test_an_empty_root_is_not_the_host(tmp_path: Path, sandbox: Path, real: str) -> None:
    before = (sandbox / "etc/docker/daemon.json").read_text()
    for check in (True, False):
        refused = call("daemon_logs", tmp_path, check=check, executable=real, consent=True, root="")
        assert (refused["exit_code"], refused["host_state"]) == (2, "untouched")
    assert (sandbox / "etc/docker/daemon.json").read_text() == before


def test_an_option_named_twice_is_refused(tool: Path, tmp_path: Path, real: str) -> None:
    program = str(tool / "dockerd-cfg")
    nested: dict[str, Any] = {"a": {"b": 1}}
    twice = call("daemon_config", tmp_path, executable=program, options=nested, secret_options=nested)
    assert twice["msg"] == "a.b is named twice"
    twice = call("daemon_config", tmp_path, executable=real, options=nested, unset=["a.b"])
    assert (twice["exit_code"], twice["host_state"]) == (2, "untouched")
    assert "a.b is in the patch and is to be taken out" in twice["msg"]
    assert "name an option" in call("daemon_config", tmp_path, executable=program)["msg"]
    assert not (tool / "calls").exists()


@pytest.mark.parametrize("key", ["log-opts.max-size", "runtimes.io.containerd.kata.v2", "builder.gc.enabled"])
def test_taking_out_what_is_not_set_changes_nothing(
    tmp_path: Path, sandbox: Path, real: str, key: str
) -> None:
    file = sandbox / "etc/docker/daemon.json"
    before = file.read_text()
    result = call("daemon_config", tmp_path, executable=real, unset=[key], consent=True)
    assert (result.get("msg"), result["changed"], file.read_text()) == (None, False, before)


def test_the_modules_understand_the_real_tool(tmp_path: Path, sandbox: Path, real: str) -> None:
    file = sandbox / "etc/docker/daemon.json"
    before = file.read_text()

    foretold = call("daemon_logs", tmp_path, check=True, executable=real, max_size="7m")
    assert (foretold["changed"], file.read_text()) == (True, before)
    refused = call("daemon_logs", tmp_path, executable=real, max_size="7m")
    assert (refused["failed"], refused["host_state"], file.read_text()) == (True, "untouched", before)
    assert "consent: true" in refused["msg"]

    done = call("daemon_logs", tmp_path, executable=real, max_size="7m", consent=True)
    assert (done["changed"], done["run"]) == (True, "0001-set-logs")
    assert done["diff"] == foretold["diff"]
    assert done["diff"]["after"] == file.read_text()
    assert not call("daemon_logs", tmp_path, executable=real, max_size="7m", consent=True)["changed"]

    wrong = call(
        "daemon_config", tmp_path, executable=real, options={"log-opts": {"max-sise": "1m"}}, consent=True
    )
    assert (wrong["exit_code"], wrong["host_state"]) == (3, "untouched")
    assert "max-size" in wrong["msg"]
    told = call("daemon_info", tmp_path, executable=real, gather=["status", "check", "options", "history"])
    assert (told["valid"], told["status"]["docker"], told["failures"]) == (True, "active", [])
    assert [run["run"] for run in told["history"]] == ["0001-set-logs"]
    assert {row["key"]: row["value"] for row in told["options"]}["log-opts"]["max-size"] == "7m"

    (sandbox / "mnt/data").mkdir(parents=True, exist_ok=True)
    moved = call("daemon_storage", tmp_path, executable=real, target="/mnt/data", consent=True)
    assert (moved["changed"], moved["run"]) == (True, "0002-move-storage"), moved.get("msg")
    assert not call("daemon_storage", tmp_path, executable=real, target="/mnt/data", consent=True)["changed"]
    for check, changed in ((True, True), (False, True), (False, False)):
        undone = call(
            "daemon_run", tmp_path, check=check, executable=real, command="rollback", run="2", consent=True
        )
        assert undone["changed"] == changed


# The playbooks


def test_a_playbook_changes_once_and_shows_the_lines(tool: Path, play: Play) -> None:
    variables = {"dockerd_cfg_max_size": "50m", "dockerd_cfg_consent": True, "dockerd_cfg_root": "/srv/image"}
    output, recap = play("set_logs", "--check", "--diff", variables=variables)
    assert recap == {"localhost": (1, 0)}, output
    assert '+{"log-opts": {"max-size": "50m"}}' in output
    assert not (tool / "was-run").exists()
    assert play("set_logs", variables=variables)[1] == {"localhost": (1, 0)}
    assert play("set_logs", variables=variables)[1] == {"localhost": (0, 0)}
    expected = "set-logs --json --root /srv/image --max-size=50m"
    assert calls(tool) == [
        f"{expected} --dry-run --yes --restart auto", *2 * [f"{expected} --yes --restart auto"]
    ]  # fmt: skip


@pytest.mark.parametrize("change", ["change_storage", "change_rollback"])
def test_what_is_only_asked_for_does_not_go_on_by_itself(
    tool: Path, play: Play, tmp_path: Path, change: str
) -> None:
    """As a check before a node is drained: no Ansible runs a dry run in the background, and old ones refuse to."""
    playbook = tmp_path / "ask.yml"
    tasks = COLLECTION / "roles/dockerd_cfg/tasks" / f"{change}.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.include_tasks:\n"
        f"        file: {tasks}\n        apply: {{check_mode: true}}\n      vars: {{dockerd_cfg_asks_only: true}}\n"
    )
    defaults = yaml.safe_load((COLLECTION / "roles/dockerd_cfg/defaults/main.yml").read_text())
    output, recap = play(str(playbook), variables=defaults | {"dockerd_cfg_target": "/mnt/data"})
    assert recap == {"localhost": (0, 0)}, output
    assert "ASYNC" not in output
    assert "--dry-run" in calls(tool)[0]


# The gate

RUNNING: Final = {"Status": "running", "ExitCode": 0}


def container(name: str, **fields: Any) -> dict[str, Any]:
    """Return what Docker tells of a container that runs."""
    return {
        "Id": name, "Name": f"/{name}", "State": RUNNING, "Config": {"Labels": None},
        "HostConfig": {"AutoRemove": False, "RestartPolicy": {"Name": "no"}}, **fields,
    }  # fmt: skip


class Docker:
    """A make-believe Docker: an answering socket, and a systemctl that says whether it is active."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "docker.sock")
        self.containers: list[dict[str, Any]] = []
        self.listed: list[str] = []
        self.asked: list[str] = []
        docker = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                path = self.rfile.readline().split()[1].decode()
                docker.asked.append(path)
                found = docker.answer(path)
                status = b"404 Not Found" if found is None else b"200 OK"
                self.wfile.write(b"HTTP/1.0 " + status + b"\r\n\r\n" + json.dumps(found).encode())

        self.server = socketserver.ThreadingUnixStreamServer(self.path, Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, path: str) -> Any:
        if path == "/containers/json":
            return [{"Id": name} for name in self.listed]
        found = {
            "/version": {"Version": "28.5.2"},
            "/info": {"Swarm": {"LocalNodeState": "active", "NodeID": "n"}},
        }
        known = {f"/containers/{one['Id']}/json": one for one in self.containers}
        return (found | known).get(path)


@pytest.fixture
def docker(tool: Path, place: Path) -> Iterator[Docker]:
    made = Docker(place)
    (tool / "systemctl").write_text('#!/bin/sh\ntest ! -e "$(dirname "$0")/inactive"\n')
    (tool / "systemctl").chmod(0o755)
    yield made
    made.server.shutdown()
    made.server.server_close()


def health(docker: Docker, tool: Path, tmp_path: Path, **arguments: Any) -> dict[str, Any]:
    return call("daemon_health", tmp_path, tool, socket=docker.path, timeout=1, **arguments)


def test_the_gate_opens_only_when_docker_is_as_well_as_before(
    docker: Docker, tool: Path, tmp_path: Path
) -> None:
    always = {"AutoRemove": False, "RestartPolicy": {"Name": "always"}}
    docker.containers = [
        container("web", State={**RUNNING, "Health": {"Status": "healthy"}}),
        container("always", HostConfig=always),
        container("job"),
        container("passing", HostConfig={"AutoRemove": True}),
        container("task", Config={"Labels": {"com.docker.swarm.task.id": "x"}}),
    ]
    docker.listed = [one["Id"] for one in docker.containers]
    before = health(docker, tool, tmp_path)["docker"]
    assert (before["active"], before["version"]) == (True, "28.5.2")
    assert before["swarm"] == {"state": "active", "node": "n", "tasks": 1}
    assert not health(docker, tool, tmp_path, expect=before).get("failed")

    # what is not expected back goes, and a job ends well
    docker.containers[2]["State"] = {"Status": "exited", "ExitCode": 0}
    docker.containers[3:] = []
    docker.listed = ["web", "always"]
    assert not health(docker, tool, tmp_path, expect=before).get("failed")

    docker.containers[0]["State"] = {**RUNNING, "Health": {"Status": "starting"}}
    docker.containers[1]["State"] = {"Status": "exited", "ExitCode": 0}
    docker.containers[2]["State"] = {"Status": "exited", "ExitCode": 137}
    docker.listed = ["web"]
    assert health(docker, tool, tmp_path, expect=before)["problems"] == [
        "the container web was healthy and is not",
        "the container always ran and is exited",
        "the container job ran and is exited",
    ]
    del docker.containers[1:]
    assert "the container always is gone" in health(docker, tool, tmp_path, expect=before)["msg"]


def test_the_gate_does_not_start_docker_by_asking_it(docker: Docker, tool: Path, tmp_path: Path) -> None:
    before = health(docker, tool, tmp_path)["docker"]
    docker.asked.clear()
    (tool / "inactive").touch()
    down = health(docker, tool, tmp_path, expect=before)
    assert (down["failed"], down["problems"]) == (True, ["docker.service is not active"])
    assert docker.asked == []
    # where it was down before, nothing is expected of it
    assert not health(docker, tool, tmp_path, expect=down["docker"]).get("failed")
    (tool / "inactive").unlink()
    docker.server.shutdown()
    Path(docker.path).unlink()
    assert "does not answer" in health(docker, tool, tmp_path, expect=before)["msg"]


# The role


def make_wheel(folder: Path, says: str) -> Path:
    """Make a wheel of a package with a program of the tool's name."""
    path = folder / "make_believe-1.0-py3-none-any.whl"
    entries = {
        "make_believe.py": f"def main():\n    print({says!r})\n",
        "make_believe-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: make-believe\nVersion: 1.0\n",
        "make_believe-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "make_believe-1.0.dist-info/entry_points.txt": "[console_scripts]\ndockerd-cfg = make_believe:main\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
        archive.writestr("make_believe-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in entries))
    return path


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_the_role_installs_a_wheel_once_and_another_of_the_same_version(tmp_path: Path, play: Play) -> None:
    playbook = tmp_path / "install.yml"
    playbook.write_text(
        "- hosts: all\n  gather_facts: false\n  roles:\n    - role: dockerd_cfg.docker.dockerd_cfg\n"
    )
    link = tmp_path / "sbin-dockerd-cfg"
    variables = {
        "dockerd_cfg_install_from": str(make_wheel(tmp_path, "first")),
        "dockerd_cfg_install_folder": str(tmp_path / "opt"),
        "dockerd_cfg_install_link": str(link),
        "dockerd_cfg_install_python": sys.executable,
        "dockerd_cfg_pip_arguments": ["--no-index"],
    }

    def changed(*options: str) -> int:
        output, recap = play(str(playbook), *options, variables=variables)
        assert recap["localhost"][1] == 0, output
        return recap["localhost"][0]

    assert changed("--check")
    assert not link.is_symlink()
    assert changed()
    assert subprocess.run([link], check=True, capture_output=True, text=True).stdout == "first\n"
    assert not changed()
    make_wheel(tmp_path, "second")
    assert changed()
    assert subprocess.run([link], check=True, capture_output=True, text=True).stdout == "second\n"
    # a single file that was there before gives way
    link.unlink()
    link.write_text("#!/bin/sh\n")
    assert changed()
    assert link.is_symlink()
    # one that was interrupted before its end is made again
    (tmp_path / "opt/installed").unlink()
    assert changed()
    assert not changed()
