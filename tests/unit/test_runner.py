"""Programs: all of their output, their status, and nothing of them left when their time is up."""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerd_cfg import signals
from dockerd_cfg.errors import CommandFailed, Interrupted
from dockerd_cfg.locks import is_locked, locked
from dockerd_cfg.runner import Completed, Runner, failure

RUNNER = Runner()


def sh(script: str, **options: object) -> Completed:
    return RUNNER.run(["sh", "-c", script], **options)  # type: ignore[arg-type]


def test_the_output_of_a_short_program_is_complete_every_time() -> None:
    assert [sh("echo x").stdout for _ in range(50)] == ["x\n"] * 50


def test_the_complaints_of_a_short_program_are_complete_every_time() -> None:
    assert [sh("echo x >&2").stderr for _ in range(20)] == ["x\n"] * 20


def test_much_output_is_complete() -> None:
    lines = sh("i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done").stdout.splitlines()

    assert lines == [f"line-{number}" for number in range(20000)]


def test_output_that_is_no_text_does_not_stop_anything() -> None:
    assert sh(r"printf 'a\377b'").stdout == "a\ufffdb"


def test_output_can_be_read_while_the_program_runs() -> None:
    pieces: list[str] = []

    done = sh("echo one; sleep 0.05; echo two", on_output=pieces.append)

    assert ("".join(pieces), done.stdout) == ("one\ntwo\n", "")


def test_arguments_reach_the_program_as_they_are() -> None:
    words = ["a b", "$HOME", "*", "'", '"', "", "-n", "ä\n"]

    assert RUNNER.run(["printf", "%s|", *words]).stdout == "".join(f"{word}|" for word in words)


def test_a_program_gets_no_input() -> None:
    assert sh("cat; echo end").stdout == "end\n"


def test_a_program_gets_a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("RSYNC_RSH", "evil")

    names = dict(line.split("=", 1) for line in RUNNER.run(["env"]).stdout.splitlines())

    assert names["LC_ALL"] == "C.UTF-8"
    assert not names.keys() & {"DOCKER_HOST", "RSYNC_RSH"}


def test_programs_are_found_without_any_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")

    assert RUNNER.find("sh") in {"/usr/bin/sh", "/bin/sh"}


def test_a_program_that_is_not_installed_is_told_by_name() -> None:
    assert RUNNER.find("no-such-program") is None
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        RUNNER.run(["no-such-program"])


def test_a_failure_tells_the_status_and_the_complaint() -> None:
    with pytest.raises(CommandFailed, match=r"failed with status 3: it broke$"):
        sh("echo output; echo it broke >&2; exit 3")


def test_a_failure_without_complaint_tells_the_output() -> None:
    with pytest.raises(CommandFailed, match=r"failed with status 1: output$"):
        sh("echo output; exit 1")


def test_a_failure_that_is_expected_is_no_error() -> None:
    done = sh("echo x; exit 24", check=False)

    assert (done.exit_code, done.is_success, done.stdout) == (24, False, "x\n")


def test_a_program_killed_by_a_signal_is_told_by_the_signals_name() -> None:
    with pytest.raises(CommandFailed, match="was ended by SIGKILL"):
        sh("kill -9 $$")


def test_only_the_end_of_a_long_complaint_is_shown() -> None:
    stderr = "\n".join(f"line {number}." for number in range(100))

    message = failure(Completed(("x",), 1, "", stderr)).message

    assert "line 79." not in message
    assert message.endswith("line 99.")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_program_whose_time_is_up_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    started = time.monotonic()

    with pytest.raises(CommandFailed, match=r"did not end within 0\.3 seconds"):
        sh(f"sleep 60 & echo $! $$ > {pids}; wait", timeout=0.3)

    assert time.monotonic() - started < 30
    found = [int(pid) for pid in pids.read_text(encoding="ascii").split()]
    wait_for(lambda: not any(map(is_alive, found)))


def test_a_program_that_ignores_being_asked_is_ended_all_the_same() -> None:
    with pytest.raises(CommandFailed, match="did not end within"):
        sh("trap '' TERM; sleep 60", timeout=0.2)


def test_when_the_tool_is_killed_its_program_ends_and_what_that_left_keeps_the_lock(tmp_path: Path) -> None:
    lock, pids = tmp_path / "lock", tmp_path / "pids"
    tool = os.fork()
    if tool == 0:
        with locked(lock, "the tool"):
            sh(f"sleep 60 & echo $! $$ > {pids}.new; mv {pids}.new {pids}; wait")
        os._exit(0)
    wait_for(pids.exists)
    orphan, program = map(int, pids.read_text(encoding="ascii").split())
    try:
        os.kill(tool, signal.SIGKILL)
        os.waitpid(tool, 0)
        wait_for(lambda: not is_alive(program))
        assert is_alive(orphan)
        assert is_locked(lock)
    finally:
        os.kill(orphan, signal.SIGKILL)
    wait_for(lambda: not is_locked(lock))


def test_an_interrupted_tool_ends_its_program_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    before = {number: signal.getsignal(number) for number in signals.ASKING_TO_STOP}
    signals.install()
    try:
        with pytest.raises(Interrupted):
            sh(f"sleep 60 & echo $! $$ > {pids}; kill -TERM {os.getpid()}; wait")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    found = [int(pid) for pid in pids.read_text(encoding="ascii").split()]
    wait_for(lambda: not any(map(is_alive, found)))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_program_that_is_nudged_does_not_wait_for_ever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    program = f"import os, signal; signal.signal(signal.SIGCHLD, lambda *_: os._exit(7)); open({str(tmp_path / 'pipe')!r})"

    assert RUNNER.run([sys.executable, "-c", program], nudged=True, timeout=30, check=False).exit_code == 7


def test_a_program_runs_in_a_group_of_its_own() -> None:
    group = int(sh("cut -d' ' -f5 /proc/$$/stat").stdout)

    assert group != os.getpgrp()


def test_a_look_returns_what_the_program_prints() -> None:
    assert RUNNER.look(["sh", "-c", "echo x; echo y >&2"], timeout=5) == "x\n"


@pytest.mark.parametrize(
    ("script", "says"),
    [("echo why >&2; exit 3", "why"), ("kill -9 $$", "SIGKILL"), ("sleep 9", "did not end")],
)
def test_a_look_that_fails_tells_why(script: str, says: str) -> None:
    with pytest.raises(CommandFailed, match=says):
        RUNNER.look(["sh", "-c", script], timeout=0.2)


def test_a_look_with_a_program_that_is_not_there_tells_so() -> None:
    with pytest.raises(CommandFailed, match="not installed"):
        RUNNER.look(["no-such-program"], timeout=5)


@pytest.mark.parametrize("left", range(4))
def test_a_program_that_cannot_be_started_for_want_of_files_is_told_of(left: int) -> None:
    RUNNER.run(["true"])  # what is imported late needs files of its own
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = os.dup(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken + left, before[1]))
    try:
        with pytest.raises(CommandFailed, match="Too many open files"):
            RUNNER.run(["true"])
        with pytest.raises(CommandFailed, match="Too many open files"):
            RUNNER.look(["false"], timeout=5)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        os.close(taken)
