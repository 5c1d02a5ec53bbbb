"""From what users write to edits: values of every type, unknown names, dotted names, merge patches, dropped log options."""

from collections.abc import Mapping
from typing import Any

import pytest

from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, parse
from dockerd_cfg.config.edit import edit, merge_patch
from dockerd_cfg.config.edits import dropped_options, key_path, merge_edits, set_edits, unset_edits
from dockerd_cfg.config.scan import scan
from dockerd_cfg.errors import InvalidConfig, UsageProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.paths import DAEMON_JSON

LOGGING = '{"log-driver": "json-file", "log-opts": {"max-size": "1m", "tag": "x"}}'


def file_with(text: str | None) -> DaemonJson:
    data = None if text is None else text.encode()
    return DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))


EMPTY = file_with("{}")


def set_value(key: str, text: str, file: DaemonJson = EMPTY, force: tuple[str, ...] = ()) -> Any:
    (one,) = set_edits(file, key, text, force=force)
    return one.value


def set_path(key: str, text: str = "x", file: DaemonJson = EMPTY) -> tuple[str, ...]:
    (one,) = set_edits(file, key, text)
    return one.key


def dropped(edits: list[KeyEdit]) -> list[str]:
    return [one.dotted for one in edits if one.unset and one.key[0] == "log-opts"]


# Values


@pytest.mark.parametrize("key", ["log-opts", "features", "default-address-pools"])
def test_a_value_nested_without_end_is_refused(key: str) -> None:
    opening, closing = ("[", "]") if key == "default-address-pools" else ('{"a":', "}")
    with pytest.raises(InvalidConfig, match="nested deeper than 200 levels"):
        set_edits(EMPTY, key, opening * 1100 + "1" + closing * 1100)


def test_a_value_with_a_name_given_twice_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="max-size"):
        set_edits(EMPTY, "log-opts", '{"max-size": "1m", "max-size": "2m"}')


def test_what_follows_a_value_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="something follows the value"):
        set_edits(EMPTY, "log-opts", '{"max-size": "1m"} x')


