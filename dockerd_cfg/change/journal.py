"""The record of one run: append-only JSON lines, each on disk before the act that it announces."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, Self

from pydantic import JsonValue, ValidationError

from dockerd_cfg import signals
from dockerd_cfg.append_only import AppendFile
from dockerd_cfg.documents import Document
from dockerd_cfg.errors import JournalCorrupt

RunEvent = Literal[
    "applied", "confirmed", "reverting", "reverted", "finishing", "finished", "needs-attention"
]
StepEvent = Literal["started", "done", "failed", "again", "undoing", "undone"]
State = Literal[
    "planned",
    "applying",
    "applied",
    "unconfirmed",
    "reverting",
    "reverted",
    "finishing",
    "finished",
    "needs-attention",
]


class Entry(Document):
    """One line of a journal.

    ``at`` is UTC in ISO 8601. A step's entries carry its number and kind; ``started`` carries what undoing will
    need, ``undoing`` what the steps undone after it will need. ``needs-attention`` and ``failed`` carry the error.
    ``again`` says that the step and all after it are to be done again: what was recorded of them does not count any more.
    ``confirmed`` follows ``applied`` in a run that is undone by itself unless somebody confirms it.
    """

    seq: int
    at: str
    event: RunEvent | StepEvent
    step: int | None = None
    kind: str | None = None
    before: dict[str, JsonValue] | None = None
    error: str | None = None


class Witness(Protocol):
    """Sees every entry, just before and just after it is brought to disk."""

    def recording(self, entry: Entry) -> None:
        """See an entry that is about to be written."""

    def recorded(self, entry: Entry) -> None:
        """See an entry that is on disk."""


class Record:
    """What a sequence of entries amounts to."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = list(entries)

    @property
    def state(self) -> State:
        """The state of the run: the fold of its entries."""
        state: State = "planned"
        for entry in self.entries:
            match entry.event:
                case "applied" | "reverting" | "reverted" | "finishing" | "finished" | "needs-attention":
                    state = entry.event
                case "started" if state == "planned":
                    state = "applying"
                case _:
                    pass
        return state

    @property
    def is_undoing(self) -> bool:
        """Whether undoing has begun: from then on there is no way but back."""
        return any(entry.event == "reverting" for entry in self.entries)

    @property
    def is_open(self) -> bool:
        """Whether the run is neither done nor undone."""
        return self.state not in {"applied", "reverted", "finished"}

    def has(self, event: StepEvent, step: int | str) -> bool:
        """Tell whether ``event`` was recorded for the step of that number or kind."""
        return any(entry.event == event and step in {entry.step, entry.kind} for entry in self._counting())

    def _counting(self) -> list[Entry]:
        """Return the entries that count: none of a step that had to be done again since."""
        counting: list[Entry] = []
        for entry in self.entries:
            if entry.event == "again" and entry.step is not None:
                first = entry.step
                counting = [one for one in counting if one.step is None or one.step < first]
            else:
                counting.append(entry)
        return counting

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody confirmed it."""
        return any(entry.event == "confirmed" for entry in self.entries)

    @property
    def was_applied(self) -> bool:
        """Whether all its steps were carried out at some time."""
        return any(entry.event == "applied" for entry in self.entries)

    def moment(self, event: RunEvent | StepEvent, step: str | None = None) -> float | None:
        """Return when ``event`` was last recorded, of the step of that kind where one is named, as Unix time."""
        found = [one for one in self._counting() if one.event == event and step in {None, one.kind}]
        return datetime.fromisoformat(found[-1].at).timestamp() if found else None

    @property
    def lost(self) -> str:
        """What undoing could not bring back, for people, to follow the sentence that all is undone; mostly empty."""
        noted = [(entry.before or {}).get("lost") for entry in self.entries if entry.event == "undoing"]
        return "".join(f"; but {said}" for lost in noted if isinstance(lost, list) for said in lost)

    def captured(self, event: Literal["started", "undoing"], step: int | str) -> dict[str, JsonValue] | None:
        """Return what was captured at ``event`` of the step of that number or kind, None if it never came to that."""
        for entry in self._counting():
            if entry.event == event and step in {entry.step, entry.kind}:
                return entry.before or {}
        return None


class Journal(Record):
    """The journal of a run, open for more entries. One process at a time holds it: the lock sees to that."""

    def __init__(self, path: Path, *witnesses: Witness) -> None:
        self._file = AppendFile(path)
        super().__init__(parse(self._file.lines, path))
        self._witnesses = witnesses

    def record(
        self,
        event: RunEvent | StepEvent,
        *,
        step: int | None = None,
        kind: str | None = None,
        before: dict[str, JsonValue] | None = None,
        error: str | None = None,
    ) -> None:
        """Bring one entry to disk. Raises FileProblem when that fails: then nothing may be done."""
        entry = Entry(
            seq=len(self.entries),
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            event=event,
            step=step,
            kind=kind,
            before=before,
            error=error,
        )
        with signals.deferred():
            for witness in self._witnesses:
                witness.recording(entry)
            self._file.append(entry.model_dump_json(exclude_none=True).encode())
            self.entries.append(entry)
            for witness in self._witnesses:
                witness.recorded(entry)

    def reserve(self) -> None:
        """Set apart on disk what undoing the run may take. Raises FileProblem."""
        self._file.reserve()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def parse(lines: Sequence[bytes], path: Path) -> list[Entry]:
    """Return the entries written in ``lines`` of the journal at ``path``. Raises JournalCorrupt."""
    entries = []
    for number, line in enumerate(lines):
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError as error:
            raise JournalCorrupt(
                f"line {number + 1} of {path} is no journal entry: {error.errors()[0]['msg']}"
            ) from error
        if entry.seq != number:
            raise JournalCorrupt(f"line {number + 1} of {path} is out of order (it is entry {entry.seq})")
        entries.append(entry)
    return entries
