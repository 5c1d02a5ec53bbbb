"""A container's log configuration: what is read, what is given, what limits it."""

import json

import pytest

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.set_logs import LogSettings
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.logs.log_config import (
    given,
    is_unlimited,
    limit_of,
    log_config_in,
    new_faults,
    options_to_give,
    with_options,
)

V28 = DockerVersion(28, 5, 2)
LIMITS = {"max-size": "50m", "max-file": "3"}
# as Docker 28 writes it
RECORD = (
    b'{"Binds":null,"LogConfig":{"Type":"json-file","Config":{}},"Memory":0,"ConsoleSize":[0,0],"x":1.50e1}\n'
)


def test_options_are_put_in_and_everything_else_stays_to_the_byte() -> None:
    assert with_options(RECORD, LIMITS) == RECORD.replace(
        b'"Config":{}', b'"Config":{"max-size":"50m","max-file":"3"}'
    )


@pytest.mark.parametrize("old", [b"{}", b"null", b'{"labels":"a","max-size":"1m"}'], ids=repr)
def test_what_is_taken_back_is_as_it_was(old: bytes) -> None:
    before = RECORD.replace(b'"Config":{}', b'"Config":' + old)

    options = json.loads(old)

    assert with_options(with_options(before, {**(options or {}), **LIMITS}), options) == before


@pytest.mark.parametrize("data", [b"", b"{", b'{"LogConfig": 5}', b"[]"], ids=repr)
def test_a_record_without_a_place_for_options_is_told(data: bytes) -> None:
    if data == b"":
        assert b"LogConfig" in with_options(data, LIMITS)  # the caller has looked at it before
        return
    with pytest.raises(ValueError, match=r"."):
        with_options(data, LIMITS)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"Type": "json-file", "Config": {"max-size": "1m"}}, LogConfig("json-file", {"max-size": "1m"})),
        ({"Type": "json-file", "Config": None}, LogConfig("json-file", {})),
        ({"Type": "local"}, LogConfig("local", {})),
        ({"Type": "", "Config": {}}, LogConfig("", {})),
    ],
)
def test_a_log_configuration_is_read(told: object, expected: LogConfig) -> None:
    assert log_config_in({"LogConfig": told}) == expected


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"LogConfig": None},
        {"LogConfig": {}},
        {"LogConfig": {"Type": 1}},
        {"LogConfig": {"Type": "local", "Config": []}},
        {"LogConfig": {"Type": "local", "Config": "x"}},
        {"LogConfig": {"Type": "local", "Config": {"a": 1}}},
    ],
    ids=repr,
)
def test_an_odd_log_configuration_is_told(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="it"):
        log_config_in(settings)


def test_what_says_how_much_is_given_and_what_was_asked_for_but_nothing_else() -> None:
    settings = LogSettings("json-file", {**LIMITS, "compress": "true", "labels": "a", "mode": "non-blocking"})

    assert options_to_give(settings, {"mode"}) == {**LIMITS, "compress": "true", "mode": "non-blocking"}


def test_with_a_driver_that_limits_nothing_the_usual_limits_are_given() -> None:
    assert options_to_give(LogSettings("journald", {"tag": "x"}), ()) == LIMITS


def test_a_container_keeps_its_driver_and_its_other_options() -> None:
    config = LogConfig("local", {"max-size": "1m", "mode": "non-blocking"})

    assert given(config, {**LIMITS, "labels": "a"}, V28) == LogConfig(
        "local", {"max-size": "50m", "mode": "non-blocking", "max-file": "3"}
    )


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (LogConfig("json-file", {}), True),
        (LogConfig("json-file", {"max-file": "3"}), True),
        (LogConfig("json-file", {"max-size": ""}), True),
        (LogConfig("json-file", {"max-size": "1m"}), False),
        (LogConfig("local", {}), False),
        (LogConfig("journald", {}), False),
    ],
)
def test_a_log_is_unlimited_where_nothing_limits_it(config: LogConfig, expected: bool) -> None:
    assert is_unlimited(config) is expected


def test_only_what_is_wrong_anew_counts() -> None:
    before, after = LogConfig("local", {}), LogConfig("local", {"max-file": "1"})

    assert [finding.key for finding in new_faults(before, after, V28)]
    assert not new_faults(after, after, V28)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (LogConfig("json-file", {"max-size": "20k"}), 20_000),
        (LogConfig("json-file", {}), None),
        (LogConfig("json-file", {"max-size": "x"}), None),
        (LogConfig("journald", {"max-size": "20k"}), None),
    ],
)
def test_the_limit_is_that_of_a_file_in_decimal_units(config: LogConfig, expected: int | None) -> None:
    assert limit_of(config, V28) == expected
