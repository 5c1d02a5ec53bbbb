"""Which file writes a flag of dockerd: the unit, a drop-in, an environment file."""

from pathlib import Path

import pytest

from dockerd_cfg.config.check import check_bytes
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.origins import flag_origins, with_flag_places
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import HostPath, Layout

UNIT = "/usr/lib/systemd/system/docker.service"
DROP_IN = "/etc/systemd/system/docker.service.d/override.conf"
ENVIRONMENT = "/etc/default/docker"
PACKAGED = """[Service]
Type=notify
ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
ExecReload=/bin/kill -s HUP $MAINPID
"""


def origin(tmp_path: Path, name: str, **texts: str) -> str | None:
    """The origin of the option ``name``: ``unit``, ``drop_in``, ``environment`` or None."""
    places = {"unit": UNIT, "drop_in": DROP_IN, "environment": ENVIRONMENT}
    for what, text in texts.items():
        path = Layout(tmp_path).real(HostPath(places[what]))
        path.parent.mkdir(parents=True, exist_ok=True)
        is_bare = what != "environment" and not text.startswith("[")
        path.write_text(f"[Service]\n{text}" if is_bare else text, encoding="utf-8")
    unit = UnitState("docker.service", sources=(UNIT, DROP_IN), environment_files=(ENVIRONMENT,))
    found = flag_origins(Layout(tmp_path), unit, [name]).get(name)
    return next((what for what, place in places.items() if place == found), None)


def test_a_flag_of_the_unit_comes_from_the_unit(tmp_path: Path) -> None:
    assert origin(tmp_path, "containerd", unit=PACKAGED) == "unit"


def test_a_flag_of_a_drop_in_comes_from_the_drop_in(tmp_path: Path) -> None:
    drop_in = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --data-root /srv\n"

    assert origin(tmp_path, "data-root", unit=PACKAGED, drop_in=drop_in) == "drop_in"


def test_a_flag_of_both_comes_from_the_drop_in(tmp_path: Path) -> None:
    drop_in = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// -H tcp://127.0.0.1:2375\n"

    assert origin(tmp_path, "hosts", unit=PACKAGED, drop_in=drop_in) == "drop_in"


def test_a_flag_of_an_environment_file_comes_from_there(tmp_path: Path) -> None:
    assert origin(tmp_path, "debug", unit=PACKAGED, environment='DOCKER_OPTS="--debug"\n') == "environment"


def test_a_flag_that_nobody_writes_has_no_origin(tmp_path: Path) -> None:
    assert origin(tmp_path, "debug", unit=PACKAGED) is None


def test_files_that_are_not_there_write_nothing(tmp_path: Path) -> None:
    assert origin(tmp_path, "debug") is None


def test_each_option_has_its_own_origin(tmp_path: Path) -> None:
    (tmp_path / "unit").write_text("[Service]\nExecStart=dockerd -H fd://", encoding="utf-8")
    (tmp_path / "more").write_text("OPTS=-D", encoding="utf-8")
    unit = UnitState("docker.service", sources=("/unit",), environment_files=("/more",))

    found = flag_origins(Layout(tmp_path), unit, ["hosts", "debug", "mtu"])

    assert found == {"hosts": "/unit", "debug": "/more"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("ExecStart=dockerd --debug", "debug", id="long"),
        pytest.param("ExecStart=dockerd --data-root=/srv", "data-root", id="long with its value"),
        pytest.param("ExecStart=dockerd --host=fd://", "hosts", id="by the flag's own name"),
        pytest.param("ExecStart=dockerd --log-opt max-size=1m", "log-opts", id="one of a map"),
        pytest.param("ExecStart=dockerd -H fd://", "hosts", id="a letter"),
        pytest.param("ExecStart=dockerd -Hfd://", "hosts", id="a letter with its value"),
        pytest.param("ExecStart=dockerd -s=overlay2", "storage-driver", id="a letter and an equals sign"),
        pytest.param("ExecStart=dockerd -Dl info", "debug", id="the first of two letters"),
        pytest.param("ExecStart=dockerd \\\n  -D", "debug", id="on a line of its own"),
        pytest.param("Environment=OPTS=-D", "debug", id="the value of a variable"),
        pytest.param("Environment='OPTS=--mtu 1400 -D'", "debug", id="the last in quotes"),
        pytest.param('Environment="OPTS=--debug"', "debug", id="before a closing quote"),
        pytest.param("ExecStart=dockerd --http-proxy=http://p", "http-proxy", id="a proxy"),
    ],
)
def test_a_flag_is_found_however_it_is_spelt(tmp_path: Path, text: str, name: str) -> None:
    assert origin(tmp_path, name, unit=text) == "unit"


