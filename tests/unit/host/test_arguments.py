"""The daemon's command line: of the process that runs, else as the unit would start it."""

from pathlib import Path

import pytest

from dockerd_cfg.host.arguments import command_lines
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState, parse_unit
from dockerd_cfg.paths import Layout
from dockerd_cfg.sandbox.host import sandbox_host


class Processes:
    def __init__(self, argv: list[str]) -> None:
        self._argv = argv

    def arguments(self, pid: int) -> list[str]:
        return self._argv

    def of_docker(self) -> list[str]:
        return []

    def of_rootless(self) -> list[str]:
        return []


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "etc/default").mkdir(parents=True)
    return sandbox_host(tmp_path)._replace(layout=Layout(tmp_path), processes=Processes([]))


def stopped(*words: str, environment: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> UnitState:
    return UnitState(
        "docker.service",
        exec_start=("/usr/bin/dockerd", *words),
        environment=environment,
        environment_files=files,
    )


def test_the_running_process_is_believed_more_than_its_unit(host: Host) -> None:
    unit = stopped("--debug")._replace(active="active", main_pid=7)

    found = command_lines(host._replace(processes=Processes(["/usr/bin/dockerd", "-D"])), unit).now

    assert found == ("-D",)


def test_a_process_that_is_gone_meanwhile_leaves_the_unit(host: Host) -> None:
    unit = stopped("--debug")._replace(active="active", main_pid=7)

    assert command_lines(host, unit).now == ("--debug",)


def test_a_unit_without_command_line_has_no_arguments(host: Host) -> None:
    assert command_lines(host, UnitState("docker.service")).now == ()


@pytest.mark.parametrize("is_running", [False, True])
def test_a_word_with_blanks_is_one_although_systemctl_tells_it_without_quotes(
    host: Host, tmp_path: Path, is_running: bool
) -> None:
    folder = tmp_path / "etc/systemd/system"
    folder.mkdir(parents=True)
    text = '[Service]\nExecStart=/usr/bin/dockerd --label "a=two  words" --label "it\'s"\n'
    (folder / "docker.service").write_text(text, encoding="utf-8")
    shown = "argv[]=/usr/bin/dockerd --label a=two  words --label it's ; ignore_errors=no"
    unit = parse_unit(
        "docker.service", f"LoadState=loaded\nExecStart={{ path=/usr/bin/dockerd ; {shown} }}\n"
    )
    words = ("--label", "a=two  words", "--label", "it's")
    if is_running:
        unit = unit._replace(active="active", main_pid=7)
        host = host._replace(processes=Processes(["/usr/bin/dockerd", *words]))

    assert command_lines(host, unit) == (words, ())


def test_an_environment_file_may_be_a_pattern(host: Host, tmp_path: Path) -> None:
    for name, text in (("docker", "A=-D"), ("docker-2", "A=--ipv6\nB=--icc=false"), ("other", "A=--init")):
        (tmp_path / "etc/default" / name).write_text(text, encoding="utf-8")

    found = command_lines(host, stopped("$A", "$B", files=("/etc/default/docker*",))).now

    assert found == ("--ipv6", "--icc=false")


def test_what_a_specifier_of_systemd_stands_for_is_not_taken_for_another_start(
    host: Host, tmp_path: Path
) -> None:
    folder = tmp_path / "etc/systemd/system"
    folder.mkdir(parents=True)
    text = "[Service]\nExecStart=/usr/bin/dockerd --label host=%H\n"
    (folder / "docker.service").write_text(text, encoding="utf-8")

    assert command_lines(host, stopped("--label", "host=alpha")).coming == ()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("$OPTS", ("-D", "--label", "x"), id="alone: split"),
        pytest.param("${OPTS}", ("-D --label x",), id="in braces: one word"),
        pytest.param("--label=${OPTS}", ("--label=-D --label x",), id="in braces within a word: not split"),
        pytest.param("--label=$OPTS", ("--label=$OPTS",), id="within a word without braces: untouched"),
        pytest.param("$UNKNOWN", (), id="alone, unknown: nothing"),
        pytest.param("${UNKNOWN}", ("",), id="in braces, unknown: an empty word"),
        pytest.param("$EMPTY", (), id="alone, empty"),
        pytest.param("plain", ("plain",), id="no variable"),
    ],
)
def test_variables_are_filled_in_as_systemd_does(host: Host, word: str, expected: tuple[str, ...]) -> None:
    unit = stopped(word, environment=("OPTS=-D --label x", "EMPTY="))

    assert command_lines(host, unit).now == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("OPTS=-D\n", ("-D",), id="plain"),
        pytest.param('OPTS="-D --debug"\n', ("-D", "--debug"), id="in double quotes"),
        pytest.param("OPTS='-D'\n", ("-D",), id="in single quotes"),
        pytest.param("# OPTS=-D\n", (), id="a comment"),
        pytest.param("; OPTS=-D\n", (), id="the other kind of comment"),
        pytest.param("OPTS\n", (), id="no value"),
        pytest.param("OPTS=-D\nOPTS=-H\n", ("-H",), id="the last one counts"),
        pytest.param("OPTS='-D\n", ("-D",), id="an open quote"),
        pytest.param("", (), id="empty"),
    ],
)
def test_environment_files_are_read(host: Host, text: str, expected: tuple[str, ...]) -> None:
    host.layout.root.joinpath("etc/default/docker").write_text(text, encoding="utf-8")

    assert command_lines(host, stopped("$OPTS", files=("/etc/default/docker",))).now == expected


