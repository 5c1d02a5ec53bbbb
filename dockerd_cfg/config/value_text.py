"""Reading a text, as users type it, as the value of an option of daemon.json."""

import json
import re
from collections.abc import Mapping
from typing import Final

from dockerd_cfg.config.catalogue import Option, option, type_of
from dockerd_cfg.config.scan import ScanError, scan_value
from dockerd_cfg.config.tree import JsonValue

_NUMBER: Final = r"-?[0-9]{1,19}"


class BadValueError(ValueError):
    """A text cannot be read as a value of an option; ``hint`` says what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_value(key: str, text: str) -> JsonValue:
    """Return ``text`` as a value of the option ``key`` (dotted or not), typed as the catalogue says.

    Arrays are written as JSON or separated by commas, objects as JSON. Raises BadValueError, and UnknownOptionError for a
    name without a type.
    """
    known = option(key)
    match known.type:
        case "string":
            return text
        case "boolean":
            return _boolean(key, text)
        case "integer":
            return _integer(key, text)
        case "array":
            return _array(key, text, known)
        case _:
            return _json(key, text, known)


def _boolean(key: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise BadValueError(
            f"{key} is either true or false, not {text!r}", f"write {key} true, or {key} false"
        )
    return text == "true"


def _integer(key: str, text: str) -> int:
    if not re.fullmatch(_NUMBER, text):
        raise BadValueError(f"{key} is a whole number, not {text!r}", "write digits only")
    return int(text)


def _array(key: str, text: str, known: Option) -> JsonValue:
    items = known.schema.get("items")
    if text.lstrip().startswith("[") or (isinstance(items, Mapping) and type_of(items) == "object"):
        return _json(key, text, known)
    return [part.strip() for part in text.split(",")] if text.strip() else []


def _json(key: str, text: str, known: Option) -> JsonValue:
    try:
        value = scan_value(text)
    except ScanError as error:
        raise BadValueError(f"{key} takes a JSON {known.type}: {error.message}", _like(known)) from None
    if not isinstance(value, {"array": list, "object": dict}.get(known.type, object)):
        raise BadValueError(f"{key} takes a JSON {known.type}", _like(known))
    return value


def _like(known: Option) -> str:
    return (
        f"write for instance {json.dumps(known.examples[0])}"
        if known.examples
        else f"write a JSON {known.type}"
    )