@pytest.mark.parametrize("value", ["[" * 1100 + "]" * 1100, '{"a": 1, "a": 2}'], ids=["deep", "twice"])
def test_an_unknown_option_that_is_forced_takes_what_is_no_json_as_text(value: str) -> None:
    assert set_value("no-such", value, force=("no-such",)) == value


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        pytest.param("data-root", "/srv/docker", "/srv/docker", id="text"),
        pytest.param("data-root", "", "", id="empty text"),
        pytest.param("log-level", "true", "true", id="text that looks like a truth value"),
        pytest.param("log-opts.max-file", "3", "3", id="a log option that looks like a number"),
        pytest.param("log-opts.env", "a,b", "a,b", id="a log option that looks like a list"),
        pytest.param("debug", "true", True, id="true"),
        pytest.param("debug", "false", False, id="false"),
        pytest.param("mtu", "1400", 1400, id="a number"),
        pytest.param("shutdown-timeout", "-1", -1, id="a number below zero"),
        pytest.param("dns", "192.0.2.1", ["192.0.2.1"], id="a list of one"),
        pytest.param("dns", "192.0.2.1, 192.0.2.2", ["192.0.2.1", "192.0.2.2"], id="a list with commas"),
        pytest.param("dns", ' ["192.0.2.1"]', ["192.0.2.1"], id="a list as JSON"),
        pytest.param("dns", "", [], id="an empty list"),
        pytest.param("dns", "[]", [], id="an empty list as JSON"),
        pytest.param("log-opts", '{"max-size": "1m"}', {"max-size": "1m"}, id="an object"),
        pytest.param("default-address-pools", '[{"base": "192.0.2.0/24", "size": 28}]', [{"base": "192.0.2.0/24", "size": 28}], id="a list of objects"),
        pytest.param("builder.gc.enabled", "true", True, id="a truth value inside"),
        pytest.param("default-ulimits.nofile.Hard", "5", 5, id="a number inside"),
        pytest.param("runtimes.x.runtimeArgs", "--a,--b", ["--a", "--b"], id="a list inside"),
        pytest.param("features.cdi", "true", True, id="a feature"),
    ],
)  # fmt: skip
def test_a_text_becomes_a_value_of_the_options_type(key: str, text: str, value: Any) -> None:
    found = set_value(key, text)

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "text", "hint"),
    [
        pytest.param("debug", "yes", "write debug true, or debug false", id="yes"),
        pytest.param("debug", "True", "write debug true, or debug false", id="True"),
        pytest.param("debug", "1", "write debug true, or debug false", id="1"),
        pytest.param("debug", "", "write debug true, or debug false", id="no truth value at all"),
        pytest.param("mtu", "1.5", "write digits only", id="half a number"),
        pytest.param("mtu", "0x10", "write digits only", id="a number in hex"),
        pytest.param("mtu", "1400m", "write digits only", id="a number with a unit"),
        pytest.param("mtu", "", "write digits only", id="no number at all"),
        pytest.param("dns", '["192.0.2.1"', "write for instance", id="a list without its end"),
        pytest.param("log-opts", "max-size=1m", "write for instance", id="an object that is none"),
        pytest.param("log-opts", "[]", "write for instance", id="a list for an object"),
        pytest.param("default-address-pools", "192.0.2.0/24", "write for instance", id="text for objects"),
        pytest.param("default-address-pools", "{}", "write for instance", id="an object for a list"),
    ],
)
def test_what_is_no_value_of_the_option_is_refused_with_what_to_write(key: str, text: str, hint: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        set_edits(EMPTY, key, text)

    assert (caught.value.hint or "").startswith(hint)
    assert [(one.code, one.stage, one.key) for one in caught.value.findings] == [("wrong-type", "parse", key)]


@pytest.mark.parametrize("text", ["1_400", " 1400", "١٤٠٠"])
def test_a_number_is_digits_only(text: str) -> None:
    with pytest.raises(InvalidConfig):
        set_edits(EMPTY, "mtu", text)


def test_forcing_an_option_does_not_change_its_type() -> None:
    with pytest.raises(InvalidConfig, match="either true or false"):
        set_edits(EMPTY, "debug", "maybe", force=["debug"])


# Unknown names


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("dbug", "did you mean debug?"),
        ("Debug", "did you mean debug?"),
        ("log_driver", "did you mean log-driver?"),
        ("builder.gcc", "did you mean builder.gc?"),
        ("proxies.httpproxy", "did you mean proxies.http-proxy?"),
        ("qqqqqqqq", "see the names in: dockerd-cfg show --effective --json"),
    ],
)
def test_an_unknown_name_is_refused_with_the_one_most_likely_meant(key: str, hint: str) -> None:
    with pytest.raises(InvalidConfig, match=f"no option {key}") as caught:
        set_edits(EMPTY, key, "true")

    assert caught.value.hint == hint
    assert [(one.code, one.key) for one in caught.value.findings] == [("unknown-option", key)]


def test_a_member_of_what_has_none_is_unknown() -> None:
    with pytest.raises(InvalidConfig, match="no option debug"):
        set_edits(EMPTY, "debug.x", "true")


@pytest.mark.parametrize(("key", "instead"), [("log-opt", "log-opts"), ("host", "hosts"), ("dns-opt", "dns-opts")])  # fmt: skip
def test_a_name_that_docker_takes_and_ignores_is_refused_with_the_one_that_works(
    key: str, instead: str
) -> None:
    with pytest.raises(InvalidConfig, match="would do nothing") as caught:
        set_edits(EMPTY, key, "x")

    assert caught.value.hint == f"write {instead}"
    assert [one.code for one in caught.value.findings] == ["no-effect"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("true", True), ('"1"', "1"), ('{"a": []}', {"a": []}), ("plain", "plain"), ("{no", "{no")],
)
def test_the_value_of_an_unknown_name_that_is_forced_is_json_or_else_text(text: str, value: Any) -> None:
    assert set_value("no-such", text, force=("no-such",)) == value


