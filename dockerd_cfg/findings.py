"""A finding: one thing that is wrong, or will be, with its place and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["parse", "start", "container", "ignored", "advice", "preflight"]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One message of a check.

    ``code`` is a stable slug for programs; ``stage`` says when it would hurt: dockerd refuses the file
    (``parse``), the daemon would not start (``start``), containers would not (``container``), it has no effect
    (``ignored``), it will hurt one day (``advice``), or the host is not fit for the change (``preflight``).
    ``key`` is a dotted daemon.json key; ``line`` and ``column`` are 1-based. A ``severity`` of ``error`` stops
    a change.
    """

    code: str
    severity: Severity
    stage: Stage
    message: str
    hint: str | None = None
    key: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def is_error(self) -> bool:
        """Whether this finding stops a change."""
        return self.severity == "error"


def preflight_error(code: str, message: str, hint: str | None) -> Finding:
    """Return the finding that the host is not fit for a change."""
    return Finding(code=code, severity="error", stage="preflight", message=message, hint=hint)


def preflight_warning(code: str, message: str, hint: str | None) -> Finding:
    """Return the finding that something should be known before a change of the host."""
    return Finding(code=code, severity="warning", stage="preflight", message=message, hint=hint)
