"""Write the JSON Schemas of the documents this project owns, generated from their models."""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from dockerd_cfg.change.journal import Entry
from dockerd_cfg.change.plan import Plan
from dockerd_cfg.cli.result import Result
from dockerd_cfg.steps import KINDS

SCHEMAS: Final = Path(__file__).resolve().parent.parent / "schemas"
_MODELS: Final[dict[str, type]] = {"plan": Plan, "journal-entry": Entry, "result": Result}
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def generated() -> dict[str, str]:
    """Return the text of each schema file, by its name."""
    return {f"{name}.schema.json": _text(_schema(name, model)) for name, model in _MODELS.items()}


def _schema(name: str, model: type) -> dict[str, Any]:
    schema = TypeAdapter(model).json_schema()
    if name == "plan":
        _name_steps(schema)
    if name == "result":
        _close(schema)
    return {"$schema": _DIALECT, **schema}


def _close(schema: dict[str, Any]) -> None:
    """Let objects of the schema have no members but those named: dataclasses do not say so of themselves."""
    for node in (schema, *schema.get("$defs", {}).values()):
        node["additionalProperties"] = False


def _name_steps(schema: dict[str, Any]) -> None:
    """A plan's steps are of the kinds there are: say so, instead of the open base class."""
    definitions = schema.setdefault("$defs", {})
    for kind, step in KINDS.items():
        own = step.model_json_schema()
        definitions |= own.pop("$defs", {})
        own["required"] = sorted({*own.get("required", []), "kind"})
        definitions[kind] = own
    definitions.pop("Step", None)
    any_step = {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS]}
    for part in ("steps", "finish"):
        schema["properties"][part]["items"] = any_step


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, text in generated().items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")
