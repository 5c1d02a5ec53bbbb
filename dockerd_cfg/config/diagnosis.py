"""What is wrong where scanning stopped, said the way a colleague would; nothing here decides what is accepted.

Each function takes the text, the offset where scanning stopped and where the innermost open object or array
began (None: none is open), and names one fault.
"""

from collections.abc import Callable
from typing import TypeAlias

from dockerd_cfg.config.diagnosis_tokens import Fault, bare_text, is_word, oddity, shown
from dockerd_cfg.config.text import place_of

__all__ = [
    "Diagnose",
    "duplicate_key",
    "no_colon",
    "no_comma",
    "no_key",
    "no_value",
    "too_deep",
    "top_level",
]

Diagnose: TypeAlias = Callable[[str, int, int | None], Fault]


def top_level(text: str, start: int, rest: int) -> Fault:
    """The top-level value that begins at `start` is no object, or something follows it at `rest`."""
    if text[start] == '"' and text[rest : rest + 1] == ":":
        return Fault(
            start,
            "the outer braces are missing",
            "put the whole file between { and }: this is only a part of one",
        )
    if rest == len(text) or text[start] != "{":
        kinds = {
            "[": "an array",
            '"': "a string",
            "t": "a boolean",
            "f": "a boolean",
            "{": "an object",
            "n": "null",
        }
        what = kinds.get(text[start], "a number")
        if rest == len(text):
            return Fault(
                start,
                f"the top level is {what}, not an object",
                'daemon.json is one object: { "option": value }',
            )
        return oddity(text, rest) or Fault(
            rest,
            f"something follows {what} at the top level",
            'daemon.json is one object: { "option": value }',
        )
    after = text[rest]
    if after == "{":
        return Fault(
            rest,
            "a second object follows the first",
            "put all options into one object; dockerd 20.10 read the first one only, later versions refuse both",
        )
    if after in "}]":
        return Fault(rest, f"one {after} too many", "remove it, or look for a brace that closes too early")
    if after == ",":
        return Fault(
            rest, "a comma follows the closing brace", "remove it, or move the closing brace to the end"
        )
    if after == '"':
        return Fault(
            rest,
            "the object is closed before the end of the file",
            "move the closing brace that stands before this to the end of the file",
        )
    return oddity(text, rest) or Fault(
        rest, f"{shown(text, rest)} follows the closing brace", "remove everything after the closing brace"
    )


def no_value(text: str, offset: int, opened: int | None) -> Fault:
    """No JSON value begins at `offset`, where one has to."""
    if offset == len(text):
        return _unclosed(text, opened)
    odd = oddity(text, offset)
    if odd:
        return odd
    here, before = text[offset], _last_before(text, offset)
    if here in "}]":
        if text[before] == ",":
            return _trailing_comma(before)
        if text[before] == ":":
            return Fault(
                before, "a value is missing after this colon", "give the option a value, or remove its line"
            )
        return Fault(offset, f"{here} closes nothing", "remove it")
    if here == ",":
        return Fault(offset, "a value is missing before this comma", "give the value, or remove the comma")
    return bare_text(text, offset, opened)


def no_key(text: str, offset: int, opened: int | None) -> Fault:
    """No key begins at `offset`, where an object needs one."""
    if offset == len(text):
        return _unclosed(text, opened)
    odd = oddity(text, offset)
    if odd:
        return odd
    here, before = text[offset], _last_before(text, offset)
    if here == "}" and text[before] == ",":
        return _trailing_comma(before)
    if here == ",":
        return Fault(offset, "a comma too many", "remove it: one comma stands between two options")
    if here in "{[":
        return (text[offset - 1] == here and oddity(text, offset - 1)) or Fault(
            offset, f"{here} stands where a key has to", 'write "option": before it'
        )
    if here in "]:}":
        return Fault(
            offset, f"{here} stands where a key has to", "remove it, or write the key in double quotes"
        )
    return Fault(
        offset,
        f"the key {shown(text, offset)} is not in double quotes",
        'keys need double quotes: "key": value',
    )


