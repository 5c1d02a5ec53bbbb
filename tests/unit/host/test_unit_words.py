"""Words of a setting in a unit file, read and written as systemd has them."""

import pytest

from dockerd_cfg.host.unit_words import unit_words, written_word


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


@pytest.mark.parametrize(
    "word", ["", "plain/word", "a b", "it's", 'say "hi"', "a\\tb", "\\", "two\nlines", "\t", "ä", "-x=;#"]
)
def test_a_word_that_is_written_is_read_back(word: str) -> None:
    assert unit_words(f"before {written_word(word)} after") == ("before", word, "after")


def test_no_specifier_is_written() -> None:
    assert written_word("%h/100%") == '"%%h/100%%"'
