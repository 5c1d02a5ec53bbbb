"""The documents say what the code says: every command and option, and links that lead somewhere."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
import typer

from dockerd_cfg.cli.app import COMMANDS, build_app, completed
from tests.unit.cli.test_config_commands import Tool

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("playbooks/**/*.md")],
)
LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def text(*names: str) -> str:
    return ROOT.joinpath(*names).read_text(encoding="utf-8")


def command_of(name: str) -> Any:
    """Return the command ``name`` as typer made it; its classes are typer's or click's, by version."""
    program: Any = typer.main.get_command(build_app(None))
    return program.commands[name]


def parameters_of(name: str) -> list[Any]:
    """Return the parameters of a command, with those of the verbs below it."""
    command = command_of(name)
    verbs = getattr(command, "commands", {}).values()
    return [*command.params, *(one for verb in verbs for one in verb.params)]


def options_of(name: str) -> set[str]:
    """Return the options of a command, with those of the verbs below it."""
    return {option for one in parameters_of(name) for option in (*one.opts, *one.secondary_opts)}


def every_option() -> set[str]:
    """Return the options of all commands: one may speak of another's."""
    return {option for name in COMMANDS for option in options_of(name)} | {"--help"}


def section_of(name: str) -> str:
    """Return what the reference says of the command ``name``."""
    return text("docs/reference/commands.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_has_every_command_with_its_options(name: str) -> None:
    section = section_of(name)
    assert f"dockerd-cfg {name}" in section
    parameters = [one for one in parameters_of(name) if not getattr(one, "hidden", False)]
    options = {option for one in parameters for option in (*one.opts, *one.secondary_opts)}
    missing = {
        option
        for option in options
        if option.startswith("-") and not re.search(rf"(?<![\w-]){option}(?![\w-])", section)
    }
    assert not missing
    stale = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section)) - every_option()
    assert not stale


def test_the_help_texts_in_the_reference_are_those_of_the_program() -> None:
    generator = ROOT / "tools/gen_commands.py"
    checked = subprocess.run([sys.executable, generator, "--check"], check=False, cwd=ROOT)
    assert checked.returncode == 0, "write them anew: make schemas"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_every_command(name: str) -> None:
    assert re.search(rf"\b{name}\b", text("README.md"))


def test_the_readme_tells_which_commands_share_which_options() -> None:
    shared = text("README.md").partition("\n## Options shared\n")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| (`-.*?) \| .* \| (.*) \|$", shared)
    assert len(rows) == 9
    for options, commands in rows:
        names = set(re.findall(r"--[a-z-]+", options))
        having = {name for name in COMMANDS if names <= options_of(name)}
        listed, _, left_out = commands.partition("all but ")
        wanted = set(COMMANDS) - set(left_out.split(" and ")) if not listed else set(listed.split(", "))
        assert having == (set(COMMANDS) if commands == "all" else wanted), options


def test_the_readme_tells_how_to_see_it_and_how_to_test_it() -> None:
    top = "".join(text("README.md").partition("\n## ")[:1])
    assert "make demo" in top
    assert "make test" in top


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    targets = [
        link.partition("#")[0]
        for link in LINK.findall(document.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", link)
    ]
    broken = [target for target in targets if target and not (document.parent / target).exists()]
    assert not broken


def test_every_variable_of_the_collection_is_described() -> None:
    collection = ROOT / "playbooks/ansible_collections/dockerd_cfg/docker"
    files = [*collection.glob("playbooks/*.yml"), *collection.glob("roles/*/tasks/*.yml")]
    used = {name for file in files for name in re.findall(r"\bdockerd_cfg_[a-z_]+", file.read_text("utf-8"))}
    # what the tasks keep for each other, and what the documents describe
    inner = {name for file in files for name in _set_in(file.read_text("utf-8"))}
    assert used - inner <= set(
        re.findall(r"`(dockerd_cfg_[a-z_]+)`", (collection / "README.md").read_text("utf-8"))
    )


def _set_in(playbook: str) -> set[str]:
    return set(re.findall(r"(?:register: |^ +)(dockerd_cfg_[a-z_]+)(?:$|:)", playbook, re.MULTILINE))


def shown_commands() -> list[tuple[str, str]]:
    """Return each command line in an indented block of the documents, with the document."""
    found = []
    for document in DOCUMENTS:
        if "reference/commands" in str(document) or document.name == "CHANGELOG.md":
            continue
        for line in document.read_text(encoding="utf-8").splitlines():
            match = re.match(r"\s{4,}(?:\$ )?(?:sudo )?dockerd-cfg ([a-z].*)", line)
            if match:
                found.append((str(document.relative_to(ROOT)), match[1].partition(" # ")[0].strip()))
    return found


@pytest.mark.parametrize(("document", "line"), shown_commands())
def test_every_command_line_in_the_documents_is_one(document: str, line: str) -> None:  # noqa: ARG001  # names the case
    words = shlex.split(line.replace("[RUN]", "3").replace(" -> ", " "))
    session = SimpleNamespace(act_on=lambda root: root)
    command_of(words[0]).make_context(words[0], completed(words, words[0])[1:], obj=session)


def test_old_data_has_a_name_like_the_one_in_the_how_to(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = re.findall(r"docker\.old-\S+", text("docs/how-to/undo.md"))
    assert Tool(sandbox, monkeypatch)("move-storage", "/mnt/data", "--yes").code == 0
    (old,) = sandbox.glob("var/lib/docker.old-*")
    assert re.sub(r"\d", "0", old.name) == re.sub(r"\d", "0", shown)


def test_the_example_in_the_readme_is_what_the_demo_shows() -> None:
    block = text("README.md").partition("From `make demo`, unchanged:")[2].partition("\n## ")[0]
    example = [line[4:] for line in block.splitlines() if line.startswith("    ")]
    argv = [sys.executable, "-m", "dockerd_cfg", "demo"]
    done = subprocess.run(
        argv, check=True, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
    )
    assert set(example) <= set(done.stdout.splitlines())
