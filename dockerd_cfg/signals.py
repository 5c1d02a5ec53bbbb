"""Signals that ask the tool to stop: they end a run in a rollback, and wait while something is being undone."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from dockerd_cfg.errors import Interrupted

ASKING_TO_STOP: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Gate:
    """Whether a signal may interrupt now, and which one waits."""

    def __init__(self) -> None:
        self.depth = 0
        self.waiting: str | None = None
        self.closed_for: str | None = None
        self.is_held = False

    def receive(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self.depth == 0:
            raise Interrupted(name)
        if self.waiting is None and self.closed_for is not None:
            sys.stderr.write(f"{name} received: {self.closed_for}\n")
        self.waiting = name

    def let_in(self) -> None:
        """Raise Interrupted for the signal that waits, if there is one."""
        if self.waiting is not None:
            name, self.waiting = self.waiting, None
            raise Interrupted(name)


_gate: Final = _Gate()


def hold() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP wait for `install`, lest they end Python in the midst of its imports."""
    _gate.depth, _gate.waiting, _gate.closed_for, _gate.is_held = 1, None, None, True
    _listen()


def install() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise Interrupted in the main thread; one that was held does so now."""
    if not _gate.is_held:
        _gate.waiting = None
    _gate.depth, _gate.closed_for, _gate.is_held = 0, None, False
    _listen()
    _gate.let_in()


def _listen() -> None:
    for number in ASKING_TO_STOP:
        signal.signal(number, _gate.receive)


@contextmanager
def deferred(reason: str | None = None) -> Iterator[None]:
    """Let no signal interrupt the block; one that came meanwhile raises Interrupted at its end.

    With ``reason``, a sentence for the user who pressed Ctrl-C, the signal is answered by it and dropped.
    """
    outer, _gate.closed_for = _gate.closed_for, reason or _gate.closed_for
    _gate.depth += 1
    try:
        yield
    finally:
        _gate.depth -= 1
        _gate.closed_for = outer
    if reason is not None:
        _gate.waiting = None
    elif _gate.depth == 0:
        _gate.let_in()


@contextmanager
def admitted() -> Iterator[None]:
    """Let signals interrupt the block although one around it defers them; one that waits does so at once."""
    outer, _gate.depth = _gate.depth, 0
    try:
        _gate.let_in()
        yield
    finally:
        _gate.depth += outer


def close() -> None:
    """From now on no signal interrupts any more, unless one waits already: what is left is to tell the outcome.

    To be called in a `deferred` block, so that none comes between what was done and this.
    """
    if _gate.waiting is None or _gate.closed_for is not None:  # the latter: it will be dropped
        _gate.depth += 1
