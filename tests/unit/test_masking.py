"""Secrets are hidden in whatever is shown."""

import json

import pytest

from dockerd_cfg.masking import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:secret@host:3128", "http://user:***@host:3128"),
        ("http://user:p@secret@host:3128", "http://user:***@host:3128"),
        ("http://TOKEN@host", "http://***@host"),
        ("https://host/a@b", "https://host/a@b"),
        ("--log-opt splunk-token=secret", "--log-opt splunk-token=***"),
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
