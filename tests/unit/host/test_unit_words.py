"""Words of a setting in a unit file, read as systemd reads them."""

import pytest

from dockerd_cfg.host.unit_words import unit_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", ()),
        ("  a \t b ", ("a", "b")),
        ("\"a b\" 'c d'", ("a b", "c d")),
        ("--label='a b'", ("--label=a b",)),
        ("'' \"\"", ("", "")),
        ('"it\'s"', ("it's",)),
        (r"A=a\x20b", ("A=a b",)),
        (r"a\sb\040c", ("a b c",)),
        (r"'a\tb' " + r'"c\"d"', ("a\tb", 'c"d')),
        (r"a\\b \u00e4", (r"a\b", "ä")),
        (r"a b\qc d", ("a",)),
        ("a 'b c", ("a",)),
        ("a\\", ()),
    ],
)
def test_a_setting_is_split_as_systemd_splits_it(value: str, words: tuple[str, ...]) -> None:
    assert unit_words(value) == words
