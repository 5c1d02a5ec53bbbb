"""Which value of an option is in use, and why: flag, file, default, or only the daemon knows."""

from typing import Any

import pytest

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.effective import Effective, Sources, effective_options

FILE = "/etc/docker/daemon.json"
UNIT = "/usr/lib/systemd/system/docker.service"
V27, V28 = DockerVersion(27, 5, 1), DockerVersion(28, 5, 2)


def rows(version: DockerVersion | None = V28, **sources: Any) -> dict[str, Effective]:
    known: dict[str, Any] = {"file": {}, "flags": {}} | sources
    return {row.key: row for row in effective_options(Sources(path=FILE, version=version, **known))}


def of(key: str, **sources: Any) -> tuple[Any, str, str]:
    """The value, its source and its origin."""
    row = rows(**sources)[key]
    return row.value, row.source, row.origin


def note_on(key: str, **sources: Any) -> str:
    return rows(**sources)[key].note


# Where a value comes from


@pytest.mark.parametrize(
    ("key", "sources", "expected"),
    [
        pytest.param("debug", {}, (False, "default", ""), id="the default"),
        pytest.param("dns", {}, (None, "default", ""), id="a default that nobody knows"),
        pytest.param("debug", {"file": {"debug": True}}, (True, "file", FILE), id="the file"),
        pytest.param("icc", {"file": {"icc": False}}, (False, "file", FILE), id="false in the file"),
        pytest.param("dns", {"file": {"dns": []}}, ([], "file", FILE), id="an empty list in the file"),
        pytest.param("debug", {"flags": {"debug": ["true"]}}, (True, "flag", ""), id="a flag"),
        pytest.param("debug", {"flags": {"debug": ["true"]}, "origins": {"debug": UNIT}}, (True, "flag", UNIT), id="a flag and who writes it"),
        pytest.param("debug", {"flags": {"debug": ["true"]}, "file": {"debug": False}}, (True, "flag", ""), id="a flag before the file"),
        pytest.param("debug", {"reported": {"debug": True}}, (True, "daemon", ""), id="what only the daemon knows"),
        pytest.param("debug", {"reported": {"debug": False}}, (False, "default", ""), id="the daemon confirms the default"),
        pytest.param("debug", {"file": {"debug": True}, "reported": {"debug": True}}, (True, "file", FILE), id="the daemon confirms the file"),
        pytest.param("debug", {"file": {"debug": True}, "reported": {"debug": False}}, (False, "daemon", ""), id="the daemon contradicts the file"),
        pytest.param("debug", {"flags": {"debug": ["true"]}, "reported": {"debug": False}}, (False, "daemon", ""), id="the daemon contradicts a flag"),
        pytest.param("storage-driver", {"reported": {"storage-driver": "overlay2"}}, ("overlay2", "daemon", ""), id="a default that the daemon works out"),
        pytest.param("labels", {"reported": {"labels": []}}, (None, "default", ""), id="nothing told of what is not set"),
        pytest.param("proxies.http-proxy", {"file": {"proxies": {"http-proxy": "http://p"}}}, ("http://p", "file", FILE), id="a proxy of the file"),
        pytest.param("proxies.http-proxy", {"flags": {"http-proxy": ["http://p"]}, "origins": {"http-proxy": UNIT}}, ("http://p", "flag", UNIT), id="a proxy of a flag"),
        pytest.param("proxies.http-proxy", {"reported": {"proxies.http-proxy": "http://p"}}, ("http://p", "daemon", ""), id="a proxy of the environment"),
        pytest.param("proxies.no-proxy", {"file": {"proxies": {"http-proxy": "http://p"}}}, (None, "default", ""), id="a proxy that is not set"),
    ],
)  # fmt: skip
def test_each_value_has_its_source(key: str, sources: dict[str, Any], expected: tuple[Any, str, str]) -> None:
    assert of(key, **sources) == expected


@pytest.mark.parametrize(
    ("key", "words", "value"),
    [
        ("debug", ["false"], False),
        ("debug", ["true", "false"], False),
        ("experimental", ["1"], True),
        ("mtu", ["1400"], 1400),
        ("mtu", ["x"], None),
        ("mtu", [], None),
        ("shutdown-timeout", ["-1"], -1),
        ("hosts", ["fd://", "tcp://127.0.0.1:2375"], ["fd://", "tcp://127.0.0.1:2375"]),
        ("log-opts", ["max-size=1m", "tag=a=b"], {"max-size": "1m", "tag": "a=b"}),
        ("log-level", ["info", "debug"], "debug"),
        ("data-root", [], None),
    ],
)
def test_the_words_of_a_flag_become_a_value_of_the_options_type(
    key: str, words: list[str], value: Any
) -> None:
    assert of(key, flags={key: words}) == (value, "flag", "")


# Notes


def test_all_is_well_without_a_note() -> None:
    assert note_on("debug", file={"debug": True}, reported={"debug": True}) == ""


def test_a_value_that_docker_has_not_taken_over_is_noted() -> None:
    note = note_on("debug", file={"debug": True}, reported={"debug": False})

    assert note == "daemon.json says true: Docker has not taken that over; restart it"


@pytest.mark.parametrize(("value", "shown"), [(0, "0"), ("", "")])
def test_a_value_that_counts_as_not_set_is_noted(value: Any, shown: str) -> None:
    key = "mtu" if value == 0 else "log-level"

    assert note_on(key, file={key: value}) == f"daemon.json says {shown}, which counts as not set"


def test_null_needs_no_note() -> None:
    assert note_on("debug", file={"debug": None}) == ""


