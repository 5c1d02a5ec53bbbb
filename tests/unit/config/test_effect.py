"""Whether Docker uses what daemon.json says: what is expected of it, and how its own words are compared with the file's."""

from collections.abc import Mapping
from typing import Any

import pytest

from dockerd_cfg.config.effect import is_in_use, shown, wanted_values


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        pytest.param("debug", True, True, id="a truth value"),
        pytest.param("mtu", 1400, 1400, id="a number"),
        pytest.param("log-driver", "local", "local", id="text"),
        pytest.param("labels", ["a=1", "b=2"], ["b=2", "a=1"], id="labels in another order"),
        pytest.param("labels", ["a=1", "a=1"], ["a=1"], id="labels written twice"),
        pytest.param("labels", [], [], id="no labels"),
        pytest.param("labels", ["a=/"], ["a=/"], id="a label that ends in a slash"),
        pytest.param("registry-mirrors", ["https://m.example"], ["https://m.example/"], id="a mirror without its slash"),
        pytest.param("registry-mirrors", ["https://b/", "https://a/"], ["https://a/", "https://b/"], id="mirrors in another order"),
        pytest.param("insecure-registries", ["10.0.0.1/8"], ["10.0.0.0/8"], id="a network by one of its addresses"),
        pytest.param("insecure-registries", ["2001:DB8::1/32"], ["2001:db8::/32"], id="an IPv6 network"),
        pytest.param("insecure-registries", ["http://r.example:5000/"], ["r.example:5000"], id="a registry as a URL"),
        pytest.param("insecure-registries", ["https://r.example"], ["r.example"], id="a registry as an https URL"),
        pytest.param("insecure-registries", ["127.0.0.0/8", "::1/128"], [], id="the machine itself"),
        pytest.param("insecure-registries", ["r:5000", "10.0.0.0/8"], ["10.0.0.0/8", "r:5000"], id="names and networks"),
        pytest.param("insecure-registries", ["192.0.2.1"], ["192.0.2.1"], id="an address"),
        pytest.param("authorization-plugins", ["b", "a"], ["a", "b"], id="plugins in another order"),
        pytest.param("default-shm-size", "128m", 134217728, id="a size in another unit"),
        pytest.param("default-shm-size", "128MiB", 134217728, id="a size written out"),
        pytest.param("default-shm-size", "128m", "134217728", id="a size told as text"),
        pytest.param("storage-driver", "overlay2", "overlay2", id="a storage driver"),
        pytest.param("data-root", "/srv/docker", "/srv/docker", id="a data root"),
        pytest.param("data-root", "/srv/docker/", "/srv/docker", id="a data root with a slash behind"),
        pytest.param("data-root", "/srv/docker", "/srv/docker/100000.100000", id="a data root of remapped users"),
        pytest.param("proxies.http-proxy", "http://p.example:3128", "http://p.example:3128", id="a proxy"),
    ],
)  # fmt: skip
def test_these_are_the_same(name: str, value: Any, told: Any) -> None:
    assert is_in_use(name, value, {name: told}) is True


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        pytest.param("debug", True, False, id="a truth value"),
        pytest.param("mtu", 1400, 1500, id="a number"),
        pytest.param("mtu", 1400, "1400", id="a number and a text"),
        pytest.param("labels", ["a=1"], [], id="a label that is missing"),
        pytest.param("labels", ["a=/"], ["a="], id="a label without its slash"),
        pytest.param("registry-mirrors", ["https://m/x"], ["https://m/"], id="a mirror's path"),
        pytest.param("insecure-registries", ["10.0.0.0/8"], ["10.0.0.0/16"], id="a smaller network"),
        pytest.param("insecure-registries", ["r:5000"], ["r"], id="another port"),
        pytest.param("insecure-registries", ["127.0.0.0/8"], ["10.0.0.0/8"], id="a network that is no more"),
        pytest.param("default-shm-size", "128m", 67108864, id="a size"),
        pytest.param("storage-driver", "vfs", "overlay2", id="a storage driver"),
        pytest.param("data-root", "/srv/docker", "/var/lib/docker", id="a data root"),
        pytest.param("data-root", "/srv/docker", "/srv/docker2", id="a data root beside"),
        pytest.param("proxies.http-proxy", "http://p.example", "", id="a proxy"),
    ],
)
def test_these_are_not_the_same(name: str, value: Any, told: Any) -> None:
    assert is_in_use(name, value, {name: told}) is False


