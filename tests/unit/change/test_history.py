"""The runs of a host: their numbers, which one is meant, which one is open; and plans that outlive their process."""

import json
from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.change.history import History, Run
from dockerd_cfg.change.journal import RunEvent
from dockerd_cfg.change.plan import Plan, Step
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.errors import JournalCorrupt, UnfinishedRun, UsageProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.steps import KINDS

DOCKER: Final = "/var/lib/docker"
TARGET: Final = "/mnt/data/docker"
COPY: Final[dict[str, object]] = {"source": DOCKER, "target": TARGET}
FILE: Final = {
    "path": "/etc/docker/daemon.json",
    "new": StoredImage.of(FileImage(b"\xff\0")).model_dump(),
    "expected": "absent",
}
FIELDS: Final[dict[str, dict[str, object]]] = {
    "carry-ahead": {"old": DOCKER, "new": TARGET, "source": DOCKER},
    "check-docker": {"noted_by": "stop-docker", "data_root": TARGET},
    "check-existing-logs": {"root": DOCKER, "docker_version": "28.5.2"},
    "check-logging": {"driver": "json-file", "options": {"max-size": "10m"}},
    "check-options": {"values": {"debug": True}},
    "drop-link": COPY,
    "edit-containerd-config": {**FILE, "root": "/mnt/data/containerd"},
    "edit-daemon-json": {**FILE, "edits": [{"key": ["data-root"], "value": TARGET}]},
    "expect-confirmation": {"seconds": 600.0, "command": ["dockerd-cfg", "rollback"]},
    "final-copy": {**COPY, "allocated": 1 << 40},
    "free-units": {"units": ["docker.service"]},
    "hand-over": {
        "mode": "data-root",
        "trees": [
            {
                "name": "docker",
                "source": DOCKER,
                "named": DOCKER,
                "target": TARGET,
                "aside": f"{DOCKER}.old",
                "edit": 0,
            }
        ],
        "edits": [
            {"kind": "edit-daemon-json", **FILE, "edits": [{"key": ["data-root"], "value": TARGET}]},
            {"kind": "edit-containerd-config", **FILE, "root": "/mnt/data/containerd"},
            {"kind": "write-mount-unit", **FILE, "where": DOCKER},
        ],
        "stops": ["docker.service"],
    },
    "hold-units": {"units": ["docker.service"]},
    "label-target": COPY,
    "limit-existing-logs": {
        "root": DOCKER,
        "which": "unlimited",
        "ids": ["0123"],
        "names": ["web"],
        "options": {"max-size": "50m"},
        "units": ["docker.service"],
        "edit": {"kind": "edit-daemon-json", **FILE, "edits": [{"key": ["log-driver"], "value": "local"}]},
    },
    "catch-up": {**COPY, "allocated": 0},
    "move-stored-paths": COPY,
    "note-docker": {},
    "pre-copy": {**COPY, "allocated": 0},
    "reload-docker": {},
    "remove-tree": {"path": f"{DOCKER}.old", "current": TARGET},
    "reserve-target": COPY,
    "restart-docker": {},
    "set-aside": {"source": DOCKER, "aside": f"{DOCKER}.old"},
    "set-timer": {
        "service": StoredImage.of(FileImage(b"[Service]")).model_dump(),
        "timer": StoredImage.of(FileImage(None)).model_dump(),
        "was_service": "absent",
        "was_timer": "absent",
    },
    "start-docker": {"units": ["docker.service"], "stops": ["docker.service"], "roots": [TARGET]},
    "stop-docker": {"units": ["docker.service"], "roots": [DOCKER]},
    "verify-tree": COPY,
    "write-drop-in": {**FILE, "unit": "docker.service"},
    "write-mount-unit": {**FILE, "where": DOCKER},
}


def plan_of(*steps: Step, command: str = "set-logs") -> Plan:
    return Plan(command=command, subject="logs", tool="0", created="2026-01-01T00:00:00+00:00", steps=steps)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "runs", KINDS)


def ended(run: Run, *events: RunEvent) -> Run:
    with run.open_journal() as journal:
        for event in events:
            journal.record(event)
    return run


def test_every_kind_of_step_is_tried_below() -> None:
    assert FIELDS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_step_survives_being_written_to_a_plan(kind: str) -> None:
    step = KINDS[kind].model_validate(FIELDS[kind])
    plan = plan_of(step).model_copy(update={"finish": (step,)})

    again = Plan.read(plan.model_dump_json().encode(), KINDS)

    assert again == plan
    assert [type(one) for one in again.all_steps] == [KINDS[kind]] * 2


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_step_says_what_it_does_in_a_sentence_without_its_full_stop(kind: str) -> None:
    step = KINDS[kind].model_validate(FIELDS[kind])

    for sentence in (step.describe(), step.describe_undo()):
        assert sentence is None or (sentence[0].isupper() and not sentence.endswith("."))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_step_of_a_newer_version_is_not_half_understood(kind: str) -> None:
    raw = json.loads(plan_of(KINDS[kind].model_validate(FIELDS[kind])).model_dump_json())
    raw["steps"][0]["more"] = True

    with pytest.raises(JournalCorrupt, match="cannot be read"):
        Plan.read(json.dumps(raw).encode(), KINDS)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b'{"steps": [{}]}', id="a step without kind"),
        pytest.param(b'{"steps": [{"kind": "fly"}]}', id="an unknown kind"),
        pytest.param(b'{"steps": [{"kind": "pre-copy"}]}', id="a step without its fields"),
        pytest.param(b'{"steps": 1}', id="steps that are none"),
        pytest.param(
            b'{"version": 2, "command": "x", "subject": "x", "tool": "x", "created": "x", "steps": []}',
            id="a newer version",
        ),
    ],
)
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(JournalCorrupt, match="cannot be read"):
        Plan.read(data, KINDS)


