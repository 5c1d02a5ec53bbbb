"""Containers that were healthy: waited for, told of, and only an ill one has a change undone, but never an undoing."""

import io
from dataclasses import replace
from typing import Any

import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.host.docker import Container
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.service.health import await_health
from dockerd_cfg.service.state import observe

HEALTHY = {"is_healthy": True}
STARTING = {"is_starting": True}
ILL: dict[str, Any] = {}


class Checked(SandboxServices):
    """Docker with the health check of “web”, which says something else after each stop; at last, what it said last."""

    def __init__(self, host: Host, *said: dict[str, Any]) -> None:
        super().__init__(host.layout)
        self._said = list(said)

    def stop(self, *names: str) -> None:
        super().stop(*names)
        if DOCKER_SERVICE in names and len(self._said) > 1:
            del self._said[0]

    def containers(self) -> list[Container]:
        return [
            replace(one, **self._said[0]) if one.name == "web" and one.is_running else one
            for one in super().containers()
        ]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dockerd_cfg.service.health._PATIENCE", 0)


def ended(host: Host, docker: Checked, *argv: str) -> tuple[int, str, str]:
    """Run a command; return its code, what it said, and where Docker keeps its data now."""
    said = io.StringIO()
    checked = host._replace(docker=docker, systemd=docker)
    code = run([*argv, "--yes"], make_host=lambda: checked, report=Report(out=io.StringIO(), err=said))
    return code, said.getvalue(), str(docker.info().data_root)


def test_a_container_that_takes_long_to_be_healthy_has_no_move_undone(host: Host) -> None:
    docker = Checked(host, HEALTHY, STARTING)
    code, said, root = ended(host, docker, "move-storage", "/mnt/data")

    assert (code, root) == (0, "/mnt/data/docker")
    assert "warning: the container web was healthy before" in said


def test_a_container_that_is_ill_at_the_new_place_has_the_move_undone(host: Host) -> None:
    docker = Checked(host, HEALTHY, ILL, HEALTHY)
    code, said, root = ended(host, docker, "move-storage", "/mnt/data")

    assert (code, root) == (6, "/var/lib/docker")
    assert "the container web was healthy before and is not any more" in said


@pytest.mark.parametrize("health", [ILL, STARTING], ids=["ill", "starting"])
def test_a_container_that_is_not_healthy_again_keeps_nothing_from_being_undone(
    host: Host, health: dict[str, Any]
) -> None:
    failing = Checked(host, HEALTHY, ILL, health)
    code, said, root = ended(host, failing, "move-storage", "/mnt/data")
    assert (code, root) == (6, "/var/lib/docker")
    assert "warning: the container web was healthy before" in said

    docker = Checked(host, HEALTHY, HEALTHY, health)
    assert ended(host, docker, "move-storage", "/mnt/data")[0] == 0
    code, said, root = ended(host, docker, "rollback")
    assert (code, root) == (0, "/var/lib/docker")
    assert "warning: the container web was healthy before" in said


def test_a_container_that_starts_over_and_over_is_ill(host: Host) -> None:
    wanted = observe(host._replace(docker=Checked(host, HEALTHY))).running
    looping = host._replace(docker=Checked(host, {"state": "restarting"}))

    assert await_health(looping, wanted).ill == ["the container web was healthy before and is not any more"]


def test_a_container_that_ended_by_itself_is_not_waited_for(host: Host) -> None:
    wanted = observe(host._replace(docker=Checked(host, HEALTHY))).running
    SandboxServices(host.layout).write(running=[])

    assert await_health(host, wanted) == ([], [])