@pytest.mark.parametrize("forced", ["no", "no.such"])
def test_a_member_is_forced_by_its_own_name_or_its_options(forced: str) -> None:
    assert set_value("no.such", "1", force=(forced,)) == 1


@pytest.mark.parametrize("forced", ["debug", "no-such.x", "no"])
def test_forcing_another_name_forces_nothing(forced: str) -> None:
    with pytest.raises(InvalidConfig):
        set_edits(EMPTY, "no-such", "1", force=(forced,))


def test_a_name_that_is_ignored_can_be_forced_with_plain_text() -> None:
    assert set_value("log-opt", "max-size=1m", force=("log-opt",)) == "max-size=1m"


# Dotted names


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("log-opts.max-size", ("log-opts", "max-size")),
        ("log-opts.a.b.c", ("log-opts", "a.b.c")),
        ("builder.gc.defaultKeepStorage", ("builder", "gc", "defaultKeepStorage")),
        ("default-network-opts.bridge.com.docker.network.driver.mtu", ("default-network-opts", "bridge", "com.docker.network.driver.mtu")),
    ],
)  # fmt: skip
def test_a_maps_own_names_may_hold_dots(key: str, path: tuple[str, ...]) -> None:
    assert set_path(key) == path


def test_a_name_that_stands_in_the_file_with_its_dots_is_meant_as_a_whole() -> None:
    assert key_path(file_with('{"features.cdi": true}').value, "features.cdi") == ("features.cdi",)


def test_a_name_that_stands_in_the_file_with_its_dots_can_be_taken_out() -> None:
    assert unset_edits(file_with('{"log-opts.max-size": "1m"}'), "log-opts.max-size") == [
        KeyEdit(key=("log-opts.max-size",), unset=True)
    ]


def test_a_runtime_with_dots_in_its_name_can_be_reached() -> None:
    file = file_with('{"runtimes": {"kata.v2": {"path": "/usr/bin/kata"}}}')

    assert set_path("runtimes.kata.v2.path", "/opt/kata", file) == ("runtimes", "kata.v2", "path")


@pytest.mark.parametrize("key", ["", ".x", "a..b", "."])
def test_a_name_with_an_empty_part_is_wrong_usage(key: str) -> None:
    with pytest.raises(UsageProblem, match="is no key"):
        set_edits(EMPTY, key, "1")


@pytest.mark.parametrize("key", ["", ".x", "a..b"])
def test_taking_out_a_name_with_an_empty_part_is_wrong_usage(key: str) -> None:
    with pytest.raises(UsageProblem, match="is no key"):
        unset_edits(EMPTY, key)


# unset


@pytest.mark.parametrize(
    ("text", "key", "path"),
    [
        pytest.param('{"debug": true}', "debug", ("debug",), id="known and set"),
        pytest.param("{}", "debug", ("debug",), id="known and not set"),
        pytest.param('{"dbug": 1}', "dbug", ("dbug",), id="unknown and set"),
        pytest.param('{"x": {"y": 1}}', "x.y", ("x", "y"), id="inside what is unknown"),
        pytest.param("{}", "log-opts.loki-url", ("log-opts", "loki-url"), id="any member of a map"),
        pytest.param('{"log-opt": []}', "log-opt", ("log-opt",), id="without effect"),
    ],
)
def test_what_is_known_or_set_can_be_taken_out(text: str, key: str, path: tuple[str, ...]) -> None:
    assert unset_edits(file_with(text), key) == [KeyEdit(key=path, unset=True)]


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("{}", "dbug", "did you mean debug?"),
        ('{"Loki": 1}', "loki", "did you mean Loki?"),
        ('{"x": {"y": 1}}', "x.z", None),
    ],
)
def test_what_is_neither_known_nor_set_is_refused(text: str, key: str, hint: str | None) -> None:
    with pytest.raises(InvalidConfig, match=f"no option {key}") as caught:
        unset_edits(file_with(text), key)

    assert caught.value.hint == hint


