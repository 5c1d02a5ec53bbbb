"""Files that EnvironmentFile= names, read as systemd reads them."""

import pytest

from dockerd_cfg.host.environment_file import parse_environment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("A=1", {"A": "1"}),
        ("A=", {"A": ""}),
        ("", {}),
        ("\n \n\t\n", {}),
        ("# A=1\n; B=2\n  # C=3\nD=4\n", {"D": "4"}),
        ("# goes on \\\nA=1\nB=2\n", {"B": "2"}),
        ("no assignment\nA=1\n", {"A": "1"}),
        ("  A = 1 2 \t\n", {"A": "1 2"}),
        ("export A=1\n1A=2\n", {}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=--x=y\n", {"A": "--x=y"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A='1 2'\nB=\"3 4\"\n", {"A": "1 2", "B": "3 4"}),
        ("A='a' \"b\"\n", {"A": "ab"}),
        ("A=a'b'\n", {"A": "a'b'"}),
        ("A='one\ntwo'\nB=2\n", {"A": "one\ntwo", "B": "2"}),
        ('A="one\ntwo"\nB=2\n', {"A": "one\ntwo", "B": "2"}),
        ('A="--mtu 1400 \\\n  --debug"\n', {"A": "--mtu 1400   --debug"}),
        ("A=--mtu 1400 \\\n  --debug\n", {"A": "--mtu 1400   --debug"}),
        ("A='kept \\\n as it is'\n", {"A": "kept \\\n as it is"}),
        ('A="\\" \\\\ \\$ \\n"\n', {"A": '" \\ $ \\n'}),
        ("A=a\\ b\\\\\n", {"A": "a b\\"}),
        ("A=a \\ \nB=2\n", {"A": "a  ", "B": "2"}),
        ("A=1 \\", {"A": "1 "}),
        ('A="no end\nB=2', {"A": "no end\nB=2"}),
        ("A=1 # no comment\n", {"A": "1 # no comment"}),
    ],
)
def test_a_file_assigns_what_systemd_takes_from_it(text: str, found: dict[str, str]) -> None:
    assert parse_environment(text) == found
