"""A run that is undone by itself: how long until then, the units that see to it, and their end."""

import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dockerd_cfg.change.plan import Before, Context
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import UNITS
from dockerd_cfg.quantities import parse_duration, shown_duration
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.service.confirmation import (
    EXPECT_CONFIRMATION,
    SERVICE,
    TIMER,
    ExpectConfirmation,
    expect_no_more,
)
from dockerd_cfg.service.steps import RestartDocker

STEP = ExpectConfirmation(seconds=600, command=("/usr/bin/dockerd-cfg", "rollback", "--yes"))
BEFORE: Before = {"deadline": "2026-01-02T03:04:05+00:00"}


class Watched(SandboxServices):
    """A service manager that notes what it is told to do."""

    def __init__(self, services: SandboxServices) -> None:
        super().__init__(services._layout)
        self.told: list[str] = []
        self.patience: float | None = None

    def start(self, *names: str, patience: float | None = None) -> None:
        self.told.append(f"start {names[0]}")
        self.patience = patience
        super().start(*names)

    def stop(self, *names: str) -> None:
        self.told.append(f"stop {names[0]}")
        super().stop(*names)

    def enable(self, name: str) -> None:
        self.told.append(f"enable {name}")

    def disable(self, name: str) -> None:
        self.told.append(f"disable {name}")

    def daemon_reload(self) -> None:
        self.told.append("daemon-reload")