# merge


@pytest.mark.parametrize(
    ("text", "patch", "edits"),
    [
        pytest.param("{}", {}, [], id="nothing"),
        pytest.param("{}", {"a": 1}, [KeyEdit(key=("a",), value=1)], id="a new value"),
        pytest.param('{"a": 1}', {"a": None}, [KeyEdit(key=("a",), unset=True, prune=False)], id="null"),
        pytest.param("{}", {"a": None}, [], id="null for what is not there"),
        pytest.param('{"a": {"b": 1}}', {"a": {"c": 2}}, [KeyEdit(key=("a", "c"), value=2)], id="into an object"),
        pytest.param('{"a": {"b": 1}}', {"a": {"b": None}}, [KeyEdit(key=("a", "b"), unset=True, prune=False)], id="null inside"),
        pytest.param('{"a": {"b.c": 1}}', {"a": {"b.c": 2}}, [KeyEdit(key=("a", "b.c"), value=2)], id="a name with dots"),
        pytest.param('{"a": 1}', {"a": {"b": None, "c": {"d": None}}}, [KeyEdit(key=("a",), value={"c": {}})], id="an object for what is none"),
        pytest.param('{"a": [1]}', {"a": [None]}, [KeyEdit(key=("a",), value=[None])], id="a list is set as it is"),
        pytest.param('{"a": {}}', {"a": {}}, [], id="an empty object into an object"),
    ],
)  # fmt: skip
def test_a_merge_patch_becomes_edits(text: str, patch: Mapping[str, Any], edits: list[KeyEdit]) -> None:
    assert merge_edits(file_with(text), patch) == edits


@pytest.mark.parametrize(
    ("text", "key", "path"),
    [
        pytest.param('{"debug": true}', "debug", ("debug",), id="set"),
        pytest.param("{}", "log-opts.max-size", None, id="nested, not set"),
        pytest.param('{"log-opts": {"tag": "x"}}', "log-opts.max-size", None, id="beside another"),
        pytest.param('{"log-opts": "x"}', "log-opts.max-size", None, id="in what is no object"),
        pytest.param('{"runtimes": {"io.containerd.kata.v2": {}}}', "runtimes.io.containerd.kata.v2", ("runtimes", "io.containerd.kata.v2"), id="a name with dots"),
        pytest.param('{"a.b": 1}', "a.b", ("a.b",), id="a name that the file has with its dots"),
        pytest.param("{}", "no-such", None, id="neither set nor known"),
    ],
)  # fmt: skip
def test_what_is_to_be_taken_out_besides_a_patch_is_named_as_for_unset(
    text: str, key: str, path: tuple[str, ...] | None
) -> None:
    edits = merge_edits(file_with(text), {"mtu": 1400}, unset=[key, key])

    wanted = [] if path is None else [KeyEdit(key=path, unset=True, prune=False)]
    assert edits == [KeyEdit(key=("mtu",), value=1400), *wanted]


@pytest.mark.parametrize(
    ("patch", "key"),
    [
        ({"debug": True}, "debug"),
        ({"log-opts": {"tag": None}}, "log-opts.tag"),
        ({"log-opts": {"tag": "x"}}, "log-opts"),
        ({"log-opts": None}, "log-opts.tag"),
    ],
)
def test_what_a_patch_names_cannot_be_taken_out_besides(patch: Mapping[str, Any], key: str) -> None:
    with pytest.raises(UsageProblem, match=f"{key} is in the patch"):
        merge_edits(EMPTY, patch, unset=[key])


