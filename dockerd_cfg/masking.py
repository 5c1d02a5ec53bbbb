"""What is shown or logged: without secrets, and without characters that a terminal would obey."""

import json
import re
from typing import Final

from dockerd_cfg.json_value import JsonValue

MASK: Final = "***"
# What is hidden; a character that JSON escapes, in a text or in a text within a text, is part of it as well.
_HIDDEN: Final = r"""(?:[^\s/\\"]|\\+u[0-9a-fA-F]{4})+"""
# user:password@ in a URL: up to the last @ before the path, since Docker takes a password with one in it
_IN_URL: Final = rf"""(://(?:[^\s/:@"'\\]*:)?){_HIDDEN}(?=@)"""
# the same without a scheme, which Docker takes for a proxy; name:tag@sha256: is an image
_BARE: Final = rf"""((?<![^\s/:@"'=,;\\])[^\s/:@"'=,;\\]+:){_HIDDEN}(?=@(?!sha256:)[\w.\[-])"""
_NAME: Final = r"(?:splunk|logentries)-token"
# as JSON, to the quote that ends it; all is escaped once more where a daemon.json stands as a string in an answer for programs
_IN_JSON: Final = rf"""({_NAME}(\\*)"\s*:\s*\2")(?:[^"\\\n]|\2\\(?:\2\\|\2"|[^"\\\n]))+(?=\2")"""
# as a flag or an option, or in what is no JSON; a comma with nothing after it ends it, as in a list; a quote of another kind than
# the name's, and a colon or comma, are the end of a text in JSON that ends like a name
_TOKEN: Final = (
    rf"""({_NAME}(?:=|(\\?["'])\s*:\s*(?:\2|\\?["'](?![:,]))))(?:[^\s"'\\,}}\]]|,(?=[^\s"'\\]))+"""
)
# control characters, those that turn the direction of writing, and halves of characters, which nothing can encode
_OBEYED: Final = "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"


def masked(text: str) -> str:
    """Return ``text`` with every secret in it replaced by asterisks."""
    for place in (_IN_URL, _BARE, _IN_JSON, _TOKEN):
        text = re.sub(place, rf"\g<1>{MASK}", text)
    return text


def masked_value(name: str, value: JsonValue) -> JsonValue:
    """Return ``value``, of the option whose last name is ``name``, as `masked` leaves it where both stand in a file.

    For what is shown apart from its name: `masked` knows most secrets by the name right before them.
    """
    member: dict[str, JsonValue] = json.loads(masked(json.dumps({name: value})))
    return member[name]


def visible(text: str, *, kept: str = "") -> str:
    """Return ``text`` with every character that a terminal would obey written as JSON would, but for those in ``kept``."""
    return re.sub(_OBEYED, lambda found: found[0] if found[0] in kept else f"\\u{ord(found[0]):04x}", text)


def in_ascii(text: str) -> str:
    """Return ``text``, which is JSON, with every character beyond ASCII escaped."""
    return re.sub("[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], text)
