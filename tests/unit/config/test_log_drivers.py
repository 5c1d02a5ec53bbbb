"""Log drivers: their options by version, values, combinations, and when each mistake hurts."""

import json
from collections.abc import Mapping

import pytest

from dockerd_cfg.config.catalogue import schema
from dockerd_cfg.config.check import MILESTONES, DockerVersion
from dockerd_cfg.config.log_drivers import DRIVERS, check_log_config, known_options
from dockerd_cfg.findings import Finding

V20 = DockerVersion(20, 10, 24)
V24 = DockerVersion(24, 0, 0)
V28 = DockerVersion(28, 5, 2)
V29 = DockerVersion(29, 7, 2)

ROTATED: dict[str, object] = {"max-size": "50m", "max-file": "3"}


def errors(driver: str, opts: Mapping[str, object], version: DockerVersion | None = V28) -> list[Finding]:
    return [finding for finding in check_log_config(driver, opts, version=version) if finding.is_error]


def advice(driver: str, opts: Mapping[str, object]) -> list[str]:
    return [finding.code for finding in check_log_config(driver, opts, version=V28) if not finding.is_error]


RIGHT: list[tuple[str, dict[str, object]]] = [
    ("json-file", {}),
    ("json-file", ROTATED),
    ("json-file", {**ROTATED, "compress": "true", "labels": "a,b", "env-regex": "^A", "tag": "{{.Name}}"}),
    ("json-file", {**ROTATED, "mode": "non-blocking", "max-buffer-size": "4m"}),
    ("json-file", {**ROTATED, "mode": ""}),
    ("json-file", {"max-size": "50m", "max-file": "1", "compress": "false"}),
    ("", ROTATED),
    ("local", {}),
    ("local", {"max-size": "0"}),
    ("local", {"max-size": "20m", "max-file": "1", "compress": "false"}),
    ("journald", {"tag": "x", "labels": "a"}),
    (
        "syslog",
        {"syslog-address": "udp://192.0.2.1:514", "syslog-facility": "23", "syslog-format": "rfc5424micro"},
    ),
    ("syslog", {"syslog-address": "unixgram:///dev/log", "syslog-facility": "local7"}),
    (
        "gelf",
        {"gelf-address": "udp://h:12201", "gelf-compression-type": "none", "gelf-compression-level": "-1"},
    ),
    ("gelf", {"gelf-address": "tcp://h:12201", "gelf-tcp-max-reconnect": "0"}),
    ("fluentd", {}),
    ("fluentd", {"fluentd-address": "h:24224", "fluentd-async": "true", "fluentd-retry-wait": "1s"}),
    ("fluentd", {"fluentd-address": "unix:///run/f.sock", "fluentd-buffer-limit": "8m"}),
    ("awslogs", {"awslogs-group": "g", "awslogs-create-group": "true"}),
    ("splunk", {"splunk-token": "t", "splunk-url": "https://h:8088", "splunk-gzip-level": "9"}),
    ("gcplogs", {"gcp-project": "p", "gcp-log-cmd": "true"}),
    ("none", {}),
]


@pytest.mark.parametrize(
    ("driver", "opts"), RIGHT, ids=[f"{driver} {' '.join(opts)}" for driver, opts in RIGHT]
)
def test_a_log_configuration_that_works_has_no_errors(driver: str, opts: dict[str, object]) -> None:
    assert errors(driver, opts) == []


