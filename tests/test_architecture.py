"""The shape of the code: who may import whom, and who alone may start programs or rename files."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).resolve().parent.parent / "dockerd_cfg"
# From the lowest up: a module may import from its own layer and from those below it.
LAYERS: Final = (
    ("copier",),
    (
        "paths",
        "errors",
        "findings",
        "documents",
        "signals",
        "masking",
        "quantities",
        "json_value",
        "tracing",
        "own_program",
    ),
    ("runner", "files", "limits", "locks", "append_only"),
    ("change", "host"),
    ("service",),
    ("config",),
    ("storage", "logs", "maintenance"),
    ("usage",),
    ("steps",),
    ("sandbox", "offline"),
    ("cli", "__main__"),
)
RANK: Final = {name: rank for rank, names in enumerate(LAYERS) for name in names}
# A program of its own, run by the runner: it forks, and makes room in the copy for what it copies.
COPIER: Final = "copier"
MOST_LINES: Final = 330
PROCESS_MODULES: Final = {"sh", "subprocess", "multiprocessing", "pty"}
PROCESS_CALLS: Final = {
    f"os.{name}" for name in ("system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp")
} | {f"os.{verb}{ending}" for verb in ("exec", "spawn") for ending in ("l", "le", "lp", "v", "ve", "vp")}
FILE_CALLS: Final = {"os.replace", "os.rename", "os.unlink", "os.remove", "shutil.rmtree", "shutil.move"}
MEANINGLESS: Final = ("util", "utils", "manager", "handler", "helper", "helpers", "misc", "common")


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES: Final = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield each name that is imported; ``from a import b`` is ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer they reach for"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(module: str) -> set[str]:
    """Return the modules of ours that ``module`` imports, each by its longest name that is a module."""
    found = set()
    for name in imported(tree_of(module)):
        parts = name.split(".")
        if parts[0] == PACKAGE.name:
            shortened = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
            found.add(next(known for known in shortened if known in MODULES))
    return found


def layer(module: str) -> str | None:
    """Return the part of the package a module belongs to; the package itself, which holds the version, has none."""
    return module.split(".")[1] if "." in module else None


def named_attributes(tree: ast.AST) -> set[str]:
    """Return each ``module.name`` that is spoken of, whether as an attribute or by a from-import."""
    spoken = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return spoken | set(imported(tree))


def test_every_module_has_its_place_in_the_layers() -> None:
    assert {layer(module) for module in MODULES} - {None} == set(RANK)


def test_no_module_imports_from_a_layer_above_its_own() -> None:
    def rank(module: str) -> int:
        here = layer(module)
        return -1 if here is None else RANK[here]

    upward = {
        (module, name)
        for module in MODULES
        for name in own_imports(module)
        if layer(name) is not None and rank(name) > rank(module)
    }

    assert upward == set()


@pytest.mark.parametrize(("one", "other"), [("change", "host"), ("host", "change")], ids=str)
def test_neither_the_engine_nor_the_host_knows_of_the_other(one: str, other: str) -> None:
    knowing = {
        module
        for module in MODULES
        if layer(module) == one and other in {layer(name) for name in own_imports(module)}
    }

    assert knowing == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    waiting = {module: own_imports(module) - {module} for module in MODULES}
    while free := [module for module, needed in waiting.items() if not needed & waiting.keys()]:
        for module in free:
            del waiting[module]

    assert waiting == {}


def test_the_copier_needs_nothing_else_of_ours() -> None:
    modules = [module for module in MODULES if layer(module) == COPIER]

    assert {layer(name) for module in modules for name in own_imports(module)} == {COPIER}


def test_only_the_runner_starts_programs() -> None:
    spoken = {(module, name) for module in MODULES for name in named_attributes(tree_of(module))}
    starting = {
        (module, name)
        for module, name in spoken
        if name in PROCESS_CALLS or name.split(".")[0] in PROCESS_MODULES
    }
    allowed = {(module, "os.fork") for module in MODULES if layer(module) == COPIER}

    assert {one for one in starting if one[0] != "dockerd_cfg.runner"} <= allowed


def test_only_the_file_gateway_renames_and_removes() -> None:
    spoken = {(module, name) for module in MODULES for name in named_attributes(tree_of(module))}
    changing = {(module, name) for module, name in spoken if name in FILE_CALLS and layer(module) != "files"}

    assert changing <= {("dockerd_cfg.copier.folders", "os.unlink")}


def test_only_the_file_gateway_renames_and_removes_by_way_of_paths() -> None:
    called = {
        (module, node.func.attr)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    changing = {module for module, name in called if name in {"unlink", "rmdir"} and layer(module) != "files"}

    assert changing <= {"dockerd_cfg.copier.folders"}


def test_a_modules_name_says_what_is_in_it() -> None:
    words = {(module, word) for module in MODULES for word in module.rpartition(".")[2].split("_")}

    assert {module for module, word in words if word in MEANINGLESS} == set()


def test_a_module_is_short_enough_to_be_read_at_once() -> None:
    lines = {module: path.read_text(encoding="utf-8").count("\n") for module, path in MODULES.items()}

    assert {module: count for module, count in lines.items() if count >= MOST_LINES} == {}


def test_every_module_begins_with_what_it_is_for() -> None:
    assert [module for module in MODULES if not ast.get_docstring(tree_of(module))] == []
