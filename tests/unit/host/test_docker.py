"""The Engine API: read over a real unix socket, from a server that says what it is told to."""

import json
import os
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.answers import CalledInvalid, NoSuchThing, Refused, events_in
from dockerd_cfg.host.docker import EngineApi, LogConfig, parse_info
from dockerd_cfg.paths import Layout

INFO = {
    "ServerVersion": "28.5.2",
    "DockerRootDir": "/var/lib/docker",
    "Driver": "overlay2",
    "LoggingDriver": "json-file",
}


CREATE = f"POST /containers/create?name=dockerd-cfg-probe-{os.getpid()}"
PROBES = "GET /containers/json?" + urlencode({"all": "1", "filters": '{"label": ["dockerd-cfg=probe"]}'})
LOGS_OF_1 = {"HostConfig": {"LogConfig": {"Type": "json-file", "Config": None}}}


class Answers(BaseHTTPRequestHandler):
    """Gives the server's answers, by method and path; what has none is not found."""

    server: "Server"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = f"{self.command} {self.path}"
        self.server.asked.append(asked)
        self.server.bodies[asked] = self.rfile.read(length)
        status, content = self.server.answers.get(asked, (404, {"message": f"no such thing: {asked}"}))
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status not in {204, 304}:
            self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815  # the names http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its parent's name
        """Say nothing."""

    def address_string(self) -> str:
        return "unix"


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Answers)
        self.answers: dict[str, tuple[int, Any]] = {PROBES: (200, [])}
        self.asked: list[str] = []
        self.bodies: dict[str, bytes] = {}


@pytest.fixture
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="api-") as folder:  # a socket's path must be short
        (Path(folder) / "run").mkdir()
        yield Path(folder)


@pytest.fixture
def server(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with Server(root / "run/docker.sock") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def api(root: Path, server: Server) -> EngineApi:  # noqa: ARG001  # it must listen
    return EngineApi(Layout(root))


def test_the_daemons_own_words_are_read(api: EngineApi, server: Server) -> None:
    server.answers["GET /info"] = (200, INFO)

    info = api.info()

    assert (info.version, str(info.data_root), info.driver) == ("28.5.2", "/var/lib/docker", "overlay2")


def test_a_daemon_that_is_down_is_told_with_its_socket(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)

    with pytest.raises(CommandFailed, match=r"does not answer on .*docker\.sock"):
        EngineApi(Layout(root)).info()


@pytest.mark.parametrize(
    ("address", "is_used"),
    [
        pytest.param("unix:///run/docker.sock", True, id="another unix socket"),
        pytest.param("unix:///run/other.sock", False, id="one where nobody listens"),
        pytest.param("tcp://10.0.0.1:2375", True, id="another host: the local one is asked"),
        pytest.param("", True, id="empty"),
    ],
)
def test_docker_host_is_honoured_for_unix_sockets_only(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch, address: str, is_used: bool
) -> None:
    server.answers["GET /info"] = (200, INFO)
    monkeypatch.setenv("DOCKER_HOST", address)
    api = EngineApi(Layout(root))

    if is_used:
        assert api.info().version == "28.5.2"
    else:
        with pytest.raises(CommandFailed):
            api.info()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param({"message": "it is broken"}, "it is broken", id="its own message"),
        pytest.param(b"plain words", "plain words", id="no JSON"),
        pytest.param(["odd"], "odd", id="a list"),
        pytest.param(b"", "status 500", id="nothing"),
    ],
)
def test_a_refusal_is_told_in_the_daemons_words(
    api: EngineApi, server: Server, content: object, told: str
) -> None:
    server.answers["GET /info"] = (500, content)

    with pytest.raises(CommandFailed, match=f"refused GET /info.*{told}"):
        api.info()


@pytest.mark.parametrize(
    ("policy", "restarts"),
    [
        ({"Name": "always"}, True),
        ({"Name": "unless-stopped"}, True),
        ({"Name": "on-failure"}, True),
        ({"Name": "no"}, False),
        ({"Name": ""}, False),
        (None, False),
    ],
    ids=str,
)
def test_whether_a_container_comes_back_is_its_restart_policy(
    api: EngineApi, server: Server, policy: object, restarts: bool
) -> None:
    server.answers["GET /containers/json?all=1"] = (
        200,
        [{"Id": "1", "Names": ["/web"], "State": "running", "Labels": None}],
    )
    server.answers["GET /containers/1/json"] = (200, {"HostConfig": {"RestartPolicy": policy}})

    [container] = api.containers()

    assert (container.name, container.restarts, container.is_lasting) == ("web", restarts, True)


