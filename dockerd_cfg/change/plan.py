"""What will be done: a plan is a list of steps, and a step is data with three verbs."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from pydantic import Field, JsonValue, SerializeAsAny, ValidationError

from dockerd_cfg.documents import Document
from dockerd_cfg.errors import JournalCorrupt
from dockerd_cfg.paths import Layout

Before = dict[str, JsonValue]


class Progress(Protocol):
    """Receives how far a long step has come; the totals are estimates and may be passed."""

    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Take note of ``done_bytes`` of ``total_bytes`` and of the files done; ``note`` says what is at hand."""


class Listener(Progress, Protocol):
    """Receives what else there is to tell while steps are carried out or undone."""

    def warn(self, message: str) -> None:
        """Take note of what stops nothing, and what somebody should look at all the same."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a step meets when it acts: the host, where to tell progress, and what the journal knows.

    ``captured`` returns what an earlier step of that kind captured before it acted, ``captured_undo`` what a later
    step captured before it was undone; None when it never came to that. ``is_done`` tells whether a step of that
    kind was carried out, ``was_applied`` whether the whole run was.
    """

    host: Any
    progress: Listener
    captured: Callable[[str], Before | None]
    captured_undo: Callable[[str], Before | None]
    is_done: Callable[[str], bool]
    was_applied: bool


class Step(Document):
    """One thing to do, which can be undone.

    The engine calls ``capture`` once, writes what it returned into the journal, and only then ``apply``. After a
    crash ``apply`` is called again, on what its first call left half done. Likewise ``capture_undo``, once, before
    ``revert``, which gets what ``capture`` returned; it may meet an ``apply`` that never began, was half done or
    complete, and may itself be repeated.
    """

    kind: str

    def describe(self) -> str:
        """Return one imperative sentence without its full stop, for the plan."""
        raise NotImplementedError

    def describe_undo(self) -> str | None:
        """Return the sentence for undoing it; None where undoing changes nothing."""
        return None

    def capture(self, context: Context) -> Before:
        """Read what ``revert`` will need; must change nothing."""
        return {}

    def apply(self, context: Context, before: Before) -> None:
        """Do it. Raises DockerdCfgError when it cannot be done."""
        raise NotImplementedError

    def holds(self, context: Context, before: Before) -> bool | None:
        """Tell, when a run goes on after it was interrupted, whether what this step did still holds.

        True: it does, and so does all before it. False: it and all after it must be done again, since the host did not
        stand still meanwhile. None: this step cannot tell. Asked from the last step that was started to the first.
        """
        return None

    def capture_undo(self, context: Context) -> Before:
        """Read what steps undone after this one will need; must change nothing and should not fail.

        Sentences under ``lost`` tell people what undoing cannot bring back.
        """
        return {}

    def revert(self, context: Context, before: Before) -> None:
        """Undo it. Raises DockerdCfgError when it cannot be undone. A step that only looks has nothing to undo."""

    def refuse_conflict(self, layout: Layout, before: Before) -> None:
        """Raise FileProblem when undoing is impossible since somebody else changed the same thing."""

    @property
    def parts(self) -> tuple["Step", ...]:
        """The steps this one consists of: itself, unless it carries out several at once."""
        return (self,)

    def replaced(self, before: Before) -> Sequence[tuple["Step", Before]]:
        """Return those of `parts` that replace a file, each with what it captured; ``before`` is what this one captured."""
        return ()


class Plan(Document):
    """An ordered list of steps with what a reader of the history needs to know.

    ``subject`` names what the plan changes: a later run of the same subject must be undone before this one.
    ``finish`` holds the steps, not to be undone, that ``finish`` takes much later. ``summary`` is for people and
    programs alike: figures of the facts the plan was made from. ``confirm_within``: seconds after which the run is
    undone by itself unless somebody confirms it; None: it needs no confirmation.
    """

    version: Literal[1] = 1
    command: str
    subject: str
    tool: str
    created: str
    steps: tuple[SerializeAsAny[Step], ...]
    finish: tuple[SerializeAsAny[Step], ...] = ()
    summary: dict[str, JsonValue] = Field(default_factory=dict)
    confirm_within: float | None = None

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps with those of ``finish`` behind them: the numbering of the journal."""
        return self.steps + self.finish

    @property
    def parts(self) -> tuple[Step, ...]:
        """What the steps consist of, in their order."""
        return tuple(part for step in self.steps for part in step.parts)

    @classmethod
    def read(cls, data: bytes, kinds: Mapping[str, type[Step]]) -> Self:
        """Return the plan written as JSON in ``data``; ``kinds`` maps each step's ``kind`` to its class.

        Raises JournalCorrupt when it is no plan that this version understands.
        """
        try:
            raw = json.loads(data)
            for part in ("steps", "finish"):
                raw[part] = [kinds[step["kind"]].model_validate(step) for step in raw.get(part, [])]
            return cls.model_validate(raw)
        except (AttributeError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise JournalCorrupt(f"its plan cannot be read: {error}") from error
