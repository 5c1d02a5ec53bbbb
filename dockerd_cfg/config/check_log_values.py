"""What the values of log options must look like, each by itself.

Source: the constructors and validators in ``daemon/logger/*`` of moby, tags v20.10.24 to docker-v29.7.2.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, NamedTuple

from dockerd_cfg.config.check_grammar import (
    closest,
    parse_bool,
    parse_duration,
    parse_integer,
    regex_problem,
    template_problem,
)
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.sizes import SizeError, Units, parse_size
from dockerd_cfg.findings import Finding, Severity, Stage

_OLD_FACILITIES: Final = frozenset(
    {"auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news"}
)
_FACILITIES: Final = _OLD_FACILITIES | {"syslog", "user", "uucp", *(f"local{number}" for number in range(8))}


class LogConfig(NamedTuple):
    """A log configuration under check: known options with their texts, and the names of all that were given."""

    driver: str
    options: Mapping[str, str]
    given: Collection[str]
    version: DockerVersion

    def get(self, name: str) -> str:
        """The option's text, empty where it is not given."""
        return self.options.get(name, "")

    def size(self, name: str, units: Units) -> int | None:
        """The option in bytes, None where it is not given or no size."""
        try:
            return parse_size(self.options[name], units=units, version=self.version)
        except (KeyError, SizeError):
            return None

    def finding(
        self, name: str, message: str, hint: str, *, stage: Stage = "start", code: str = "bad-log-option"
    ) -> Finding:
        """A finding on the option ``name``."""
        severity: Severity = "warning" if stage in {"ignored", "advice"} else "error"
        return Finding(
            code=code, severity=severity, stage=stage, message=message, hint=hint, key=f"log-opts.{name}"
        )


class _Value(NamedTuple):
    """What an option's text must be: a test, a phrase for the message, an example for the hint, and when it hurts.

    ``or_empty``: an empty text counts as not given.
    """

    accepts: Callable[[str], bool]
    wanted: str
    example: str
    stage: Stage = "start"
    or_empty: bool = True


def _is_bool(text: str) -> bool:
    return parse_bool(text) is not None


def _is_integer(lowest: int, highest: int = 2**63 - 1) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        number = parse_integer(text)
        return number is not None and lowest <= number <= highest

    return accepts


def _is_duration(lowest: float | None = None, highest: float | None = None) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        seconds = parse_duration(text)
        if seconds is None:
            return False
        return seconds == 0 or (
            (lowest is None or seconds >= lowest) and (highest is None or seconds <= highest)
        )

    return accepts


_BOOL: Final = _Value(_is_bool, "true or false", "true")
_BOOL_IN_CONTAINER: Final = _Value(_is_bool, "true or false", "true", "container", or_empty=False)
_POSITIVE: Final = _Value(_is_integer(1), "a whole number above 0", "100")
_FROM_ZERO: Final = _Value(_is_integer(0), "a whole number from 0 up", "3", or_empty=False)
_TIMEOUT: Final = _Value(_is_duration(lowest=0), "a duration that is not negative", "3s")

