"""Running a program to its end within a time limit. Output goes to files: a daemon left behind cannot hold a pipe."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

Result = subprocess.CompletedProcess[str]

KILL_GRACE = 1.0
TAIL = 4000


class CommandError(RuntimeError):
    """A program ended with another exit code than 0."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(
            f"{' '.join(result.args)}: exit code {result.returncode}\n"
            f"stdout: {result.stdout[-TAIL:]}\nstderr: {result.stderr[-TAIL:]}"
        )


class CommandTimeoutError(CommandError):
    """A program did not end in time and was killed."""


def run(
    argv: Sequence[str],
    *,
    stdin: str | bytes | None = None,
    timeout: float = 60,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    shown: Sequence[str] | None = None,
) -> Result:
    """Run a program to its end; one that outlives its time is killed with everything in its session.

    `shown` is what results and errors name instead of the whole command line.
    """
    named = list(shown or argv)
    with contextlib.ExitStack() as files:
        source, out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        if stdin is not None:
            source.write(stdin.encode() if isinstance(stdin, str) else stdin)
            source.seek(0)
        process = subprocess.Popen(
            argv, stdin=source, stdout=out, stderr=err, env=env, cwd=cwd, start_new_session=True
        )
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            kill_session(process)
            late = Result(named, -signal.SIGKILL, text_of(out), f"{text_of(err)}\nnot done in {timeout:g} s")
            raise CommandTimeoutError(late) from None
        except BaseException:
            kill_session(process)
            raise
        result = Result(named, code, text_of(out), text_of(err))
    if check and code:
        raise CommandError(result)
    return result


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group; does not wait for one that a frozen host holds."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        process.wait(KILL_GRACE)
    except subprocess.TimeoutExpired:
        process.returncode = -signal.SIGKILL  # it dies when its host is thawed or ended


def text_of(file: IO[bytes]) -> str:
    """Everything written to the file so far; pread, so that its writer's position stays."""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="backslashreplace")
