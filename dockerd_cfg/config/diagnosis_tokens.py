"""What is wrong inside a token, or with a stray one, said the way a colleague would.

Nothing here decides what is accepted: it is asked only where scanning stopped.
"""

import re
from typing import Final, NamedTuple

__all__ = ["Fault", "bad_string", "bare_text", "is_word", "lone_surrogate", "oddity", "shown", "too_large"]


class Fault(NamedTuple):
    """Where it is, what it is, what to do."""

    offset: int
    message: str
    hint: str


_TOKEN: Final = re.compile(r"(?:(?!//|/\*)[^\s,:;#\"{}\[\]])+")
_LEADING_ZERO: Final = r"-?0[0-9]+(\.[0-9]+)?"
_BARE_POINT: Final = r"-?[0-9]+\.(?![0-9])"
_BARE_EXPONENT: Final = r"-?[0-9.]+[eE][+-]?"
_ESCAPE: Final = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})')
_SURROGATES: Final = re.compile(r"\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u[dD][c-fC-F]|u[dD][89a-fA-F]|.)")
_PYTHON: Final = {"True": "true", "False": "false", "None": "null"}
_SWITCHES: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_NO_NUMBERS: Final = ("NaN", "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "nan")
_TYPOGRAPHIC: Final = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2032\u2033"
_INVISIBLE: Final = {
    "\u00a0": "a no-break space",
    "\u200b": "a zero width space",
    "\u200e": "a left-to-right mark",
    "\u2028": "a line separator",
    "\u3000": "an ideographic space",
    "\ufeff": "a second byte order mark",
    "\u000b": "a vertical tab",
    "\u000c": "a form feed",
}
_TEMPLATES: Final = ("{{", "{%", "{#", "${")
_CONFLICT: Final = ("<<<<<<<", "=======", ">>>>>>>")
_LONGEST_QUOTE: Final = 40


def oddity(text: str, offset: int) -> Fault | None:
    """What is as wrong in one place as in another: comments, quotes, pasted or hidden characters."""
    here, two = text[offset], text[offset : offset + 2]
    if text.startswith(_CONFLICT, offset):
        return Fault(offset, "a merge conflict marker", "resolve the conflict and remove the markers")
    if two in ("//", "/*") or here == "#":
        return Fault(offset, "comments are not allowed in daemon.json", "remove the comment: JSON has none")
    if here == "'":
        return Fault(offset, "single quotes are not allowed in daemon.json", 'use double quotes: "text"')
    if here == "`" or here in _TYPOGRAPHIC:
        return Fault(offset, f"{here} is no JSON quote", 'use straight double quotes: "text"')
    if here == "<" and not text[:offset].strip():
        return Fault(
            offset,
            "this is an HTML or XML page, not JSON",
            "a download saved an error page here: restore the file, or write {}",
        )
    if two in _TEMPLATES or here == "$":
        what = two if two in _TEMPLATES else shown(text, offset)
        return Fault(
            offset, f"{what} looks like a template that was not filled in", "render the template first"
        )
    if here == "\0":
        return Fault(
            offset, "a NUL character", "save the file as UTF-8: this looks like UTF-16, or like damage"
        )
    if here in _INVISIBLE:
        return Fault(
            offset, f"{_INVISIBLE[here]} (U+{ord(here):04X}) between values", "replace it by a space"
        )
    if here < " " or here == "\x7f":
        return Fault(offset, f"a control character (U+{ord(here):04X}) between values", "remove it")
    return None


def bare_text(text: str, offset: int, opened: int | None) -> Fault:
    """Something without quotes begins at `offset`: almost a number, almost a word, or plain text."""
    match = _TOKEN.match(text, offset)
    token = match[0] if match else text[offset]
    if token in _NO_NUMBERS:
        return Fault(offset, f"{token} is no JSON number", "write a finite number, or remove the option")
    right = _PYTHON.get(token) or _SWITCHES.get(token.lower())
    if right is None and token.lower() in ("true", "false", "null"):
        right = token.lower()
    if right and right != token:
        return Fault(offset, f"{token} is no JSON", f"write {right}, in lower case and without quotes")
    if token.startswith("+") or re.fullmatch(_LEADING_ZERO, token):
        fixed = token.lstrip("+")
        sign, digits = ("-", fixed[1:]) if fixed.startswith("-") else ("", fixed)
        what = "a plus sign" if token.startswith("+") else "leading zeros"
        return Fault(
            offset,
            f"{_cut(token)} is no JSON number: {what}",
            f"write {sign}{_cut(digits.lstrip('0') or '0')}",
        )
    if re.fullmatch(_BARE_POINT, token) or token.startswith((".", "-.")):
        return Fault(
            offset, f"{_cut(token)} is no JSON number", "digits have to stand on both sides of the point"
        )
    if re.fullmatch(_BARE_EXPONENT, token):
        return Fault(offset, f"{_cut(token)} is no JSON number", "digits have to follow the exponent")
    if token.strip("-") == "":
        return Fault(offset, f"{_cut(token)} is no JSON value", "write a number, or text in double quotes")
    if opened is None:
        return Fault(offset, f"{_cut(token)} is no JSON", 'daemon.json is one object: { "option": value }')
    return Fault(
        offset, f"{_cut(token)} is not in double quotes", f'text needs double quotes: "{_cut(token)}"'
    )


def bad_string(text: str, offset: int, opened: int | None) -> Fault:  # noqa: ARG001 - one signature for all
    """The string that begins at `offset` does not end, or holds what a string cannot."""
    end = offset + 1
    while end < len(text):
        here = text[end]
        if here < " ":
            return _control_character(text, offset, end)
        if here == "\\":
            escape = _ESCAPE.match(text, end)
            if escape is None:
                return _bad_escape(text, end)
            end = escape.end()
        else:
            end += 1
    return Fault(offset, "the string that begins here is never closed", "add the closing double quote")


def lone_surrogate(text: str, offset: int, opened: int | None) -> Fault:  # noqa: ARG001 - one signature for all
    r"""The string that begins at `offset` holds one half of a pair such as `\ud83d\ude00`."""
    position = offset + 1
    while text[position] != '"':
        match = _SURROGATES.match(text, position) if text[position] == "\\" else None
        if match is None:
            position += 1
        elif match[1] is None and match[0] != "\\" + match[0][1:2]:
            break
        else:
            position = match.end() + 2 if match[1] else match.end()
    return Fault(
        position,
        f"{text[position : position + 6]} is half a character",
        "write the character itself; dockerd would read a replacement character (U+FFFD)",
    )


def too_large(offset: int, number: str) -> Fault:
    """The number at `offset` has no 64-bit float near it."""
    return Fault(offset, f"the number {_cut(number)} is too large", "dockerd refuses numbers beyond 1.8e308")


def _control_character(text: str, start: int, offset: int) -> Fault:
    here = text[offset]
    if here in "\r\n":
        return Fault(
            start, "the string that begins here is not closed on its line", "add the closing double quote"
        )
    if here == "\t":
        return Fault(offset, "a tab inside a string", r"write \t, or spaces")
    return Fault(offset, f"a control character (U+{ord(here):04X}) inside a string", "remove it")


def _bad_escape(text: str, offset: int) -> Fault:
    if text[offset + 1 : offset + 2] == "u":
        return Fault(offset, r"\u needs four hexadecimal digits", r"write \u00e9, or the character itself")
    return Fault(
        offset,
        f"{text[offset : offset + 2]} is no JSON escape",
        r"write \\ for a backslash; a double quote is \", a line break \n",
    )


def is_word(text: str, offset: int) -> bool:
    """Whether the character at `offset` could be part of a number, a word or unquoted text."""
    return _TOKEN.match(text, offset) is not None


def shown(text: str, offset: int) -> str:
    """What stands at `offset`, short enough for a message."""
    match = _TOKEN.match(text, offset)
    return _cut(match[0] if match else text[offset])


def _cut(token: str) -> str:
    return token if len(token) <= _LONGEST_QUOTE else token[:_LONGEST_QUOTE] + "..."
