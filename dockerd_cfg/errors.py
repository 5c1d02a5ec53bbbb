"""The errors users meet; the exit code answers one question: what state is my host in.

    DockerdCfgError          1  failed              failed, host untouched
      UsageProblem           2  usage               wrong usage
      InvalidConfig          3  invalid-config      daemon.json, present or wanted, is invalid; untouched
      PreflightRefused       4  preflight-refused   refused before anything was touched; carries findings
      LockHeld               5  lock-held           another dockerd-cfg is at work; untouched
      UnfinishedRun          5  unfinished-run      an earlier run is neither done nor undone; untouched
      StepFailed             6  step-failed         failed midway, everything undone
      RollbackFailed         7  rollback-failed     undoing failed too: somebody must look now
      JournalCorrupt         7  journal-corrupt     a run's record cannot be read
      CommandFailed          1  command-failed      a program failed; inside a run it is the cause of StepFailed
      FileProblem            1  file-problem        a file could not be read or written; likewise
        AccessDenied         1  file-problem        as its rights do not allow it

Exceptions of other libraries are translated where they enter (runner, files, gateways), never above.
"""

from typing import ClassVar, Final

from dockerd_cfg.findings import Finding

EXIT_BUG: Final = 70


class DockerdCfgError(Exception):
    """Something the user must know.

    ``message`` says what happened, ``state`` what the host looks like now (when the exit code's own meaning
    is not enough), ``hint`` what to do, ``findings`` all that was found at once.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        state: str | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.state = state
        self.findings = findings


class UsageProblem(DockerdCfgError):
    """The command line asks for something that cannot be meant."""

    code = "usage"
    exit_code = 2


class InvalidConfig(DockerdCfgError):
    """daemon.json, as it is or as it would become, is one that Docker refuses or that breaks containers."""

    code = "invalid-config"
    exit_code = 3


class PreflightRefused(DockerdCfgError):
    """The host is not fit for what was asked; nothing was touched."""

    code = "preflight-refused"
    exit_code = 4


class LockHeld(DockerdCfgError):
    """Another dockerd-cfg holds the lock."""

    code = "lock-held"
    exit_code = 5


class UnfinishedRun(DockerdCfgError):
    """An earlier run must be resumed or rolled back first."""

    code = "unfinished-run"
    exit_code = 5


class StepFailed(DockerdCfgError):
    """A step of the run failed, and every step before it was undone."""

    code = "step-failed"
    exit_code = 6


class RollbackFailed(DockerdCfgError):
    """Undoing failed as well; the message names the step and the state the host is left in."""

    code = "rollback-failed"
    exit_code = 7


class JournalCorrupt(DockerdCfgError):
    """The record of a run cannot be read."""

    code = "journal-corrupt"
    exit_code = 7


class CommandFailed(DockerdCfgError):
    """A program ended with a status that means failure, or could not be started, or took too long."""

    code = "command-failed"


class FileProblem(DockerdCfgError):
    """The operating system refused something about a file."""

    code = "file-problem"


class AccessDenied(FileProblem):
    """The rights of a file, or of a folder on the way to it, do not allow what was tried."""


class Interrupted(BaseException):
    """A signal asked the tool to stop; raised in the main thread so that a run can roll back.

    It is no ``Exception``, so that no ``except Exception`` can swallow it.
    """

    def __init__(self, signal_name: str) -> None:
        super().__init__(signal_name)
        self.signal_name = signal_name
