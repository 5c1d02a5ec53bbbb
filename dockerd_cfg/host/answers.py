"""What Docker's answers mean: refusals, texts in them, and answers of a form that is not the Engine API's."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from dockerd_cfg.errors import CommandFailed

_OK: Final = range(200, 300)
_NOT_MODIFIED: Final = 304
_INVALID: Final = 400
_NOT_FOUND: Final = 404


class Refused(CommandFailed):
    """Docker answers, but does not do what was asked: what it is about is in use, for instance (status 409)."""


class CalledInvalid(Refused):
    """Docker says that what was asked is wrong in itself (status 400)."""


class NoSuchThing(Refused):
    """Docker does not know what was asked about (status 404)."""


@contextmanager
def understood(asked: str) -> Iterator[None]:
    """Raise CommandFailed when an answer does not have the form the Engine API gives it."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise CommandFailed(
            f"Docker's answer to {asked} is not of the form expected: {error!r}",
            hint="is it Docker that listens there? see: docker version",
        ) from error


def told(row: Mapping[str, Any], name: str) -> str:
    """Return the text that an answer gives under ``name``. Raises TypeError when it gives none."""
    text = row.get(name)
    if not isinstance(text, str) or not text:
        raise TypeError(f"{name} is {text!r}")
    return text


def events_in(answer: Any) -> list[dict[str, Any]]:
    """Return the events of an answer: an object a line, which is an object itself if it is alone.

    Lines end with a newline only: a name in an event may hold other characters that Python takes for ends of lines.
    """
    if isinstance(answer, dict):
        return [answer] if answer else []
    return [json.loads(line) for line in answer.split("\n") if line]


def content(status: int, text: bytes, asked: str) -> Any:
    """Return what the body says; text that is no JSON stays text, which a failure may well be told in."""
    try:
        content = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        content = text.decode("utf-8", "replace").strip()
    if status not in _OK and status != _NOT_MODIFIED:
        message = content.get("message", content) if isinstance(content, dict) else content
        kind = {_INVALID: CalledInvalid, _NOT_FOUND: NoSuchThing}.get(status, Refused)
        raise kind(f"Docker refused {asked}: {message} (status {status})")
    return content
