"""What the values of log options must look like, and which of them do not go together.

Source: the constructors and validators in ``daemon/logger/*`` of moby, tags v20.10.24 to docker-v29.7.2.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult

from dockerd_cfg.config.check_grammar import (
    parse_bool,
    parse_duration,
    parse_integer,
    regex_problem,
    split_url,
    template_problem,
)
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.sizes import SizeProblem, Units, parse_size
from dockerd_cfg.findings import Finding, Stage

# Below this many bytes a log file holds next to nothing: most likely a unit was forgotten.
_TINY: Final = 10_000
_FACILITIES: Final = frozenset(
    ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"]
    + [f"local{number}" for number in range(8)]
)
_NEW_FLUENTD_ADDRESS: Final = DockerVersion(23, 0, 0)


@dataclass(frozen=True, slots=True)
class LogConfig:
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
        except (KeyError, SizeProblem):
            return None

    def finding(
        self, name: str, message: str, hint: str, *, stage: Stage = "start", code: str = "bad-log-option"
    ) -> Finding:
        """A finding on the option ``name``."""
        severity = "warning" if stage in {"ignored", "advice"} else "error"
        return Finding(
            code=code, severity=severity, stage=stage, message=message, hint=hint, key=f"log-opts.{name}"
        )


@dataclass(frozen=True, slots=True)
class _Value:
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
    "gcp-log-cmd": _BOOL_IN_CONTAINER,
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
_PATTERNS: Final = frozenset({"labels-regex", "env-regex", "awslogs-multiline-pattern"})


def value_findings(config: LogConfig) -> Iterator[Finding]:
    """Yield what is wrong with the options of ``config``: each by itself, then in their combination."""
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
        elif name == "tag" and (problem := template_problem(text)):
            yield config.finding(
                name, f"tag is no Go template: {problem}", 'write for instance "{{.Name}}"', stage="container"
            )
    yield from _buffer(config)
    yield from _COMBINATIONS.get(config.driver, lambda _: iter(()))(config)


def _buffer(config: LogConfig) -> Iterator[Finding]:
    if "max-buffer-size" not in config.options:
        return
    if config.get("mode") != "non-blocking":
        yield config.finding(
            "max-buffer-size",
            "max-buffer-size is only allowed together with mode non-blocking",
            'add "mode": "non-blocking", or leave max-buffer-size out',
        )
    yield from _size(config, "max-buffer-size", "binary", "start")


def _size(config: LogConfig, name: str, units: Units, stage: Stage) -> Iterator[Finding]:
    text = config.get(name)
    try:
        parse_size(text, units=units, version=config.version)
    except SizeProblem as problem:
        yield config.finding(
            name,
            f"{name} is no size that Docker understands: {problem}",
            f'write for instance "{name}": "50m"',
            stage=stage,
        )


def _files(config: LogConfig, *, smallest_size: int, smallest_count: int) -> Iterator[Finding]:
    """The rules of json-file and local, read when a container starts: jsonfilelog.go New, local/config.go."""
    if "max-size" in config.options:
        yield from _size(config, "max-size", "decimal", "container")
        size = config.size("max-size", "decimal")
        if size is not None and size < smallest_size:
            yield config.finding(
                "max-size",
                "max-size must be above 0",
                'write for instance "max-size": "50m"',
                stage="container",
            )
        elif size is not None and size < _TINY:
            yield config.finding(
                "max-size",
                f"max-size {config.get('max-size')} is only {size} bytes",
                'add a unit, as in "50m"',
                stage="advice",
                code="tiny-log-files",
            )
        elif size is not None and "i" in config.get("max-size").lower():
            yield config.finding(
                "max-size",
                f"Docker counts log sizes in thousands, whatever the unit says: this is {size:,} bytes",
                'write the unit without "i"',
                stage="advice",
                code="decimal-log-size",
            )
    count = parse_integer(config.get("max-file"))
    if "max-file" in config.options and (count is None or count < smallest_count):
        yield config.finding(
            "max-file",
            f"max-file must be a whole number from {smallest_count} up, not {config.get('max-file')!r}",
            'write for instance "max-file": "3"',
            stage="container",
        )


def _json_file(config: LogConfig) -> Iterator[Finding]:
    yield from _files(config, smallest_size=1, smallest_count=1)
    count = parse_integer(config.options.get("max-file", "1"))
    is_limited = "max-size" in config.given
    if parse_bool(config.get("compress")) and (not is_limited or (count is not None and count < 2)):  # noqa: PLR2004
        yield config.finding(
            "compress",
            "compress needs max-size, and max-file of 2 or more: containers do not start",
            'add "max-size" and "max-file", or leave compress out',
            stage="container",
            code="compress-without-rotation",
        )
    if not is_limited:
        hint = 'set log-opts to {"max-size": "50m", "max-file": "3"}'
        if "max-file" in config.given:
            message = "max-file does nothing without max-size: log files grow without limit"
            yield config.finding(
                "max-file", message, 'add "max-size": "50m"', stage="advice", code="max-file-without-max-size"
            )
        else:
            message = "json-file without max-size: log files grow until the disk is full"
            yield config.finding("max-size", message, hint, stage="advice", code="unlimited-logs")
    elif count == 1:
        yield config.finding(
            "max-file" if "max-file" in config.given else "max-size",
            "with a single log file the whole log is thrown away each time it reaches max-size",
            'set "max-file": "3"',
            stage="advice",
            code="single-log-file",
        )


def _local(config: LogConfig) -> Iterator[Finding]:
    yield from _files(config, smallest_size=0, smallest_count=0)
    compress = parse_bool(config.options.get("compress", "true"))
    count = parse_integer(config.options.get("max-file", "5"))
    if compress and count is not None and 0 <= count < 2:  # noqa: PLR2004
        yield config.finding(
            "max-file",
            f"the local driver compresses by default, which max-file {count} forbids: containers do not start",
            'add "compress": "false", or set max-file to 2 or more',
            stage="container",
            code="compress-without-rotation",
        )


def _awslogs(config: LogConfig) -> Iterator[Finding]:
    if not config.get("awslogs-group"):
        yield config.finding(
            "awslogs-group",
            "awslogs needs the option awslogs-group",
            'add "awslogs-group": "NAME"',
            code="missing-log-option",
        )
    splitters = [
        name for name in ("awslogs-datetime-format", "awslogs-multiline-pattern") if name in config.options
    ]
    if len(splitters) > 1:
        yield _clash(config, *splitters)
    elif splitters and config.get("awslogs-format"):
        yield _clash(config, splitters[0], "awslogs-format")


def _clash(config: LogConfig, name: str, other: str) -> Finding:
    return config.finding(
        name,
        f"{name} and {other} cannot both be set",
        f"leave out {name} or {other}",
        code="log-options-clash",
    )


def _gelf(config: LogConfig) -> Iterator[Finding]:
    text = config.get("gelf-address")
    url = split_url(text)
    hint = 'write for instance "gelf-address": "udp://logs.example.com:12201"'
    if not text:
        yield config.finding(
            "gelf-address", "gelf needs the option gelf-address", hint, code="missing-log-option"
        )
    elif url is None or url.scheme not in {"udp", "tcp"} or not _has_port(url):
        yield config.finding(
            "gelf-address", f"gelf-address must be udp://HOST:PORT or tcp://HOST:PORT, not {text!r}", hint
        )
    else:
        other = "tcp" if url.scheme == "udp" else "udp"
        prefix = "gelf-tcp-" if other == "tcp" else "gelf-compression-"
        for name in config.options:
            if name.startswith(prefix):
                message = f"{name} is only allowed with a {other}:// address"
                yield config.finding(name, message, "leave it out", code="log-options-clash")


def _has_port(url: SplitResult) -> bool:
    return ":" in url.netloc.rpartition("]")[2]


def _fluentd(config: LogConfig) -> Iterator[Finding]:
    if "fluentd-buffer-limit" in config.options and config.get("fluentd-buffer-limit"):
        yield from _size(config, "fluentd-buffer-limit", "binary", "start")
    text = config.get("fluentd-address")
    if not text:
        return
    url = split_url(text if "://" in text else f"tcp://{text}")
    schemes = (
        {"tcp", "tls", "unix"}
        if config.version >= _NEW_FLUENTD_ADDRESS
        else {"tcp", "udp", "unix", "unixgram"}
    )
    if url is None or url.scheme not in schemes or (url.scheme != "unix" and url.path):
        message = f"fluentd-address must be HOST:PORT, {'tls://HOST:PORT, ' if 'tls' in schemes else ''}or unix:///PATH, not {text!r}"
        yield config.finding(
            "fluentd-address", message, 'write for instance "fluentd-address": "localhost:24224"'
        )


def _syslog(config: LogConfig) -> Iterator[Finding]:
    text = config.get("syslog-address")
    url = split_url(text)
    if text and (url is None or url.scheme not in {"udp", "tcp", "tcp+tls", "unix", "unixgram"}):
        message = (
            f"syslog-address must start with udp://, tcp://, tcp+tls://, unix:// or unixgram://: {text!r}"
        )
        yield config.finding(
            "syslog-address", message, 'write for instance "syslog-address": "udp://192.0.2.1:514"'
        )


def _splunk(config: LogConfig) -> Iterator[Finding]:
    for name, example in (("splunk-token", "TOKEN"), ("splunk-url", "https://splunk.example.com:8088")):
        if name not in config.given:
            yield config.finding(
                name,
                f"splunk needs the option {name}: containers do not start",
                f'add "{name}": "{example}"',
                stage="container",
                code="missing-log-option",
            )
    text = config.get("splunk-url")
    url = split_url(text)
    if "splunk-url" in config.given and (
        url is None
        or url.scheme not in {"http", "https"}
        or url.path not in {"", "/"}
        or url.query
        or url.fragment
    ):
        message = f"splunk-url must be http(s)://HOST:PORT without a path, not {text!r}"
        yield config.finding(
            "splunk-url",
            message,
            'write for instance "splunk-url": "https://splunk.example.com:8088"',
            stage="container",
        )


_COMBINATIONS: Final[Mapping[str, Callable[[LogConfig], Iterator[Finding]]]] = {
    "awslogs": _awslogs,
    "fluentd": _fluentd,
    "gelf": _gelf,
    "json-file": _json_file,
    "local": _local,
    "splunk": _splunk,
    "syslog": _syslog,
}
