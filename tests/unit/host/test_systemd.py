"""What systemctl prints of a unit, read."""

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.systemd import parse_unit

RUNNING = """\
MainPID=812
Result=success
ExecStart={ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// $DOCKER_OPTS ; ignore_errors=no ; start_time=[n/a] }
Environment=A=1 "B=two words"
EnvironmentFiles=/etc/default/docker (ignore_errors=yes)
EnvironmentFiles=/etc/other file (ignore_errors=no)
InvocationID=0123456789abcdef
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=/lib/systemd/system/docker.service
DropInPaths=/etc/systemd/system/docker.service.d/a.conf /etc/systemd/system/docker.service.d/b.conf
UnitFileState=enabled
ActiveEnterTimestampMonotonic=1000000
"""


def test_a_running_unit_is_read_whole() -> None:
    unit = parse_unit("docker.service", RUNNING)

    assert (unit.exists, unit.is_active, unit.main_pid) == (True, True, 812)
    assert unit.exec_start == ("/usr/bin/dockerd", "-H", "fd://", "$DOCKER_OPTS")
    assert unit.environment == ("A=1", "B=two words")
    assert unit.environment_files == ("/etc/default/docker", "/etc/other file")
    assert [source.rpartition("/")[2] for source in unit.sources] == ["docker.service", "a.conf", "b.conf"]
    assert unit.active_since is not None


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
