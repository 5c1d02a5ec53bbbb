"""The reference of what programs read says what the code says: exit codes, members and values of the JSON, journal and log."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest

import dockerd_cfg
from dockerd_cfg import findings
from dockerd_cfg.change import journal
from dockerd_cfg.change.plan import Plan
from dockerd_cfg.cli.app import COMMANDS
from dockerd_cfg.cli.result import ErrorInfo, Result
from dockerd_cfg.config import catalogue, effective
from dockerd_cfg.errors import EXIT_BUG, DockerdCfgError
from dockerd_cfg.logs import existing_choice, origin, trim
from dockerd_cfg.maintenance import items
from dockerd_cfg.sandbox.tree import identifier
from dockerd_cfg.storage import moved_tree
from dockerd_cfg.usage import walk
from tests.unit.cli.test_config_commands import Tool
from tests.unit.cli.test_maintenance_commands import network

ROOT: Final = Path(__file__).resolve().parents[2]
CODE: Final = re.compile(r"`([A-Za-z_-]+)`")
# what these hold is named by hosts, not by us
FREE: Final = {"options", "before", "after", "stop_parts", "counts", "value", "summary"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def first_column(document: str, heading: str) -> set[str]:
    """Return what is in backticks in the first column of the table with that heading."""
    rows = document.partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return {word for row in rows for word in CODE.findall(row.split("|")[1])}


def section(document: str, title: str) -> str:
    found = re.search(rf"\n## {title}\n(.*?)(\n## |\Z)", document, re.DOTALL)
    assert found is not None, title
    return found[1]


def every_error(kind: type[DockerdCfgError] = DockerdCfgError) -> Iterator[type[DockerdCfgError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from every_error(narrower)


def exit_codes() -> dict[int, set[str]]:
    for module in pkgutil.walk_packages(dockerd_cfg.__path__, "dockerd_cfg."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[int, set[str]] = {0: set(), EXIT_BUG: set()}
    for kind in every_error():
        found.setdefault(kind.exit_code, set()).add(kind.code)
    return found


def test_the_reference_has_each_exit_code_with_its_errors_and_no_other() -> None:
    rows = re.findall(r"(?m)^\| (\d+) \|.*\|(.*)\|$", text("docs/reference/exit-codes.md"))
    assert {int(code): set(CODE.findall(errors)) for code, errors in rows} == exit_codes()


def test_the_readme_has_the_meaning_of_each_exit_code() -> None:
    rows = re.findall(r"(?m)^\| (\d+) \|", section(text("README.md"), "Exit codes"))
    assert {int(code) for code in rows} == exit_codes().keys()


def test_the_reference_has_each_event_of_the_journal_and_each_state() -> None:
    document = text("docs/reference/journal.md")
    assert first_column(document, "event of a step") == set(get_args(journal.StepEvent))
    assert first_column(document, "event of the run") == set(get_args(journal.RunEvent))
    assert set(get_args(journal.State)) <= set(CODE.findall(document))


def test_the_reference_has_each_member_of_journal_and_plan() -> None:
    document = text("docs/reference/journal.md")
    assert first_column(document, "member") == journal.Entry.model_fields.keys()
    told = document.partition("`plan.json`")[2].partition("`journal.jsonl`")[0]
    assert set(Plan.model_fields) <= set(CODE.findall(told))


def test_the_kinds_of_steps_in_the_reference_are_those_of_the_program() -> None:
    checked = subprocess.run([sys.executable, ROOT / "tools/gen_journal.py", "--check"], check=False)
    assert checked.returncode == 0, "write them anew: make schemas"


def test_the_reference_has_each_field_of_the_log() -> None:
    used = set(re.findall(r'"(DOCKERD_CFG_[A-Z]+)"', text("dockerd_cfg/cli/log.py")))
    assert first_column(text("docs/reference/log.md"), "field") == used


def test_the_reference_has_each_member_of_an_answer() -> None:
    document = text("docs/reference/json.md")
    assert first_column(document, "member") == Result.__dataclass_fields__.keys()
    inner = ErrorInfo.__dataclass_fields__.keys() | findings.Finding.__dataclass_fields__.keys()
    stages = set(get_args(findings.Stage))
    assert inner | stages <= set(CODE.findall(document.partition("\n## ")[0]))


@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("data of set-logs, set, unset and merge", catalogue.Need),
        ("data of set-logs, set, unset and merge", existing_choice.Reason),
        ("data of show", effective.Source),
        ("data of move-storage", moved_tree.Mode),
        ("data of logs", origin.Origin),
        ("data of logs", origin.Fix),
        ("data of logs", trim.Why),
        ("data of usage", walk.Kind),
        ("data of maintenance", items.Kind),
    ],
)
def test_the_reference_has_each_value_of_a_member(title: str, values: Any) -> None:
    assert set(get_args(values)) <= set(CODE.findall(section(text("docs/reference/json.md"), title)))


@pytest.fixture
def tool(sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    return Tool(sandbox, monkeypatch)


def members_of(value: Any) -> set[str]:
    """Return the names of all members in ``value``, at any depth."""
    if isinstance(value, list):
        return {name for one in value for name in members_of(one)}
    if not isinstance(value, dict):
        return set()
    inner = {name for key, one in value.items() if key not in FREE for name in members_of(one)}
    return value.keys() | inner


def told_by_set(tool: Tool) -> Iterator[Any]:
    yield tool("set", "debug", "true", "--dry-run").data
    yield tool("set-logs", "--max-size", "5m", "--driver", "local", "--yes").data
    container_record(tool, "web", "syslog")
    yield tool("set-logs", "--max-size", "7m", "--existing", "all", "--yes").data


def container_record(tool: Tool, name: str, driver: str) -> None:
    path = tool.root / "var/lib/docker/containers" / identifier(name) / "hostconfig.json"
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps({**record, "LogConfig": {"Type": driver, "Config": {}}}), encoding="utf-8")
    tool.services.boot(running=("web", "job"))


def told_by_show(tool: Tool) -> Iterator[Any]:
    yield tool("show").data
    yield tool("show", "debug").data
    yield tool("show", "--effective").data


def told_by_check(tool: Tool) -> Iterator[Any]:
    yield tool("check").data


def told_by_move_storage(tool: Tool) -> Iterator[Any]:
    yield tool("move-storage", "/mnt/data", "--yes").data
    yield tool("move-storage", "/mnt/data", "--yes").data


def told_by_status(tool: Tool) -> Iterator[Any]:
    tool("move-storage", "/mnt/data", "--yes")
    tool("set", "debug", "true", "--yes", "--confirm-within", "1h")
    tool.elsewhere('"debug": true', '"debug": false')
    yield tool("status").data
    tool.path.write_text("{")
    yield tool("status").data


def told_by_logs(tool: Tool) -> Iterator[Any]:
    log = (
        tool.root
        / "var/lib/docker/containers"
        / identifier("database")
        / f"{identifier('database')}-json.log"
    )
    for name in (log, log.with_name(f"{log.name}.1")):
        name.write_bytes(b"{}\n" * 30_000)
    yield tool("logs").data
    yield tool("logs", "trim", "--max-size", "10k", "--yes").data


def told_by_usage(tool: Tool) -> Iterator[Any]:
    yield tool("usage").data


def told_by_runs(tool: Tool) -> Iterator[Any]:
    yield tool("resume").data
    tool("move-storage", "/mnt/data", "--yes")
    yield tool("rollback", "--yes").data
    tool("move-storage", "/mnt/data", "--yes")
    yield tool("finish", "--yes").data


def told_by_history(tool: Tool) -> Iterator[Any]:
    tool("set-logs", "--max-size", "7m", "--existing", "all", "--yes")
    tool("move-storage", "/mnt/data", "--yes")
    answer = tool("history").data
    yield answer
    yield [run["summary"] | {"trees": []} for run in answer["runs"]]
    yield tool("history", "1").data


def told_by_maintenance(tool: Tool) -> Iterator[Any]:
    tool.services.write(engine={"networks": [network("lonely")]})
    yield tool("maintenance", "run", "--volumes").data
    yield tool("maintenance", "enable").data
    yield tool("maintenance", "status").data
    yield tool("maintenance", "disable").data


def told_by_demo(tool: Tool) -> Iterator[Any]:
    yield tool("demo").data


SECTIONS: Final[dict[str, Callable[[Tool], Iterator[Any]]]] = {
    "set-logs, set, unset and merge": told_by_set,
    "show": told_by_show,
    "check": told_by_check,
    "move-storage": told_by_move_storage,
    "status": told_by_status,
    "logs": told_by_logs,
    "usage": told_by_usage,
    "resume, rollback, confirm and finish": told_by_runs,
    "history": told_by_history,
    "maintenance": told_by_maintenance,
    "demo": told_by_demo,
}


@pytest.mark.parametrize("title", SECTIONS)
def test_the_reference_has_each_member_of_the_data_that_commands_answer(title: str, tool: Tool) -> None:
    answers = [*SECTIONS[title](tool)]
    described = section(text("docs/reference/json.md"), f"data of {title}")
    assert members_of(answers) - set(CODE.findall(described)) == set()
    named = first_column(described, "member") | {word for word in CODE.findall(described) if "_" in word}
    assert named - members_of(answers) - Result.__dataclass_fields__.keys() == set()


def test_the_reference_has_a_section_for_each_answer() -> None:
    titles = re.findall(r"(?m)^## data of (.*)$", text("docs/reference/json.md"))
    assert titles == list(SECTIONS)
    named = {name for title in titles for name in re.split(r", | and ", title)}
    assert named == set(COMMANDS)