@pytest.mark.parametrize(
    ("driver", "opts", "code", "stage", "key"),
    [
        ("json-file", {"max-size": "10x"}, "bad-log-option", "container", "log-opts.max-size"),
        ("json-file", {"max-size": "10 apples"}, "bad-log-option", "container", "log-opts.max-size"),
        ("json-file", {"max-size": "-1"}, "bad-log-option", "container", "log-opts.max-size"),
        ("json-file", {"max-size": "0"}, "bad-log-option", "container", "log-opts.max-size"),
        ("json-file", {"max-size": ""}, "bad-log-option", "container", "log-opts.max-size"),
        ("json-file", {"max-size": None}, "bad-log-option", "container", "log-opts.max-size"),
        ("json-file", {"max-size": "50m", "max-file": "0"}, "bad-log-option", "container", "log-opts.max-file"),
        ("json-file", {"max-size": "50m", "max-file": "three"}, "bad-log-option", "container", "log-opts.max-file"),
        ("json-file", {**ROTATED, "compress": "yes"}, "bad-log-option", "container", "log-opts.compress"),
        ("json-file", {"max-size": "50m", "compress": "true"}, "compress-without-rotation", "container", "log-opts.compress"),
        ("json-file", {"max-file": "3", "compress": "true"}, "compress-without-rotation", "container", "log-opts.compress"),
        ("json-file", {**ROTATED, "tag": "{{.Name"}, "bad-log-option", "container", "log-opts.tag"),
        ("json-file", {**ROTATED, "labels-regex": "("}, "bad-log-option", "container", "log-opts.labels-regex"),
        ("json-file", {**ROTATED, "labels-regex": "(?=a)"}, "bad-log-option", "container", "log-opts.labels-regex"),
        ("json-file", {**ROTATED, "mode": "async"}, "bad-log-option", "start", "log-opts.mode"),
        ("json-file", {**ROTATED, "max-buffer-size": "4m"}, "bad-log-option", "start", "log-opts.max-buffer-size"),
        ("json-file", {**ROTATED, "mode": "non-blocking", "max-buffer-size": "x"}, "bad-log-option", "start", "log-opts.max-buffer-size"),
        ("json-file", {**ROTATED, "cache-disabled": "x"}, "bad-log-option", "start", "log-opts.cache-disabled"),
        ("json-file", {**ROTATED, "maxsize": "1m"}, "unknown-log-option", "start", "log-opts.maxsize"),
        ("json-file", {"max-file": 3, "max-size": "1m"}, "log-option-not-a-string", "parse", "log-opts.max-file"),
        ("json-file", {**ROTATED, "compress": True}, "log-option-not-a-string", "parse", "log-opts.compress"),
        ("local", {"max-file": "1"}, "compress-without-rotation", "container", "log-opts.max-file"),
        ("local", {"max-file": "-1"}, "bad-log-option", "container", "log-opts.max-file"),
        ("local", {"max-size": "-1"}, "bad-log-option", "container", "log-opts.max-size"),
        ("journald", {"max-size": "50m"}, "unknown-log-option", "start", "log-opts.max-size"),
        ("gcplogs", {"tag": "x"}, "unknown-log-option", "start", "log-opts.tag"),
        ("syslog", {"syslog-address": "http://h"}, "bad-log-option", "start", "log-opts.syslog-address"),
        ("syslog", {"syslog-facility": "24"}, "bad-log-option", "start", "log-opts.syslog-facility"),
        ("syslog", {"syslog-format": "rfc"}, "bad-log-option", "start", "log-opts.syslog-format"),
        ("gelf", {}, "missing-log-option", "container", "log-opts.gelf-address"),
        ("gelf", {"tag": "x"}, "missing-log-option", "start", "log-opts.gelf-address"),
        ("gelf", {"gelf-address": "http://h:1"}, "bad-log-option", "start", "log-opts.gelf-address"),
        ("gelf", {"gelf-address": "udp://h"}, "bad-log-option", "start", "log-opts.gelf-address"),
        ("gelf", {"gelf-address": "udp://h:1", "gelf-compression-type": "x"}, "bad-log-option", "start", "log-opts.gelf-compression-type"),
        ("gelf", {"gelf-address": "tcp://h:1", "gelf-compression-type": "gzip"}, "log-options-clash", "start", "log-opts.gelf-compression-type"),
        ("gelf", {"gelf-address": "udp://h:1", "gelf-tcp-max-reconnect": "3"}, "log-options-clash", "start", "log-opts.gelf-tcp-max-reconnect"),
        ("fluentd", {"fluentd-address": "http://h"}, "bad-log-option", "start", "log-opts.fluentd-address"),
        ("fluentd", {"fluentd-address": "tcp://h/x"}, "bad-log-option", "start", "log-opts.fluentd-address"),
        ("fluentd", {"fluentd-async": "on"}, "bad-log-option", "start", "log-opts.fluentd-async"),
        ("fluentd", {"fluentd-buffer-limit": "x"}, "bad-log-option", "start", "log-opts.fluentd-buffer-limit"),
        ("fluentd", {"fluentd-retry-wait": "1"}, "bad-log-option", "start", "log-opts.fluentd-retry-wait"),
        ("fluentd", {"fluentd-async-reconnect-interval": "1m"}, "bad-log-option", "start", "log-opts.fluentd-async-reconnect-interval"),
        ("fluentd", {"fluentd-async-connect": "true"}, "removed-log-option", "start", "log-opts.fluentd-async-connect"),
        ("fluentd", {"fluentd-read-timeout": "3s"}, "log-option-too-new", "start", "log-opts.fluentd-read-timeout"),
        ("awslogs", {"awslogs-region": "x"}, "missing-log-option", "start", "log-opts.awslogs-group"),
        ("awslogs", {"awslogs-group": "g", "awslogs-max-buffered-events": "0"}, "bad-log-option", "start", "log-opts.awslogs-max-buffered-events"),
        ("awslogs", {"awslogs-group": "g", "awslogs-format": "x"}, "bad-log-option", "start", "log-opts.awslogs-format"),
        ("awslogs", {"awslogs-group": "g", "awslogs-datetime-format": "%Y", "awslogs-multiline-pattern": "x"}, "log-options-clash", "start", "log-opts.awslogs-datetime-format"),
        ("splunk", {"splunk-url": "https://h:8088"}, "missing-log-option", "container", "log-opts.splunk-token"),
        ("splunk", {"splunk-token": "t", "splunk-url": "https://h:8088/x"}, "bad-log-option", "container", "log-opts.splunk-url"),
        ("nosuch", {}, "unknown-log-driver", "container", "log-driver"),
        ("nosuch", {"a": "b"}, "unknown-log-driver", "start", "log-driver"),
        ("logentries", {}, "removed-log-driver", "container", "log-driver"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once_with_its_stage(
    driver: str, opts: dict[str, object], code: str, stage: str, key: str
) -> None:
    assert [(finding.code, finding.stage, finding.key) for finding in errors(driver, opts)] == [
        (code, stage, key)
    ]


@pytest.mark.parametrize(
    ("driver", "opts", "codes"),
    [
        ("json-file", {"max-size": "1m", "max-file": 3}, ["log-option-not-a-string"]),
        ("json-file", {"max-size": "1m", "max-file": 1}, ["log-option-not-a-string", "single-log-file"]),
        ("json-file", {"max-size": "1m", "max-file": 0}, ["log-option-not-a-string", "bad-log-option"]),
        ("json-file", {"max-size": "1m", "max-file": 3, "compress": "true"}, ["log-option-not-a-string"]),
        ("local", {"max-file": 1, "compress": False}, ["log-option-not-a-string"] * 2),
        ("awslogs", {"awslogs-group": 7}, ["log-option-not-a-string"]),
    ],
)
def test_a_number_is_judged_as_the_text_it_has_to_be(
    driver: str, opts: dict[str, object], codes: list[str]
) -> None:
    found = check_log_config(driver, opts, version=DockerVersion(28, 5, 2))

    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    ("driver", "opts", "hint"),
    [
        ("json-file", {"max-size": "1m", "max-file": 3}, 'write "max-file": "3"'),
        ("json-file", {"max-size": "1m", "compress": False}, 'write "compress": "false"'),
        ("json-file", {"maxsize": "1m"}, "did you mean max-size?"),
        ("json-file", {"max_file": "3"}, "did you mean max-file?"),
        (
            "journald",
            {"max-size": "1m"},
            "it belongs to json-file, local; leave it out, or choose that driver",
        ),
        ("jsonfile", {}, "did you mean json-file?"),
        ("fluentd", {"fluentd-async-connect": "true"}, "write fluentd-async instead"),
    ],
)
def test_the_hint_says_what_to_write_instead(driver: str, opts: dict[str, object], hint: str) -> None:
    assert [finding.hint for finding in errors(driver, opts)] == [hint]


@pytest.mark.parametrize(
    ("driver", "opts", "codes"),
    [
        ("json-file", ROTATED, []),
        ("json-file", {}, ["unlimited-logs"]),
        ("json-file", {"labels": "a"}, ["unlimited-logs"]),
        ("json-file", {"max-file": "3"}, ["max-file-without-max-size"]),
        ("json-file", {"max-size": "50m"}, ["single-log-file"]),
        ("json-file", {"max-size": "50m", "max-file": "1"}, ["single-log-file"]),
        ("json-file", {"max-size": "10", "max-file": "3"}, ["tiny-log-files"]),
        ("json-file", {"max-size": "10MiB", "max-file": "3"}, ["decimal-log-size"]),
        ("local", {}, []),
        ("journald", {}, []),
        ("none", {"max-size": "1m"}, ["log-option-without-effect"]),
    ],
)
def test_advice_is_given_on_what_will_hurt_one_day(
    driver: str, opts: dict[str, object], codes: list[str]
) -> None:
    assert advice(driver, opts) == codes


@pytest.mark.parametrize(
    ("driver", "name", "without", "with_it"),
    [
        ("local", "tag", DockerVersion(29, 4, 3), DockerVersion(29, 5, 0)),
        ("fluentd", "fluentd-write-timeout", DockerVersion(28, 1, 1), DockerVersion(28, 2, 0)),
        ("fluentd", "fluentd-read-timeout", V28, DockerVersion(29, 0, 0)),
        ("fluentd", "fluentd-async-reconnect-interval", V20, DockerVersion(23, 0, 0)),
        ("fluentd", "fluentd-async-connect", DockerVersion(28, 0, 0), DockerVersion(27, 5, 1)),
        ("awslogs", "awslogs-create-stream", V20, DockerVersion(23, 0, 0)),
        ("journald", "cache-tag", V28, DockerVersion(29, 5, 0)),
    ],
)
def test_options_come_and_go_with_versions(
    driver: str, name: str, without: DockerVersion, with_it: DockerVersion
) -> None:
    assert name not in (known_options(driver, without) or ())
    assert name in (known_options(driver, with_it) or ())
    assert name in (known_options(driver, None) or ())


def test_a_plugins_options_are_not_known() -> None:
    assert known_options("loki", V28) is None


def test_an_empty_driver_is_dockers_default() -> None:
    assert known_options("", V28) == known_options("json-file", V28)


def test_logentries_took_any_option_while_it_lasted() -> None:
    assert errors("logentries", {"logentries-token": "t", "anything": "x"}, V24) == []


@pytest.mark.parametrize(("opts", "stage"), [({}, "container"), ({"line-only": "true"}, "start")])
def test_logentries_needed_its_token(opts: dict[str, str], stage: str) -> None:
    found = [one for one in check_log_config("logentries", opts, version=V24) if one.is_error]

    assert [(one.code, one.stage, one.key) for one in found] == [
        ("missing-log-option", stage, "log-opts.logentries-token")
    ]


def test_without_a_version_what_only_older_ones_lack_is_advice() -> None:
    findings = check_log_config("local", {"tag": "x"}, version=None)
    assert [(finding.code, finding.stage, finding.severity) for finding in findings] == [
        ("log-option-too-new", "advice", "warning")
    ]


def test_without_a_version_what_any_supported_one_refuses_is_an_error() -> None:
    (finding,) = errors("json-file", {"max-size": ".5g", "max-file": "3"}, None)
    assert finding.stage == "container"
    assert finding.message.endswith("(Docker 20.10 to 27.0)")


def test_the_schema_knows_exactly_the_options_of_the_drivers() -> None:
    log_opts = json.loads(json.dumps(schema()))["properties"]["log-opts"]["properties"]
    drivers = {
        name: sorted(driver for driver, options in DRIVERS.items() if name in options) for name in log_opts
    }
    every = set().union(*(known_options(driver, None) or () for driver in DRIVERS))
    assert log_opts.keys() == every
    assert {name: node.get("x-log-drivers", []) for name, node in log_opts.items()} == drivers


@pytest.mark.parametrize("version", MILESTONES, ids=str)
def test_rotation_with_json_file_works_in_every_version(version: DockerVersion) -> None:
    assert check_log_config("json-file", ROTATED, version=version) == []
