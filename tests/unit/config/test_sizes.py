"""go-units' two grammars: what is a size, and how many bytes it is."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerd_cfg.config.check import DockerVersion
from dockerd_cfg.config.sizes import SizeError, Units, parse_size

PROPERTY = settings(derandomize=True, deadline=None, database=None)

OLD = DockerVersion(20, 10, 24)
MIDDLE = DockerVersion(26, 1, 5)
NEW = DockerVersion(28, 5, 2)


@pytest.mark.parametrize(
    ("text", "decimal", "binary"),
    [
        ("0", 0, 0),
        ("10", 10, 10),
        ("10b", 10, 10),
        ("10k", 10_000, 10_240),
        ("10m", 10_000_000, 10_485_760),
        ("10M", 10_000_000, 10_485_760),
        ("10mb", 10_000_000, 10_485_760),
        ("10MiB", 10_000_000, 10_485_760),
        ("10 m", 10_000_000, 10_485_760),
        ("1.5g", 1_500_000_000, 1_610_612_736),
        ("2t", 2 * 1000**4, 2 * 1024**4),
        ("1p", 1000**5, 1024**5),
    ],
)
def test_a_size_of_every_docker_counts_in_the_units_of_its_option(
    text: str, decimal: int, binary: int
) -> None:
    for version in (None, OLD, MIDDLE, NEW):
        assert parse_size(text, units="decimal", version=version) == decimal
        assert parse_size(text, units="binary", version=version) == binary


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "m",
        "x",
        "10x",
        "-1",
        "-1m",
        "10  m",
        " 10m",
        "10m ",
        "10bb",
        "10kbi",
        "1.2.3m",
        "10 apples",
        "1,5m",
        "1__000",
        "_1",
        "1_.5",
        "0x10",
        "0_x1p4",
    ],
)
def test_no_docker_takes_what_is_no_size(text: str) -> None:
    for version in (None, OLD, MIDDLE, NEW):
        with pytest.raises(SizeError):
            parse_size(text, units="decimal", version=version)


@pytest.mark.parametrize("text", ["10mi", "10ib", "10i"])
def test_only_the_old_grammar_takes_an_i_without_b(text: str) -> None:
    assert parse_size(text, units="decimal", version=OLD) > 0
    for version in (None, MIDDLE, NEW):
        with pytest.raises(SizeError, match="invalid suffix"):
            parse_size(text, units="decimal", version=version)


@pytest.mark.parametrize(
    ("text", "size"), [(".5m", 500_000), ("5.m", 5_000_000), ("1e3", 1000), ("+10", 10), ("-0", 0)]
)
def test_only_the_new_grammar_takes_go_floats(text: str, size: int) -> None:
    assert parse_size(text, units="decimal", version=NEW) == size
    for version in (None, OLD, MIDDLE):
        with pytest.raises(SizeError, match="invalid size"):
            parse_size(text, units="decimal", version=version)


@pytest.mark.parametrize("text", ["99999999999p", "1" + "0" * 400])
def test_more_than_64_bits_is_no_size(text: str) -> None:
    with pytest.raises(SizeError, match="invalid size"):
        parse_size(text, units="binary", version=OLD)


def test_the_error_has_dockers_words() -> None:
    with pytest.raises(SizeError, match=r"^invalid suffix: 'x'$"):
        parse_size("10x", units="decimal", version=NEW)


@PROPERTY
@given(
    st.integers(0, 2**32),
    st.sampled_from(["", "b", "k", "KB", "m", "MiB", " g"]),
    st.sampled_from(["decimal", "binary"]),
)
def test_all_grammars_agree_on_plain_sizes(number: int, unit: str, units: Units) -> None:
    sizes = {
        parse_size(f"{number}{unit}", units=units, version=version) for version in (None, OLD, MIDDLE, NEW)
    }
    assert len(sizes) == 1


@PROPERTY
@given(st.text(max_size=8), st.sampled_from([None, OLD, MIDDLE, NEW]))
def test_any_text_is_a_size_or_a_size_error(text: str, version: DockerVersion | None) -> None:
    with contextlib.suppress(SizeError):
        assert parse_size(text, units="decimal", version=version) >= 0


@pytest.mark.parametrize(
    ("text", "size"), [("1_000", 1000), ("1_0.5_0m", 11_010_048), ("0x10p0", 16), ("0x_1.8p3k", 12_288)]
)
def test_newer_ones_read_numbers_as_go_writes_them(text: str, size: int) -> None:
    assert parse_size(text, units="binary", version=NEW) == size
    for version in (None, OLD, MIDDLE):
        with pytest.raises(SizeError):
            parse_size(text, units="binary", version=version)


@pytest.mark.parametrize("text", ["-0.5", "-0x1p-4"])
def test_less_than_nothing_is_no_size(text: str) -> None:
    with pytest.raises(SizeError):
        parse_size(text, units="binary", version=NEW)
