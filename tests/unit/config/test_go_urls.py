"""URLs as Go's url.Parse reads them, in the versions of Go that Docker is built with."""

import pytest

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.go_urls import GoUrl, parse_go_url

OLD = DockerVersion(26, 1, 5)
NEW = DockerVersion(28, 5, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://u:p@m:5/a%20b?q#f", GoUrl("https", "u:p", "m:5", "/a%20b", "q", "f")),
        ("HTTPS://m", GoUrl("https", None, "m", "", "", "")),
        ("m/a", GoUrl("", None, "", "m/a", "", "")),
        ("mailto:x", GoUrl("mailto", None, "", "", "", "", opaque="x")),
        ("https://m/?%zz", GoUrl("https", None, "m", "/", "%zz", "")),
        ("https://m%c3%a4", GoUrl("https", None, "mä", "", "", "")),
        ("https://[fe80::1%25eth0]:5", GoUrl("https", None, "[fe80::1%eth0]:5", "", "", "")),
        ("", GoUrl("", None, "", "", "", "")),
    ],
)
def test_a_url_has_its_parts(text: str, expected: GoUrl) -> None:
    assert parse_go_url(text, NEW) == expected


@pytest.mark.parametrize(
    "text",
    [
        " https://m", "https://m\n", "://m", ":5/x", "1a:b", "https://m:x", "https://m x", "https://m/%zz",
        "https://m/%4", "https://m%41", "https://m%20", "https://m|x", "https://[::1", "https://[::1]x", "https://u%zz@m",
        "https://u x@m", "https://m#%zz", "https://[fe80::1%eth0]", "https://[fe80::1%25%01]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", [OLD, NEW], ids=str)
def test_what_go_refuses_is_no_url(text: str, version: DockerVersion) -> None:
    assert parse_go_url(text, version) is None


@pytest.mark.parametrize("text", ["https://[]", "https://[x]", "https://m[x]", "https://[10.0.0.1]:5"])
def test_newer_ones_take_only_an_ipv6_address_in_brackets(text: str) -> None:
    assert parse_go_url(text, NEW) is None
    assert parse_go_url(text, OLD) is not None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://h:1", ("h", "1")),
        ("tcp://h", ("h", "")),
        ("tcp://h:", ("h", "")),
        ("tcp://[::1]:1", ("::1", "1")),
        ("tcp://[::1]", ("::1", "")),
        ("tcp://::1", (":", "1")),
        ("tcp://:1", ("", "1")),
    ],
)
def test_the_address_is_host_and_port(text: str, address: tuple[str, str]) -> None:
    url = parse_go_url(text, NEW)

    assert url is not None
    assert url.address == address
