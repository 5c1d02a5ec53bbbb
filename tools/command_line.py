"""What the program's command line is, read from the program: for the reference, the manual pages and the completion."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import typer

from dockerd_cfg.cli.app import COMMANDS, build_app
from dockerd_cfg.config.catalogue import find_option, options
from dockerd_cfg.config.log_drivers import DRIVERS, known_options

ROOT: Final = Path(__file__).resolve().parents[1]
REFERENCE: Final = ROOT / "docs/reference/commands.md"

Kind = Literal["words", "keys", "values", "folder", "file", "run", "text"]
_KINDS: Final[Mapping[str, Kind]] = {
    "KEY": "keys",
    "VALUE": "values",
    "TARGET": "folder",
    "FOLDER": "folder",
    "PATH": "file",
    "FILE": "file",
    "RUN": "run",
}


class Parameter(NamedTuple):
    """An option or an argument. ``kind`` says what may stand for it; ``words`` are the words, where they are known."""

    names: tuple[str, ...]
    metavar: str
    help: str
    default: str | None = None
    is_required: bool = False
    is_repeatable: bool = False
    kind: Kind = "text"
    words: tuple[str, ...] = ()

    @property
    def takes_value(self) -> bool:
        """Whether a word follows."""
        return bool(self.metavar)


class Command(NamedTuple):
    """A command of the program, or one that belongs to another; ``verbs`` are the names of those that belong to it."""

    name: str
    help: tuple[str, ...]
    arguments: tuple[Parameter, ...]
    options: tuple[Parameter, ...]
    verbs: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its name as one word: maintenance-enable."""
        return self.name.replace(" ", "-")

    @property
    def summary(self) -> str:
        """Its first sentence or two."""
        return self.help[0]


HELP: Final = Parameter(("--help",), "", "Show this message and exit.")
VERSION: Final = Parameter(("--version",), "", "Show the version.")


def program() -> tuple[str, tuple[Command, ...]]:
    """Return what the program is for, and its commands; those that belong to another follow it."""
    group: Any = typer.main.get_command(build_app(None))
    return group.help, tuple(one for name in COMMANDS for one in _commands(name, group.commands[name]))


def note(present: str, name: str) -> str:
    """Return what the reference ``present`` says of a command below its help text."""
    section = present.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    return re.sub(r"(?m)^    .*\n", "", section).strip()


def option_keys() -> tuple[str, ...]:
    """Return every option of daemon.json that can be set, dotted where nested."""
    return tuple(sorted(set(_keys())))


def values_of(key: str) -> tuple[str, ...]:
    """Return the values that the option ``key`` can have, where they are few."""
    option = find_option(key)
    if option is None:
        return ()
    if option.schema.get("type") == "boolean":
        return ("true", "false")
    if key == "log-driver":
        return tuple(DRIVERS)
    values = option.schema.get("enum")
    return (
        tuple(value for value in values if isinstance(value, str) and value)
        if isinstance(values, list)
        else ()
    )


def _keys() -> Iterator[str]:
    for name, option in options().items():
        yield from _nested(name, option.schema)
    yield from (f"log-opts.{name}" for driver in DRIVERS for name in known_options(driver, None) or ())


def _nested(key: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield key
    for name, member in schema.get("properties", {}).items():
        yield from _nested(f"{key}.{name}", member)


def _commands(name: str, command: Any) -> Iterator[Command]:
    verbs = getattr(command, "commands", {})
    if verbs:
        verb = Parameter((), "COMMAND", ", ".join(verbs), is_required=True, kind="words", words=tuple(verbs))
        yield _command(name, command)._replace(arguments=(verb,), verbs=tuple(verbs))
    else:
        yield _command(name, command)
    yield from (_command(f"{name} {one}", verbs[one]) for one in verbs)


def _command(name: str, command: Any) -> Command:
    paragraphs = tuple(" ".join(part.split()) for part in command.help.split("\n\n"))
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    return Command(
        name,
        paragraphs,
        tuple(_parameter(one, is_argument=True) for one in shown if one.param_type_name == "argument"),
        (*(_parameter(one, is_argument=False) for one in shown if one.param_type_name == "option"), HELP),
    )


def _parameter(one: Any, *, is_argument: bool) -> Parameter:
    names = () if is_argument else tuple(sorted((*one.opts, *one.secondary_opts), key=_long_last))
    takes = is_argument or not one.is_flag
    metavar = re.sub(r"[][{}]|\.\.\.", "", one.metavar or one.name.upper()) if takes else ""
    default = str(one.default) if takes and one.default is not None else None
    kind, words = _what(metavar)
    return Parameter(
        names, metavar, one.help or "", default, one.required, getattr(one, "multiple", False), kind, words
    )


def _long_last(name: str) -> tuple[bool, bool]:
    return name.startswith("--"), name.startswith("--no-")


def _what(metavar: str) -> tuple[Kind, tuple[str, ...]]:
    if metavar.islower():
        return "words", tuple(metavar.split("|"))
    if metavar == "DRIVER":
        return "words", tuple(DRIVERS)
    if metavar == "KEY=VALUE":
        return "words", tuple(
            sorted({f"{name}=" for driver in DRIVERS for name in known_options(driver, None) or ()})
        )
    return _KINDS.get(metavar, "text"), ()
