"""The options that commands share, as typer wants them."""

from typing import Annotated

import typer

from dockerd_cfg import tracing
from dockerd_cfg.cli.session import Session

DryRun = Annotated[bool, typer.Option("--dry-run", help="Compute and show everything, change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Consent to what would be asked for.")]
Diff = Annotated[bool, typer.Option("--diff/--no-diff", help="Show what changes in files.")]
RunId = Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's number or id; see history.")]
RestartMode = Annotated[
    str,
    typer.Option(
        "--restart",
        metavar="auto|never|always",
        help="auto: nothing, a reload or a restart, as the changed keys need; never: only write.",
    ),
]
Force = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY", help="Write KEY although it is refused, such as a plugin's log driver; repeatable."
    ),
]
ConfirmWithin = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Undo it all after DURATION (90s, 10m) unless confirm comes."),
]
ConfigFile = Annotated[
    str | None, typer.Option("--config-file", metavar="PATH", help="Another daemon.json than dockerd's own.")
]


def _act_on(context: typer.Context, root: str | None) -> str | None:
    if root is not None:
        session: Session = context.obj
        session.act_on(root)
    return root


Root = Annotated[
    str | None,
    typer.Option(
        "--root",
        metavar="DIR",
        callback=_act_on,
        help="Act on the system in DIR, which does not run: an image, a chroot, a rescue disk.",
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Tell which programs are run and what Docker is asked.")
]


def session_of(
    context: typer.Context, command: str, *, dry_run: bool = False, yes: bool = False, diff: bool = True
) -> Session:
    """Return the session of this call, told what its options say."""
    session: Session = context.obj
    session.command = command
    if context.params.get("verbose"):
        tracing.listen(session.report.say)
    session.is_dry_run, session.says_yes, session.shows_diff = dry_run, yes, diff
    return session
