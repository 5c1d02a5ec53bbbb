"""What is pruned, and when: the settings of the timer, as they are given, written into its unit and read back."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.quantities import parse_duration, shown_duration

KEEP_LABEL: Final = "dockerd-cfg.keep"
_WEEK: Final = 7 * 24 * 3600.0
_TEN_YEARS: Final = 3650 * 24 * 3600.0
# Docker allows much in a label; in a unit file and a filter these are safe.
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*(=[A-Za-z0-9._/:@-]*)?")
_LONGEST_SCHEDULE: Final = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run prunes, and when the timer has it run.

    ``older_than``: seconds; what was created, got or used later than that stays. ``keep_label``: what has this label
    (``key`` or ``key=value``) stays. ``volumes``: anonymous volumes go too. ``schedule``: OnCalendar= of systemd.time(7).
    """

    older_than: float = _WEEK
    keep_label: str = KEEP_LABEL
    volumes: bool = False
    schedule: str = "daily"

    def options(self) -> tuple[str, ...]:
        """Return the options that give ``maintenance run`` these settings."""
        told = ("--older-than", shown_duration(self.older_than), "--keep-label", self.keep_label)
        return (*told, "--volumes") if self.volumes else told

    def shown(self) -> str:
        """Return the settings for people, but for the schedule."""
        also = "anonymous volumes too" if self.volumes else "no volumes"
        age = shown_duration(self.older_than)
        return f"what is unused and older than {age}, {also}, but nothing labelled {self.keep_label}"

    def as_json(self) -> str:
        """Return the settings as `read_settings` understands them."""
        return json.dumps(asdict(self))

    def keeps(self, labels: Mapping[str, str]) -> bool:
        """Tell whether something with these labels stays."""
        key, separator, value = self.keep_label.partition("=")
        return key in labels and (not separator or labels[key] == value)


def read_settings(text: str) -> Settings | None:
    """Return the settings that ``text``, as `Settings.as_json` writes it, holds; None when it holds none."""
    try:
        raw: dict[str, Any] = json.loads(text)
        if type(raw["volumes"]) is not bool:
            return None
        return Settings(
            older_than=parse_age(shown_duration(float(raw["older_than"]))),
            keep_label=parse_label(str(raw["keep_label"])),
            volumes=raw["volumes"],
            schedule=str(raw["schedule"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, UsageProblem):
        return None


def parse_age(text: str) -> float:
    """Return the seconds that ``--older-than`` means. Raises UsageProblem."""
    return parse_duration(text, longest=_TEN_YEARS)


def parse_label(text: str) -> str:
    """Return the label that ``--keep-label`` means. Raises UsageProblem."""
    if not _LABEL.fullmatch(text):
        raise UsageProblem(
            f"{text!r} is no label that can be kept by",
            hint="write for instance dockerd-cfg.keep or com.example.stage=production",
        )
    return text


def parse_schedule(text: str) -> str:
    """Return the calendar expression that ``--schedule`` means; systemd judges it later. Raises UsageProblem."""
    words = " ".join(text.split())
    if not words or len(words) > _LONGEST_SCHEDULE or not words.isprintable() or words.startswith(("#", ";")):
        raise UsageProblem(
            f"{text!r} is no schedule", hint="write for instance daily, weekly or 'Sun *-*-* 04:00'"
        )
    return words


def chosen_settings(
    older_than: str | None,
    keep_label: str | None,
    schedule: str | None = None,
    *,
    volumes: bool | None = None,
    present: Settings | None = None,
) -> Settings:
    """Return the settings that options ask for; one that is not given (None) keeps its present value, else the default.

    Raises UsageProblem.
    """
    base = present or Settings()
    return Settings(
        older_than=base.older_than if older_than is None else parse_age(older_than),
        keep_label=base.keep_label if keep_label is None else parse_label(keep_label),
        volumes=base.volumes if volumes is None else volumes,
        schedule=base.schedule if schedule is None else parse_schedule(schedule),
    )