_VALUES: Final[Mapping[str, _Value]] = {
    "awslogs-create-group": _BOOL,
    "awslogs-create-stream": _BOOL,
    "awslogs-force-flush-interval-seconds": _POSITIVE,
    "awslogs-format": _Value(
        lambda text: text == "json/emf", "json/emf, the only format there is", "json/emf"
    ),
    "awslogs-max-buffered-events": _POSITIVE,
    "cache-disabled": _BOOL,
    "compress": _BOOL_IN_CONTAINER,
    "fluentd-async": _BOOL,
    "fluentd-async-connect": _BOOL,
    "fluentd-async-reconnect-interval": _Value(_is_duration(0.1, 10), "a duration from 100ms to 10s", "1s"),
    "fluentd-max-retries": _Value(_is_integer(0, 2**31 - 1), "a whole number from 0 to 2147483647", "10"),
    "fluentd-read-timeout": _TIMEOUT,
    "fluentd-request-ack": _BOOL,
    "fluentd-retry-wait": _Value(_is_duration(), "a duration", "1s"),
    "fluentd-sub-second-precision": _BOOL,
    "fluentd-write-timeout": _TIMEOUT,
    "gelf-compression-level": _Value(_is_integer(-1, 9), "a whole number from -1 to 9", "1", or_empty=False),
    "gelf-compression-type": _Value(
        lambda text: text in {"gzip", "zlib", "none"}, "gzip, zlib or none", "gzip", or_empty=False
    ),
    "gelf-tcp-max-reconnect": _FROM_ZERO,
    "gelf-tcp-reconnect-delay": _FROM_ZERO,
    "mode": _Value(
        lambda text: text in {"blocking", "non-blocking"}, "blocking or non-blocking", "non-blocking"
    ),
    "splunk-format": _Value(
        lambda text: text in {"inline", "json", "raw"},
        "inline, json or raw",
        "inline",
        "container",
        or_empty=False,
    ),
    "splunk-gzip": _BOOL_IN_CONTAINER,
    "splunk-gzip-level": _Value(
        _is_integer(-1, 9), "a whole number from -1 to 9", "1", "container", or_empty=False
    ),
    "splunk-index-acknowledgment": _BOOL_IN_CONTAINER,
    "splunk-insecureskipverify": _BOOL_IN_CONTAINER,
    "splunk-verify-connection": _BOOL_IN_CONTAINER,
    "syslog-facility": _Value(
        lambda text: text in _FACILITIES or _is_integer(0, 23)(text),
        "a facility's name or its number from 0 to 23",
        "daemon",
    ),
    "syslog-format": _Value(
        lambda text: text in {"rfc3164", "rfc5424", "rfc5424micro"},
        "rfc3164, rfc5424 or rfc5424micro",
        "rfc5424",
    ),
}
# What a tag may use: logger.Info and its methods, Go's template functions and Docker's.
_TAG_FIELDS: Final = frozenset(
    {"Command", "Config", "ContainerArgs", "ContainerCreated", "ContainerEntrypoint", "ContainerEnv"}
    | {
        "ContainerID",
        "ContainerImageID",
        "ContainerImageName",
        "ContainerLabels",
        "ContainerName",
        "DaemonName",
    }
    | {
        "ExtraAttributes",
        "FullID",
        "Hostname",
        "ID",
        "ImageFullID",
        "ImageID",
        "ImageName",
        "LogPath",
        "Name",
    }
)
_BLOCKS: Final = frozenset({"block", "define", "range", "template", "with"})
_TEMPLATE_WORDS: Final = (
    _BLOCKS
    | {"break", "continue", "else", "end", "false", "if", "nil", "true"}
    | {"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print"}
    | {"printf", "println", "slice", "urlquery"}
    | {"join", "json", "lower", "pad", "split", "title", "truncate", "upper"}
)
_ACTION: Final = r"\{\{(.*?)\}\}"
_FIRST_WORD: Final = r"[A-Za-z_]\w*"
_ONLY_FIELD: Final = r"\.(\w+)"
_PATTERNS: Final = frozenset({"labels-regex", "env-regex", "awslogs-multiline-pattern"})


def value_findings(config: LogConfig) -> Iterator[Finding]:
    """Yield what is wrong with the options of ``config``: each by itself."""
    for name, text in config.options.items():
        value = _VALUES.get(name)
        if value is not None and not (value.or_empty and not text) and not value.accepts(text):
            message = f"{name} must be {value.wanted}, not {text!r}"
            yield config.finding(
                name, message, f'write for instance "{name}": "{value.example}"', stage=value.stage
            )
        elif name in _PATTERNS and (problem := regex_problem(text)):
            message = f"{name} is no regular expression that Docker understands: {problem}"
            yield config.finding(name, message, "write it in the RE2 syntax", stage="container")
        elif name == "tag" and (problem := template_problem(text) or _tag_problem(text)):
            yield config.finding(
                name,
                f"tag is no template that Docker can fill in: {problem}",
                'write for instance "{{.Name}}"',
                stage="container",
            )


def _tag_problem(text: str) -> str | None:
    """What a tag uses that there is not; of a field only where nothing else is in the action, or around it."""
    actions = [action.strip("- \t") for action in re.findall(_ACTION, text)]
    has_blocks = any(action.split()[0] in _BLOCKS for action in actions if action)
    for action in actions:
        if (word := re.match(_FIRST_WORD, action)) and word[0] not in _TEMPLATE_WORDS:
            return f"there is no function {word[0]}"
        if not has_blocks and (field := re.fullmatch(_ONLY_FIELD, action)) and field[1] not in _TAG_FIELDS:
            guess = closest(field[1], _TAG_FIELDS)
            return f"there is no .{field[1]}" + (f", did you mean .{guess}?" if guess else "")
    return None