def no_colon(text: str, offset: int, opened: int | None) -> Fault:
    """No colon stands at `offset`, behind a key."""
    if offset == len(text):
        return _unclosed(text, opened)
    odd = oddity(text, offset)
    if odd:
        return odd
    here = text[offset]
    key_end = _last_before(text, offset) + 1
    if here == "=":
        return Fault(offset, "= stands where a colon has to", 'write "key": value')
    if here in ",}":
        return Fault(key_end, "this key has no value", 'write "key": value')
    return Fault(key_end, "a colon is missing after this key", 'write "key": value')


def no_comma(text: str, offset: int, opened: int | None) -> Fault:
    """Neither a comma nor the closing bracket stands at `offset`, behind a value."""
    if offset == len(text):
        return _unclosed(text, opened)
    before = _last_before(text, offset)
    here = text[offset]
    if before == offset - 1 and text[before] not in '"}]' and is_word(text, offset):
        return bare_text(text, _token_start(text, offset), opened)
    odd = oddity(text, offset)
    if odd:
        return odd
    within_object = opened is not None and text[opened] == "{"
    if here in "}]":
        kind, closer = ("object", "}") if within_object else ("array", "]")
        line, column = place_of(text, opened or 0)
        return Fault(
            offset,
            f"{here} cannot close the {kind} that begins at line {line}, column {column}",
            "put [ in front of the list that this closes, or } in its place"
            if within_object
            else f"write {closer} here, or look for a missing {closer} further up",
        )
    if here == ":":
        if within_object:
            return Fault(
                offset, "a second colon after one key", "put a comma between the options, or quote the text"
            )
        return Fault(
            offset, "an array holds values, not keys", 'write { "key": value } instead of [ "key": value ]'
        )
    if here in ";=":
        return Fault(offset, f"{here} stands where a comma has to", "put a comma between two options")
    if here in '"{[-' or here.isalnum():
        return Fault(
            before + 1, "a comma is missing here", "put a comma between two options or two items of a list"
        )
    closer = "}" if within_object else "]"
    return Fault(offset, f"{shown(text, offset)} stands where a comma or {closer} has to", "remove it")


def duplicate_key(text: str, key: str, earlier: int, later: int) -> Fault:
    """The key at `later` was given at `earlier` already."""
    line, column = place_of(text, earlier)
    return Fault(
        later,
        f'the key "{key}" is given twice: first at line {line}, column {column}',
        "keep one of them: dockerd takes the last, or mixes both where they are objects",
    )


def too_deep(offset: int, deepest: int) -> Fault:
    """An object or array at `offset` nests too deep."""
    return Fault(offset, f"nested deeper than {deepest} levels", "this is no daemon.json")


def _unclosed(text: str, opened: int | None) -> Fault:
    end = len(text.rstrip(" \t\r\n"))
    if opened is None:
        return Fault(end, "the file ends too early", "write one object: { }")
    closer, kind = ("}", "object") if text[opened] == "{" else ("]", "array")
    line, column = place_of(text, opened)
    return Fault(
        end,
        f"the file ends before the {kind} that begins at line {line}, column {column} is closed",
        f"add the missing {closer}; was the file cut off?",
    )


def _trailing_comma(offset: int) -> Fault:
    return Fault(
        offset,
        "trailing commas are not allowed in daemon.json",
        "remove this comma: none may follow the last option or item",
    )


def _last_before(text: str, offset: int) -> int:
    """The offset of the last character before `offset` that is not blank (0 if there is none)."""
    return max(len(text[:offset].rstrip(" \t\r\n")) - 1, 0)


def _token_start(text: str, offset: int) -> int:
    while offset and is_word(text, offset - 1):
        offset -= 1
    return offset
