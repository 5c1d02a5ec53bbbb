"""The schemas that are shipped, against the models they describe and documents as they are written."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host

PROJECT = Path(__file__).resolve().parents[2]


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_schemas", PROJECT / "tools/gen_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _schema(name: str) -> Any:
    return json.loads((PROJECT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((PROJECT / "schemas").glob("*.json")), ids=lambda path: path.name)
def test_every_schema_is_a_valid_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_the_generated_schemas_are_those_of_the_models_so_run_make_schemas() -> None:
    for name, text in _generator().generated().items():
        assert (PROJECT / "schemas" / name).read_text(encoding="utf-8") == text


def test_what_a_move_writes_and_answers_fits_the_schemas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sandbox(tmp_path / "host")
    argv = ["move-storage", "/mnt/data", "--yes", "--json"]
    assert run(argv, make_host=lambda: sandbox_host(tmp_path / "host"), report=Report(as_json=True)) == 0
    Draft202012Validator(_schema("result")).validate(json.loads(capsys.readouterr().out))
    folder = tmp_path / "host/var/lib/dockerd-cfg/runs/0001-move-storage"
    Draft202012Validator(_schema("plan")).validate(
        json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    )
    entry = Draft202012Validator(_schema("journal-entry"))
    for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        entry.validate(json.loads(line))


def test_an_error_fits_the_schema_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["move-storage", "relative", "--json"], report=Report(as_json=True)) == 2
    answer = json.loads(capsys.readouterr().out)
    Draft202012Validator(_schema("result")).validate(answer)
    assert answer["error"]["code"] == "usage"