@pytest.mark.parametrize(
    ("text", "patch"),
    [
        ('{"a": "b"}', {"a": "c"}),
        ('{"a": "b"}', {"b": "c"}),
        ('{"a": "b"}', {"a": None}),
        ('{"a": "b", "b": "c"}', {"a": None}),
        ('{"a": ["b"]}', {"a": "c"}),
        ('{"a": "c"}', {"a": ["b"]}),
        ('{"a": {"b": "c"}}', {"a": {"b": "d", "c": None}}),
        ('{"a": [{"b": "c"}]}', {"a": [1]}),
        ('{"e": null}', {"a": 1}),
        ('{"a": "foo"}', {"b": None}),
        ("{}", {"a": {"bb": {"ccc": None}}}),
    ],
)
def test_edits_of_a_merge_patch_do_what_rfc_7396_says(text: str, patch: Mapping[str, Any]) -> None:
    edits = merge_edits(file_with(text), patch)

    done = edit(text.encode(), [one.change for one in edits])
    assert scan(done).value == scan(merge_patch(text.encode(), patch)).value


# A new log driver


def test_a_new_driver_drops_the_options_it_does_not_know() -> None:
    assert dropped(set_edits(file_with(LOGGING), "log-driver", "journald")) == ["log-opts.max-size"]


def test_taking_the_driver_out_drops_what_the_default_does_not_know() -> None:
    text = '{"log-driver": "syslog", "log-opts": {"syslog-facility": "daemon", "tag": "x"}}'

    assert dropped(unset_edits(file_with(text), "log-driver")) == ["log-opts.syslog-facility"]


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        pytest.param(LOGGING, "json-file", id="the same driver"),
        pytest.param('{"log-opts": {"no-such": "1"}}', "json-file", id="the driver that is the default"),
        pytest.param(LOGGING, "local", id="a driver that knows them all"),
        pytest.param(LOGGING, "loki", id="a plugin, whose options nobody knows"),
        pytest.param('{"log-driver": "json-file"}', "journald", id="no options"),
        pytest.param('{"log-opts": "x"}', "journald", id="options that are no object"),
    ],
)
def test_nothing_else_is_dropped(text: str, driver: str) -> None:
    assert dropped(set_edits(file_with(text), "log-driver", driver)) == []


def test_leaving_a_plugin_drops_its_options() -> None:
    text = '{"log-driver": "loki", "log-opts": {"loki-url": "x", "max-size": "1m"}}'

    assert dropped(set_edits(file_with(text), "log-driver", "json-file")) == ["log-opts.loki-url"]


def test_a_patch_with_a_new_driver_drops_what_it_does_not_know() -> None:
    assert dropped(merge_edits(file_with(LOGGING), {"log-driver": "journald"})) == ["log-opts.max-size"]


def test_a_patch_that_takes_the_driver_out_drops_what_the_default_does_not_know() -> None:
    text = '{"log-driver": "syslog", "log-opts": {"syslog-facility": "daemon"}}'

    assert dropped(merge_edits(file_with(text), {"log-driver": None})) == ["log-opts.syslog-facility"]


def test_an_option_that_the_patch_names_is_not_dropped_behind_its_back() -> None:
    edits = merge_edits(file_with(LOGGING), {"log-driver": "journald", "log-opts": {"max-size": "2m"}})

    assert KeyEdit(key=("log-opts", "max-size"), value="2m") in edits
    assert dropped(edits) == []


def test_a_patch_that_takes_all_options_out_drops_none_besides() -> None:
    edits = merge_edits(file_with(LOGGING), {"log-driver": "journald", "log-opts": None})

    assert dropped(edits) == ["log-opts"]


def test_dropped_options_are_told_by_their_names() -> None:
    assert dropped_options(set_edits(file_with(LOGGING), "log-driver", "journald")) == ["max-size"]


def test_options_taken_out_without_a_new_driver_are_not_called_dropped() -> None:
    assert dropped_options(unset_edits(file_with(LOGGING), "log-opts.max-size")) == []


def test_options_that_the_patch_takes_out_itself_are_not_called_dropped() -> None:
    edits = merge_edits(file_with(LOGGING), {"log-driver": "local", "log-opts": {"tag": None}})

    assert dropped_options(edits) == []
