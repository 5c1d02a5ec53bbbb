"""A daemon that answers oddly, by a real server on a real socket; units with odd command lines."""

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.arguments import command_lines
from dockerd_cfg.host.docker import EngineApi
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import UnitState
from dockerd_cfg.paths import Layout

INFO: dict[str, Any] = {
    "ServerVersion": "28.5.2",
    "DockerRootDir": "/var/lib/docker",
    "Driver": "overlay2",
    "LoggingDriver": "json-file",
}

Answers = dict[str, tuple[int, bytes]]


class Handler(BaseHTTPRequestHandler):
    """Answers each path as the server was told."""

    def do_GET(self) -> None:
        status, body = self.server.answers.get(self.path, (404, b'{"message":"no such thing"}'))  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + self.server.answers.get("missing", (0, b""))[0]))  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        return "a test"


class Server(socketserver.UnixStreamServer):
    def __init__(self, path: Path, answers: Answers) -> None:
        super().__init__(str(path), Handler)
        self.answers = answers


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    """What the daemon answers, by path; under ``missing`` how many bytes it promises too many."""
    (tmp_path / "run").mkdir()
    given: Answers = {}
    with Server(tmp_path / "run/docker.sock", given) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield given
        server.shutdown()
        thread.join()


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineApi:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return EngineApi(Layout(tmp_path))


ODD = [
    pytest.param(200, b"<html>proxy</html>", id="no-json"),
    pytest.param(200, b'"text"', id="a-string"),
    pytest.param(200, b"null", id="null"),
    pytest.param(200, b"[{}]", id="rows-without-fields"),
    pytest.param(500, b"", id="an-empty-failure"),
    pytest.param(503, b"starting", id="a-failure-in-plain-text"),
]


@pytest.mark.parametrize(("status", "body"), ODD)
@pytest.mark.parametrize("what", ["containers", "images", "volumes", "networks"])
def test_an_odd_answer_to_a_listing_is_told_as_a_failure_of_docker(
    what: str, status: int, body: bytes, answers: Answers, api: EngineApi
) -> None:
    for path in ("/containers/json?all=1", "/images/json?all=1", "/volumes", "/networks"):
        answers[path] = (status, body)
    if what == "volumes" and body == b"null":
        pytest.skip("Docker answers so where there are none")
    with pytest.raises(CommandFailed):
        getattr(api, what)()


@pytest.mark.parametrize(("status", "body"), ODD)
def test_an_odd_answer_about_the_daemon_is_told_as_a_failure_of_docker(
    status: int, body: bytes, answers: Answers, api: EngineApi
) -> None:
    answers["/info"] = (status, body)
    with pytest.raises(CommandFailed):
        api.info()


def test_an_answer_that_is_cut_off_is_told_as_a_failure_of_docker(answers: Answers, api: EngineApi) -> None:
    answers["/images/json?all=1"] = (200, b"[]")
    answers["missing"] = (1, b"")
    with pytest.raises(CommandFailed, match="cut off"):
        api.images()


ODD_INFO = [
    {},
    INFO | {"ServerVersion": 28},
    INFO | {"ServerVersion": ""},
    INFO | {"DockerRootDir": None},
    INFO | {"DockerRootDir": "docker"},
    INFO | {"DockerRootDir": "/var/../etc"},
    INFO | {"DockerRootDir": "/a\0b"},
    INFO | {"Driver": []},
    INFO | {"LoggingDriver": {}},
    INFO | {"Swarm": "active"},
    INFO | {"SecurityOptions": 5},
    INFO | {"DriverStatus": [None]},
]


@pytest.mark.parametrize("info", ODD_INFO, ids=repr)
def test_a_daemon_that_does_not_tell_what_it_must_is_told_of(
    answers: Answers, api: EngineApi, info: dict[str, Any]
) -> None:
    answers["/info"] = (200, json.dumps(info).encode())
    with pytest.raises(CommandFailed, match=r"GET /info is not of the form expected"):
        api.info()


@pytest.mark.parametrize("field", ["Id", "Name", "State"])
@pytest.mark.parametrize("value", [None, 5, "", []], ids=repr)
def test_a_row_without_a_field_is_told_as_a_failure_of_docker(
    answers: Answers, api: EngineApi, field: str, value: object
) -> None:
    row = {"Id": "a", "Name": "b", "State": "exited"} | {field: value}
    rows = (200, json.dumps([row]).encode())
    answers["/images/json?all=1"] = answers["/containers/json?all=1"] = rows
    answers["/volumes"] = (200, json.dumps({"Volumes": [row]}).encode())
    asks = {"Id": api.images, "Name": api.volumes, "State": api.containers}
    with pytest.raises(CommandFailed, match="not of the form expected"):
        asks[field]()


def test_an_answer_nested_without_end_is_told_as_a_failure_of_docker(
    answers: Answers, api: EngineApi
) -> None:
    answers["/info"] = (200, b"[" * 100_000)
    with pytest.raises(CommandFailed, match="not of the form expected"):
        api.info()


def test_a_container_that_is_gone_between_two_questions_is_left_out(answers: Answers, api: EngineApi) -> None:
    rows = [
        {"Id": "a", "Names": ["/gone"], "State": "running"},
        {"Id": "b", "Names": ["/web"], "State": "running"},
    ]
    answers["/containers/json?all=1"] = (200, json.dumps(rows).encode())
    answers["/containers/b/json"] = (200, b'{"HostConfig":{"RestartPolicy":{"Name":"always"}}}')
    assert [container.name for container in api.containers()] == ["web"]


@pytest.mark.parametrize(
    ("word", "environment", "expected"),
    [
        pytest.param(
            "$OPTIONS", "OPTIONS=--debug 'two words' x", ("--debug", "two words", "x"), id="quotes-hold"
        ),
        pytest.param("a$$b", "b=never", ("a$b",), id="two-dollars-are-one"),
        pytest.param("--label=$NAME", "NAME=never", ("--label=$NAME",), id="no-braces-within-a-word"),
        pytest.param("--label=${NAME}", "NAME=two words", ("--label=two words",), id="braces-within-a-word"),
        pytest.param("$NONE", "NAME=x", (), id="an-unset-word-vanishes"),
        pytest.param("${NONE}", "NAME=x", ("",), id="an-unset-word-in-braces-stays-empty"),
    ],
)
def test_variables_are_expanded_as_systemds_manual_says(
    word: str, environment: str, expected: tuple[str, ...], host: Host
) -> None:
    unit = UnitState("docker.service", exec_start=("/usr/bin/dockerd", word), environment=(environment,))
    assert command_lines(host, unit).now == expected