class Silent:
    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Nobody listens."""

    def warn(self, message: str) -> None:
        """Nobody listens."""


@pytest.fixture
def services(host: Host) -> Watched:
    return Watched(SandboxServices(host.layout))


@pytest.fixture
def watched(host: Host, services: Watched) -> Host:
    return host._replace(systemd=services)


@pytest.fixture
def context(watched: Host) -> Context:
    return Context(
        host=watched,
        progress=Silent(),
        captured=lambda _: None,
        captured_undo=lambda _: None,
        is_done=lambda _: False,
        was_applied=True,
    )


@pytest.fixture
def text(sandbox: Path) -> Callable[[str], str]:
    return lambda name: (sandbox / "etc/systemd/system" / name).read_text(encoding="utf-8")


def left(sandbox: Path) -> list[str]:
    return sorted(path.name for path in (sandbox / "etc/systemd/system").iterdir())


# How long


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("10min", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1d12h", 129600),
        ("90", 90),
        ("10s", 10),
        ("7d", 604800),
        (" 90s ", 90),
    ],
)
def test_durations_are_read_as_people_write_them(written: str, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize("written", ["", "m", "1.5h", "-5m", "10 m", "1h 30m", "90S", "10ms", "h1", "soon", "1e3"])  # fmt: skip
def test_what_is_no_duration_is_wrong_usage(written: str) -> None:
    with pytest.raises(UsageProblem, match="is no duration"):
        parse_duration(written)


@pytest.mark.parametrize("written", ["0", "9s", "9", "8d", "604801", "169h"])
def test_too_short_and_too_long_are_wrong_usage(written: str) -> None:
    with pytest.raises(UsageProblem, match="not between 10s and 7d"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(10, "10s"), (90, "1m30s"), (600, "10m"), (5400, "1h30m"), (86400, "1d"), (604800, "7d"), (0, "0s")],
)
def test_durations_are_shown_as_people_write_them(seconds: float, shown: str) -> None:
    assert shown_duration(seconds) == shown


@pytest.mark.parametrize("seconds", [10, 61, 3599, 3600, 90061, 604800])
def test_what_is_shown_can_be_read_again(seconds: int) -> None:
    assert parse_duration(shown_duration(seconds)) == seconds


# The units


def test_the_moment_is_noted_before_anything_is_done(context: Context) -> None:
    begun = datetime.now(UTC)

    deadline = datetime.fromisoformat(str(STEP.capture(context)["deadline"]))

    assert timedelta(seconds=599) < deadline - begun < timedelta(seconds=602)


def test_the_timer_waits_for_the_moment_noted(context: Context, text: Callable[[str], str]) -> None:
    STEP.apply(context, BEFORE)

    assert "\nOnCalendar=2026-01-02 03:04:05 UTC\n" in text(TIMER)


def test_a_moment_in_another_zone_is_written_in_utc(context: Context, text: Callable[[str], str]) -> None:
    STEP.apply(context, {"deadline": "2026-01-02T03:04:05+02:00"})

    assert "\nOnCalendar=2026-01-02 01:04:05 UTC\n" in text(TIMER)


def test_a_moment_that_a_reboot_let_pass_is_made_up_for(context: Context, text: Callable[[str], str]) -> None:
    STEP.apply(context, BEFORE)

    assert "\nPersistent=true\n" in text(TIMER)


def test_a_clock_that_is_set_back_does_not_put_the_moment_off(
    context: Context, text: Callable[[str], str]
) -> None:
    STEP.apply(context, BEFORE)

    assert "\nOnActiveSec=600\n" in text(TIMER)


@pytest.mark.parametrize(("ahead", "least", "most"), [(30, 25, 30), (-30, 1, 1)])
def test_a_docker_that_hangs_is_not_waited_for_beyond_the_moment(
    context: Context, services: Watched, ahead: int, least: float, most: float
) -> None:
    deadline = (datetime.now(UTC) + timedelta(seconds=ahead)).isoformat(timespec="seconds")
    expecting = replace(
        context, captured=lambda kind: {"deadline": deadline} if kind == EXPECT_CONFIRMATION else None
    )

    RestartDocker().apply(expecting, {"invocation": str(services.read()["invocation"])})

    assert services.told[-1] == "start docker.service"
    assert services.patience is not None
    assert least <= services.patience <= most


def test_a_docker_that_nobody_has_to_confirm_is_waited_for_as_usual(
    context: Context, services: Watched
) -> None:
    RestartDocker().apply(context, {"invocation": str(services.read()["invocation"])})

    assert services.patience is None


def test_a_second_attempt_keeps_the_moment(context: Context, text: Callable[[str], str]) -> None:
    STEP.apply(context, BEFORE)
    first = text(TIMER)

    STEP.apply(context, BEFORE)

    assert text(TIMER) == first


def test_the_timer_starts_the_service_that_undoes(context: Context, text: Callable[[str], str]) -> None:
    STEP.apply(context, BEFORE)

    assert f"\nUnit={SERVICE}\n" in text(TIMER)
    assert "\nExecStart=/usr/bin/dockerd-cfg rollback --yes\n" in text(SERVICE)


def test_the_service_tries_again_while_another_run_is_at_work_only(
    context: Context, text: Callable[[str], str]
) -> None:
    STEP.apply(context, BEFORE)

    (ends,) = re.findall(r"^RestartPreventExitStatus=(.*)$", text(SERVICE), re.MULTILINE)
    assert set(ends.split()) == {"1", "2", "3", "4", "6", "7", "70"}


def test_systemd_learns_of_the_units_before_it_starts_the_timer(context: Context, services: Watched) -> None:
    STEP.apply(context, BEFORE)

    assert services.told == ["daemon-reload", f"enable {TIMER}", f"start {TIMER}"]


def test_the_units_are_for_all_to_read(context: Context, sandbox: Path) -> None:
    STEP.apply(context, BEFORE)

    modes = {(sandbox / "etc/systemd/system" / name).stat().st_mode & 0o777 for name in (TIMER, SERVICE)}
    assert modes == {0o644}


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("100%", '"100%%"'),
        ("a b", '"a b"'),
        ("%h/x y", '"%%h/x y"'),
        ("$HOME", '"$$HOME"'),
        ("${HOME}%", '"$${HOME}%%"'),
        ("", '""'),
    ],
)
def test_no_word_of_the_command_means_anything_to_systemd(
    context: Context, text: Callable[[str], str], word: str, written: str
) -> None:
    STEP.model_copy(update={"command": ("/usr/bin/x", word)}).apply(context, BEFORE)

    assert f"\nExecStart=/usr/bin/x {written}\n" in text(SERVICE)


@pytest.mark.parametrize("words", [("/opt/a b/x", "it's"), ("/x", 'say "hi"'), ("/x", "a;b", "c|d")])
def test_the_words_of_the_command_stay_apart(
    context: Context, text: Callable[[str], str], words: tuple[str, ...]
) -> None:
    STEP.model_copy(update={"command": words}).apply(context, BEFORE)

    (line,) = re.findall(r"^ExecStart=(.*)$", text(SERVICE), re.MULTILINE)
    assert tuple(shlex.split(line)) == words


def test_a_dollar_sign_in_the_programs_own_path_is_left_alone(
    context: Context, text: Callable[[str], str]
) -> None:
    STEP.model_copy(update={"command": ("/opt/a$b/x",)}).apply(context, BEFORE)

    (line,) = re.findall(r"^ExecStart=(.*)$", text(SERVICE), re.MULTILINE)
    assert shlex.split(line) == ["/opt/a$b/x"]


@pytest.mark.parametrize("folder", ["plain", "with blanks", "100%", "%h"])
def test_systemd_finds_no_fault_with_the_units(
    context: Context, text: Callable[[str], str], tmp_path: Path, folder: str
) -> None:
    if subprocess.run(["which", "systemd-analyze"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs systemd-analyze")
    program = tmp_path / folder / "dockerd-cfg"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    STEP.model_copy(update={"command": (str(program), "rollback")}).apply(context, BEFORE)
    for name in (TIMER, SERVICE):
        (tmp_path / name).write_text(text(name), encoding="utf-8")

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / TIMER), str(tmp_path / SERVICE)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert [line for line in verified.stderr.splitlines() if "dockerd-cfg-confirm" in line] == []


# The end


def test_undoing_leaves_nothing_of_the_timer(context: Context, services: Watched, sandbox: Path) -> None:
    STEP.apply(context, BEFORE)

    STEP.revert(context, BEFORE)

    assert left(sandbox) == []
    assert TIMER not in services.read()["active"]


def test_undoing_stops_the_timer_and_never_the_service_it_may_run_in(
    context: Context, services: Watched
) -> None:
    STEP.apply(context, BEFORE)
    services.told.clear()

    STEP.revert(context, BEFORE)

    assert services.told == [f"disable {TIMER}", f"stop {TIMER}", "daemon-reload"]


def test_undoing_twice_is_undoing_once(context: Context, services: Watched) -> None:
    STEP.apply(context, BEFORE)
    STEP.revert(context, BEFORE)
    services.told.clear()

    STEP.revert(context, BEFORE)

    assert services.told == []


@pytest.mark.parametrize("name", [SERVICE, TIMER])
def test_undoing_clears_what_was_half_written(context: Context, sandbox: Path, name: str) -> None:
    STEP.apply(context, BEFORE)
    (sandbox / "etc/systemd/system" / name).unlink()

    STEP.revert(context, BEFORE)

    assert left(sandbox) == []


def test_confirming_where_nothing_waits_touches_nothing(watched: Host, services: Watched) -> None:
    expect_no_more(watched)

    assert services.told == []


def test_other_units_stay(context: Context, watched: Host, sandbox: Path) -> None:
    watched.layout.real(UNITS / "other.timer").write_text("[Timer]\n", encoding="utf-8")
    STEP.apply(context, BEFORE)

    expect_no_more(watched)

    assert left(sandbox) == ["other.timer"]


# What people read


def test_the_plan_says_when_all_is_undone() -> None:
    assert STEP.describe() == "Have all this undone in 10m unless it is confirmed"


def test_the_plan_says_what_undoing_does() -> None:
    assert STEP.describe_undo() == "Take back the timer that would undo this"
