"""The answer of a command, as programs read it: one JSON object on standard output."""

import json
from dataclasses import asdict, dataclass, field
from typing import Literal, Self

from dockerd_cfg.errors import DockerdCfgError
from dockerd_cfg.findings import Finding
from dockerd_cfg.json_value import JsonValue


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """What went wrong: a stable code, a message, what state the host is in, and what to do."""

    code: str
    message: str
    state: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command did, or with ``--dry-run`` would do.

    ``changed``: the host was (would be) changed; ``restart_required``: Docker does not use the new configuration
    yet. ``data`` is the command's own; the reference describes it command by command.
    """

    version: Literal[1] = 1
    command: str
    status: Literal["ok", "error"] = "ok"
    changed: bool = False
    restart_required: bool = False
    data: dict[str, JsonValue] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    error: ErrorInfo | None = None

    def as_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of_error(
        cls,
        command: str,
        error: DockerdCfgError,
        *,
        changed: bool = False,
        data: dict[str, JsonValue] | None = None,
    ) -> Self:
        """Return the result of a command that ended with ``error``; ``changed``: the host is not as it was."""
        info = ErrorInfo(code=error.code, message=error.message, state=error.state, hint=error.hint)
        return cls(
            command=command,
            status="error",
            changed=changed,
            data=data or {},
            findings=error.findings,
            error=info,
        )
