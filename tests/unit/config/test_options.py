"""The reference of the options and the typed view of them: in step with the schema, complete, and no laxer than it."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from dockerd_cfg.config.catalogue import options, schema
from dockerd_cfg.config.check import check_bytes
from dockerd_cfg.config.options import DaemonOptions

PROJECT: Final = Path(__file__).resolve().parents[3]
CORPUS: Final = PROJECT.parent / "shared" / "corpus"
TYPE_ERRORS: Final = {"not-json", "wrong-type", "log-option-not-a-string"}
WRONG: Final[Mapping[str, tuple[Any, ...]]] = {
    "array": ("text", 1, True),
    "boolean": ("true", 1, []),
    "integer": ("1", 1.5, True),
    "object": ("text", 1, []),
    "string": (1, True, ["text"]),
}


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_options", PROJECT / "tools/gen_options.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR: Final = _generator()
REFERENCE: Final = (PROJECT / "docs/reference/options.md").read_text(encoding="utf-8")
VALIDATOR: Final = Draft202012Validator(dict(schema()))


class Place(NamedTuple):
    """A place in daemon.json and its schema; ``[]`` in the path is an element of an array, ``*`` a name of a map."""

    path: tuple[str, ...]
    node: Mapping[str, Any]

    @property
    def name(self) -> str:
        return ".".join(self.path).replace(".[]", "[]")

    def document(self, value: Any) -> Any:
        """The daemon.json with nothing but ``value`` in this place."""
        for step in reversed(self.path):
            value = [value] if step == "[]" else {step: value}
        return value

    def inside(self) -> Iterator["Place"]:
        """This place, and all places inside it."""
        yield self
        inner = dict(self.node.get("properties", {}))
        inner |= {"*": self.node.get("additionalProperties"), "[]": self.node.get("items")}
        for step, node in inner.items():
            if isinstance(node, Mapping):
                yield from Place((*self.path, step), node).inside()


PLACES: Final = [
    place
    for key, known in options().items()
    if known.no_effect is None
    for place in Place((key,), known.schema).inside()
]
CORPUS_FILES: Final = {
    f"{path.parent.name}/{path.stem}": path.read_bytes() for path in sorted(CORPUS.glob("*/*.json"))
}
WELL_TYPED: Final = {
    name: data
    for name, data in CORPUS_FILES.items()
    if not TYPE_ERRORS & {finding.code for finding in check_bytes(data)}
}


def is_read(document: Any) -> bool:
    try:
        DaemonOptions.model_validate(document)
    except ValidationError:
        return False
    return True


def fields_of(view: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every field of the view by its dotted keys, those of the views it holds included."""
    for field in view.model_fields.values():
        yield f"{prefix}{field.alias}"
        for inner in views_in(field.annotation):
            yield from fields_of(inner, f"{prefix}{field.alias}.")


def views_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from views_in(inner)


def fields_wanted(nodes: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Every key that has a type of its own; the names in a map are data."""
    for key, node in nodes.items():
        yield f"{prefix}{key}"
        entry = node.get("additionalProperties") or node.get("items") or node
        yield from fields_wanted(entry.get("properties", {}) if entry else {}, f"{prefix}{key}.")


@pytest.mark.parametrize("name", GENERATOR.generated())
def test_what_is_on_disk_is_what_the_schema_gives_so_run_make_schemas(name: str) -> None:
    assert (PROJECT / name).read_text(encoding="utf-8") == GENERATOR.generated()[name]


def test_a_check_tells_of_files_that_differ_and_writes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(GENERATOR, "ROOT", tmp_path)
    for name in GENERATOR.generated():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("old", encoding="utf-8")

    monkeypatch.setattr("sys.argv", ["gen_options.py", "--check"])
    assert GENERATOR.main() == 1
    assert {(tmp_path / name).read_text(encoding="utf-8") for name in GENERATOR.generated()} == {"old"}
    complaint = capsys.readouterr().err
    assert [name for name in GENERATOR.generated() if name not in complaint] == []

    monkeypatch.setattr("sys.argv", ["gen_options.py"])
    assert GENERATOR.main() == 0
    monkeypatch.setattr("sys.argv", ["gen_options.py", "--check"])
    assert GENERATOR.main() == 0


@pytest.mark.parametrize("key", options())
def test_the_reference_describes_every_option(key: str) -> None:
    known = options()[key]
    if known.no_effect is None and known.until is None:
        section = REFERENCE.partition(f"\n### {key}\n")[2].partition("\n##")[0]
        assert known.description in section
        assert f"[`{key}`](#{key})" in REFERENCE
    else:
        row = REFERENCE.partition("\n## Names without effect\n")[2].partition(f"\n| `{key}` |")[2]
        assert known.instead is None or known.instead[1:] in row.partition("\n")[0]
        assert row


@pytest.mark.parametrize(
    "place",
    [one for one in PLACES if "." in one.name and "description" in one.node],
    ids=lambda one: one.name,
)
def test_the_reference_describes_every_member(place: Place) -> None:
    name = place.name.replace("default-network-opts.*", "default-network-opts.DRIVER").replace(".*", ".NAME")
    row = REFERENCE.partition(f"\n| `{name}` |")[2].partition("\n")[0]
    assert place.node["description"] in row
    assert all(driver in row for driver in place.node.get("x-log-drivers", []))


def test_the_view_has_a_field_for_each_working_option_and_no_other() -> None:
    working = {key: known.schema for key, known in options().items() if known.no_effect is None}
    assert list(fields_of(DaemonOptions)) == list(fields_wanted(working))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_examples_and_defaults_are_accepted_by_the_view_and_the_schema(place: Place) -> None:
    values = [*place.node.get("examples", []), *([place.node["default"]] if "default" in place.node else [])]
    documents = [place.document(value) for value in values]
    assert [one for one in documents if not is_read(one)] == []
    assert [one for one in documents if not VALIDATOR.is_valid(one)] == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_values_of_another_type_are_refused_by_the_view_and_the_schema(place: Place) -> None:
    documents = [place.document(value) for value in WRONG[place.node["type"]]]
    assert [one for one in documents if is_read(one)] == []
    assert [one for one in documents if VALIDATOR.is_valid(one)] == []


@pytest.mark.skipif(
    not CORPUS_FILES, reason="the corpus of real daemon.json files is not beside the checkout"
)
@pytest.mark.parametrize("data", WELL_TYPED.values(), ids=WELL_TYPED.keys())
def test_real_files_without_errors_of_type_are_read(data: bytes) -> None:
    text = data.decode("utf-8-sig")
    DaemonOptions.model_validate(json.loads(text) if text.strip() else {})


def test_what_is_read_has_attributes_and_keeps_unknown_names() -> None:
    text = '{"data-root": "/mnt", "dns": ["192.0.2.53"], "builder": {"gc": {"defaultKeepStorage": "20GB"}}, "x-y": 1}'
    view = DaemonOptions.model_validate_json(text)
    assert view.data_root == "/mnt"
    assert view.dns == ("192.0.2.53",)
    assert view.builder is not None
    assert view.builder.gc is not None
    assert view.builder.gc.default_keep_storage == "20GB"
    assert view.model_extra == {"x-y": 1}
    assert view.model_dump(by_alias=True, exclude_unset=True, mode="json") == json.loads(text)


def test_absent_and_null_are_none() -> None:
    assert DaemonOptions.model_validate({"debug": None}) == DaemonOptions(debug=None)
    assert DaemonOptions().live_restore is None


def test_a_view_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        DaemonOptions(debug=True).debug = False  # type: ignore[misc]
