"""The small grammars of Go's standard library that Docker reads values with, and guesses at what was meant."""

import difflib
import ipaddress
import re
from collections.abc import Iterable
from typing import Final

TRUE_WORDS: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE_WORDS: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})

_INTEGER: Final = r"[+-]?[0-9]+"
_DURATION: Final = r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)"
_DURATION_PART: Final = r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)"
_NANOSECONDS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
# RE2, which Go uses, has neither look-around nor back-references.
_NOT_IN_RE2: Final = r"\(\?(?:[=!]|<[=!]|P=|>)|(?<!\\)(?:\\\\)*\\[1-9]"
_HARD_REGEX_ERRORS: Final = (
    "parenthesis",
    "unterminated",
    "nothing to repeat",
    "multiple repeat",
    "bad character range",
)


def parse_bool(text: str) -> bool | None:
    """Return what Go's strconv.ParseBool makes of ``text``, or None where it refuses (``yes``, ``on``, ````)."""
    if text in TRUE_WORDS:
        return True
    return False if text in FALSE_WORDS else None


def parse_integer(text: str) -> int | None:
    """Return what Go's strconv.Atoi makes of ``text``, or None: digits with an optional sign, 64 bits."""
    if re.fullmatch(_INTEGER, text) is None:
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def parse_duration(text: str) -> float | None:
    """Return the seconds that Go's time.ParseDuration reads in ``text`` (``1h30m``, ``250ms``, ``0``), or None."""
    if re.fullmatch(_DURATION, text) is None:
        return None
    moments = sum(
        _nanoseconds(number, _NANOSECONDS[unit]) for number, unit in re.findall(_DURATION_PART, text)
    )
    moments = -moments if text.startswith("-") else moments
    return moments / _NANOSECONDS["s"] if -(2**63) <= moments < 2**63 else None


def _nanoseconds(number: str, unit: int) -> int:
    """What does not fit into a nanosecond is cut off, without rounding."""
    whole, _, fraction = number.partition(".")
    scale: int = 10 ** len(fraction)
    return int(whole or "0") * unit + int(fraction or "0") * unit // scale


def regex_problem(pattern: str) -> str | None:
    """Say why Go's regexp (RE2) does not compile ``pattern``, or None where it should.

    Look-around and back-references are found surely; of other mistakes only those that both dialects share.
    """
    if re.search(_NOT_IN_RE2, pattern):
        return "look-around and back-references do not exist in Go's regular expressions"
    try:
        re.compile(pattern)
    except re.error as error:
        return error.msg if any(word in error.msg for word in _HARD_REGEX_ERRORS) else None
    return None


def template_problem(template: str) -> str | None:
    """Say what is plainly wrong with the Go template ``template``: delimiters that do not pair up."""
    rest = template
    while "{{" in rest:
        _, _, rest = rest.partition("{{")
        inside, closed, rest = rest.partition("}}")
        if not closed:
            return "unclosed action: '{{' without '}}'"
        if not inside.strip("- \t"):
            return "missing value for command: '{{}}'"
    return None


def is_ip(text: str, *, version: int | None = None, zone: bool = False) -> bool:
    """Whether Go's net.ParseIP takes ``text``; with ``zone`` also ``fe80::1%eth0``, as netip.ParseAddr does."""
    if "%" in text and not zone:
        return False
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return version is None or address.version == version


def parse_cidr(text: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface | None:
    """Return the address with its network that ``text`` (``172.17.0.1/16``) names, or None."""
    if text.count("/") != 1 or "%" in text or not text.rpartition("/")[2].isdecimal():
        return None
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        return None


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the word of ``known`` that ``word`` was most likely meant to be, if there is one."""
    candidates = sorted(known)
    plain = {re.sub(r"[-_. ]", "", candidate).lower(): candidate for candidate in candidates}
    same = plain.get(re.sub(r"[-_. ]", "", word).lower())
    if same is not None:
        return same
    near = difflib.get_close_matches(word.lower(), candidates, n=1, cutoff=0.75)
    return near[0] if near else None


def any_of(words: Iterable[str]) -> str:
    """Return ``words`` as a phrase: ``"a", "b" or "c"``."""
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
