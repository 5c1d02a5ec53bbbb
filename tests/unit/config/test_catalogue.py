"""The catalogue: the schema is sound and consistent, keys are found, values are typed, changes need what they need."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dockerd_cfg.config.catalogue import (
    Need,
    UnknownOptionError,
    _schema_text,
    needs,
    option,
    options,
    schema,
    split_key,
    suggest,
)
from dockerd_cfg.config.check import NEWEST, OLDEST, DockerVersion
from dockerd_cfg.config.value_text import BadValueError, parse_value


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema inside the schema, with its dotted path."""
    yield path, node
    for key, inner in node.get("properties", {}).items():
        yield from nodes(inner, f"{path}.{key}".lstrip("."))
    for inner in (node.get("items"), node.get("additionalProperties")):
        if isinstance(inner, Mapping):
            yield from nodes(inner, f"{path}.*".lstrip("."))


EVERY = dict(nodes(schema()))


def test_the_schema_is_a_valid_json_schema() -> None:
    Draft202012Validator.check_schema(dict(schema()))


def test_properties_are_sorted() -> None:
    unsorted = [
        path
        for path, node in EVERY.items()
        if list(node.get("properties", {})) != sorted(node.get("properties", {}))
    ]
    assert unsorted == []


def test_everything_is_described() -> None:
    bare = {"dns.*", "cluster-store-opts.*", "features.*", "log-opts.*", "default-network-opts.*.*"}
    undescribed = [
        path
        for path, node in EVERY.items()
        if not node.get("description") and node.get("type") != "string" and path not in bare
    ]
    assert undescribed == []


def test_examples_and_defaults_are_valid() -> None:
    invalid = [
        (path, value)
        for path, node in EVERY.items()
        for value in [*node.get("examples", []), *([node["default"]] if "default" in node else [])]
        if not Draft202012Validator(node).is_valid(value)
    ]
    assert invalid == []


def test_every_annotation_is_explained() -> None:
    used = {name for node in EVERY.values() for name in node if name.startswith("x-")}
    assert [
        name
        for name in sorted(used)
        if f"{name}:" not in str(schema()["$comment"]) and f"{name} " not in str(schema()["$comment"])
    ] == []


def test_versions_in_annotations_are_supported_ones() -> None:
    versions = {
        DockerVersion.parse(node[name])
        for node in EVERY.values()
        for name in ("x-since", "x-until", "x-refused-since", "x-unknown-since")
        if name in node
    }
    assert all(OLDEST < version <= NEWEST for version in versions)


def test_conflicts_are_mutual() -> None:
    named = {(key, other) for key, known in options().items() for other in known.conflicts}
    assert named - {("graph", "data-root")} == {
        (other, key) for key, other in named - {("graph", "data-root")}
    }


def test_an_ignored_name_says_what_to_do_instead() -> None:
    assert [key for key, known in options().items() if known.no_effect and not known.instead] == []


def test_whoever_is_removed_says_what_happens() -> None:
    assert [key for key, known in options().items() if known.until and not known.removed] == []


def test_a_daemon_json_of_examples_satisfies_the_schema() -> None:
    document = {key: known.examples[0] for key, known in options().items() if known.examples}
    assert list(Draft202012Validator(dict(schema())).iter_errors(document)) == []


@pytest.mark.parametrize(
    ("key", "type_"),
    [
        ("data-root", "string"),
        ("live-restore", "boolean"),
        ("log-opts", "object"),
        ("log-opts.max-size", "string"),
        ("log-opts.some-plugins-option", "string"),
        ("builder.gc.enabled", "boolean"),
        ("builder.gc.policy", "array"),
        ("features.containerd-snapshotter", "boolean"),
        ("features.of-the-future", "boolean"),
        ("runtimes.nvidia", "object"),
        ("runtimes.nvidia.path", "string"),
        ("default-ulimits.nofile.Soft", "integer"),
        ("default-network-opts.bridge.com.docker.network.driver.mtu", "string"),
        ("proxies.https-proxy", "string"),
        ("http-proxy", "any"),
    ],
)
def test_an_option_has_its_type(key: str, type_: str) -> None:
    assert option(key).type == type_


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("dataroot", "data-root"),
        ("log_driver", "log-driver"),
        ("Live-Restore", "live-restore"),
        ("insecure-registrys", "insecure-registries"),
        ("builder.gcc", "builder.gc"),
        ("proxies.http_proxy", "proxies.http-proxy"),
        ("builder.gc.enabld", "builder.gc.enabled"),
        ("default-ulimits.nofile.hard", "default-ulimits.nofile.Hard"),
        ("runtimes.kata.v2.PATH", "runtimes.kata.v2.path"),
        ("zzz", None),
        ("debug.x", None),
    ],
)
def test_an_unknown_option_is_refused_with_a_guess(key: str, hint: str | None) -> None:
    with pytest.raises(UnknownOptionError) as caught:
        option(key)
    assert caught.value.hint == hint