def test_a_flag_and_the_file_together_are_noted() -> None:
    note = note_on("debug", file={"debug": True}, flags={"debug": ["true"]})

    assert note == "daemon.json sets it too: Docker will refuse to start"


def test_a_file_written_since_docker_read_it_is_noted_where_docker_does_not_tell() -> None:
    note = note_on("dns", file={"dns": ["192.0.2.1"]}, reported={"debug": False}, unused={"dns"})

    assert note.startswith("daemon.json was written after Docker read it")


@pytest.mark.parametrize(
    ("key", "file", "reported"),
    [
        pytest.param("debug", {"debug": True}, {"debug": True}, id="what docker confirms"),
        pytest.param("dns", {"dns": ["192.0.2.1"]}, {}, id="a docker that is down"),
        pytest.param("mtu", {"dns": ["192.0.2.1"]}, {"debug": False}, id="what the file does not set"),
    ],
)
def test_an_unread_file_is_not_noted_for(key: str, file: dict[str, Any], reported: dict[str, Any]) -> None:
    assert note_on(key, file=file, reported=reported, unused=file.keys()) == ""


@pytest.mark.parametrize(
    ("key", "file", "told"),
    [
        ("proxies.http-proxy", {"proxies": {"http-proxy": "http://u:p@h"}}, "http://xxxxx:xxxxx@h"),
        (
            "default-address-pools",
            {"default-address-pools": [{"base": "192.0.2.0/24", "size": 28}]},
            [{"base": "192.0.2.0/24", "size": 28}],
        ),
    ],
)
def test_what_the_daemon_tells_in_other_words_is_no_contradiction(
    key: str, file: dict[str, Any], told: Any
) -> None:
    assert of(key, file=file, reported={key: told})[1] == "file"


# Which options there are


def test_every_option_of_the_version_is_told() -> None:
    found = rows()

    assert {"debug", "bip6", "log-opts", "proxies.https-proxy"} <= found.keys()
    assert not found.keys() & {"graph", "log-opt", "proxies"}


def test_options_are_in_the_order_of_their_names() -> None:
    keys = [key.partition(".")[0] for key in rows()]

    assert keys == sorted(keys)


def test_an_option_that_the_version_has_not_is_left_out() -> None:
    assert "bip6" not in rows(V27)


@pytest.mark.parametrize(
    ("key", "note"),
    [
        ("no-such", "Docker has no such option and refuses the file"),
        ("log-opt", "dockerd accepts the name and ignores it"),
        ("graph", "refused from 23 on"),
        ("bip6", "not in Docker 27.5.1"),
    ],
)
def test_what_the_file_sets_without_effect_is_told_with_the_reason(key: str, note: str) -> None:
    assert rows(V27, file={key: "x"})[key] == Effective(key, "x", "nothing", FILE, note)


def test_of_an_unknown_version_every_option_that_any_has_is_told() -> None:
    found = rows(None)

    assert "bip6" in found
    assert "graph" not in found


# Objects under a name that is no option


@pytest.mark.parametrize("version", [V28, None], ids=str)
def test_an_unknown_object_turns_options_on_and_off(version: DockerVersion | None) -> None:
    found = rows(version, file={"x": {"live-restore": True, "icc": False, "mtu": 1400}})

    assert (found["live-restore"].value, found["live-restore"].source) == (True, "file")
    assert (found["icc"].value, found["icc"].source) == (False, "file")
    assert found["mtu"].source == "default"
    assert found["x"].note == "Docker has no option x and ignores it, except that it sets live-restore, icc"


def test_an_option_given_by_itself_counts_more_than_one_in_an_unknown_object() -> None:
    assert of("icc", file={"icc": True, "x": {"icc": False}}) == (True, "file", FILE)


@pytest.mark.parametrize(
    "members", [{"no-such": 1, "icc": False}, {"allow-direct-routing": True, "icc": False}]
)
def test_an_object_with_what_is_no_option_of_this_docker_is_refused(members: dict[str, Any]) -> None:
    assert rows(V27, file={"x": members})["icc"].source == "default"
    assert "refuses the file" in rows(V27, file={"x": members})["x"].note


# The next start


@pytest.mark.parametrize(
    ("key", "sources", "note"),
    [
        pytest.param(
            "mtu",
            {"coming": {"mtu": ["1400"]}},
            "Docker's next start has a flag that says 1400",
            id="a new flag",
        ),
        pytest.param(
            "mtu",
            {"flags": {"mtu": ["1300"]}, "coming": {"mtu": ["1400"]}},
            "Docker's next start has a flag that says 1400",
            id="another value",
        ),
        pytest.param(
            "mtu",
            {"flags": {"mtu": ["1300"]}, "coming": {}},
            "Docker's next start is without the flag",
            id="no flag any more",
        ),
        pytest.param(
            "mtu",
            {"flags": {"mtu": ["1300"]}, "coming": {"mtu": ["1300"], "debug": ["true"]}},
            "",
            id="the same flag",
        ),
        pytest.param("mtu", {"flags": {"mtu": ["1300"]}}, "", id="the same flags altogether"),
        pytest.param(
            "mtu",
            {"file": {"mtu": 1300}, "coming": {"mtu": ["1400"]}},
            "Docker's next start has a flag that says 1400, and will be refused: daemon.json sets it too",
            id="a conflict to come",
        ),
    ],
)
def test_a_note_says_where_the_flags_of_the_next_start_are_others(
    key: str, sources: dict[str, Any], note: str
) -> None:
    assert note_on(key, **sources) == note


def test_a_secret_in_a_flag_of_the_next_start_is_masked() -> None:
    note = note_on("proxies.http-proxy", coming={"http-proxy": ["http://me:secret@proxy:3128"]})

    assert "next start" in note
    assert "secret" not in note
