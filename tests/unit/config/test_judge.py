"""What stops a change of daemon.json: our own findings, and dockerd's last word."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, parse, read_daemon_json
from dockerd_cfg.config.edit_daemon_json import edit_step
from dockerd_cfg.config.edits import set_edits
from dockerd_cfg.config.judge import ask_dockerd, judge, refuse_errors
from dockerd_cfg.errors import InvalidConfig
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.paths import DAEMON_JSON
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host


class Listening:
    """A dockerd that is content, and remembers what it was asked."""

    def __init__(self) -> None:
        self.flags: Sequence[str] = ()

    def version(self) -> str | None:
        return "28.5.2"

    def validate(self, data: bytes, flags: Sequence[str]) -> str | None:
        self.flags = flags
        return None


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (CommandLines(("--debug",)), ("--debug",)),
        (CommandLines(("--debug",), (("--mtu=1400",),)), ("--mtu=1400",)),
        (CommandLines((), (("--mtu=1300",), ("--mtu=1400",))), ("--mtu=1400",)),
    ],
    ids=["no others", "others", "others, not read by systemd yet"],
)
def test_dockerd_is_asked_with_the_flags_of_its_next_start(
    tmp_path: Path, arguments: CommandLines, asked: tuple[str, ...]
) -> None:
    make_sandbox(tmp_path)
    dockerd = Listening()
    host = sandbox_host(tmp_path)._replace(dockerd=dockerd)

    ask_dockerd(host, None, arguments, present=read_daemon_json(host.layout, DAEMON_JSON))

    assert dockerd.flags == asked


ULIMIT = b'{"default-ulimits": {"nofile": {"Hard": 9000, "Soft": 9000}}}'
RUNTIME = b'{"runtimes": {"x": {"runtimeArgs": ["-a"]}}, "default-runtime": "x"}'


@pytest.mark.parametrize(
    ("data", "key", "starts_now", "is_stale", "severity"),
    [
        pytest.param(ULIMIT, "debug", False, False, "warning", id="containers, Docker down"),
        pytest.param(ULIMIT, "debug", True, False, "warning", id="containers, Docker up"),
        pytest.param(ULIMIT, "debug", True, True, "error", id="containers, and Docker has not read it yet"),
        pytest.param(ULIMIT, "default-ulimits", False, False, "error", id="containers, and touched"),
        pytest.param(RUNTIME, "debug", False, False, "error", id="Docker itself, down"),
        pytest.param(RUNTIME, "debug", True, False, "warning", id="Docker itself, up"),
    ],
)
def test_an_old_fault_stops_a_change_only_where_docker_could_not_start_or_it_comes_into_effect(
    data: bytes, key: str, *, starts_now: bool, is_stale: bool, severity: str
) -> None:
    file = DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))
    edit = edit_step(file, set_edits(file, key, "true" if key == "debug" else '{"nofile": {"Hard": 8000}}'))

    found = judge(
        file,
        edit,
        version=DockerVersion(28, 5, 2),
        arguments=CommandLines(),
        starts_now=starts_now,
        is_stale=is_stale,
    )

    assert {one.severity for one in found if one.stage in {"start", "container"}} == {severity}


def errors_of(data: bytes, key: str, value: str, arguments: CommandLines | None = None) -> list[Finding]:
    file = DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))
    edit = edit_step(file, set_edits(file, key, value))
    version = DockerVersion(28, 5, 2)
    found = judge(file, edit, version=version, arguments=arguments or CommandLines(), starts_now=False)
    with pytest.raises(InvalidConfig) as refusal:
        refuse_errors(found, file)
    errors = [one for one in found if one.is_error]
    place = f" (line {errors[0].line}, column {errors[0].column})" if errors[0].line else ""
    assert refusal.value.message.endswith(f"{errors[0].message}{place}")
    return errors


FAULTY: Final = b"""{
  "log-opts": {
    "tag": "x"
  },
  "insecure-registries": ["a/b"]
}
"""


def test_an_old_fault_is_told_with_its_line_in_the_file_as_it_is() -> None:
    (error,) = errors_of(FAULTY, "log-opts", '{"max-size": "9m", "max-file": "3", "tag": "x"}')
    assert (error.key, error.line, error.column) == ("insecure-registries[0]", 5, 27)


def test_a_conflict_with_flags_to_come_is_told_with_its_line_in_the_file_as_it_is() -> None:
    data = FAULTY.replace(b"a/b", b"a")
    arguments = CommandLines((), (("--insecure-registry=b",),))
    (error,) = errors_of(data, "log-opts", '{"max-size": "9m", "tag": "x"}', arguments)
    assert (error.code, error.line, error.column) == ("flag-conflict", 5, 3)


def test_a_fault_that_the_change_would_make_has_no_line_yet() -> None:
    (error,) = errors_of(b"{}", "bip", "nonsense")
    assert (error.key, error.line) == ("bip", None)


@pytest.mark.parametrize(
    ("data", "is_stale", "severity"),
    [
        pytest.param(b'{"ipv6": true}', False, "warning", id="of old versions"),
        pytest.param(b'{"graph": "/srv/docker"}', False, "warning", id="of new versions"),
        pytest.param(b'{"insecure-registries": ["a/b"]}', False, "error", id="of all versions"),
        pytest.param(
            b'{"graph": "/srv/docker", "allow-direct-routing": true}', False, "error", id="of each another"
        ),
        pytest.param(b'{"ipv6": true}', True, "error", id="of some that comes into effect"),
    ],
)
def test_an_old_fault_of_some_versions_stops_no_change_where_docker_is_of_an_unknown_one(
    data: bytes, *, is_stale: bool, severity: str
) -> None:
    file = DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))
    edit = edit_step(file, set_edits(file, "debug", "true"))

    found = judge(file, edit, version=None, arguments=CommandLines(), starts_now=False, is_stale=is_stale)

    assert {one.severity for one in found if one.stage in {"parse", "start"}} == {severity}
