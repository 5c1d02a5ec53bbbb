"""The unified diff of two daemon.json."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerd_cfg.config.diff import unified_diff

PROPERTY = settings(max_examples=200)
NO_NEWLINE = "\\ No newline at end of file\n"


def side(diff: str, signs: str) -> str:
    """The text of one side of a diff that shows the whole file: ` -` before, ` +` after."""
    text = ""
    was_shown = False
    for line in diff.split("\n")[3:-1]:
        if line + "\n" == NO_NEWLINE:
            text = text.removesuffix("\n") if was_shown else text
            continue
        was_shown = line[0] in signs
        text += line[1:] + "\n" if was_shown else ""
    return text


def test_equal_files_have_no_diff() -> None:
    assert unified_diff(b"{}", b"{}", "daemon.json") == ""


def test_a_changed_line_is_shown_with_its_neighbours() -> None:
    before = b'{\n  "a": 1,\n  "b": 2\n}\n'
    after = b'{\n  "a": 1,\n  "b": 3\n}\n'
    assert unified_diff(before, after, "/etc/docker/daemon.json") == (
        "--- /etc/docker/daemon.json\n"
        "+++ /etc/docker/daemon.json\n"
        "@@ -1,4 +1,4 @@\n"
        " {\n"
        '   "a": 1,\n'
        '-  "b": 2\n'
        '+  "b": 3\n'
        " }\n"
    )


def test_an_absent_file_is_dev_null() -> None:
    diff = unified_diff(None, b"{}\n", "daemon.json")
    assert diff == "--- /dev/null\n+++ daemon.json\n@@ -0,0 +1 @@\n+{}\n"


def test_an_absent_file_and_an_empty_one_differ_in_name_only() -> None:
    assert unified_diff(None, b"", "daemon.json") == ""


def test_a_missing_final_newline_is_marked_on_its_side() -> None:
    diff = unified_diff(b"{}", b"{}\n", "daemon.json")
    assert diff == f"--- daemon.json\n+++ daemon.json\n@@ -1 +1 @@\n-{{}}\n{NO_NEWLINE}+{{}}\n"


def test_a_missing_final_newline_is_marked_on_both_sides() -> None:
    diff = unified_diff(b'{"a":1}', b'{"a":2}', "daemon.json").split("\n", 3)[3]
    assert diff == f'-{{"a":1}}\n{NO_NEWLINE}+{{"a":2}}\n{NO_NEWLINE}'


def test_a_carriage_return_belongs_to_its_line() -> None:
    assert '+  "b": 2\r\n' in unified_diff(b"{\r\n}\r\n", b'{\r\n  "b": 2\r\n}\r\n', "daemon.json")


@pytest.mark.parametrize("character", ["\u2028", "\x0b", "\x85", "\x1c"], ids=ascii)
def test_only_a_line_feed_ends_a_line(character: str) -> None:
    diff = unified_diff(b"{}\n", f'{{"a": "{character}x"}}\n'.encode(), "daemon.json")
    assert f'+{{"a": "{character}x"}}\n' in diff


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_file_with_a_byte_order_mark_is_shown_as_text(encoding: str) -> None:
    assert "\n+{é}\n" in unified_diff("{}\n".encode(encoding), "{é}\n".encode(encoding), "daemon.json")


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    assert "\n-\\xff\n" in unified_diff(b"\xff\n", b"{}\n", "daemon.json")


TEXTS = st.lists(st.sampled_from(["{", "}", "a", "b", "\r", "é", "\n", "\n", "\n"]), max_size=4).map("".join)


@PROPERTY
@given(TEXTS, TEXTS)
def test_both_files_can_be_read_off_the_diff(before: str, after: str) -> None:
    diff = unified_diff(before.encode(), after.encode(), "daemon.json")
    if before != after:
        assert (side(diff, " -"), side(diff, " +")) == (before, after)
