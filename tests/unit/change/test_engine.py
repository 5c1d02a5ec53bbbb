"""The engine: journal first, then act; undo strictly last first; whatever goes wrong, nothing is forgotten."""

import errno
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from dockerd_cfg.change.engine import Engine
from dockerd_cfg.change.journal import Journal
from dockerd_cfg.change.plan import Before, Context, Plan, Step
from dockerd_cfg.errors import (
    CommandFailed,
    DockerdCfgError,
    FileProblem,
    Interrupted,
    RollbackFailed,
    StepFailed,
)
from dockerd_cfg.findings import Finding


@dataclass
class Stage:
    """What the steps act on: they note each act, what the journal held then, and fail where they are told to."""

    journal_path: Path
    acts: list[str] = field(default_factory=list)
    journal_then: dict[str, list[str]] = field(default_factory=dict)
    failures: dict[str, BaseException] = field(default_factory=dict)
    before: dict[str, Before] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)

    def act(self, what: str) -> None:
        self.acts.append(what)
        lines = self.journal_path.read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        self.journal_then[what] = [f"{entry['event']} {entry.get('kind', '')}".strip() for entry in entries]
        if what in self.failures:
            raise self.failures[what]


class Noting(Step):
    kind: str
    notes: Literal["much", "nothing"] = "much"

    def describe(self) -> str:
        return f"Do {self.kind}"

    def capture(self, context: Context) -> Before:
        stage: Stage = context.host
        stage.act(f"capture {self.kind}")
        return {"of": self.kind, "after": len(stage.acts)} if self.notes == "much" else {}

    def apply(self, context: Context, before: Before) -> None:
        stage: Stage = context.host
        stage.before[f"apply {self.kind}"] = before
        stage.contexts[f"apply {self.kind}"] = context
        stage.act(f"apply {self.kind}")

    def capture_undo(self, context: Context) -> Before:
        stage: Stage = context.host
        stage.act(f"capture undo {self.kind}")
        return {"undo of": self.kind}

    def revert(self, context: Context, before: Before) -> None:
        stage: Stage = context.host
        stage.before[f"revert {self.kind}"] = before
        stage.contexts[f"revert {self.kind}"] = context
        stage.act(f"revert {self.kind}")


