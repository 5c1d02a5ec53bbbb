"""Hiding secrets in what is shown or logged: passwords in URLs, tokens of log drivers."""

import re
from typing import Final

MASK: Final = "***"
# user:password@ in a URL: up to the last @ before the path, since Docker takes a password with one in it
_IN_URL: Final = re.compile(r"(://(?:[^\s/:@\"'\\]*:)?)[^\s/\"'\\]+(?=@)")
# as a flag or an option; quotes may be escaped, as a daemon.json stands as a string inside the answer for programs
_TOKEN: Final = re.compile(r"(splunk-token(?:=|\\?[\"']\s*:\s*\\?[\"']))[^\s\"'\\,}\]]+")


def masked(text: str) -> str:
    """Return ``text`` with every secret in it replaced by asterisks."""
    return _TOKEN.sub(rf"\g<1>{MASK}", _IN_URL.sub(rf"\g<1>{MASK}", text))
