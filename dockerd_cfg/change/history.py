"""All runs of a host: where each has its folder, which one is meant, which one is open."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dockerd_cfg import files
from dockerd_cfg.append_only import read_lines, reserve
from dockerd_cfg.change.journal import Journal, Record, State, Witness, parse
from dockerd_cfg.change.plan import Plan, Step
from dockerd_cfg.errors import JournalCorrupt, UnfinishedRun, UsageProblem

_RUN_ID: Final = r"(\d{4,})-([a-z][a-z-]*)"
_PRIVATE: Final = 0o700
_JOURNAL_ROOM: Final = 256 << 10
JOURNAL: Final = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a plan: its folder, its plan, and what its journal said when it was read."""

    id: str
    folder: Path
    plan: Plan
    record: Record

    @property
    def number(self) -> int:
        """Its place among the runs: by this they are in order, by their ids only up to 9999."""
        return _number(self.id)

    @property
    def journal_path(self) -> Path:
        """The file of its journal."""
        return self.folder / JOURNAL

    @property
    def state(self) -> State:
        """The state of the run; ``unconfirmed``: applied, and undone by itself unless it is confirmed in time."""
        state = self.record.state
        awaits = self.plan.confirm_within is not None and not self.record.is_confirmed
        return "unconfirmed" if state == "applied" and awaits else state

    @property
    def is_open(self) -> bool:
        """Whether the run must be ended before another may begin."""
        return self.record.is_open or self.state == "unconfirmed"

    def open_journal(self, *witnesses: Witness) -> Journal:
        """Open the journal for more entries."""
        return Journal(self.journal_path, *witnesses)


class History:
    """The runs recorded below ``folder``, in the order in which they were begun."""

    def __init__(self, folder: Path, kinds: Mapping[str, type[Step]]) -> None:
        self._folder = folder
        self._kinds = kinds

    def runs(self) -> list[Run]:
        """Return all runs, oldest first. Raises JournalCorrupt or FileProblem."""
        return [
            self._read(run_id) for run_id in self._ids() if (self._folder / run_id / "plan.json").exists()
        ]

    def open_run(self) -> Run | None:
        """Return the run that is neither done nor undone, if there is one."""
        return next((run for run in reversed(self.runs()) if run.is_open), None)

    def refuse_open_run(self) -> None:
        """Raise UnfinishedRun when an earlier run must be ended first."""
        run = self.open_run()
        if run is not None:
            way = "confirm" if run.state == "unconfirmed" else "resume"
            raise UnfinishedRun(
                f"the run {run.id} ({run.plan.command}, begun {run.plan.created}) is {run.state}",
                hint=f"go on with: dockerd-cfg {way}, or undo it with: dockerd-cfg rollback",
            )

    def find(self, wanted: str) -> Run:
        """Return the run named ``wanted``: its whole id or its number. Raises UsageProblem."""
        for run in self.runs():
            if wanted == run.id or (wanted.isdecimal() and int(wanted) == run.number):
                return run
        raise UsageProblem(
            f"there is no run {wanted or repr(wanted)}", hint="list them with: dockerd-cfg history"
        )

    def create(self, plan: Plan) -> Run:
        """Record a new run of ``plan`` durably and return it."""
        for own in (self._folder.parent, self._folder):
            files.make_folder(own, mode=_PRIVATE)
        number = max(map(_number, self._ids()), default=0) + 1
        run_id = f"{number:04}-{plan.command}"
        folder = self._folder / run_id
        files.make_folder(folder, mode=_PRIVATE)
        # only now, for it is the plan that makes a run: one that could not tell its end must not begin
        reserve(folder / JOURNAL, _JOURNAL_ROOM)
        data = plan.model_dump_json(indent=2).encode() + b"\n"
        files.replace_file(folder / "plan.json", files.FileImage(data, 0o600))
        return Run(run_id, folder, plan, Record([]))

    def _ids(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        names = [entry.name for entry in self._folder.iterdir() if re.fullmatch(_RUN_ID, entry.name)]
        return sorted(names, key=_number)

    def _read(self, run_id: str) -> Run:
        folder = self._folder / run_id
        image = files.read_image(folder / "plan.json")
        path = folder / JOURNAL
        lines = read_lines(path) if path.exists() else []
        try:
            return Run(run_id, folder, Plan.read(image.data or b"", self._kinds), Record(parse(lines, path)))
        except JournalCorrupt as error:
            raise _with_way_out(error, folder) from error


def _number(run_id: str) -> int:
    return int(run_id.partition("-")[0])


def _with_way_out(error: JournalCorrupt, folder: Path) -> JournalCorrupt:
    """Return ``error`` with the run named whose record in ``folder`` it is about, and what to do.

    No run is passed over: one that is open, or that must be undone before another, would be overlooked.
    """
    return JournalCorrupt(
        f"the record of the run {folder.name} is damaged: {error.message}",
        state="nothing was changed now; that run is as it was left",
        hint=f"if a newer version wrote it, use that one; else see in {folder / JOURNAL} how far the run came: if it ends with "
        "applied, confirmed, reverted or finished, or once you have put the host in order by hand, go on without the record, "
        f"and so without undoing that run: {shlex.join(['mv', str(folder), f'{folder}.damaged'])}",
    )
