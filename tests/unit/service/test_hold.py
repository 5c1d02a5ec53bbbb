"""Keeping others from starting Docker: as soon as systemd knows of it, however often the tool is killed meanwhile."""

import pytest

from dockerd_cfg.errors import CommandFailed, FileProblem
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.paths import HostPath
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.service.hold import hold, is_held, make_free, make_holdable, take_condition
from dockerd_cfg.service.stopping import stop

UNITS = (DOCKER_SOCKET_UNIT, DOCKER_SERVICE)


@pytest.fixture
def reloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count how often systemd is told to read its files; the test may let it fail."""
    said: list[str] = []

    def reload(_: SandboxServices) -> None:
        said.append("reload")
        if len(said) == 1:
            raise CommandFailed("killed")

    monkeypatch.setattr(SandboxServices, "daemon_reload", reload)
    return said


def test_drop_ins_that_systemd_has_not_read_are_read_by_the_next_hold(host: Host, reloads: list[str]) -> None:
    with pytest.raises(CommandFailed):
        make_holdable(host, UNITS)
    hold(host, UNITS)
    assert len(reloads) == 2
    assert is_held(host)
    hold(host, UNITS)
    assert len(reloads) == 2


def test_a_unit_that_comes_to_be_held_later_is_read_too(host: Host, reloads: list[str]) -> None:
    reloads.append("another")
    make_holdable(host, UNITS[:1])
    make_holdable(host, UNITS)
    assert len(reloads) == 3
    make_free(host, UNITS)
    assert len(reloads) == 4
    make_holdable(host, UNITS)
    assert len(reloads) == 5


def test_a_stop_that_somebody_elses_start_ends_is_asked_for_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    really = SandboxServices.stop

    def canceled(services: SandboxServices, *names: str) -> None:
        asked.append("stop")
        if len(asked) == 1:
            raise CommandFailed("systemctl stop failed with status 1: Job for docker.service canceled.")
        really(services, *names)

    monkeypatch.setattr(SandboxServices, "stop", canceled)
    stop(host, UNITS, ())
    assert len(asked) == 2
    assert not host.systemd.unit(DOCKER_SERVICE).is_active


def test_a_stop_that_fails_for_another_reason_is_no_stop(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: SandboxServices, *names: str) -> None:
        raise CommandFailed(f"{names} cannot be stopped")

    monkeypatch.setattr(SandboxServices, "stop", refuse)
    with pytest.raises(CommandFailed, match="cannot be stopped"):
        stop(host, UNITS, ())


def test_the_socket_alone_is_told_to_bear_clients_that_ask_all_the_time(host: Host) -> None:
    hold(host, UNITS)
    folder = host.layout.real(HostPath("/run/systemd/system"))
    limited = [
        path.parent.name for path in folder.glob("*.d/*") if "TriggerLimitIntervalSec=0" in path.read_text()
    ]
    assert limited == ["docker.socket.d"]


def test_a_unit_whose_name_is_too_long_for_a_drop_in_is_not_held_and_needs_no_freeing(host: Host) -> None:
    unit = "a" * 249 + ".mount"
    with pytest.raises(FileProblem, match="ENAMETOOLONG"):
        hold(host, (unit,))
    assert not take_condition(host, (unit,))


def test_taking_the_condition_from_some_lets_nobody_start_the_others(host: Host) -> None:
    hold(host, (*UNITS, "var-lib-docker.mount"))
    assert take_condition(host, ("var-lib-docker.mount",))
    assert is_held(host)
    left = host.layout.real(HostPath("/run/systemd/system")).iterdir()
    assert sorted(path.name for path in left) == ["docker.service.d", "docker.socket.d"]