@pytest.mark.parametrize(
    ("name", "value", "reported"),
    [
        pytest.param("dns", ["192.0.2.1"], {"debug": True}, id="an option it does not tell"),
        pytest.param("default-address-pools", [{"base": "192.0.2.0/24", "size": 28}], {"default-address-pools": []}, id="pools, told in other words"),
        pytest.param("proxies.http-proxy", "http://user:secret@p.example", {"proxies.http-proxy": "http://xxxxx:xxxxx@p.example"}, id="a proxy with a password"),
    ],
)  # fmt: skip
def test_of_some_the_daemon_does_not_say(name: str, value: Any, reported: Mapping[str, Any]) -> None:
    assert is_in_use(name, value, reported) is None


def test_a_data_root_is_not_in_use_because_the_one_in_use_lies_below_it() -> None:
    assert is_in_use("data-root", "/var/lib", {"data-root": "/var/lib/docker"}) is False


def test_a_size_that_is_none_is_not_in_use() -> None:
    assert is_in_use("default-shm-size", "lots", {"default-shm-size": 67108864}) is False


@pytest.mark.parametrize(
    ("file", "keys", "wanted"),
    [
        pytest.param({"debug": True}, [("debug",)], {"debug": True}, id="what the file says"),
        pytest.param({}, [("debug",)], {"debug": False}, id="the default where it says nothing"),
        pytest.param({"icc": False}, [("icc",)], {"icc": False}, id="false is a value"),
        pytest.param({"mtu": 0}, [("mtu",)], {"mtu": 1500}, id="zero counts as not set"),
        pytest.param({"log-driver": ""}, [("log-driver",)], {"log-driver": "json-file"}, id="an empty text counts as not set"),
        pytest.param({"debug": None}, [("debug",)], {"debug": False}, id="null counts as not set"),
        pytest.param({"labels": []}, [("labels",)], {"labels": []}, id="an empty list is a value"),
        pytest.param({}, [("labels",)], {}, id="no default is known"),
        pytest.param({"no-such": 1}, [("no-such",)], {"no-such": 1}, id="an unknown option"),
        pytest.param({}, [("no-such",)], {}, id="an unknown option that is not set"),
        pytest.param({"features": {"cdi": True, "x": True}}, [("features", "cdi")], {"features": {"cdi": True, "x": True}}, id="a member stands for its option"),
        pytest.param({"proxies": {"http-proxy": "http://p", "no-proxy": "x"}}, [("proxies",)], {"proxies.http-proxy": "http://p", "proxies.no-proxy": "x"}, id="proxies one by one"),
        pytest.param({"proxies": {"http-proxy": "http://p", "no-proxy": "x"}}, [("proxies", "no-proxy")], {"proxies.no-proxy": "x"}, id="one proxy"),
        pytest.param({"proxies": "x"}, [("proxies",)], {}, id="proxies that are no object"),
        pytest.param({"debug": True, "mtu": 1400}, [("debug",), ("mtu",)], {"debug": True, "mtu": 1400}, id="several"),
    ],
)  # fmt: skip
def test_what_the_daemon_must_use(
    file: Mapping[str, Any], keys: list[tuple[str, ...]], wanted: Mapping[str, Any]
) -> None:
    assert wanted_values(file, keys) == wanted


def test_what_a_flag_sets_is_not_for_the_file_to_say() -> None:
    assert wanted_values({"debug": True}, [("debug",), ("mtu",)], flags={"debug"}) == {"mtu": 1500}


@pytest.mark.parametrize(
    ("value", "text"),
    [("local", "local"), (True, "true"), (None, "null"), (["a", 1], '["a", 1]'), ({"a": "b"}, '{"a": "b"}')],
)
def test_values_are_shown_as_they_are_written(value: Any, text: str) -> None:
    assert shown(value) == text