@pytest.mark.parametrize(
    "text", ["OPTS=-D", "OPTS='--mtu 1400 -D'", 'OPTS="--debug"', "\nA=1\n OPTS=-D"], ids=repr
)
def test_a_flag_is_found_in_the_value_of_a_variable(tmp_path: Path, text: str) -> None:
    assert origin(tmp_path, "debug", environment=text) == "environment"


@pytest.mark.parametrize("text", ["# OPTS=-D", "; OPTS=-D", "OPTS=", "-D", "OPTS=/opt/docker-D"], ids=repr)
def test_no_flag_is_found_outside_the_value_of_a_variable(tmp_path: Path, text: str) -> None:
    assert origin(tmp_path, "debug", environment=text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("# ExecStart=dockerd --debug", "debug", id="a comment"),
        pytest.param("  # --debug", "debug", id="a comment further in"),
        pytest.param("; OPTS=-D", "debug", id="the other kind of comment"),
        pytest.param("ExecStart=dockerd --debugger", "debug", id="a longer name"),
        pytest.param("ExecStart=dockerd --no-debug", "debug", id="a name with something before"),
        pytest.param("ExecStart=/opt/docker-D", "debug", id="the end of a path"),
        pytest.param("ExecStart=dockerd --data-root-x /srv", "data-root", id="a name with something behind"),
        pytest.param("ExecStart=dockerd -d", "debug", id="another letter"),
    ],
)
def test_what_only_looks_like_the_flag_is_not_taken_for_it(tmp_path: Path, text: str, name: str) -> None:
    assert origin(tmp_path, name, unit=text) is None


def test_a_letter_of_another_program_is_not_dockerds(tmp_path: Path) -> None:
    assert origin(tmp_path, "storage-driver", unit=PACKAGED) is None


def test_the_second_of_two_letters_is_found(tmp_path: Path) -> None:
    assert origin(tmp_path, "log-level", unit="ExecStart=dockerd -Dl info") == "unit"


def test_a_hash_within_a_line_begins_no_comment(tmp_path: Path) -> None:
    assert origin(tmp_path, "debug", unit="ExecStart=dockerd --label a=#1 --debug") == "unit"


@pytest.mark.parametrize(
    ("text", "flags", "key"),
    [
        (b'{"log-opts": {"max-size": "5m"}}', ["--log-opt", "max-size=1m"], "log-opts"),
        (b'{"proxies": {"http-proxy": "http://a"}}', ["--http-proxy=http://b"], "proxies.http-proxy"),
    ],
)
def test_the_hint_about_a_flag_names_the_file_that_writes_it(
    tmp_path: Path, text: bytes, flags: list[str], key: str
) -> None:
    for place, content in (
        (UNIT, f"{PACKAGED}EnvironmentFile=-{ENVIRONMENT}\n"),
        (ENVIRONMENT, f"DOCKER_OPTS={' '.join(flags)}\n"),
    ):
        path = Layout(tmp_path).real(HostPath(place))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    findings = check_bytes(text, version=DockerVersion(28, 5, 2), flags=flags)

    (found,) = (
        one
        for one in with_flag_places(findings, Layout(tmp_path), CommandLines(), is_running=True)
        if one.code == "flag-conflict"
    )

    assert found.hint == f"leave {key} out of daemon.json, or take its flag out of {ENVIRONMENT}"


def test_without_a_file_that_writes_the_flag_the_hint_stays(tmp_path: Path) -> None:
    findings = check_bytes(b'{"debug": true}', version=DockerVersion(28, 5, 2), flags=["-D"])

    assert with_flag_places(findings, Layout(tmp_path), CommandLines(), is_running=True) == tuple(findings)


def test_a_flag_of_an_environment_file_that_a_pattern_means_comes_from_that_file(tmp_path: Path) -> None:
    path = Layout(tmp_path).real(HostPath(ENVIRONMENT))
    path.parent.mkdir(parents=True)
    path.write_text("DOCKER_OPTS=--mtu 1300\n", encoding="utf-8")
    unit = UnitState("docker.service", environment_files=("/etc/default/dock*",))

    assert flag_origins(Layout(tmp_path), unit, ["mtu"]) == {"mtu": ENVIRONMENT}


def test_a_flag_that_the_unit_has_no_more_asks_for_a_restart(tmp_path: Path) -> None:
    findings = check_bytes(b'{"debug": true}', version=DockerVersion(28, 5, 2), flags=["-D"])
    arguments = CommandLines(("-D",), ((),))

    (found,) = (
        one
        for one in with_flag_places(findings, Layout(tmp_path), arguments, is_running=True)
        if one.code == "flag-conflict"
    )

    assert found.hint is not None
    assert found.hint.endswith("first: systemctl restart docker")


def test_a_flag_after_a_comment_in_the_midst_of_a_command_line_is_found(tmp_path: Path) -> None:
    drop_in = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd \\\n# why\n  --data-root /srv\n"

    assert origin(tmp_path, "data-root", unit=PACKAGED, drop_in=drop_in) == "drop_in"