@pytest.mark.parametrize(
    ("status", "is_healthy", "is_starting"),
    [
        ("Up 3 minutes", False, False),
        ("Up 3 minutes (healthy)", True, False),
        ("Up 3 minutes (unhealthy)", False, False),
        ("Up 3 minutes (health: starting)", False, True),
    ],
)
def test_what_a_health_check_says_is_read_from_the_status(
    api: EngineApi, server: Server, status: str, is_healthy: bool, is_starting: bool
) -> None:
    row = {"Id": "1", "Names": ["/x"], "State": "running", "Status": status, "Labels": {}}
    server.answers["GET /containers/json?all=1"] = (200, [row])
    server.answers["GET /containers/1/json"] = (200, {"HostConfig": {}})

    [container] = api.containers()

    assert (container.is_healthy, container.is_starting) == (is_healthy, is_starting)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("created", "Created"),
        ("exited", "Exited (0) Less than a second ago"),
        ("removing", "Removal In Progress"),
    ],
)
def test_one_run_with_rm_does_not_last_though_it_does_not_run_at_the_moment(
    api: EngineApi, server: Server, state: str, status: str
) -> None:
    """Missed later, it would have the change undone, and the undoing fail for good."""
    server.answers["GET /containers/json?all=1"] = (
        200,
        [{"Id": "1", "Names": ["/x"], "State": state, "Status": status, "Labels": {}}],
    )
    server.answers["GET /containers/1/json"] = (200, {"HostConfig": {"AutoRemove": True}})

    [container] = api.containers()

    assert (container.is_lasting, container.is_running) == (False, False)


@pytest.mark.parametrize(
    ("config", "labels"),
    [
        pytest.param({"AutoRemove": True}, {}, id="run with --rm"),
        pytest.param({}, {"com.docker.swarm.task.id": "x"}, id="a swarm's task"),
    ],
)
def test_containers_that_go_with_the_daemon_do_not_last(
    api: EngineApi, server: Server, config: dict[str, object], labels: dict[str, str]
) -> None:
    server.answers["GET /containers/json?all=1"] = (
        200,
        [{"Id": "1", "Names": ["/x"], "State": "running", "Labels": labels}],
    )
    server.answers["GET /containers/1/json"] = (200, {"HostConfig": config})

    assert not api.containers()[0].is_lasting


@pytest.mark.parametrize("state", ["created", "exited", "dead"])
def test_a_swarms_task_does_not_last_though_it_does_not_run(
    api: EngineApi, server: Server, state: str
) -> None:
    row = {"Id": "1", "Names": ["/x"], "State": state, "Labels": {"com.docker.swarm.task.id": "x"}}
    server.answers["GET /containers/json?all=1"] = (200, [row])

    assert not api.containers()[0].is_lasting


@pytest.mark.parametrize("names", [None, []], ids=str)
def test_a_stopped_container_without_name_is_not_asked_for_more(
    api: EngineApi, server: Server, names: object
) -> None:
    server.answers["GET /containers/json?all=1"] = (200, [{"Id": "1", "Names": names, "State": "dead"}])

    assert [container.name for container in api.containers()] == ["?"]
    assert server.asked == ["GET /containers/json?all=1"]


@pytest.mark.parametrize("answer", [{}, {"Volumes": None}, {"Volumes": []}], ids=str)
def test_a_daemon_without_volumes_may_say_so_in_three_ways(
    api: EngineApi, server: Server, answer: object
) -> None:
    server.answers["GET /volumes"] = (200, answer)

    assert api.volumes() == frozenset()


def test_predefined_networks_are_told_by_name_and_others_by_id(api: EngineApi, server: Server) -> None:
    server.answers["GET /networks"] = (200, [{"Name": "bridge", "Id": "1"}, {"Name": "mine", "Id": "2"}])

    assert api.networks() == {"bridge", "2"}