def test_an_environment_file_overrides_the_units_own_variables(host: Host) -> None:
    host.layout.root.joinpath("etc/default/docker").write_text("OPTS=-D\n", encoding="utf-8")

    unit = stopped("$OPTS", environment=("OPTS=-H",), files=("/etc/default/docker",))

    assert command_lines(host, unit).now == ("-D",)


def test_an_environment_file_that_is_not_there_sets_nothing(host: Host) -> None:
    assert command_lines(host, stopped("$OPTS", "-D", files=("/etc/default/absent",))).now == ("-D",)


def test_a_value_over_several_lines_is_passed_whole(host: Host) -> None:
    (host.layout.root / "etc/default/docker").write_text('OPTS="--mtu 1400 \\\n  --debug"\n')

    found = command_lines(host, stopped("$OPTS", files=("/etc/default/docker",))).now

    assert found == ("--mtu", "1400", "--debug")


def running(host: Host, unit: UnitState, *argv: str) -> tuple[Host, UnitState]:
    started = unit._replace(active="active", main_pid=7)
    return host._replace(processes=Processes(["/usr/bin/dockerd", *argv])), started


def test_a_unit_as_it_was_at_the_start_has_no_other_arguments_to_come(host: Host) -> None:
    assert command_lines(*running(host, stopped("--debug"), "--debug")).coming == ()


def test_a_file_of_variables_that_was_edited_since_the_start_counts_for_the_next_one(host: Host) -> None:
    (host.layout.root / "etc/default/docker").write_text("OPTS=--mtu=1400\n")

    found = command_lines(*running(host, stopped("$OPTS", files=("/etc/default/docker",)))).coming

    assert found == (("--mtu=1400",),)


def test_a_drop_in_that_systemd_has_not_read_yet_counts_for_a_coming_start(host: Host) -> None:
    folder = host.layout.root / "etc/systemd/system/docker.service.d"
    folder.mkdir(parents=True)
    folder.parent.joinpath("docker.service").write_text("[Service]\nExecStart=/usr/bin/dockerd\n")
    (folder / "debug.conf").write_text("[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --debug\n")

    assert command_lines(*running(host, stopped())).coming == (("--debug",),)


def test_a_unit_that_starts_a_script_has_no_arguments_to_come_that_are_known(host: Host) -> None:
    unit = UnitState("docker.service", exec_start=("/usr/local/bin/start-docker", "--fast"))

    assert command_lines(*running(host, unit, "--debug")).coming == ()


@pytest.mark.parametrize(
    ("unset", "expected"),
    [
        (("OPTS",), ()),
        (("OPTS=-D",), ()),
        (("OPTS=-H",), ("-D",)),
        (("OTHER",), ("-D",)),
    ],
)
def test_a_variable_that_the_unit_unsets_gives_no_flags(
    host: Host, unset: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    (host.layout.root / "etc/default/docker").write_text("OPTS=-D\n")
    unit = stopped("$OPTS", files=("/etc/default/docker",))._replace(unset_environment=unset)

    assert command_lines(host, unit).now == expected


def test_a_drop_in_until_the_next_boot_that_holds_a_flag_leaves_nothing_else_to_come(host: Host) -> None:
    etc, run = (host.layout.root / name / "systemd/system" for name in ("etc", "run"))
    etc.mkdir(parents=True)
    (run / "docker.service.d").mkdir(parents=True)
    (etc / "docker.service").write_text("[Service]\nExecStart=/usr/bin/dockerd --mtu=1400\n")
    (run / "docker.service.d/a.conf").write_text(
        "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --debug\n"
    )

    assert command_lines(*running(host, stopped("--debug"), "--debug")).coming == ()
