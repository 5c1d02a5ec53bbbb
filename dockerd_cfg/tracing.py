"""Telling, for those who ask for it, what the gateways do: which programs run, what Docker is asked, for how long."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[str], None]] = []


def listen(listener: Callable[[str], None] | None) -> None:
    """Let ``listener`` hear everything from now on, and nobody else; None: nobody."""
    _listeners[:] = [] if listener is None else [listener]


@contextmanager
def traced(what: str) -> Iterator[None]:
    """Tell of ``what`` when the block is over, with the milliseconds it took."""
    begun = time.monotonic()
    try:
        yield
    finally:
        for listener in _listeners:
            listener(f"  {what} ({1000 * (time.monotonic() - begun):.0f} ms)")