def test_a_host_without_history_has_no_runs(history: History) -> None:
    assert (history.runs(), history.open_run()) == ([], None)


def test_looking_at_the_history_creates_nothing(history: History, tmp_path: Path) -> None:
    history.runs()

    assert list(tmp_path.iterdir()) == []


def test_runs_are_numbered_in_their_order(history: History) -> None:
    ids = [history.create(plan_of(command=command)).id for command in ("set-logs", "move-storage")]

    assert ids == ["0001-set-logs", "0002-move-storage"]
    assert [run.id for run in history.runs()] == ids


def test_a_number_is_never_used_again_for_a_gap(history: History, tmp_path: Path) -> None:
    (tmp_path / "runs/0007-set-logs").mkdir(parents=True)

    assert history.create(plan_of()).id == "0008-set-logs"


def test_runs_beyond_four_digits_are_still_in_order(history: History, tmp_path: Path) -> None:
    (tmp_path / "runs/9998-set-logs").mkdir(parents=True)
    ids = [history.create(plan_of()).id for _ in range(3)]

    assert ids == ["9999-set-logs", "10000-set-logs", "10001-set-logs"]
    assert [run.id for run in history.runs()] == ids


@pytest.mark.parametrize("name", ["lost+found", "0001", "0001-Set", "x-set-logs", "0001-set-logs.bak"])
def test_other_things_in_the_folder_are_no_runs(history: History, tmp_path: Path, name: str) -> None:
    (tmp_path / "runs" / name).mkdir(parents=True)

    assert history.runs() == []


def test_a_run_that_never_got_its_plan_never_was(history: History, tmp_path: Path) -> None:
    (tmp_path / "runs/0001-set-logs").mkdir(parents=True)

    assert history.runs() == []


def test_the_record_of_a_run_is_for_root_alone(history: History) -> None:
    run = history.create(plan_of())

    assert run.folder.stat().st_mode & 0o777 == 0o700
    assert (run.folder / "plan.json").stat().st_mode & 0o777 == 0o600


def test_folders_above_the_record_that_are_missing_are_open_to_all(tmp_path: Path) -> None:
    History(tmp_path / "var/lib/dockerd-cfg/runs", KINDS).create(plan_of())

    modes = {
        name: (tmp_path / name).stat().st_mode & 0o777 for name in ("var", "var/lib", "var/lib/dockerd-cfg")
    }
    assert modes == {"var": 0o755, "var/lib": 0o755, "var/lib/dockerd-cfg": 0o700}


@pytest.mark.parametrize("wanted", ["0002-move-storage", "2", "0002", "02"])
def test_a_run_is_found_by_its_id_or_number(history: History, wanted: str) -> None:
    history.create(plan_of())
    history.create(plan_of(command="move-storage"))

    assert history.find(wanted).id == "0002-move-storage"


@pytest.mark.parametrize("wanted", ["", "3", "-1", "1-", "0001-move-storage", "set-logs", "two", "²"])
def test_a_run_that_is_not_there_is_not_found(history: History, wanted: str) -> None:
    run = history.create(plan_of())
    assert run.id == "0001-set-logs"

    with pytest.raises(UsageProblem, match="there is no run"):
        history.find(wanted)


def test_a_run_that_was_planned_and_never_begun_is_open(history: History) -> None:
    run = history.create(plan_of())

    found = history.open_run()

    assert found is not None
    assert found.id == run.id


@pytest.mark.parametrize(
    "events",
    [("reverting",), ("reverting", "needs-attention"), ("applied", "finishing")],
    ids=lambda events: events[-1],
)
def test_a_run_that_is_neither_done_nor_undone_is_in_the_way(
    history: History, events: tuple[RunEvent, ...]
) -> None:
    ended(history.create(plan_of()), *events)

    with pytest.raises(UnfinishedRun, match=f"0001-set-logs.*is {events[-1]}"):
        history.refuse_open_run()


@pytest.mark.parametrize(
    "events",
    [("applied",), ("reverting", "reverted"), ("applied", "finishing", "finished")],
    ids=lambda events: events[-1],
)
def test_a_run_that_is_done_or_undone_is_not_in_the_way(
    history: History, events: tuple[RunEvent, ...]
) -> None:
    ended(history.create(plan_of()), *events)

    history.refuse_open_run()


def test_an_open_run_is_found_behind_later_ones(history: History) -> None:
    history.create(plan_of())
    ended(history.create(plan_of()), "applied")

    found = history.open_run()

    assert found is not None
    assert found.id == "0001-set-logs"


def test_an_unreadable_run_is_not_passed_over(history: History) -> None:
    run = history.create(plan_of())
    run.journal_path.write_bytes(b"garbage\n")

    with pytest.raises(JournalCorrupt, match="line 1"):
        history.runs()


@pytest.mark.parametrize("name", ["plan.json", "journal.jsonl"])
def test_a_damaged_record_is_named_with_the_way_out_of_it(history: History, name: str) -> None:
    run = history.create(plan_of())
    ended(run, "applied")
    (run.folder / name).write_bytes(b"garbage\n")

    with pytest.raises(JournalCorrupt, match="the run 0001-set-logs is damaged") as caught:
        history.runs()

    way_out = f"mv {run.folder} {run.folder}.damaged"
    assert caught.value.hint is not None
    assert caught.value.hint.endswith(way_out)
    run.folder.rename(f"{run.folder}.damaged")
    history.refuse_open_run()
