"""Editing, over files that real people wrote; they lie beside the checkout and are no part of the project."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dockerd_cfg.config.diff import unified_diff
from dockerd_cfg.config.edit import Change, EditError, Set, Unset, edit
from dockerd_cfg.config.scan import ScanError, scan

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
FILES = {f"{path.parent.name}/{path.stem}": path.read_bytes() for path in sorted(CORPUS.glob("*/*.json"))}
if not FILES:
    pytest.skip("the corpus of real daemon.json files is not beside the checkout", allow_module_level=True)

MUTATIONS_PER_FILE = 60
STRAYS = [*b'{}[]:,"\\/ \n\r\t0-', 0, 0x7F, 0xFF, 0xEF]


def is_valid(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


VALID = {name: data for name, data in FILES.items() if is_valid(data)}
INVALID = {name: data for name, data in FILES.items() if name not in VALID}
ON_LINES = {
    name: data
    for name, data in VALID.items()
    if all(line.count(b'":') <= 1 for line in data.splitlines()) and data.count(b"\n") > 2
}

every_valid_file = pytest.mark.parametrize("data", VALID.values(), ids=VALID.keys())


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID.keys())
def test_a_file_that_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(ScanError):
        scan(data)


@every_valid_file
def test_a_file_is_read_as_the_standard_library_reads_it(data: bytes) -> None:
    assert json.dumps(scan(data).value) == json.dumps(json.loads(data))


@every_valid_file
def test_values_and_order_are_exactly_the_wanted_ones(data: bytes) -> None:
    wanted = json.loads(data) | {"log-driver": "local", "shutdown-timeout": 60}
    wanted.pop("data-root", None)
    changes: list[Change] = [
        Set(("log-driver",), "local"),
        Unset(("data-root",)),
        Set(("shutdown-timeout",), 60),
    ]
    assert json.dumps(json.loads(edit(data, changes))) == json.dumps(wanted)


@every_valid_file
@pytest.mark.parametrize("path", [("shutdown-timeout",), ("proxies", "no-proxy")], ids=".".join)
def test_set_then_unset_restores_the_bytes(data: bytes, path: tuple[str, ...]) -> None:
    assert edit(edit(data, [Set(path, "x")]), [Unset(path)]) == data


@every_valid_file
def test_a_second_run_changes_nothing(data: bytes) -> None:
    changes: list[Change] = [
        Set(("log-driver",), "local"),
        Set(("builder", "gc", "enabled"), value=True),
        Unset(("dns",)),
    ]
    once = edit(data, changes)
    assert edit(once, changes) == once


@every_valid_file
def test_every_option_can_be_written_anew_and_only_its_bytes_change(data: bytes) -> None:
    document = scan(data)
    for key in document.value:
        member = document.member((key,))
        assert member is not None
        head, tail = document.text[: member.value.start], document.text[member.value.end :]
        assert edit(data, [Set((key,), 1)]).decode() == f"{head}1{tail}"


@every_valid_file
def test_every_option_can_be_taken_out(data: bytes) -> None:
    whole = json.loads(data)
    for gone in whole:
        rest = {key: value for key, value in whole.items() if key != gone}
        assert json.dumps(json.loads(edit(data, [Unset((gone,))]))) == json.dumps(rest)


@pytest.mark.parametrize("data", ON_LINES.values(), ids=ON_LINES.keys())
def test_one_more_option_is_one_line_and_a_comma_in_the_diff(data: bytes) -> None:
    diff = unified_diff(data, edit(data, [Set(("shutdown-timeout",), 60)]), "daemon.json").splitlines()[2:]
    gone, new = ([line[1:] for line in diff if line[0] == sign] for sign in "-+")
    assert (len(gone), len(new)) == (1, 2)
    assert gone[0].rstrip() + "," == new[0]


@pytest.mark.parametrize("data", ON_LINES.values(), ids=ON_LINES.keys())
def test_one_more_option_is_indented_like_the_last(data: bytes) -> None:
    document = scan(edit(data, [Set(("shutdown-timeout",), 60)]))
    assert document.root is not None
    *_, last, new = (document.place(span.start) for span in document.root.spans)
    assert new.column == last.column


def mutated(data: bytes, random: Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(damaged) + 1)
        match random.randrange(4):
            case 0:
                damaged.insert(at, random.choice(STRAYS))
            case 1:
                damaged[at : at + 1] = bytes([random.choice(STRAYS)])
            case 2:
                del damaged[at : at + random.randint(1, 4)]
            case _:
                end = at + random.randint(1, 30)
                damaged[at:at] = damaged[at:end]
    return bytes(damaged)


def outcomes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Damaged copies of a file that still are valid, with what an edit makes of them."""
    random = Random(len(data))  # noqa: S311 - repeatable damage, no secrets
    for _ in range(MUTATIONS_PER_FILE):
        damaged = mutated(data, random)
        try:
            yield damaged, edit(damaged, [Set(("log-opts", "max-size"), "50m"), Unset(("dns",))])
        except (ScanError, EditError):
            continue


def log_options(value: Any) -> dict[str, Any]:
    options = value.get("log-opts", {})
    assert isinstance(options, dict)
    return options | {"max-size": "50m"}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())
def test_a_damaged_file_is_refused_or_edited_right(data: bytes) -> None:
    for damaged, after in outcomes(data):
        before = json.loads(damaged.strip() or b"null") or {}
        wanted = before | {"log-opts": log_options(before)}
        wanted.pop("dns", None)
        assert json.loads(after) == wanted
