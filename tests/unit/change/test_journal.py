"""The journal: what its entries amount to, and what is left of it after the machine stopped while writing."""

from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.change.journal import Entry, Journal, Record, RunEvent, State, StepEvent, parse
from dockerd_cfg.errors import FileProblem, JournalCorrupt

PLACE: Final = Path("journal.jsonl")


def entry(seq: int, event: RunEvent | StepEvent, step: int | None = None, kind: str | None = None) -> Entry:
    return Entry(seq=seq, at="2026-01-01T00:00:00.000+00:00", event=event, step=step, kind=kind)


def record_of(*events: RunEvent | StepEvent) -> Record:
    return Record([entry(seq, event) for seq, event in enumerate(events)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.mark.parametrize(
    ("events", "state", "is_open"),
    [
        pytest.param((), "planned", True, id="nothing begun"),
        pytest.param(("started",), "applying", True, id="in the middle"),
        pytest.param(("started", "done", "started"), "applying", True, id="between steps"),
        pytest.param(("started", "done"), "applying", True, id="before applied is written"),
        pytest.param(("started", "done", "applied"), "applied", False, id="applied"),
        pytest.param(("applied",), "applied", False, id="a plan without steps"),
        pytest.param(("started", "failed"), "applying", True, id="failed, not yet undone"),
        pytest.param(("started", "failed", "reverting"), "reverting", True, id="undoing"),
        pytest.param(("started", "failed", "reverting", "undoing"), "reverting", True, id="undoing a step"),
        pytest.param(("started", "reverting", "undone", "reverted"), "reverted", False, id="undone"),
        pytest.param(
            ("started", "reverting", "undoing", "needs-attention"), "needs-attention", True, id="stuck"
        ),
        pytest.param(
            ("started", "reverting", "needs-attention", "undone", "reverted"), "reverted", False, id="mended"
        ),
        pytest.param(("started", "done", "applied", "finishing"), "finishing", True, id="finishing"),
        pytest.param(("applied", "finishing", "started"), "finishing", True, id="a step of finishing begun"),
        pytest.param(("applied", "finishing", "started", "done", "finished"), "finished", False, id="over"),
        pytest.param(("applied", "reverting", "reverted"), "reverted", False, id="taken back later"),
    ],
)
def test_the_state_of_a_run_is_the_fold_of_its_entries(
    events: tuple[RunEvent | StepEvent, ...], state: State, is_open: bool
) -> None:
    assert (record_of(*events).state, record_of(*events).is_open) == (state, is_open)


@pytest.mark.parametrize("last", ["undone", "reverted", "needs-attention"], ids=str)
def test_once_undoing_has_begun_the_record_says_so_for_good(last: RunEvent | StepEvent) -> None:
    assert record_of("started", "reverting", last).is_undoing


def test_a_run_that_was_applied_stays_known_as_such_while_it_is_undone() -> None:
    assert record_of("started", "done", "applied", "reverting").was_applied


def test_an_event_of_one_step_is_not_taken_for_that_of_another() -> None:
    record = Record([entry(0, "started", 0, "first"), entry(1, "done", 0, "first"), entry(2, "started", 1)])

    assert record.has("done", 0)
    assert record.has("done", "first")
    assert not record.has("done", 1)
    assert not record.has("undone", 0)


def test_a_step_that_captured_nothing_is_told_from_one_that_never_began() -> None:
    record = Record([entry(0, "started", 0, "first")])

    assert record.captured("started", 0) == {}
    assert record.captured("started", 1) is None
    assert record.captured("undoing", 0) is None


def test_what_was_recorded_is_read_back_as_it_was(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("started", step=0, kind="first", before={"text": "ä\n\u2028", "list": [1, None]})
        journal.record("failed", step=0, kind="first", error="line\nbreak")
        written = journal.entries

    with Journal(path) as again:
        assert again.entries == written


def test_a_last_line_torn_at_any_place_counts_as_never_written(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("started", step=0, kind="first", before={"name": "ä"})
        kept = path.stat().st_size
        journal.record("done", step=0, kind="first")
    whole = path.read_bytes()

    for length in range(kept, len(whole)):
        path.write_bytes(whole[:length])
        with Journal(path) as torn:
            assert [found.event for found in torn.entries] == ["started"], length
        assert path.read_bytes() == whole[:kept], length


def test_a_step_to_be_done_again_and_those_after_it_count_as_not_begun(path: Path) -> None:
    with Journal(path) as journal:
        for step, kind in enumerate(("first", "second", "third")):
            journal.record("started", step=step, kind=kind, before={"of": kind})
            journal.record("done", step=step, kind=kind)
        journal.record("again", step=1, kind="second")

        assert [journal.has("done", step) for step in range(3)] == [True, False, False]
        assert [journal.captured("started", step) for step in range(3)] == [{"of": "first"}, None, None]


def test_after_a_torn_line_the_journal_goes_on_with_whole_ones(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("started", step=0, kind="first")
        journal.record("done", step=0, kind="first")
    path.write_bytes(path.read_bytes()[:-1])

    with Journal(path) as torn:
        torn.record("failed", step=0, kind="first")

    with Journal(path) as mended:
        assert [(found.seq, found.event) for found in mended.entries] == [(0, "started"), (1, "failed")]


def test_a_journal_of_one_torn_line_is_one_of_nothing(path: Path) -> None:
    path.write_bytes(b'{"seq":0,"at":"2026')

    with Journal(path) as journal:
        assert journal.entries == []
        assert journal.state == "planned"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0\0\0\0", id="zeros"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b'{"seq":0,"at":"x","event":"begun"}', id="an event of a newer version"),
        pytest.param(b'{"seq":0,"at":"x","event":"started","more":1}', id="a field of a newer version"),
        pytest.param(b'{"seq":0,"at":"x","event":"started"', id="cut off, with a newline"),
        pytest.param(b'{"seq":0,"at":"\xff","event":"started"}', id="no UTF-8"),
    ],
)
def test_a_whole_line_that_is_no_entry_is_refused_with_its_number(line: bytes) -> None:
    first = entry(0, "started").model_dump_json().encode()

    with pytest.raises(JournalCorrupt, match=r"line 2 of journal\.jsonl"):
        parse([first, line], PLACE)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param((1,), id="the first is missing"),
        pytest.param((0, 2), id="one is missing"),
        pytest.param((0, 0), id="one is there twice"),
        pytest.param((1, 0), id="exchanged"),
        pytest.param((0, -1), id="negative"),
    ],
)
def test_entries_out_of_order_are_refused(numbers: tuple[int, ...]) -> None:
    lines = [entry(number, "started").model_dump_json().encode() for number in numbers]

    with pytest.raises(JournalCorrupt, match="out of order"):
        parse(lines, PLACE)


def test_a_journal_is_for_root_alone(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("applied")

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_symbolic_link_in_place_of_the_journal_is_not_followed(path: Path) -> None:
    precious = path.with_name("precious")
    precious.write_bytes(b"no newline")
    path.symlink_to(precious)

    with pytest.raises(FileProblem):
        Journal(path)

    assert precious.read_bytes() == b"no newline"


class Watching:
    """Notes how much is on disk before and after each entry."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seen: list[tuple[str, int]] = []

    def recording(self, entry: Entry) -> None:
        self.seen.append((f"before {entry.event}", self._path.read_bytes().count(b"\n")))

    def recorded(self, entry: Entry) -> None:
        self.seen.append((f"after {entry.event}", self._path.read_bytes().count(b"\n")))


def test_witnesses_see_an_entry_before_and_after_it_is_on_disk(path: Path) -> None:
    watching = Watching(path)

    with Journal(path, watching) as journal:
        journal.record("reverting")
        journal.record("reverted")

    assert watching.seen == [
        ("before reverting", 0),
        ("after reverting", 1),
        ("before reverted", 1),
        ("after reverted", 2),
    ]


class Refusing:
    """Fails like a full disk would."""

    def recording(self, entry: Entry) -> None:
        raise FileProblem("no space")

    def recorded(self, entry: Entry) -> None:
        """Never comes to this."""


def test_an_entry_that_could_not_be_written_does_not_count(path: Path) -> None:
    with Journal(path, Refusing()) as journal:
        with pytest.raises(FileProblem):
            journal.record("applied")

        assert journal.entries == []

    assert path.read_bytes() == b""
