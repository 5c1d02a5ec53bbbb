r"""Words of a setting in a unit file, read and written: quotes and escapes as systemd has them (systemd.syntax(7), "Quoting").

Source: ``src/basic/extract-word.c`` and ``src/basic/escape.c`` of systemd 252. Unlike a shell's, its escapes count
within single quotes, too, and ``\x20`` is one.
"""

import re
from collections.abc import Sequence
from typing import Final

_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|([0-7]{3})|u([0-9A-Fa-f]{4})|U(00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})|([abfnrtvs\\\"']))"
)
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}
_BLANK: Final = " \t\n\r"
_PLAIN: Final = r"(?a)[\w@+=:,./-]+"
_WRITTEN: Final = str.maketrans({"%": "%%", "\\": r"\\", '"': r"\"", "\n": r"\n"})


def unit_words(value: str) -> tuple[str, ...]:
    """Return the words of ``value``; those before the fault where a quote stays open or an escape is unknown."""
    words: list[str] = []
    word: str | None = None
    quote, place = "", 0
    while place < len(value):
        here = value[place]
        if here == "\\":
            escape = _ESCAPE.match(value, place)
            if escape is None:
                return tuple(words)
            word = (word or "") + _meant(escape)
            place = escape.end()
            continue
        place += 1
        if quote and here == quote:
            quote = ""
        elif not quote and here in "'\"":
            quote, word = here, word or ""
        elif not quote and here in _BLANK:
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + here
    return tuple(words) if quote or word is None else (*words, word)


def written_word(word: str) -> str:
    """Return ``word`` as it stands in a unit file; ``%`` would begin a specifier there."""
    return word if re.fullmatch(_PLAIN, word) else f'"{word.translate(_WRITTEN)}"'


def written_command(argv: Sequence[str]) -> str:
    """Return ``argv`` as ExecStart= takes it (systemd.service(5)): its arguments may hold no variables, the program cannot."""
    program, *arguments = map(written_word, argv)
    return " ".join([program, *(word.replace("$", "$$") for word in arguments)])


def _meant(escape: re.Match[str]) -> str:
    """Return what an escape stands for; several that are bytes of one character are not put together."""
    hexadecimal, octal, short, long, letter = escape.groups()
    if letter:
        return _LETTERS.get(letter, letter)
    return chr(int(octal, 8) if octal else int(hexadecimal or short or long, 16))
