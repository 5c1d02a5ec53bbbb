"""The command line's entry: which commands there are, and the boundary that turns errors into messages and codes."""

import errno
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dockerd_cfg import __version__, signals, tracing
from dockerd_cfg.cli.report import Report
from dockerd_cfg.cli.result import Result
from dockerd_cfg.cli.session import Session
from dockerd_cfg.errors import EXIT_BUG, DockerdCfgError, FileProblem, Interrupted, UsageProblem
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.local import local_host

if TYPE_CHECKING:
    from dockerd_cfg.change.journal import Witness

# In the order of the work, with the module of each: a command imports what it needs, no more.
COMMANDS: Final = {
    "set-logs": "dockerd_cfg.cli.set_logs:set_logs",
    "set": "dockerd_cfg.cli.change_config:set_",
    "unset": "dockerd_cfg.cli.change_config:unset",
    "merge": "dockerd_cfg.cli.change_config:merge",
    "show": "dockerd_cfg.cli.show:show",
    "check": "dockerd_cfg.cli.check:check",
    "move-storage": "dockerd_cfg.cli.move_storage:move_storage",
    "status": "dockerd_cfg.cli.status:status",
    "logs": "dockerd_cfg.cli.logs:logs",
    "usage": "dockerd_cfg.cli.usage:usage",
    "resume": "dockerd_cfg.cli.runs:resume",
    "rollback": "dockerd_cfg.cli.rollback:rollback",
    "confirm": "dockerd_cfg.cli.runs:confirm",
    "finish": "dockerd_cfg.cli.finish:finish",
    "history": "dockerd_cfg.cli.history:history",
    "maintenance": "dockerd_cfg.cli.maintenance:maintenance",
    "demo": "dockerd_cfg.cli.demo:demo",
}
# Options whose value may be left out, which typer does not know of, with the value that is meant then.
_OPTIONAL_VALUES: Final = {"set-logs": {"--existing": "unlimited"}}


class UnexpectedProblem(DockerdCfgError):
    """A bug."""

    code = "bug"
    exit_code = EXIT_BUG


def build_app(command: str | None) -> typer.Typer:
    """Return the application with the command ``command`` only, with all of them (None: for help), or with none ("")."""
    app = typer.Typer(
        name="dockerd-cfg",
        help="Manage the Docker daemon's configuration and the place of its storage, with proof and undo.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def options(
        *,
        version: Annotated[  # its callback does it all
            bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
        ] = False,
    ) -> None:
        pass

    for name, place in COMMANDS.items():
        if command in {None, name}:
            module, _, attribute = place.partition(":")
            found = getattr(importlib.import_module(module), attribute)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name)
                continue
            # a value such as -1 is no option
            settings = {"ignore_unknown_options": True} if name == "set" else None
            app.command(name, context_settings=settings)(found)
    return app


def _show_version(*, value: bool) -> None:
    if value:
        sys.stdout.write(f"dockerd-cfg {__version__}\n")
        raise typer.Exit


def run(
    argv: Sequence[str],
    *,
    make_host: Callable[[], Host] = local_host,
    report: Report | None = None,
    witnesses: "tuple[Witness, ...]" = (),
) -> int:
    """Run the command line ``argv`` on the host of ``make_host`` and return the exit code. Never raises.

    ``witnesses`` see each entry of the journals written.
    """
    argv = argv or ["--help"]
    report = report or Report(as_json="--json" in argv)
    tracing.listen(None)
    session = Session(make_host, report, argv, witnesses=witnesses)
    sys.set_int_max_str_digits(0)  # numbers come from words: each place says itself what is too large there
    try:
        signals.install()
        return _answer(_call(argv, session), session)
    except DockerdCfgError as error:
        problem = error
    except OSError as error:
        problem = _refused(error)
    except Interrupted as interruption:
        problem = DockerdCfgError(f"interrupted by {interruption.signal_name}; nothing was changed")
    except Exception as error:  # noqa: BLE001  # the boundary: a bug must not end in a traceback
        problem = _bug(error, session)
    problem.hint = session.hint_here(problem.hint)
    report.failure(problem, session.failed(problem))
    return problem.exit_code


def _call(argv: Sequence[str], session: Session) -> Any:
    command = next((word for word in argv if not word.startswith("-")), None)
    session.command = command if command in COMMANDS else "dockerd-cfg"
    app = build_app("" if list(argv[:1]) == ["--version"] else command if command in COMMANDS else None)
    usage = _usage_errors()
    try:
        return app(
            completed(argv, session.command), prog_name="dockerd-cfg", standalone_mode=False, obj=session
        )
    except SystemExit:
        return 0  # the reader of a help text had enough of it
    except usage as error:
        raise UsageProblem(_usage_message(error), hint=_usage_hint(session)) from error


def completed(argv: Sequence[str], command: str) -> list[str]:
    """Return the command line ``argv`` of ``command`` with the values of options that were left out put in: before another option, or at the end."""
    values = _OPTIONAL_VALUES.get(command, {})
    words: list[str] = []
    for word, following in zip(argv, (*argv[1:], "-"), strict=True):
        words.append(f"{word}={values[word]}" if word in values and following.startswith("-") else word)
    return words


def _usage_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that typer raises for a wrong command line; typer brings click along since 0.16."""
    for name in ("typer._click.exceptions", "click.exceptions"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return (module.UsageError,)
    return ()


def _usage_message(error: Any) -> str:
    """Return what is wrong; of an argument that is missing only the formatted message tells the name."""
    format_message = getattr(error, "format_message", lambda: str(error))
    return str(format_message()).rstrip(".") or "wrong usage"


def _usage_hint(session: Session) -> str:
    return (
        "see: dockerd-cfg --help"
        if session.command == "dockerd-cfg"
        else f"see: dockerd-cfg {session.command} --help"
    )


def _answer(outcome: object, session: Session) -> int:
    """Give a command's result to programs; return the exit code, which it may bring along.

    Who cannot be given an answer is told that it failed, unless the host was changed: then it did not.
    """
    result, code = outcome if isinstance(outcome, tuple) else (outcome, 0)
    if not isinstance(result, Result):
        return result if isinstance(result, int) else 0
    session.report.result(result)
    if session.report.lost is None:
        return int(code)
    session.report.say(f"error: {_refused(session.report.lost, 'the answer cannot be written').message}")
    return int(code) or (0 if result.changed and not session.is_dry_run else FileProblem.exit_code)


def _refused(error: OSError, what: str = "the operating system refused something") -> FileProblem:
    """Return what to tell of an error that no gateway met: a limit of the process, an output that cannot be written."""
    place = f" ({error.filename})" if error.filename else ""
    return FileProblem(
        f"{what}{place}: {error.strerror or error}",
        hint="see the limits with: ulimit -a" if error.errno in {errno.EMFILE, errno.EFBIG} else None,
    )


def _bug(error: Exception, session: Session) -> UnexpectedProblem:
    """Log the traceback; return what to tell."""
    import logging  # noqa: PLC0415  # not for what works

    from dockerd_cfg.cli.log import log_to, masked_words  # noqa: PLC0415  # likewise

    path = log_to(session.host.layout)
    logging.getLogger(__name__).error("%s: a bug", masked_words(session.argv), exc_info=error)
    return UnexpectedProblem(
        f"a bug in dockerd-cfg: {type(error).__name__}: {error}",
        hint=f"please report it with the traceback in {path}; see also: dockerd-cfg status",
    )