class Silent:
    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Nobody listens."""

    def warn(self, message: str) -> None:
        """Nobody listens."""


PLAN = Plan(
    command="test",
    subject="test",
    tool="0",
    created="2026-01-01T00:00:00+00:00",
    steps=(Noting(kind="a"), Noting(kind="b", notes="nothing"), Noting(kind="c")),
    finish=(Noting(kind="y"), Noting(kind="z")),
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "journal.jsonl")


@pytest.fixture
def run(stage: Stage) -> Callable[[str], Journal]:
    """Let a new engine on the same journal do one thing, as a new process would."""

    def run(verb: str) -> Journal:
        with Journal(stage.journal_path) as journal:
            engine = Engine(stage, PLAN, journal, Silent())
            getattr(engine, verb)()
            return journal

    return run


def state(stage: Stage) -> str:
    with Journal(stage.journal_path) as journal:
        return journal.state


def failing(stage: Stage, **failures: BaseException) -> None:
    stage.failures = {what.replace("_", " "): failure for what, failure in failures.items()}


Verb = Callable[[str], Any]


def test_each_step_captures_and_then_acts_before_the_next_begins(stage: Stage, run: Verb) -> None:
    run("apply")

    assert stage.acts == [f"{verb} {kind}" for kind in "abc" for verb in ("capture", "apply")]


def test_the_start_of_a_step_is_in_the_journal_before_it_acts(stage: Stage, run: Verb) -> None:
    run("apply")

    assert stage.journal_then["capture b"] == ["started a", "done a"]
    assert stage.journal_then["apply b"] == ["started a", "done a", "started b"]


def test_the_start_of_an_undoing_is_in_the_journal_before_it_acts(stage: Stage, run: Verb) -> None:
    run("apply")
    run("revert")

    assert stage.journal_then["capture undo c"][-1] == "reverting"
    assert stage.journal_then["revert c"][-1] == "undoing c"
    assert stage.journal_then["revert b"][-1] == "undoing b"


def test_a_run_that_went_well_is_applied(run: Verb) -> None:
    assert run("apply").state == "applied"


def test_steps_are_undone_last_first(stage: Stage, run: Verb) -> None:
    run("apply")
    stage.acts.clear()

    run("revert")

    assert stage.acts == [f"{verb} {kind}" for kind in "cba" for verb in ("capture undo", "revert")]
    assert state(stage) == "reverted"


def test_undoing_gets_what_was_captured(stage: Stage, run: Verb) -> None:
    run("apply")
    run("revert")

    assert stage.before["revert a"] == stage.before["apply a"] == {"of": "a", "after": 1}
    assert stage.before["revert b"] == {}


def test_a_step_learns_what_an_earlier_one_captured(stage: Stage, run: Verb) -> None:
    run("apply")

    assert stage.contexts["apply c"].captured("a") == {"of": "a", "after": 1}
    assert stage.contexts["apply c"].captured("y") is None


def test_an_undoing_learns_what_the_one_before_it_captured(stage: Stage, run: Verb) -> None:
    run("apply")
    run("revert")

    assert stage.contexts["revert a"].captured_undo("c") == {"undo of": "c"}


@pytest.mark.parametrize(("is_applied"), [True, False], ids=["applied", "failed midway"])
def test_an_undoing_learns_whether_the_whole_run_was_carried_out(
    stage: Stage, run: Verb, is_applied: bool
) -> None:
    if is_applied:
        run("apply")
        run("revert")
    else:
        failing(stage, apply_c=FileProblem("no"))
        with pytest.raises(StepFailed):
            run("apply")

    assert stage.contexts["revert a"].was_applied is is_applied


@pytest.mark.parametrize("kind", ["a", "b", "c"])
def test_a_step_that_fails_is_undone_with_all_before_it(stage: Stage, run: Verb, kind: str) -> None:
    failing(stage, **{f"apply_{kind}": CommandFailed("it broke", hint="mend it")})

    with pytest.raises(StepFailed, match=f"Do {kind}.*it broke") as caught:
        run("apply")

    reverted = [act for act in stage.acts if act.startswith("revert")]
    assert reverted == [f"revert {other}" for other in "cba" if other <= kind]
    assert caught.value.hint == "mend it"
    assert state(stage) == "reverted"


def test_findings_of_a_failure_reach_the_user(stage: Stage, run: Verb) -> None:
    finding = Finding(code="bad", severity="error", stage="start", message="bad")
    failing(stage, apply_a=DockerdCfgError("no", findings=(finding,)))

    with pytest.raises(StepFailed) as caught:
        run("apply")

    assert caught.value.findings == (finding,)


def test_a_step_whose_capture_fails_never_began_and_is_not_undone(stage: Stage, run: Verb) -> None:
    failing(stage, capture_b=FileProblem("cannot read"))

    with pytest.raises(StepFailed, match="Do b"):
        run("apply")

    assert stage.acts == ["capture a", "apply a", "capture b", "capture undo a", "revert a"]


def test_a_failure_is_in_the_journal_before_undoing_begins(stage: Stage, run: Verb) -> None:
    failing(stage, apply_b=FileProblem("no"))

    with pytest.raises(StepFailed):
        run("apply")

    assert stage.journal_then["revert b"][-3:] == ["failed b", "reverting", "undoing b"]


def test_a_bug_in_a_step_is_undone_and_raised_on_as_it_is(stage: Stage, run: Verb) -> None:
    bug = ZeroDivisionError("oops")
    failing(stage, apply_b=bug)

    with pytest.raises(ZeroDivisionError) as caught:
        run("apply")

    assert caught.value is bug
    assert state(stage) == "reverted"


def test_what_the_system_refuses_a_step_is_undone_and_told_as_a_failure(stage: Stage, run: Verb) -> None:
    failing(stage, apply_b=OSError(errno.EMFILE, "Too many open files"))

    with pytest.raises(StepFailed, match=r"Do b.*Too many open files"):
        run("apply")

    assert state(stage) == "reverted"


def test_a_signal_is_answered_by_undoing(stage: Stage, run: Verb) -> None:
    failing(stage, apply_b=Interrupted("SIGTERM"))

    with pytest.raises(StepFailed, match="interrupted by SIGTERM"):
        run("apply")

    assert stage.acts[-1] == "revert a"
    assert state(stage) == "reverted"


@pytest.mark.parametrize(
    "failure", [FileProblem("disk gone"), ZeroDivisionError("a bug")], ids=["an error of ours", "a bug"]
)
def test_an_undoing_that_fails_stops_there_and_says_so(stage: Stage, run: Verb, failure: Exception) -> None:
    failing(stage, apply_c=CommandFailed("no"), revert_b=failure)

    with pytest.raises(RollbackFailed, match=f"Do b.*{failure}") as caught:
        run("apply")

    assert "revert a" not in stage.acts
    assert caught.value.state is not None
    assert caught.value.state.startswith("undone: the steps after it")
    assert state(stage) == "needs-attention"


def test_a_failing_undo_capture_is_a_failing_undoing(stage: Stage, run: Verb) -> None:
    run("apply")
    failing(stage, capture_undo_c=CommandFailed("no answer"))

    with pytest.raises(RollbackFailed):
        run("revert")

    assert "revert c" not in stage.acts


def test_a_later_undoing_goes_on_where_the_failed_one_stopped(stage: Stage, run: Verb) -> None:
    failing(stage, apply_c=CommandFailed("no"), revert_b=FileProblem("disk gone"))
    with pytest.raises(RollbackFailed):
        run("apply")
    stage.failures.clear()
    stage.acts.clear()

    run("revert")

    assert stage.acts == ["revert b", "capture undo a", "revert a"]
    assert state(stage) == "reverted"


class Killed(BaseException):
    """Ends a process where it stands, as far as a test can tell."""


@pytest.mark.parametrize("kind", ["a", "b", "c"])
def test_resuming_captures_no_step_a_second_time(stage: Stage, run: Verb, kind: str) -> None:
    failing(stage, **{f"apply_{kind}": Killed()})
    with pytest.raises(Killed):
        run("apply")
    first = stage.before[f"apply {kind}"]
    stage.failures.clear()

    run("apply")

    assert stage.acts.count(f"capture {kind}") == 1
    assert stage.acts.count(f"apply {kind}") == 2
    assert stage.before[f"apply {kind}"] == first


def test_resuming_leaves_out_what_is_done(stage: Stage, run: Verb) -> None:
    failing(stage, apply_c=Killed())
    with pytest.raises(Killed):
        run("apply")
    stage.failures.clear()
    stage.acts.clear()

    run("apply")

    assert stage.acts == ["apply c"]
    assert state(stage) == "applied"


def test_a_run_killed_before_its_first_step_began_is_undone_by_doing_nothing(stage: Stage, run: Verb) -> None:
    failing(stage, capture_a=Killed())
    with pytest.raises(Killed):
        run("apply")
    stage.acts.clear()

    run("revert")

    assert stage.acts == []
    assert state(stage) == "reverted"


def test_undoing_killed_midway_is_gone_on_with_without_repeating_what_is_undone(
    stage: Stage, run: Verb
) -> None:
    run("apply")
    failing(stage, revert_b=Killed())
    with pytest.raises(Killed):
        run("revert")
    stage.failures.clear()
    stage.acts.clear()

    run("revert")

    assert stage.acts == ["revert b", "capture undo a", "revert a"]


def test_finishing_takes_the_last_steps_and_those_only(stage: Stage, run: Verb) -> None:
    run("apply")
    stage.acts.clear()

    run("finish")

    assert stage.acts == ["capture y", "apply y", "capture z", "apply z"]
    assert state(stage) == "finished"


def test_finishing_that_failed_is_gone_on_with_and_not_undone(stage: Stage, run: Verb) -> None:
    run("apply")
    failing(stage, apply_z=FileProblem("busy"))
    with pytest.raises(FileProblem, match="busy"):
        run("finish")
    assert state(stage) == "finishing"
    stage.failures.clear()
    stage.acts.clear()

    run("finish")

    assert stage.acts == ["apply z"]
    assert state(stage) == "finished"


def test_interrupted_finishing_says_how_to_go_on(stage: Stage, run: Verb) -> None:
    run("apply")
    failing(stage, apply_y=Interrupted("SIGINT"))

    with pytest.raises(DockerdCfgError, match="SIGINT") as caught:
        run("finish")

    assert caught.value.hint == "go on with: dockerd-cfg finish"
    assert not [act for act in stage.acts if act.startswith("revert")]
