"""Docker's log drivers: which options each one knows in which version, and whether a log configuration works.

Source: ``daemon/logger`` of moby, tags v20.10.24 to docker-v29.7.2. When it hurts: the daemon checks option names
(and for most remote drivers values) at its start, but only if there are options at all; json-file and local read
their values when a container starts.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from dockerd_cfg.config.check_grammar import closest
from dockerd_cfg.config.check_log_drivers import driver_findings
from dockerd_cfg.config.check_log_values import LogConfig, value_findings
from dockerd_cfg.config.check_version import DockerVersion, over_versions
from dockerd_cfg.findings import Finding, Stage

DEFAULT_DRIVER: Final = "json-file"


class LogOption(NamedTuple):
    """One option of a log driver, with the first version that has it and the first that has it no longer."""

    since: DockerVersion | None = None
    until: DockerVersion | None = None

    def is_in(self, version: DockerVersion) -> bool:
        """Whether Docker ``version`` has the option."""
        return (self.since is None or version >= self.since) and (self.until is None or version < self.until)


def _options(
    *names: str, since: DockerVersion | None = None, until: DockerVersion | None = None
) -> dict[str, LogOption]:
    return {name: LogOption(since, until) for name in names}


# Every driver takes these: daemon/logger/factory.go, loggerutils/cache.
_BUILT_IN: Final = _options(
    "mode", "max-buffer-size", "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"
)
# The local cache took over the new options of the local driver.
_CACHE_29_5: Final = _options(
    *(f"cache-{name}" for name in ("labels", "labels-regex", "env", "env-regex", "tag")),
    since=DockerVersion(29, 5, 0),
)
_ATTRIBUTES: Final = _options("labels", "labels-regex", "env", "env-regex")
_COMMON: Final = _ATTRIBUTES | _options("tag")
_FILES: Final = _options("max-size", "max-file", "compress")
_V23: Final = DockerVersion(23, 0, 0)

DRIVERS: Final[Mapping[str, Mapping[str, LogOption]]] = {
    "awslogs": _options(
        "awslogs-create-group",
        "awslogs-credentials-endpoint",
        "awslogs-datetime-format",
        "awslogs-endpoint",
        "awslogs-force-flush-interval-seconds",
        "awslogs-group",
        "awslogs-max-buffered-events",
        "awslogs-multiline-pattern",
        "awslogs-region",
        "awslogs-stream",
        "tag",
    )
    | _options("awslogs-create-stream", "awslogs-format", since=_V23),
    "fluentd": _options(
        "fluentd-address",
        "fluentd-async",
        "fluentd-buffer-limit",
        "fluentd-max-retries",
        "fluentd-request-ack",
        "fluentd-retry-wait",
        "fluentd-sub-second-precision",
    )
    | _options("fluentd-async-connect", until=DockerVersion(28, 0, 0))
    | _options("fluentd-async-reconnect-interval", since=_V23)
    | _options("fluentd-write-timeout", since=DockerVersion(28, 2, 0))
    | _options("fluentd-read-timeout", since=DockerVersion(29, 0, 0))
    | _COMMON,
    "gcplogs": _options("gcp-log-cmd", "gcp-meta-id", "gcp-meta-name", "gcp-meta-zone", "gcp-project")
    | _ATTRIBUTES,
    "gelf": _options(
        "gelf-address",
        "gelf-compression-level",
        "gelf-compression-type",
        "gelf-tcp-max-reconnect",
        "gelf-tcp-reconnect-delay",
    )
    | _COMMON,
    "journald": _COMMON,
    "json-file": _FILES | _COMMON,
    "local": _FILES
    | _options("labels", "labels-regex", "env", "env-regex", "tag", since=DockerVersion(29, 5, 0)),
    "none": {},
    "splunk": _options(
        "splunk-caname",
        "splunk-capath",
        "splunk-format",
        "splunk-gzip",
        "splunk-gzip-level",
        "splunk-index",
        "splunk-index-acknowledgment",
        "splunk-insecureskipverify",
        "splunk-source",
        "splunk-sourcetype",
        "splunk-token",
        "splunk-url",
        "splunk-verify-connection",
    )
    | _COMMON,
    "syslog": _options(
        "syslog-address",
        "syslog-facility",
        "syslog-format",
        "syslog-tls-ca-cert",
        "syslog-tls-cert",
        "syslog-tls-key",
        "syslog-tls-skip-verify",
    )
    | _COMMON,
}

# logentries accepted any option beside its token (a slip in its validator); it went in 25.0.
_LOGENTRIES: Final = "logentries"
_LOGENTRIES_TOKEN: Final = "logentries-token"  # noqa: S105  # the name of the option
_LOGENTRIES_GONE: Final = DockerVersion(25, 0, 0)


def known_options(driver: str, version: DockerVersion | None) -> frozenset[str] | None:
    """Return every option that the log driver ``driver`` (empty: Docker's default) knows in ``version``.

    Without a version: every option of any supported version. None for a driver that Docker does not bring: a
    plugin, or a slip of the pen.
    """
    options = DRIVERS.get(driver or DEFAULT_DRIVER)
    if options is None:
        return None
    everything = {**_BUILT_IN, **_CACHE_29_5, **options}
    return frozenset(name for name, option in everything.items() if version is None or option.is_in(version))


def check_log_config(
    driver: str, opts: Mapping[str, object], *, version: DockerVersion | None
) -> list[Finding]:
    """Return what is wrong with a log driver (empty: json-file) and its options, as in daemon.json or of a container.

    Keys of the findings are ``log-driver`` and ``log-opts.NAME``; stage ``parse`` for a value that is no string,
    ``start`` or ``container`` by the time Docker notices, ``advice`` for what will hurt one day.
    """
    return over_versions(version, lambda candidate: _check(driver or DEFAULT_DRIVER, opts, candidate))


def _check(driver: str, opts: Mapping[str, object], version: DockerVersion) -> list[Finding]:
    findings = [
        _not_a_string(name, value)
        for name, value in opts.items()
        if value is not None and not isinstance(value, str)
    ]
    # a number is judged as what it has to be written as
    texts = {
        name: _text(value)
        for name, value in opts.items()
        if value is None or isinstance(value, str | int | float)
    }
    if driver == _LOGENTRIES and version < _LOGENTRIES_GONE:
        return findings if texts.get(_LOGENTRIES_TOKEN) else [*findings, _no_token(has_options=bool(opts))]
    if driver not in DRIVERS:
        return [*findings, _unknown_driver(driver, has_options=bool(opts))]
    if driver == "none":
        return [*findings, *(_without_effect(name) for name in texts)]
    known = known_options(driver, version) or frozenset()
    findings += [_unknown_option(driver, name, version) for name in texts if name not in known]
    config = LogConfig(
        driver, {name: text for name, text in texts.items() if name in known}, opts.keys(), version
    )
    findings += [*value_findings(config), *driver_findings(config)]
    if opts:
        return findings
    # without any options the daemon checks nothing: what it would refuse, each container meets
    return [_at_container(finding) for finding in findings]


def _at_container(finding: Finding) -> Finding:
    return replace(finding, stage="container") if finding.stage == "start" else finding


def _not_a_string(name: str, value: object) -> Finding:
    text = _text(value) if isinstance(value, int | float) else "..."
    return Finding(
        code="log-option-not-a-string",
        severity="error",
        stage="parse",
        message=f"the log option {name} must be a string, even if it looks like a number or a truth value",
        hint=f'write "{name}": "{text}"',
        key=f"log-opts.{name}",
    )


def _text(value: str | float | None) -> str:
    """The string that ``value`` is, or has to be written as; null is what Go leaves empty."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _no_token(*, has_options: bool) -> Finding:
    return Finding(
        code="missing-log-option",
        severity="error",
        stage="start" if has_options else "container",
        message=f"logentries needs the option {_LOGENTRIES_TOKEN}",
        hint="choose another driver: Logentries itself ended in 2022, and Docker 25.0 has no such driver",
        key=f"log-opts.{_LOGENTRIES_TOKEN}",
    )


def _unknown_driver(driver: str, *, has_options: bool) -> Finding:
    stage: Stage = "start" if has_options else "container"
    if driver == _LOGENTRIES:
        message = "the log driver logentries was removed in Docker 25.0"
        hint = "choose another driver, for instance local or json-file"
    elif driver == "etwlogs":
        message, hint = "the log driver etwlogs exists on Windows only", "on Linux, local or journald"
    else:
        consequence = "Docker does not start" if has_options else "containers cannot be created"
        message = f"Docker has no log driver {driver}; unless it is an installed plugin, {consequence}"
        guess = closest(driver, DRIVERS.keys() - {"none"})
        hint = f"did you mean {guess}?" if guess else f"built in are {', '.join(sorted(DRIVERS))}"
    code = "removed-log-driver" if driver == _LOGENTRIES else "unknown-log-driver"
    return Finding(code=code, severity="error", stage=stage, message=message, hint=hint, key="log-driver")


def _unknown_option(driver: str, name: str, version: DockerVersion) -> Finding:
    option = DRIVERS[driver].get(name) or _CACHE_29_5.get(name)
    code = "unknown-log-option"
    if option is not None and option.since is not None and version < option.since:
        code = "log-option-too-new"
        message = f"the log option {name} of {driver} needs Docker {option.since.release} or newer"
        hint = "leave it out, or update Docker"
    elif option is not None and option.until is not None:
        code = "removed-log-option"
        message = f"the log option {name} was removed in Docker {option.until.release}"
        hint = "write fluentd-async instead" if name == "fluentd-async-connect" else "leave it out"
    else:
        known = known_options(driver, version) or frozenset()
        guess = closest(name, known)
        owners = sorted(other for other, options in DRIVERS.items() if name in options)
        message = f"the log driver {driver} has no option {name}: Docker does not start"
        if guess:
            hint = f"did you mean {guess}?"
        elif owners:
            hint = f"it belongs to {', '.join(owners)}; leave it out, or choose that driver"
        else:
            hint = f"{driver} knows {', '.join(sorted(known - _BUILT_IN.keys() - _CACHE_29_5.keys()))}"
    return Finding(
        code=code, severity="error", stage="start", message=message, hint=hint, key=f"log-opts.{name}"
    )


def _without_effect(name: str) -> Finding:
    return Finding(
        code="log-option-without-effect",
        severity="warning",
        stage="ignored",
        message=f"the log option {name} has no effect: the driver none keeps no logs",
        hint="leave it out, or choose another log-driver",
        key=f"log-opts.{name}",
    )
