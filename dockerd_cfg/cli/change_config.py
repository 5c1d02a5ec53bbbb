"""The commands that change any option of daemon.json: set, unset, merge."""

import shlex
from collections.abc import Sequence
from typing import Annotated

import typer

from dockerd_cfg.cli.change_carried_out import Edits, Wish, change_config
from dockerd_cfg.cli.options import (
    ConfigFile,
    ConfirmWithin,
    Diff,
    DryRun,
    Force,
    Json,
    RestartMode,
    Root,
    Verbose,
    Yes,
    session_of,
)
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.config.daemon_json import parse
from dockerd_cfg.config.edits import merge_edits, set_edits, unset_edits
from dockerd_cfg.errors import InvalidConfig, UsageProblem
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.paths import HostPath


def set_(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="An option, dotted where nested: log-opts.max-size.")
    ],
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="Its value; arrays as JSON or with commas, objects as JSON."),
    ],
    restart: RestartMode = "auto",
    force: Force = None,
    confirm_within: ConfirmWithin = None,
    config_file: ConfigFile = None,
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Give one option of daemon.json a value, and prove that Docker uses it."""
    session = session_of(context, "set", dry_run=dry_run, yes=yes, diff=diff)
    if value.startswith("-") and "--" not in session.argv:
        word = _as_typed(context, session.argv, value)
        if not word[1:].isdigit():
            raise UsageProblem(f"there is no option {word}", hint=_as_value(session.argv, word))
    forced = force or []
    return change_config(
        session,
        Wish(restart, forced, confirm_within, config_file),
        lambda file, version: Edits(
            edits=set_edits(file, key, value, force=forced, version=version),
            settled=f"{file.path} sets {key} so already",
            done=f"{key} is set",
        ),
    )


def _as_typed(context: typer.Context, argv: Sequence[str], value: str) -> str:
    """Return the word that ``value`` was in ``argv``: of -y1 typer takes -y for an option, and leaves -1."""
    short = {name[1] for one in context.command.params for name in one.opts if len(name) == len("-y")}

    def is_left_of(word: str) -> bool:
        return word[:1] == "-" and [letter for letter in word[1:] if letter not in short] == [*value[1:]]

    return next(word for word in argv if word == value or is_left_of(word))


def _as_value(argv: Sequence[str], value: str) -> str:
    """Return the hint how to write a value that looks like an option: behind all options."""
    from dockerd_cfg.cli.log import masked_words  # noqa: PLC0415  # brings logging

    place = list(argv).index(value)
    words = masked_words(argv)
    last = words.pop(place)
    return f"if it is the value, write: {shlex.join(['dockerd-cfg', *words, '--', last])}"


def unset(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="An option, dotted where nested: log-opts.max-size.")
    ],
    restart: RestartMode = "auto",
    force: Force = None,
    confirm_within: ConfirmWithin = None,
    config_file: ConfigFile = None,
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Take one option out of daemon.json, so that Docker's default holds again."""
    session = session_of(context, "unset", dry_run=dry_run, yes=yes, diff=diff)
    return change_config(
        session,
        Wish(restart, force or [], confirm_within, config_file),
        lambda file, version: Edits(
            edits=unset_edits(file, key, version=version),
            settled=f"{file.path} does not set {key}",
            done=f"{key} is no longer set",
        ),
    )


def merge(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A JSON merge patch (RFC 7396); - for standard input.")
    ],
    unset: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Take KEY out too, dotted where nested, if it is set; repeatable."),
    ] = None,
    restart: RestartMode = "auto",
    force: Force = None,
    confirm_within: ConfirmWithin = None,
    config_file: ConfigFile = None,
    *,
    dry_run: DryRun = False,
    diff: Diff = True,
    yes: Yes = False,
    root: Root = None,
    json: Json = False,
    verbose: Verbose = False,
) -> Result:
    """Merge a JSON patch into daemon.json: null takes an option out, objects are merged, the rest is set."""
    session = session_of(context, "merge", dry_run=dry_run, yes=yes, diff=diff)
    patch = _read_patch(session, file)
    return change_config(
        session,
        Wish(restart, force or [], confirm_within, config_file),
        lambda present, version: Edits(
            edits=merge_edits(present, patch, unset=unset or (), version=version),
            settled=f"{present.path} says so already",
            done=f"{'the patch' if file == '-' else file} is merged",
        ),
    )


def _read_patch(session: Session, name: str) -> dict[str, JsonValue]:
    data = session.contents(name, "a patch")
    shown = HostPath("standard input" if name == "-" else name)
    if not data.strip():
        raise InvalidConfig(f"{shown} is empty", hint='a patch is a JSON object, such as {"debug": true}')
    return parse(data, shown).value