def test_networks_of_a_swarm_are_not_the_hosts(api: EngineApi, server: Server) -> None:
    rows = [{"Name": "ingress", "Id": "1", "Scope": "swarm"}, {"Name": "mine", "Id": "2", "Scope": "local"}]
    server.answers["GET /networks"] = (200, rows)

    assert api.networks() == {"2"}


@pytest.mark.parametrize("status", [204, 304], ids=["started", "ran already"])
def test_starting_a_container_succeeds(api: EngineApi, server: Server, status: int) -> None:
    server.answers["POST /containers/1/start"] = (status, b"")

    api.start_container("1")

    assert server.asked == ["POST /containers/1/start"]


def test_a_container_that_cannot_be_started_is_told(api: EngineApi, server: Server) -> None:
    server.answers["POST /containers/1/start"] = (500, {"message": "port is taken"})

    with pytest.raises(CommandFailed, match="port is taken"):
        api.start_container("1")


def test_a_probe_is_removed_after_it_was_looked_at(api: EngineApi, server: Server) -> None:
    server.answers[CREATE] = (201, {"Id": "1"})
    server.answers["GET /containers/1/json"] = (200, LOGS_OF_1)
    server.answers["DELETE /containers/1?force=1&v=1"] = (204, b"")

    config = api.probe_log_config("busybox")

    assert config == LogConfig("json-file", {})
    assert server.asked[-1] == "DELETE /containers/1?force=1&v=1"
    assert json.loads(server.bodies[CREATE])["Image"] == "busybox"


def test_a_probe_that_cannot_be_looked_at_is_removed_all_the_same(api: EngineApi, server: Server) -> None:
    server.answers[CREATE] = (201, {"Id": "1"})
    server.answers["DELETE /containers/1?force=1&v=1"] = (204, b"")

    with pytest.raises(CommandFailed, match="no such thing"):
        api.probe_log_config("busybox")

    assert server.asked[-1] == "DELETE /containers/1?force=1&v=1"


@pytest.mark.parametrize(
    "config", [None, {}, {"HostConfig": {}}, {"HostConfig": {"LogConfig": {"Type": 5}}}], ids=repr
)
def test_a_probe_with_an_odd_answer_is_told_as_a_failure_of_docker_and_removed(
    api: EngineApi, server: Server, config: object
) -> None:
    server.answers[CREATE] = (201, {"Id": "1"})
    server.answers["GET /containers/1/json"] = (200, config)
    server.answers["DELETE /containers/1?force=1&v=1"] = (204, b"")

    with pytest.raises(CommandFailed, match="not of the form expected"):
        api.probe_log_config("busybox")

    assert server.asked[-1] == "DELETE /containers/1?force=1&v=1"


def test_a_probe_that_got_no_id_is_told_as_a_failure_of_docker(api: EngineApi, server: Server) -> None:
    server.answers[CREATE] = (201, {})

    with pytest.raises(CommandFailed, match="not of the form expected"):
        api.probe_log_config("busybox")


def left_over(server: Server, **labels: str) -> None:
    """A container like ours is there, of the id 0, and another can be created, of the id 1."""
    row = {"Id": "0", "Labels": {"dockerd-cfg": "probe", **labels}}
    server.answers[PROBES] = (200, [row])
    server.answers[CREATE] = (201, {"Id": "1"})
    server.answers["GET /containers/1/json"] = (200, LOGS_OF_1)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({}, id="of one that did not note its number"),
        pytest.param({"dockerd-cfg.pid": str(2**22 + 1)}, id="of a process that is no more"),
        pytest.param({"dockerd-cfg.pid": str(os.getpid())}, id="of a process that had our number"),
    ],
)
def test_a_probe_that_was_left_over_is_removed_before_another_is_created(
    api: EngineApi, server: Server, labels: dict[str, str]
) -> None:
    left_over(server, **labels)

    assert api.probe_log_config("busybox") is not None

    asked = server.asked
    assert asked.index("DELETE /containers/0?force=1&v=1") < asked.index(CREATE)


