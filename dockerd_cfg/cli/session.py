"""One call of a command: its host, its options, and the frame in which it may change something."""

import errno
import gc
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dockerd_cfg import signals
from dockerd_cfg.change.open_runs import may_have_open_run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.cli.result import Result
from dockerd_cfg.errors import DockerdCfgError, FileProblem, LockHeld, PreflightRefused, UsageProblem
from dockerd_cfg.files import check_replaceable
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE, UnitState
from dockerd_cfg.json_value import JsonValue
from dockerd_cfg.locks import holder_of, locked
from dockerd_cfg.masking import visible
from dockerd_cfg.paths import LOCK, STATE, HostPath
from dockerd_cfg.quantities import now, parse_duration

if TYPE_CHECKING:
    from dockerd_cfg.change.engine import Engine
    from dockerd_cfg.change.history import History, Run
    from dockerd_cfg.change.journal import Journal, Witness
    from dockerd_cfg.change.plan import Plan

_SNAP = "snap.docker.dockerd.service"


class Declined(DockerdCfgError):
    """The user was asked and said no."""

    code = "declined"


@dataclass
class Session:
    """What a command works with. ``witnesses`` see each journal entry, besides the report."""

    make_host: Callable[[], Host]
    report: Report
    argv: Sequence[str]
    command: str = "dockerd-cfg"
    is_dry_run: bool = False
    says_yes: bool = False
    shows_diff: bool = True
    witnesses: "tuple[Witness, ...]" = ()
    findings: list[Finding] = field(default_factory=list)
    partly: "dict[str, JsonValue] | None" = None
    """What a command that begins no run has changed so far, for the answer should it fail; None: nothing."""
    _host: Host | None = None
    _root: str | None = None
    _begun: "tuple[str, Journal] | None" = None

    @property
    def host(self) -> Host:
        """The host, made when first asked for: the running one, or the root that `act_on` was told of."""
        if self._host is None:
            self._host = self.make_host()
        return self._host

    def act_on(self, root: str) -> None:
        """Act on the root in the folder ``root``, which is not running. Raises UsageProblem for no such folder.

        The root of this very system, whatever it is called, is the running host.
        """
        from dockerd_cfg.offline.host import offline_host  # noqa: PLC0415  # most calls act on the running host

        host = None if root == "/" else offline_host(root)
        if host is not None and not host.layout.root.samefile("/"):
            self._host = host
            self._root = root

    def file(self, name: str) -> Path:
        """Return the path to open for a file that the command line names: inside the root, where there is one.

        Raises UsageProblem for a path that could lead out of it.
        """
        if self._root is None:
            return Path(name)
        if ".." in HostPath(name).parts:
            raise UsageProblem(
                f"{name} could lead out of {self._root}", hint="write a path inside it, without .."
            )
        return self.host.layout.file(HostPath("/") / name)

    def contents(self, name: str, what: str) -> bytes:
        """Return what is in the file, pipe or (for ``-``) standard input that the command line names ``name``, as ``what``.

        Raises UsageProblem where it cannot be read, PreflightRefused where root could.
        """
        if name == "-":
            return sys.stdin.buffer.read()
        path = self.file(name)
        try:
            return path.read_bytes()
        except OSError as error:
            message = f"cannot read {path}: {error.strerror or error}"
            if error.errno == errno.EACCES:
                raise _refusal("not-root", message, "run the same command with sudo") from error
            raise UsageProblem(message, hint=f"name {what}, or - for standard input") from error

    def call(self, *words: str) -> str:
        """Return the command line that has this program do ``words`` on the same host."""
        root = () if self._root is None else ("--root", self._root)
        return shlex.join(["dockerd-cfg", *words, *root])

    def hint_here(self, hint: str | None) -> str | None:
        """Return ``hint`` such that the commands in it, should they be this program's, act on the same host."""
        if hint is None or self._root is None or "dockerd-cfg " not in hint or "--root" in hint:
            return hint
        return f"{hint} (with: {shlex.join(['--root', self._root])})"

    def seconds_to_confirm(self, within: str | None) -> float | None:
        """Return the seconds that ``--confirm-within`` means, None without it.

        Raises UsageProblem for no duration, and where no timer runs that could undo anything.
        """
        if within is not None and self.host.is_offline:
            raise UsageProblem(
                "--confirm-within needs a system that runs", hint="leave it out, or leave out --root"
            )
        return None if within is None else parse_duration(within)

    @property
    def history(self) -> "History":
        """The runs recorded on the host."""
        from dockerd_cfg.change.history import History  # noqa: PLC0415  # a second run has no use for these
        from dockerd_cfg.steps import KINDS  # noqa: PLC0415  # a second run has no use for all the steps

        return History(self._runs, KINDS)

    @property
    def _runs(self) -> Path:
        return self.host.layout.real(STATE / "runs")

    def runs(self) -> "list[Run]":
        """Return the runs recorded on the host, oldest first."""
        return self.history.runs()

    def refuse_without_rights(self) -> None:
        """Raise PreflightRefused unless this is root, to whom alone the records of runs belong."""
        if not self.host.is_privileged:
            from dockerd_cfg.cli.log import masked_words  # noqa: PLC0415  # brings logging

            words = shlex.join(masked_words(self.argv))
            raise _refusal("not-root", "this needs root's rights", f"run: sudo dockerd-cfg {words}")

    def refuse_without_systemd(self) -> None:
        """Raise PreflightRefused unless systemd runs here."""
        if not self.host.systemd.is_running():
            raise _refusal(
                "no-systemd",
                "systemd does not run here, so Docker cannot be stopped, started or watched",
                "run this on the host itself, not in a container or chroot",
            )

    def refuse_unfit_host(self) -> UnitState:
        """Return docker.service. Raises PreflightRefused when this host cannot be managed at all."""
        self.refuse_without_rights()
        host = self.host
        if host.is_offline:
            return host.systemd.unit(DOCKER_SERVICE)  # Docker may be installed later
        self.refuse_without_systemd()
        docker = host.systemd.unit(DOCKER_SERVICE)
        if docker.load == "masked":
            raise _refusal(
                "masked",
                "docker.service is masked: it cannot be started",
                "run: systemctl unmask docker.service",
            )
        if not docker.exists:
            if host.systemd.unit(_SNAP).exists:
                raise _refusal(
                    "snap",
                    "Docker comes from a snap here: its files lie in /var/snap/docker and it gets its data root as a flag",
                    "configure it with: snap set docker; or install Docker as a package",
                )
            if host.processes.of_rootless():
                raise _refusal(
                    "rootless",
                    f"Docker runs rootless here ({host.processes.of_rootless()[0]}): its daemon.json and data are its user's",
                    "its daemon.json is ~/.config/docker/daemon.json of that user; restart it with: systemctl --user restart docker",
                )
            raise _refusal(
                "no-docker", "Docker is not installed: there is no docker.service", "install Docker first"
            )
        return docker

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only dockerd-cfg that changes this host while the block runs; a dry run needs no lock. Raises LockHeld."""
        if self.is_dry_run:
            yield
            return
        holder = f"dockerd-cfg {self.command} (pid {os.getpid()}, since {now()})"
        with locked(self.host.layout.real(LOCK), holder) as other:
            _refuse_another(other)
            yield

    def at_work(self) -> str | None:
        """Return which other dockerd-cfg is changing this host now, None when none is."""
        return holder_of(self.host.layout.real(LOCK))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock and make sure that no earlier run is open; a dry run changes nothing and takes no lock."""
        with ExitStack() as stack:
            stack.enter_context(self.locked())
            if may_have_open_run(self._runs):
                if self.is_dry_run:  # the run is not left over, but under way
                    _refuse_another(self.at_work())
                self.history.refuse_open_run()
            yield

    def consent(self, what: str) -> None:
        """Get the user's consent to ``what``, a sentence: by ``--yes``, else by asking at a terminal.

        Raises PreflightRefused where nobody can be asked, Declined when the answer is no.
        """
        if self.says_yes or self.is_dry_run:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise _refusal(
                "needs-consent", f"{what}; nobody is here to be asked", "add --yes if that is meant"
            )
        try:
            is_meant = typer.confirm(visible(f"{what}. Go on?"), err=True)
        except typer.Abort:  # the terminal was closed, or Ctrl-D
            is_meant = False
        if not is_meant:
            raise Declined("nothing was done, as you wished")

    def refuse_fixed_files(self, plan: "Plan") -> None:
        """Raise PreflightRefused when a file that ``plan`` replaces cannot be replaced."""
        from dockerd_cfg.change.replace_file import ReplaceFile  # noqa: PLC0415  # a second run has no use for it

        for step in plan.parts:
            if isinstance(step, ReplaceFile):
                try:
                    check_replaceable(self.host.layout.file(step.path))
                except FileProblem as error:
                    raise _refusal("fixed-file", error.message, error.hint or "") from error

    def carry_out(self, plan: "Plan") -> "Run":
        """Record ``plan`` as a run and do it. Raises StepFailed or RollbackFailed."""
        from dockerd_cfg.limits import refuse_tight_limits  # noqa: PLC0415  # only where there is something to do

        refuse_tight_limits()
        # signals wait until there is an engine that undoes: a run that never began would stay open
        with signals.deferred():
            run = self.history.create(plan)
            self.report.say(f"Run {run.id}")
            with self.engine(run) as (engine, _):
                engine.apply()
        return run

    @contextmanager
    def engine(self, run: "Run") -> "Iterator[tuple[Engine, Journal]]":
        """Open the journal of ``run`` with the engine to go on with."""
        from dockerd_cfg.change.engine import Engine  # noqa: PLC0415  # only where there is something to do
        from dockerd_cfg.cli.log import RunLog  # noqa: PLC0415  # brings logging
        from dockerd_cfg.limits import refuse_tight_limits  # noqa: PLC0415  # only where there is something to do

        refuse_tight_limits()
        gc.enable()  # from here on it may take long; see main
        self.report.follow(run.plan)
        log = RunLog(self.host.layout, run.id, run.plan, self.argv)
        with run.open_journal(self.report, log, *self.witnesses) as journal:
            self._begun = run.id, journal
            yield Engine(self.host, run.plan, journal, self.report), journal

    def failed(self, error: DockerdCfgError) -> Result:
        """Return the result of this call, which ended with ``error``: with the run, if one was begun, and what is left of it."""
        if self._begun is None:
            return Result.of_error(self.command, error, changed=self.partly is not None, data=self.partly)
        run_id, journal = self._begun
        is_undone = journal.state in {"planned", "reverted"}
        return Result.of_error(self.command, error, changed=not is_undone, data={"run": run_id})

    def plan_data(self, plan: "Plan") -> dict[str, JsonValue]:
        """Return ``plan`` as it stands in the answer for programs."""
        return {"steps": [step.describe() for step in plan.steps], **plan.summary}


def _refuse_another(other: str | None) -> None:
    if other is not None:
        raise LockHeld(f"another one is at work: {other}", hint="wait until it has ended, then try again")


def _refusal(code: str, message: str, hint: str) -> PreflightRefused:
    finding = Finding(code=code, severity="error", stage="preflight", message=message, hint=hint)
    return PreflightRefused(message, hint=hint, findings=(finding,))


def refuse_errors(findings: Sequence[Finding], what: str) -> None:
    """Raise PreflightRefused when ``findings`` hold errors; ``what`` is the sentence that tells what is refused."""
    count = sum(finding.is_error for finding in findings)
    if count:
        reasons = "one reason" if count == 1 else f"{count} reasons"
        raise PreflightRefused(f"{what}, for {reasons} above", findings=tuple(findings))
