"""The gateway to processes: the only module that starts programs.

Programs get an argument vector, never a shell string; a clean environment; and a process group of their own,
which is ended whole when the tool is interrupted, so that no copy goes on after its tool has gone.
"""

import os
import select
import shlex
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Final, NamedTuple

from dockerd_cfg import signals
from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.locks import held_locks
from dockerd_cfg.tracing import traced

DEFAULT_TIMEOUT: Final = 60.0
SEARCH_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_KEPT: Final = ("HOME", "TMPDIR", "NO_COLOR")
_SHOWN_LINES: Final = 20
_ENDING: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1
_NUDGE_EVERY: Final = 1.0  # seconds


class Completed(NamedTuple):
    """What came of a program: its status (negative: killed by that signal) and its output as text."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    @property
    def is_success(self) -> bool:
        """Whether the program ended with status 0."""
        return self.exit_code == 0


class Companion:
    """A program beside this one that waits for the end of its standard input, which comes when this process ends."""

    def __init__(self, pid: int, keep_open: int) -> None:
        self._pid = pid
        self._keep_open = keep_open

    def end(self) -> None:
        """Let it end, and wait until it has."""
        os.close(self._keep_open)
        os.waitpid(self._pid, 0)


class Runner:
    """Starts programs found on the caller's PATH, then on the system's own (cron and Ansible may have none)."""

    def find(self, program: str) -> str | None:
        """Return the path of ``program``, or None when it is not installed."""
        return shutil.which(program, path=self._search_path())

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
        check: bool = True,
        on_output: Callable[[str], None] | None = None,
        nudged: bool = False,
    ) -> Completed:
        """Run ``argv`` to its end and return what came of it.

        ``timeout`` is in seconds (None: no limit); when it runs out the process group is ended. ``on_output``
        receives standard output piece by piece while the program runs; ``stdout`` is then empty. ``nudged``: no call
        of the program waits long, if it handles SIGCHLD without SA_RESTART.
        Raises CommandFailed when the program is not installed, takes too long or, with ``check``, ends with a
        status other than 0.
        """
        import sh  # noqa: PLC0415  # costs as much as all the rest of a run that has nothing to do; see look

        program = self.find(argv[0])
        if program is None:
            raise CommandFailed(f"{argv[0]} is not installed", hint=f"install the package that has {argv[0]}")
        output: dict[str, Any] = (
            {} if on_output is None else {"_out": on_output, "_out_bufsize": 0, "_no_out": True}
        )
        process: Any = None
        deadline = _Deadline(timeout)
        try:
            with signals.deferred():  # or a program could be left running that nobody knows of
                process = sh.Command(program)(
                    *argv[1:],
                    _bg=True,
                    _bg_exc=False,
                    _return_cmd=True,
                    _new_session=True,
                    _preexec_fn=_binding(),
                    _pass_fds=held_locks(),
                    _tty_in=False,
                    _tty_out=False,
                    _in=b"",
                    _env=self._environment(),
                    _internal_bufsize=1 << 16,
                    **output,
                )
            nudging = _nudging(process) if nudged else nullcontext()
            with traced(shlex.join(argv)), deadline.watching(process), nudging:
                process.wait()
        except sh.ErrorReturnCode:
            pass  # told by the exit code below
        except (OSError, sh.ForkException) as error:
            if process is not None:
                _end(process)
            raise CommandFailed(f"{argv[0]} cannot be started: {error}", hint="see: ulimit -a") from error
        except BaseException:
            if process is not None:
                _end(process)
            raise
        if deadline.is_missed:
            raise CommandFailed(f"{shlex.join(argv)} did not end within {round(timeout or 0, 1):g} seconds")
        completed = Completed(tuple(argv), process.exit_code, _text(process.stdout), _text(process.stderr))
        if check and not completed.is_success:
            raise failure(completed)
        return completed

    def look(self, argv: Sequence[str], *, timeout: float) -> str:
        """Return what ``argv``, a program that only looks and soon ends, prints on standard output.

        Like `run`, for which sh must be imported first: that takes longer than most programs that only look. When it
        fails or does not end within ``timeout`` seconds, it is run again that way, for the error it tells.
        """
        program = self.find(argv[0])
        with traced(shlex.join(argv)):
            quick = None if program is None else _quick_look(program, argv, self._environment(), timeout)
        return self.run(argv, timeout=timeout).stdout if quick is None else quick

    def accompany(self, argv: Sequence[str]) -> Companion:
        """Start ``argv``, a program that ends when its standard input does, and return while it runs.

        Raises CommandFailed when it is not installed.
        """
        program = self.find(argv[0])
        if program is None:
            raise CommandFailed(f"{argv[0]} is not installed", hint=f"install the package that has {argv[0]}")
        reading, writing = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, reading, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        try:
            with signals.deferred():
                pid = os.posix_spawn(
                    program, list(argv), self._environment(), file_actions=actions, setsid=True
                )
        finally:
            os.close(reading)
        return Companion(pid, writing)

    def _search_path(self) -> str:
        return f"{os.environ['PATH']}:{SEARCH_PATH}" if "PATH" in os.environ else SEARCH_PATH

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {"PATH": self._search_path(), "LC_ALL": "C.UTF-8", **kept}


def _quick_look(program: str, argv: Sequence[str], environment: dict[str, str], timeout: float) -> str | None:
    """Return what the program printed, or None if it failed or took too long."""
    try:
        reading, writing = os.pipe()
    except OSError:
        return None
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    try:
        with signals.deferred():
            pid = os.posix_spawn(program, list(argv), environment, file_actions=actions)
    finally:
        os.close(writing)
    end = time.monotonic() + timeout
    output = bytearray()
    try:
        while select.select([reading], [], [], max(0.0, end - time.monotonic()))[0]:
            piece = os.read(reading, 1 << 16)
            if not piece:
                break
            output += piece
        else:
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(reading)
        _, status = os.waitpid(pid, 0)
    return _text(bytes(output)) if status == 0 else None


def _binding() -> Callable[[], None]:
    """Return what binds a new process to the tool, for it to call before it becomes the program.

    The kernel ends the program when the tool is killed (prctl(2)): a copy must not go on by itself. What the program
    started may; for as long as it does, it holds the locks.
    """
    import ctypes  # noqa: PLC0415  # as sh: not for a run that has nothing to do

    libc = ctypes.CDLL(None)

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        for lock in held_locks():
            os.set_inheritable(lock, True)  # noqa: FBT003  # it has no name

    return bind


def failure(completed: Completed) -> CommandFailed:
    """Return the error that tells how a program failed, with the end of what it said."""
    said = (completed.stderr.strip() or completed.stdout.strip()).splitlines()[-_SHOWN_LINES:]
    if completed.exit_code < 0:
        ended = f"was ended by {signal.Signals(-completed.exit_code).name}"
    else:
        ended = f"failed with status {completed.exit_code}"
    return CommandFailed(
        ": ".join([f"{shlex.join(completed.argv)} {ended}", *([" / ".join(said)] if said else [])])
    )


class _Deadline:
    """Ends a program's process group when its time is up.

    sh has timeouts too, but looks only ten times a second: every program would take a tenth of a second.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.is_missed = False

    @contextmanager
    def watching(self, process: Any) -> Iterator[None]:
        """End ``process`` if the block takes too long."""
        if self._seconds is None:
            yield
            return
        timer = threading.Timer(self._seconds, self._miss, [process])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _miss(self, process: Any) -> None:
        self.is_missed = True
        with suppress(ProcessLookupError):
            process.signal_group(signal.SIGKILL)


@contextmanager
def _nudging(process: Any) -> Iterator[None]:
    """Send ``process`` a signal now and then that does nothing but interrupt: the opening of a pipe nobody writes to."""
    is_over = threading.Event()

    def nudge() -> None:
        while not is_over.wait(_NUDGE_EVERY):
            with suppress(ProcessLookupError):
                process.signal(signal.SIGCHLD)

    thread = threading.Thread(target=nudge, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _end(process: Any) -> None:
    """End the whole process group of ``process`` (sh's running command) and wait until all of it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + _ENDING
        while time.monotonic() < end:
            try:
                process.signal_group(number)
            except ProcessLookupError:
                return
            process.process.is_alive()  # reaps it
            time.sleep(0.01)
