"""What systemctl prints of a unit, read."""

import time
from collections.abc import Sequence
from typing import cast

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.systemd import SystemctlSystemd, parse_unit
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.runner import Completed, Runner

RUNNING = """\
MainPID=812
Result=success
ExecStart={ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// $DOCKER_OPTS ; ignore_errors=no ; start_time=[n/a] }
Environment=A=1 "B=two words"
UnsetEnvironment=C D=1
EnvironmentFiles=/etc/default/docker (ignore_errors=yes)
EnvironmentFiles=/etc/other file (ignore_errors=no)
InvocationID=0123456789abcdef
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/lib/systemd/system/docker.service
DropInPaths=/etc/systemd/system/docker.service.d/a.conf /etc/systemd/system/docker.service.d/b.conf
UnitFileState=enabled
RequiredBy=app.service other.service
BoundBy=app.service
ConsistsOf=part.service
ActiveEnterTimestampMonotonic=1000000
"""


def test_a_running_unit_is_read_whole() -> None:
    unit = parse_unit("docker.service", RUNNING)

    assert (unit.exists, unit.is_active, unit.main_pid) == (True, True, 812)
    assert unit.exec_start == ("/usr/bin/dockerd", "-H", "fd://", "$DOCKER_OPTS")
    assert unit.environment == ("A=1", "B=two words")
    assert unit.unset_environment == ("C", "D=1")
    assert unit.environment_files == ("/etc/default/docker", "/etc/other file")
    assert [source.rpartition("/")[2] for source in unit.sources] == ["docker.service", "a.conf", "b.conf"]
    assert unit.active_since is not None
    assert unit.stopped_with == ("app.service", "other.service", "part.service")


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("", id="nothing"),
        pytest.param("Failed to connect to bus\n", id="a complaint"),
        pytest.param("ActiveState=inactive\n", id="cut off before the load state"),
    ],
)
def test_an_answer_that_is_no_state_does_not_pass_for_an_absent_unit(shown: str) -> None:
    with pytest.raises(CommandFailed, match=r"does not tell the state of docker\.service"):
        parse_unit("docker.service", shown)


def test_a_unit_that_does_not_exist_is_not_active() -> None:
    unit = parse_unit("x.service", "LoadState=not-found\nActiveState=inactive\nMainPID=0\nExecStart=\n")

    assert (unit.exists, unit.is_active, unit.exec_start, unit.active_since) == (False, False, (), None)


def test_a_masked_unit_could_not_be_started() -> None:
    assert not parse_unit("x.service", "LoadState=masked\n").exists


@pytest.mark.parametrize(
    ("state", "is_active"),
    [
        ("active", True),
        ("activating", True),
        ("reloading", True),
        ("inactive", False),
        ("failed", False),
        ("deactivating", False),
    ],
)
def test_a_unit_is_active_when_it_is_up_or_on_its_way_up(state: str, is_active: bool) -> None:
    unit = parse_unit("docker.service", f"LoadState=loaded\nActiveState={state}\n")

    assert unit.is_active is is_active


def test_a_command_line_with_an_open_quote_is_still_split() -> None:
    shown = "LoadState=loaded\nExecStart={ path=/d ; argv[]=/d --label it's ; ignore_errors=no }\n"

    assert parse_unit("x.service", shown).exec_start == ("/d", "--label", "it's")


def test_the_form_of_older_and_extended_listings_is_read() -> None:
    shown = "LoadState=loaded\nExecStartEx={ no }\nExecStart={ path=/d ; argv[]=/d --a=1 ; flags= ; x }\n"

    assert parse_unit("x.service", shown).exec_start == ("/d", "--a=1")


class Told:
    """A runner whose programs say what they are told to."""

    def __init__(self, stdout: str = "", stderr: str = "", code: int = 0, *, found: bool = True) -> None:
        self.asked: list[str] = []
        self._answer = (code, stdout, stderr)
        self._found = found

    def find(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if self._found else None

    def run(self, argv: Sequence[str], **_: object) -> Completed:
        self.asked = list(argv)
        return Completed(tuple(argv), *self._answer)

    def look(self, argv: Sequence[str], **_: object) -> str:
        return self.run(argv).stdout

    @property
    def systemd(self) -> SystemctlSystemd:
        return SystemctlSystemd(Layout(), cast("Runner", self))


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        pytest.param(Told("t 1700000000500000\n"), 1_700_000_000.5, id="a moment"),
        pytest.param(Told("t 0\n"), None, id="none"),
        pytest.param(Told(f"t {(1 << 64) - 1}\n"), None, id="never"),
        pytest.param(Told("", "no such unit", 1), None, id="no such timer"),
        pytest.param(Told(found=False), None, id="no busctl"),
    ],
)
def test_when_a_timer_elapses_next_is_asked_over_the_bus(told: Told, seconds: float | None) -> None:
    assert told.systemd.next_elapse("a-b.timer") == seconds
    assert not told.asked or "/org/freedesktop/systemd1/unit/a_2db_2etimer" in told.asked


def test_a_calendar_expression_is_judged_by_systemd() -> None:
    assert Told().systemd.calendar_fault("daily") is None
    assert Told(found=False).systemd.calendar_fault("x") is None
    assert Told("", "Failed to parse\nmore", 1).systemd.calendar_fault("x") == "Failed to parse"
    past = "  Original form: 2020-01-01\nNormalized form: 2020-01-01 00:00:00\n    Next elapse: never\n"
    assert Told(past).systemd.calendar_fault("2020-01-01") == "it lies in the past"


def test_faults_of_other_units_are_left_out() -> None:
    path = HostPath("/etc/systemd/system/a.timer")
    said = "/lib/systemd/system/b.service:3: Unknown key\na.timer: Command is not executable\n"

    assert Told("", said, 1).systemd.unit_faults(path) == ["a.timer: Command is not executable"]
    assert Told("", said, 0).systemd.unit_faults(path) == []
    assert Told(found=False).systemd.unit_faults(path) == []


@pytest.mark.parametrize(
    ("told", "stays"),
    [
        pytest.param("ActiveState=active\nNRestarts=0", True, id="up"),
        pytest.param("ActiveState=active\nNRestarts=1", False, id="up again"),
        pytest.param("ActiveState=activating\nNRestarts=0", False, id="about to be started again"),
        pytest.param("ActiveState=failed\nNRestarts=0", False, id="failed"),
    ],
)
def test_a_unit_stays_up_when_it_is_up_and_was_not_started_again(told: str, stays: bool) -> None:
    systemd = Told(f"LoadState=loaded\nActiveEnterTimestampMonotonic=1000000\n{told}\n").systemd

    assert systemd.stays_up("docker.service") is stays


def test_a_unit_that_is_up_since_this_moment_is_watched_for_a_while() -> None:
    begun = time.monotonic()
    shown = f"LoadState=loaded\nActiveState=active\nActiveEnterTimestampMonotonic={begun * 1e6:.0f}\n"

    assert Told(shown).systemd.stays_up("docker.service")
    assert time.monotonic() - begun >= 0.9
