"""What the tool says: the answer on standard output, everything else on standard error. Nothing else prints."""

import os
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TextIO

from dockerd_cfg.cli.result import Result
from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.findings import Finding
from dockerd_cfg.masking import masked
from dockerd_cfg.quantities import shown_bytes

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

    def inner(self) -> "Report":
        """Return a report to the same user for commands within a command: one stream, no answer for programs."""
        stream = self._err if self._as_json else self._out
        return Report(out=stream, err=stream)

    def answer(self, text: str) -> None:
        """Print a piece of the answer for people."""
        if not self._as_json:
            self._write(self._out, f"{text}\n")

    def result(self, result: Result) -> None:
        """Print the answer for programs, if that is what was asked for."""
        if self._as_json:
            self._write(self._out, result.as_json() + "\n")

    def diff(self, text: str) -> None:
        """Print a unified diff as part of the answer."""
        painted = []
        for line in text.splitlines():
            colour = "green" if line.startswith("+") else "red" if line.startswith("-") else None
            painted.append(self._painted(line, colour, self._out) if colour else line)
        self.answer("\n".join(painted))

    def say(self, text: str) -> None:
        """Tell the user something that is not the answer."""
        self._end_bar()
        self._write(self._err, f"{text}\n")

    def findings(self, findings: Iterable[Finding]) -> None:
        """Tell the user each finding with its place and hint."""
        for finding in findings:
            colour = "red" if finding.is_error else "yellow"
            place = f" (line {finding.line}, column {finding.column})" if finding.line else ""
            self.say(f"{self._painted(finding.severity, colour, self._err)}: {finding.message}{place}")
            if finding.hint:
                self.say(f"  hint: {finding.hint}")

    def failure(self, error: DockerdCfgError, command: str) -> None:
        """Tell what went wrong, what state the host is in, and what to do."""
        self.findings(finding for finding in error.findings if finding.message not in error.message)
        self.say(f"{self._painted('error', 'red', self._err)}: {error.message}")
        if error.state:
            self.say(f"  state: {error.state}")
        if error.hint:
            self.say(f"  hint: {error.hint}")
        self.result(Result.of_error(command, error))

    def plan(self, plan: "Plan") -> None:
        """Print a plan as part of the answer."""
        self.answer(self._painted("Plan", "bold", self._out))
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
            self.say(f"{place} {self._painted('failed', 'red', self._err)}: {entry.error}")
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
        self._bar.tell(done_bytes, total_bytes, f"{note} ({done_files} files)")

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.end()
            self._bar = None

    def _painted(self, text: str, colour: str, stream: TextIO) -> str:
        if self._as_json or not _is_terminal(stream) or os.environ.get("NO_COLOR"):
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        """Write, and carry on when nobody listens: a lost connection must not end an undo halfway."""
        try:
            stream.write(masked(text))
            stream.flush()
        except (BrokenPipeError, OSError, ValueError):
            return


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
        Report._write(self._stream, f"        {note}: {shown_bytes(done)}{of}, {shown_bytes(rate)}/s{left}\n")  # noqa: SLF001

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