def test_a_probe_that_another_looks_at_just_now_stays(api: EngineApi, server: Server) -> None:
    left_over(server, **{"dockerd-cfg.pid": str(os.getppid())})

    assert api.probe_log_config("busybox") is not None

    assert "DELETE /containers/0?force=1&v=1" not in server.asked


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "authorization denied by plugin"), (409, "name is in use"), (500, "no space left on device")],
)
def test_a_probe_that_docker_does_not_create_whatever_its_settings_tells_nothing(
    api: EngineApi, server: Server, status: int, message: str
) -> None:
    server.answers[CREATE] = (status, {"message": message})

    assert api.probe_log_config("busybox") is None


@pytest.mark.parametrize(
    ("status", "message"), [(400, "unknown log opt 'x'"), (404, 'plugin "nosuch" not found')]
)
def test_a_probe_whose_log_settings_docker_refuses_is_told(
    api: EngineApi, server: Server, status: int, message: str
) -> None:
    server.answers[CREATE] = (status, {"message": message})

    with pytest.raises(CommandFailed, match=message):
        api.probe_log_config("busybox")


def test_what_a_probe_that_cannot_be_removed_told_counts_all_the_same(api: EngineApi, server: Server) -> None:
    server.answers[CREATE] = (201, {"Id": "1"})
    server.answers["GET /containers/1/json"] = (200, LOGS_OF_1)
    server.answers["DELETE /containers/1?force=1&v=1"] = (403, {"message": "authorization denied by plugin"})

    assert api.probe_log_config("busybox") == LogConfig("json-file", {})


def test_a_probe_is_no_container_that_must_be_there_after_a_change(api: EngineApi, server: Server) -> None:
    row = {"Id": "1", "Names": ["/x"], "State": "created", "Labels": {"dockerd-cfg": "probe"}}
    server.answers["GET /containers/json?all=1"] = (200, [row])

    assert not api.containers()[0].is_lasting


@pytest.mark.parametrize(
    ("status", "store"),
    [
        ([["driver-type", "io.containerd.snapshotter.v1"]], "containerd"),
        ([["Backing Filesystem", "extfs"]], "graphdriver"),
        ([], "graphdriver"),
        (None, "graphdriver"),
    ],
    ids=str,
)
def test_the_image_store_shows_itself_by_its_driver_type(status: object, store: str) -> None:
    assert parse_info({**INFO, "DriverStatus": status}).image_store == store


def test_an_old_daemon_that_says_little_is_understood() -> None:
    info = parse_info({**INFO, "Swarm": None, "Containerd": None, "SecurityOptions": None})

    assert (info.swarm, info.containerd_address, info.security) == ("inactive", "", ())


def test_a_containers_log_configuration_is_read(api: EngineApi, server: Server) -> None:
    told = {"HostConfig": {"LogConfig": {"Type": "local", "Config": {"max-size": "5m"}}}}
    server.answers["GET /containers/1/json"] = (200, told)

    config = api.log_config("1")

    assert config is not None
    assert (config.driver, config.options) == ("local", {"max-size": "5m"})


def test_a_container_that_is_gone_has_no_log_configuration(api: EngineApi) -> None:
    assert api.log_config("gone") is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, CalledInvalid), (404, NoSuchThing), (403, Refused), (409, Refused), (500, Refused)],
)
def test_a_refusal_is_told_from_a_daemon_that_is_gone(
    api: EngineApi, server: Server, status: int, kind: type[Refused]
) -> None:
    server.answers["DELETE /networks/one"] = (status, {"message": "it has endpoints"})

    with pytest.raises(kind, match="it has endpoints") as raised:
        api.ask("DELETE", "/networks/one")

    assert type(raised.value) is kind


def test_any_answer_can_be_had_as_it_is(api: EngineApi, server: Server) -> None:
    server.answers["POST /build/prune?filters=x"] = (200, {"SpaceReclaimed": 1})

    assert api.ask("POST", "/build/prune?filters=x") == {"SpaceReclaimed": 1}


@pytest.mark.parametrize("name", ["plain", "a\x85b", "a\u2028b", "a\x1cb"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_events_are_told_apart_whatever_their_names(
    api: EngineApi, server: Server, name: str, count: int
) -> None:
    event = {"Actor": {"Attributes": {"name": name}}}
    lines = "".join(f"{json.dumps(event, ensure_ascii=False)}\n" for _ in range(count))
    server.answers["GET /events"] = (200, lines.encode())

    assert events_in(api.ask("GET", "/events")) == [event] * count
