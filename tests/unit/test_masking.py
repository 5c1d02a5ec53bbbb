"""Secrets are hidden in whatever is shown."""

import json

import pytest

from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.masking import masked, masked_value, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:secret@host:3128", "http://user:***@host:3128"),
        ("http://user:p@secret@host:3128", "http://user:***@host:3128"),
        ("http://TOKEN@host", "http://***@host"),
        ("https://host/a@b", "https://host/a@b"),
        ("http://user:it's@host", "http://user:***@host"),
        ("user:secret@host:3128", "user:***@host:3128"),
        ("user:p@secret@host", "user:***@host"),
        ("HTTP_PROXY=user:secret@host", "HTTP_PROXY=user:***@host"),
        ("--http-proxy=user:secret@[::1]:3128", "--http-proxy=user:***@[::1]:3128"),
        (r"{\"http-proxy\": \"user:secret@host\"}", r"{\"http-proxy\": \"user:***@host\"}"),
        (r'"http://user:se\u001bcret@host"', '"http://user:***@host"'),
        ("busybox:1@sha256:0123", "busybox:1@sha256:0123"),
        ("unit docker@1.service: failed", "unit docker@1.service: failed"),
        ("--log-opt splunk-token=secret", "--log-opt splunk-token=***"),
        ("splunk-token=sec,ret, tag=x", "splunk-token=***, tag=x"),
        ("--log-opt logentries-token=secret", "--log-opt logentries-token=***"),
        (
            "{'splunk-token': 'sec', \"splunk-token\": 'ret'}",
            "{'splunk-token': '***', \"splunk-token\": '***'}",
        ),
        ("{'splunk-token': \"secret\"}", "{'splunk-token': \"***\"}"),
        ("splunk needs the option splunk-token: containers do not start",) * 2,
    ],
)
def test_a_secret_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_json_stays_json() -> None:
    answer = json.dumps(
        {
            "diff": '{"splunk-token": "secret"}',
            "flags": ["--log-opt", "splunk-token="],
            "x": ["splunk-token=a"],
        }
    )
    found = json.loads(masked(answer))
    assert found == {
        "diff": '{"splunk-token": "***"}',
        "flags": ["--log-opt", "splunk-token="],
        "x": ["splunk-token=***"],
    }


@pytest.mark.parametrize("text", ["splunk-token':", 'splunk-token":', "a splunk-token' : "])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["compact", "spaced"])
def test_json_stays_json_where_a_text_ends_as_if_a_token_followed(
    text: str, separators: tuple[str, str]
) -> None:
    document = {text: "x", "list": [text, 1, text, "y"], f"{text}{text}": 1}
    assert json.loads(masked(json.dumps(document, separators=separators))) == document


@pytest.mark.parametrize("name", ["splunk-token", "logentries-token"])
@pytest.mark.parametrize(
    "secret", ["secret", "sec,ret}", "sec ret", 'sec"ret', "secret\\", '\\"secret', "sécret\n"]
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_token_is_hidden_to_its_end_however_deep_it_stands_in_json(
    name: str, secret: str, depth: int
) -> None:
    text, shown = (json.dumps({name: value, "tag": "x"}) for value in (secret, "***"))
    for _ in range(depth):
        text, shown = json.dumps([text]), json.dumps([shown])
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("splunk-token", 'sec"ret, \\', "***"),
        ("log-opts", {"splunk-token": "secret", "tag": "x"}, {"splunk-token": "***", "tag": "x"}),
        ("http-proxy", "http://user:secret@host", "http://user:***@host"),
        ("tag", "secret", "secret"),
        ("splunk-token", None, None),
        ("mtu", 1400, 1400),
    ],
)
def test_a_value_apart_from_its_name_is_hidden_by_it(name: str, value: JsonValue, shown: JsonValue) -> None:
    assert masked_value(name, value) == shown


@pytest.mark.parametrize(
    "character", ["\x1b", "\r", "\n", "\x7f", "\x9b", "\u202e", "\u2028", "\udcff"], ids=ascii
)
def test_what_a_terminal_obeys_is_written_out_as_json_would(character: str) -> None:
    assert visible(f"a{character}ä") == f"a\\u{ord(character):04x}ä"
    assert visible(f"a{character}ä", kept=character) == f"a{character}ä"
    text = json.dumps(f"a{character}", ensure_ascii=False)
    assert json.loads(visible(text)) == json.loads(text)


def test_nothing_else_is_written_out() -> None:
    assert visible("plain – ünï 日本 😀") == "plain – ünï 日本 😀"
