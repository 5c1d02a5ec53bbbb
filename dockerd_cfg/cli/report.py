"""What the tool says: the answer on standard output, everything else on standard error. Nothing else prints."""

import os
import sys
import time
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

from dockerd_cfg.cli.result import Result
from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.findings import Finding
from dockerd_cfg.masking import in_ascii, masked, visible
from dockerd_cfg.quantities import counted, shown_bytes

if TYPE_CHECKING:
    from dockerd_cfg.change.journal import Entry
    from dockerd_cfg.change.plan import Plan

_LINE_EVERY: Final = 5.0
_REDRAW_EVERY: Final = 0.2
_COLOURS: Final = {"red": "31", "yellow": "33", "green": "32", "bold": "1", "dim": "2"}


class Report:
    """Speaks to one user: a person at a terminal, a pipe, or (``as_json``) a program."""

    def __init__(
        self, *, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self._as_json = as_json
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._plan: Plan | None = None
        self._bar: _Bar | None = None
        self.lost: OSError | None = None
        """Why a part of the answer could not be written; None as well when a pipe's reader just had enough of it."""

    @property
    def is_terminal(self) -> bool:
        """Whether the answer goes to a person at a terminal."""
        return not self._as_json and _is_terminal(self._out)

    @property
    def is_unicode(self) -> bool:
        """Whether the answer can hold more than ASCII."""
        return "utf" in (getattr(self._out, "encoding", None) or "").lower()

    def inner(self) -> "Report":
        """Return a report to the same user for commands within a command: one stream, no answer for programs."""
        stream = self._err if self._as_json else self._out
        return Report(out=stream, err=stream)

    def answer(self, text: str) -> None:
        """Print a line of the answer for people."""
        if not self._as_json:
            self._line(self._out, text)

    def text(self, text: str) -> None:
        """Print lines of the answer for people, as they stand in a file."""
        for line in text.split("\n"):
            self.answer(line.removesuffix("\r"))

    def result(self, result: Result) -> None:
        """Print the answer for programs, if that is what was asked for."""
        if self._as_json:
            self._line(self._out, result.as_json())

    def diff(self, text: str) -> None:
        """Print a unified diff as part of the answer; carriage returns only where they are not all the line ends."""
        if self._as_json:
            return
        lines = text.removesuffix("\n").split("\n")
        ended = [
            line for line, after in pairwise([*lines[2:], ""]) if line[:1] in " +-" and after[:1] != "\\"
        ]
        if all(line.endswith("\r") for line in ended):
            lines = [line.removesuffix("\r") for line in lines]
        for line in lines:
            colour = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
            self._line(self._out, _Painted(line, colour))

    def say(self, text: str) -> None:
        """Tell the user something that is not the answer, in a line."""
        self._say(text)

    def _say(self, *pieces: "str | _Painted") -> None:
        self._end_bar()
        self._line(self._err, *pieces)

    def findings(self, findings: Iterable[Finding]) -> None:
        """Tell the user each finding with its place and hint."""
        for finding in findings:
            colour = "red" if finding.is_error else "yellow"
            place = f" (line {finding.line}, column {finding.column})" if finding.line else ""
            self._say(_Painted(finding.severity, colour), f": {finding.message}{place}")
            if finding.hint:
                self.say(f"  hint: {finding.hint}")

    def failure(self, error: DockerdCfgError, result: Result) -> None:
        """Tell what went wrong, what state the host is in, and what to do; programs are told ``result``."""
        self.findings(finding for finding in error.findings if finding.message not in error.message)
        self._say(_Painted("error", "red"), f": {error.message}")
        if error.state:
            self.say(f"  state: {error.state}")
        if error.hint:
            self.say(f"  hint: {error.hint}")
        self.result(result)

    def plan(self, plan: "Plan") -> None:
        """Print a plan as part of the answer."""
        if not self._as_json:
            self._line(self._out, _Painted("Plan", "bold"))
        for number, step in enumerate(plan.steps, start=1):
            self.answer(f"  {number:2}. {step.describe()}")
        for step in plan.finish:
            self.answer(f"  later, with “dockerd-cfg finish”: {step.describe()}")

    def follow(self, plan: "Plan") -> None:
        """From now on tell of every step of ``plan`` that the journal records."""
        self._plan = plan

    # Witness: sees every entry of the journal

    def recording(self, entry: "Entry") -> None:
        """Nothing is said of what may not happen."""

    def recorded(self, entry: "Entry") -> None:
        """Tell of a step that begins, fails or is undone."""
        if self._plan is None:
            return
        if entry.step is None:
            if entry.event == "reverting":
                self.say("Undoing:")
            return
        steps, regular = self._plan.all_steps, len(self._plan.steps)
        step = steps[entry.step]
        number, total = (
            (entry.step, regular) if entry.step < regular else (entry.step - regular, len(steps) - regular)
        )
        place = f"[{number + 1:2}/{total}]"
        if entry.event == "started":
            self.say(f"{place} {step.describe()}")
        elif entry.event == "failed":
            self._say(f"{place} ", _Painted("failed", "red"), f": {entry.error}")
        elif entry.event == "undoing":
            undo = step.describe_undo()
            if undo is not None:
                self.say(f"{place} {undo}")
        else:
            self._end_bar()

    # Progress

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Show how far a long step has come: a bar at a terminal, a line now and then elsewhere."""
        if self._bar is None:
            self._bar = _Bar(self._err, is_terminal=_is_terminal(self._err) and not self._as_json)
        self._bar.tell(done_bytes, total_bytes, f"{note} ({counted(done_files, 'file')})")

    def warn(self, message: str) -> None:
        """Tell what stops nothing, and what the user should look at."""
        self._say(_Painted("warning", "yellow"), f": {message}")

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.end()
            self._bar = None

    def _line(self, stream: TextIO, *pieces: "str | _Painted") -> None:
        """Print a line; every text that is shown goes this way, and loses its secrets and control characters here."""
        is_plain = self._as_json or not _is_terminal(stream) or bool(os.environ.get("NO_COLOR"))
        shown = ""
        for piece in pieces:
            text, colour = (piece, "") if isinstance(piece, str) else piece
            clean = visible(masked(text), kept="\t")
            shown += clean if is_plain or not colour else f"\x1b[{_COLOURS[colour]}m{clean}\x1b[0m"
        if self._as_json and not self.is_unicode and stream is self._out:
            shown = in_ascii(
                shown
            )  # JSON in any other encoding than UTF-8 is none; only now, when no secret is in it
        error = _write(stream, f"{shown}\n")
        if stream is self._out and not isinstance(error, BrokenPipeError):
            self.lost = self.lost or error


class _Painted(NamedTuple):
    """A piece of a line in a colour; empty: in none."""

    text: str
    colour: str


def _write(stream: TextIO, text: str) -> OSError | None:
    """Write, and carry on when nobody listens: a lost connection must not end an undo halfway. Returns what failed."""
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        return error
    except ValueError:
        return None  # the stream was closed
    return None


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class _Bar:
    """Progress of one step; appears after a second."""

    def __init__(self, stream: TextIO, *, is_terminal: bool) -> None:
        self._stream = stream
        self._begun = time.monotonic()
        self._told = self._begun + 1 - (_REDRAW_EVERY if is_terminal else _LINE_EVERY)
        self._is_terminal = is_terminal
        self._rich: Any = None
        self._task: Any = None

    def tell(self, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        if now - self._told < (_REDRAW_EVERY if self._is_terminal else _LINE_EVERY) or now - self._begun < 1:
            return
        self._told = now
        if self._is_terminal:
            self._draw(done, total, note)
            return
        rate = done / (now - self._begun)
        left = f", {max(0.0, total - done) / rate:.0f} s left" if rate and total > done else ""
        of = f" of {shown_bytes(total)}" if total else ""
        _write(self._stream, f"        {note}: {shown_bytes(done)}{of}, {shown_bytes(rate)}/s{left}\n")

    def _draw(self, done: int, total: int, note: str) -> None:
        from rich.console import Console  # noqa: PLC0415  # start-up counts; most runs draw nothing
        from rich.progress import (  # noqa: PLC0415  # likewise
            BarColumn,
            DownloadColumn,
            Progress,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        if self._rich is None:
            console = Console(file=self._stream)
            columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
            self._rich = Progress("        {task.description}", *columns, console=console, transient=True)
            self._rich.start()
            self._task = self._rich.add_task(note)
        self._rich.update(self._task, completed=done, total=max(total, done) or None, description=note)

    def end(self) -> None:
        if self._rich is not None:
            self._rich.stop()
