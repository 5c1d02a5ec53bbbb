"""The loop that carries a plan out, on and back: journal first, then act; undo strictly last first."""

import logging
from contextlib import suppress
from typing import Any, Final

from dockerd_cfg import signals
from dockerd_cfg.change.journal import Journal
from dockerd_cfg.change.plan import Before, Context, Listener, Plan, Step
from dockerd_cfg.errors import DockerdCfgError, FileProblem, Interrupted, RollbackFailed, StepFailed

_log: Final = logging.getLogger(__name__)
_UNDOING: Final = "undoing what was done; this must not be interrupted"


class Engine:
    """Carries out one plan on ``host``, which only the steps know."""

    def __init__(self, host: Any, plan: Plan, journal: Journal, progress: Listener) -> None:
        self._host = host
        self._plan = plan
        self._journal = journal
        self._progress = progress

    def apply(self) -> None:
        """Do every step that is not done yet.

        When one fails, or a signal comes, everything is undone: raises StepFailed, or RollbackFailed when that
        fails too. An exception that is no error of ours (a bug) is raised on after the undoing.
        """
        with signals.deferred():  # none may come between a failure and its undoing
            try:
                with signals.admitted():
                    self._go_on()
            except (Exception, Interrupted) as cause:
                self._undo_after(cause)
                raise

    def revert(self) -> None:
        """Undo every step that was started, last first; steps undone already are left out.

        Raises RollbackFailed at the first step that cannot be undone, without touching the ones before it; FileProblem
        when a run that was applied cannot be recorded as one that is undone, before anything is.
        """
        with signals.deferred(_UNDOING):
            if not self._journal.is_undoing:
                if self._journal.was_applied:
                    self._journal.reserve()
                self._journal.record("reverting")
            for number, step in reversed(list(enumerate(self._plan.steps))):
                before = self._journal.captured("started", number)
                if before is not None and not self._journal.has("undone", number):
                    self._undo(number, step, before)
            try:
                self._journal.record("reverted")
            except FileProblem as cause:
                raise _not_recorded(cause) from cause
            signals.close()

    def finish(self) -> None:
        """Take the steps there is no way back from. What is left by a failure is done by the next call."""
        if self._journal.state == "applied":
            self._journal.record("finishing")
        try:
            for number, step in enumerate(self._plan.finish, start=len(self._plan.steps)):
                if not self._journal.has("done", number):
                    self._do(number, step)
        except Interrupted as interruption:
            raise DockerdCfgError(
                f"interrupted by {interruption.signal_name}",
                state="part of the old data is deleted; Docker does not use it",
                hint="go on with: dockerd-cfg finish",
            ) from interruption
        with signals.deferred("all the old data is deleted already"):
            self._journal.record("finished")
            signals.close()

    def _go_on(self) -> None:
        self._begin_again_where_needed()
        for number, step in enumerate(self._plan.steps):
            if not self._journal.has("done", number):
                self._do(number, step)
        with signals.deferred():
            self._journal.record("applied")
            signals.close()

    def _begin_again_where_needed(self) -> None:
        """In a run that goes on, find the first step whose work no longer holds; record that it is done again."""
        first = None
        for number, step in reversed(list(enumerate(self._plan.steps))):
            before = self._journal.captured("started", number)
            holds = None if before is None else step.holds(self._context(), before)
            if holds:
                break
            if holds is False:
                first = number
        if first is not None:
            self._journal.record("again", step=first, kind=self._plan.steps[first].kind)

    def _do(self, number: int, step: Step) -> None:
        before = self._journal.captured("started", number)
        if before is None:
            before = step.capture(self._context())
            self._journal.record("started", step=number, kind=step.kind, before=before)
        step.apply(self._context(), before)
        self._journal.record("done", step=number, kind=step.kind)

    def _undo(self, number: int, step: Step, before: Before) -> None:
        try:
            if not self._journal.has("undoing", number):
                noted = step.capture_undo(self._context())
                self._journal.record("undoing", step=number, kind=step.kind, before=noted or None)
            step.revert(self._context(), before)
            self._journal.record("undone", step=number, kind=step.kind)
        except Exception as cause:
            _log.exception("undoing step %d (%s) failed", number, step.kind)
            with suppress(FileProblem):  # which may be the cause itself
                self._journal.record("needs-attention", step=number, kind=step.kind, error=str(cause))
            raise RollbackFailed(
                f"could not undo “{step.describe()}”: {cause}",
                state=f"undone: the steps after it; not undone: this one and the {number} before it",
                hint=getattr(cause, "hint", None)
                or "mend what the message names, then run: dockerd-cfg rollback",
            ) from cause

    def _context(self) -> Context:
        journal = self._journal
        return Context(
            host=self._host,
            progress=self._progress,
            captured=lambda kind: journal.captured("started", kind),
            captured_undo=lambda kind: journal.captured("undoing", kind),
            is_done=lambda kind: journal.has("done", kind),
            was_applied=journal.was_applied,
        )

    def _undo_after(self, cause: BaseException) -> None:
        """Undo everything because of ``cause``; raises StepFailed if that is an error the user must know."""
        number = next((n for n, _ in enumerate(self._plan.steps) if not self._journal.has("done", n)), 0)
        step = self._plan.steps[number]
        what = f"interrupted by {cause.signal_name}" if isinstance(cause, Interrupted) else str(cause)
        with signals.deferred(_UNDOING):
            try:
                self._journal.record("failed", step=number, kind=step.kind, error=what)
                self.revert()
            except FileProblem as problem:
                raise _not_recorded(problem) from cause
        if isinstance(cause, DockerdCfgError | OSError | Interrupted):
            raise StepFailed(
                f"“{step.describe()}” failed: {what}",
                state=f"everything was undone; the host is as it was before{self._journal.lost}",
                hint=getattr(cause, "hint", None),
                findings=getattr(cause, "findings", ()),
            ) from cause


def _not_recorded(problem: FileProblem) -> RollbackFailed:
    return RollbackFailed(
        f"the record of the run cannot be written: {problem.message}",
        state="the run is neither done nor undone, and nothing more was done",
        hint="see that this disk can be written to again, then run: dockerd-cfg rollback",
    )
