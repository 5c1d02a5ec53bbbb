"""Log options in their combination, driver by driver.

Source: the constructors and validators in ``daemon/logger/*`` of moby, tags v20.10.24 to docker-v29.7.2.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from dockerd_cfg.config.check_grammar import parse_bool, parse_integer
from dockerd_cfg.config.check_log_values import LogConfig
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.go_urls import GoUrl, parse_go_url
from dockerd_cfg.config.sizes import SizeError, Units, parse_size
from dockerd_cfg.findings import Finding, Stage

# Below this many bytes a log file holds next to nothing: most likely a unit was forgotten.
_TINY: Final = 10_000
_FILES_TO_COMPRESS: Final = 2  # the one that is written is never compressed
_NEW_FLUENTD_ADDRESS: Final = DockerVersion(23, 0, 0)


def driver_findings(config: LogConfig) -> Iterator[Finding]:
    """Yield what is wrong with the options of ``config`` together, and with those that have rules of their own."""
    yield from _buffer(config)
    rules = _RULES.get(config.driver)
    if rules is not None:
        yield from rules(config)


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
    except SizeError as problem:
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
    if parse_bool(config.get("compress")) and (
        not is_limited or (count is not None and count < _FILES_TO_COMPRESS)
    ):
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
    if compress and count is not None and 0 <= count < _FILES_TO_COMPRESS:
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
    url = parse_go_url(text, config.version)
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


def _has_port(url: GoUrl) -> bool:
    return ":" in url.host.rpartition("]")[2]


def _fluentd(config: LogConfig) -> Iterator[Finding]:
    if config.get("fluentd-buffer-limit"):
        yield from _size(config, "fluentd-buffer-limit", "binary", "start")
    if config.get("fluentd-async") and config.get("fluentd-async-connect"):
        yield _clash(config, "fluentd-async-connect", "fluentd-async")
    text = config.get("fluentd-address")
    url = parse_go_url(text if "://" in text else f"tcp://{text}", config.version)
    is_new = config.version >= _NEW_FLUENTD_ADDRESS
    schemes = {"tcp", "tls", "unix"} if is_new else {"tcp", "tcp+tls", "udp", "unix", "unixgram"}
    if text and (url is None or url.scheme not in schemes or (is_new and url.scheme != "unix" and url.path)):
        message = f"fluentd-address must be HOST:PORT or unix:///PATH, not {text!r}"
        hint = 'write for instance "fluentd-address": "localhost:24224"'
        yield config.finding("fluentd-address", message, hint)


def _syslog(config: LogConfig) -> Iterator[Finding]:
    text = config.get("syslog-address")
    url = parse_go_url(text, config.version)
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
    url = parse_go_url(text, config.version)
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


_RULES: Final[Mapping[str, Callable[[LogConfig], Iterator[Finding]]]] = {
    "awslogs": _awslogs,
    "fluentd": _fluentd,
    "gelf": _gelf,
    "json-file": _json_file,
    "local": _local,
    "splunk": _splunk,
    "syslog": _syslog,
}