def test_a_guess_is_never_a_name_without_effect() -> None:
    assert suggest("log-optt") == "log-opts"


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("debug", ("debug",)),
        ("log-opts.max-size", ("log-opts", "max-size")),
        ("log-opts.a.b", ("log-opts", "a.b")),
        ("builder.gc.enabled", ("builder", "gc", "enabled")),
        ("default-network-opts.bridge.a.b.c", ("default-network-opts", "bridge", "a.b.c")),
        ("no.such.key", ("no", "such", "key")),
        ("log-opts.", ("log-opts", "")),
        ("builder.gc.", ("builder", "gc", "")),
        ("builder..", ("builder", "", "")),
        ("debug.", ("debug", "")),
        (".", ("", "")),
        ("", ("",)),
    ],
)
def test_a_dotted_key_becomes_a_path(key: str, path: tuple[str, ...]) -> None:
    assert split_key(key) == path


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("data-root", "/mnt/data", "/mnt/data"),
        ("data-root", "true", "true"),
        ("live-restore", "true", True),
        ("live-restore", "false", False),
        ("mtu", "1400", 1400),
        ("shutdown-timeout", "-1", -1),
        ("log-opts.max-file", "3", "3"),
        ("log-opts.compress", "true", "true"),
        ("dns", "192.0.2.1, 192.0.2.2", ["192.0.2.1", "192.0.2.2"]),
        ("dns", "192.0.2.1", ["192.0.2.1"]),
        ("dns", '["192.0.2.1"]', ["192.0.2.1"]),
        ("dns", "", []),
        ("log-opts", '{"max-size": "1m"}', {"max-size": "1m"}),
        (
            "default-address-pools",
            '[{"base": "10.0.0.0/8", "size": 24}]',
            [{"base": "10.0.0.0/8", "size": 24}],
        ),
        ("default-ulimits.nofile.Hard", "1024", 1024),
    ],
)
def test_a_text_becomes_a_value_of_the_options_type(key: str, text: str, value: object) -> None:
    parsed = parse_value(key, text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("live-restore", "yes"),
        ("live-restore", "True"),
        ("mtu", "big"),
        ("mtu", "1.5"),
        ("log-opts", "max-size=1m"),
        ("log-opts", "[]"),
        ("dns", '["a"'),
        ("default-address-pools", "10.0.0.0/8"),
        ("runtimes.x", "/usr/bin/x"),
    ],
)
def test_a_text_of_another_type_is_refused_with_a_hint(key: str, text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        parse_value(key, text)
    assert caught.value.hint.startswith("write ")


@pytest.mark.parametrize(
    ("changed", "removed", "need"),
    [
        ([], [], "none"),
        (["log-opt"], [], "none"),
        (["debug"], [], "reload"),
        (["debug", "live-restore"], [], "reload"),
        (["debug", "log-opts.max-size"], [], "restart"),
        (["log-driver"], [], "restart"),
        (["data-root"], [], "restart"),
        (["debug"], ["debug"], "restart"),
        (["max-concurrent-downloads"], ["max-concurrent-downloads"], "reload"),
        (["runtimes.nvidia.path"], [], "reload"),
        (["runtimes.nvidia"], ["runtimes.nvidia"], "restart"),
        (["features.buildkit"], [], "reload"),
        (["features.containerd-snapshotter"], [], "restart"),
        (["features"], [], "restart"),
        (["nosuch"], [], "restart"),
        (["log-opt", "debug"], [], "reload"),
    ],
)
def test_a_change_needs_no_more_than_it_must(changed: list[str], removed: list[str], need: Need) -> None:
    assert needs(changed, removed=removed) == need


def test_an_option_works_between_its_versions() -> None:
    graph, bip6 = option("graph"), option("bip6")
    assert graph.works_in(DockerVersion(20, 10, 24))
    assert not graph.works_in(DockerVersion(23, 0, 0))
    assert not graph.is_known_in(DockerVersion(24, 0, 0))
    assert not bip6.is_known_in(DockerVersion(27, 5, 1))
    assert bip6.works_in(DockerVersion(28, 0, 0))


def test_the_schema_is_plain_json_with_two_spaces() -> None:
    text = _schema_text()
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
