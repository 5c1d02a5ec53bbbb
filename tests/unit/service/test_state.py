"""How Docker runs: noted, compared, brought back, stopped for good."""

import time
from dataclasses import replace
from typing import Any

import pytest

from dockerd_cfg.errors import CommandFailed
from dockerd_cfg.host.docker import Container
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import Mount
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.locks import locked
from dockerd_cfg.paths import HostPath
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.tree import identifier
from dockerd_cfg.service.inventory import Inventory, differences, without_removed
from dockerd_cfg.service.state import bring_back, complaint, observe, start_again, start_units
from dockerd_cfg.service.stopping import restless, stop

ROOT = HostPath("/var/lib/docker")
UNITS = (DOCKER_SOCKET_UNIT, DOCKER_SERVICE)
BEFORE = Inventory(
    data_root=ROOT,
    driver="overlay2",
    image_store="graphdriver",
    images=frozenset({"sha256:aaaaaaaaaaaaaaaa", "sha256:bbbbbbbbbbbbbbbb"}),
    containers=frozenset({"c" * 64}),
    volumes=frozenset({"records"}),
    networks=frozenset({"bridge", "front"}),
)


@pytest.fixture
def services(host: Host) -> SandboxServices:
    return SandboxServices(host.layout)


def test_a_daemon_is_like_itself() -> None:
    assert differences(BEFORE, BEFORE) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data_root": HostPath("/srv")}, "data root was /var/lib/docker and is now /srv"),
        ({"driver": "vfs"}, "storage driver was overlay2 and is now vfs"),
        ({"image_store": "containerd"}, "image store was graphdriver and is now containerd"),
        ({"images": frozenset({"sha256:aaaaaaaaaaaaaaaa"})}, "1 of 2 images missing (bbbbbbbbbbbb)"),
        ({"containers": frozenset()}, "1 of 1 containers missing (cccccccccccc)"),
        ({"volumes": frozenset()}, "1 of 1 volumes missing (records)"),
        ({"networks": frozenset()}, "1 of 1 networks missing (front)"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_thing_that_is_other_is_told(changes: dict[str, Any], told: str) -> None:
    (said,) = differences(BEFORE, replace(BEFORE, **changes))
    assert told in said


def test_what_is_not_on_record_any_more_was_removed_and_not_lost(host: Host) -> None:
    root = host.layout.real(ROOT)
    (root / "containers" / ("c" * 64)).mkdir(parents=True)
    noted = replace(BEFORE, volumes=frozenset({"gone"}))
    after = replace(BEFORE, volumes=frozenset(), containers=frozenset())
    before = without_removed(host, noted, after, ())
    assert differences(before, after) == ["1 of 1 containers missing (cccccccccccc)"]


def test_a_root_without_a_record_of_anything_is_not_the_place_where_things_were_removed(host: Host) -> None:
    nothing = frozenset[str]()
    after = replace(BEFORE, volumes=nothing, containers=nothing, images=nothing, networks=nothing)
    elsewhere = replace(after, data_root=HostPath("/empty"))
    assert without_removed(host, BEFORE, elsewhere, ()) == BEFORE


@pytest.mark.parametrize("what", ["images", "containers", "volumes", "networks"])
def test_what_came_meanwhile_is_no_difference(what: str) -> None:
    assert differences(BEFORE, replace(BEFORE, **{what: getattr(BEFORE, what) | {"new"}})) == []


def test_a_docker_that_is_down_is_noted_without_being_asked(host: Host) -> None:
    host.systemd.stop(*UNITS)
    state = observe(host)
    assert (state.was_up, state.should_run, state.running) == (False, False, ())


def test_a_container_that_ran_and_does_not_come_back_by_itself_is_started(
    host: Host, services: SandboxServices
) -> None:
    wanted = observe(host).running
    services.write(running=[])
    assert start_again(host, tuple(one for one in wanted if not one.restarts)) == []
    assert services.read()["running"] == [identifier("job")]


def test_a_container_that_cannot_be_started_is_told_by_name(host: Host) -> None:
    class Unwilling(SandboxServices):
        def start_container(self, container_id: str) -> None:
            raise CommandFailed("port is already allocated")

    unwilling = host._replace(docker=Unwilling(host.layout))
    (said,) = start_again(unwilling, (Container(id="x" * 64, name="web", state="running"),))
    assert "web" in said
    assert "port is already allocated" in said


def test_docker_is_brought_back_as_it_was_noted(host: Host, services: SandboxServices) -> None:
    state = observe(host)
    host.systemd.stop(*UNITS)
    bring_back(host, state)
    assert {container.id for container in observe(host).running} >= {identifier("web"), identifier("job")}
    assert set(services.read()["active"]) == set(UNITS)


def test_a_docker_that_was_down_is_left_down(host: Host, services: SandboxServices) -> None:
    host.systemd.stop(*UNITS)
    bring_back(host, observe(host))
    assert services.read()["active"] == []


def test_a_docker_that_does_not_start_again_is_told_with_its_own_words(
    host: Host, services: SandboxServices
) -> None:
    state = observe(host)
    host.systemd.stop(*UNITS)
    services.write(failing_starts=1)
    with pytest.raises(CommandFailed, match="failed to start daemon: pretended failure"):
        bring_back(host, state)


def test_the_reason_for_not_starting_is_waited_for_and_no_older_one_is_told(
    host: Host, services: SandboxServices
) -> None:
    class Slow(SandboxServices):
        asked = 0

        def log_tail(self, name: str, lines: int, *, since: float = 0) -> str:
            self.asked += 1
            late = "mkdir /proc/x: no such file or directory"
            return (
                "" if self.asked == 1 else late if since > begun else "failed to start daemon: of yesterday"
            )

    begun = time.time()
    state = observe(host)
    host.systemd.stop(*UNITS)
    services.write(failing_starts=1)
    with pytest.raises(CommandFailed, match="does not start: mkdir /proc/x"):
        bring_back(host._replace(systemd=Slow(host.layout)), state)


INFO = 'time="2026-01-02T03:04:05Z" level=info msg="Starting up"\n'
WARNING = 'time="2026-01-02T03:04:05Z" level=warning msg="no swap limit"\n'
ERROR = 'time="2026-01-02T03:04:05Z" level=error msg="Failed to GetDriver graph" driver=zfs\n'


class Refusing(SandboxServices):
    """Refuses the socket while the service runs without it, as systemd does."""

    def start(self, *names: str, patience: float | None = None) -> None:
        if DOCKER_SOCKET_UNIT in names and self.unit(DOCKER_SERVICE).is_active:
            raise CommandFailed("docker.socket: Socket service docker.service already active, refusing.")
        super().start(*names, patience=patience)


def test_a_service_that_others_began_without_its_socket_is_ended_for_it(
    host: Host, services: SandboxServices
) -> None:
    state = observe(host)
    services.stop(*UNITS)
    services.start(DOCKER_SERVICE)

    start_units(host._replace(systemd=Refusing(host.layout)), state.active_units)

    assert all(services.unit(name).is_active for name in UNITS)


class Counting(Refusing):
    """A start that others began without the socket fails, and systemd repeats it by itself, which it counts."""

    restarts = 1

    def reset_failed(self, *names: str) -> None:
        self.restarts = 0
        super().reset_failed(*names)

    def stays_up(self, name: str) -> bool:
        return super().stays_up(name) and not self.restarts


def test_what_systemd_repeated_for_others_before_our_start_is_no_end_of_docker(
    host: Host, services: SandboxServices
) -> None:
    state = observe(host)
    services.stop(*UNITS)
    systemd = Counting(host.layout)

    start_units(host._replace(systemd=systemd), state.active_units)

    assert systemd.stays_up(DOCKER_SERVICE)


@pytest.mark.parametrize(
    ("log", "told"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param(INFO + WARNING, "", id="no-complaint"),
        pytest.param(INFO + "mkdir /proc/x: not allowed\n", "mkdir /proc/x: not allowed", id="any-words"),
        pytest.param(ERROR + "failed to start daemon: zfs\n", "failed to start daemon: zfs", id="last-words"),
        pytest.param(ERROR + INFO, ERROR.strip(), id="an-error-logged"),
        pytest.param(
            INFO + "failed: iptables: No chain\n (exit status 1)\n",
            "failed: iptables: No chain (exit status 1)",
            id="two-lines",
        ),
        pytest.param("bad file\nbad file\n", "bad file", id="two-attempts"),
        pytest.param(
            INFO + "panic: nil map\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: nil map", id="a-crash"
        ),
    ],
)
def test_the_last_words_of_a_daemon_are_found(log: str, told: str) -> None:
    assert complaint(log) == told


def test_a_docker_that_comes_back_without_an_image_is_not_taken_for_whole(
    host: Host,
) -> None:
    state = observe(host)
    image = next((host.layout.real(ROOT) / "image/overlay2/imagedb/content/sha256").iterdir())
    # it is on record all the same, as in containerd's root
    elsewhere = HostPath("/elsewhere")
    blobs = host.layout.real(elsewhere) / "io.containerd.content.v1.content/blobs/sha256"
    blobs.mkdir(parents=True)
    image.rename(blobs / image.name)
    with pytest.raises(CommandFailed, match="1 of 3 images missing"):
        bring_back(host, state, [elsewhere])


def test_a_docker_that_runs_on_another_root_is_not_taken_for_brought_back(
    host: Host, services: SandboxServices
) -> None:
    state = observe(host)
    services.write(config=services.read()["config"] | {"data-root": "/elsewhere"})
    with pytest.raises(CommandFailed, match="data root was /var/lib/docker and is now /elsewhere"):
        bring_back(host, state)


def test_a_docker_that_ran_on_another_root_starts_on_the_configured_one(
    host: Host, services: SandboxServices
) -> None:
    state = observe(host)
    services.write(
        config=services.read()["config"] | {"data-root": "/elsewhere"}, active=[DOCKER_SOCKET_UNIT]
    )
    bring_back(host, state)
    assert observe(host).inventory == state.inventory


def test_stopping_leaves_nothing_up(host: Host, services: SandboxServices) -> None:
    stop(host, UNITS, (ROOT,))
    assert services.read()["active"] == []


def test_a_unit_that_comes_up_again_and_again_fails_the_stop(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dockerd_cfg.service.stopping._STOP_AGAIN_AFTER", 0)

    class Restless(SandboxServices):
        def stop(self, *names: str) -> None:
            super().stop(*names)
            self.write(active=[DOCKER_SERVICE])  # whatever it was that got past the hold

    with pytest.raises(CommandFailed, match=r"docker\.service is up again"):
        stop(host._replace(systemd=Restless(host.layout)), UNITS, (ROOT,))


@pytest.mark.parametrize(
    "database",
    [
        pytest.param("volumes/metadata.db", id="of volumes"),
        pytest.param("100000.100000/volumes/metadata.db", id="of volumes, with user namespaces"),
        pytest.param("io.containerd.metadata.v1.bolt/meta.db", id="of containerd"),
        pytest.param(
            "containerd/daemon/io.containerd.metadata.v1.bolt/meta.db", id="of dockerd's own containerd"
        ),
    ],
)
def test_a_held_database_is_told(host: Host, database: str) -> None:
    with locked(host.layout.real(ROOT / database), "dockerd"):
        assert restless(host, (ROOT,)) == [f"some process still holds /var/lib/docker/{database}"]
    assert restless(host, (ROOT,)) == []


def test_a_mount_that_is_left_is_told(host: Host) -> None:
    class Mounted:
        def mounts(self) -> list[Mount]:
            return [Mount(ROOT / "overlay2/x/merged", "overlay", "overlay", frozenset(), "0:99")]

    left = host._replace(filesystems=Mounted())  # type: ignore[arg-type]  # nothing else is asked
    assert restless(left, (ROOT,)) == ["/var/lib/docker/overlay2/x/merged is still mounted"]


def test_a_container_process_that_is_left_is_told(host: Host) -> None:
    class Shims:
        def of_docker(self) -> list[str]:
            return ["containerd-shim-runc-v2 (pid 7)"]

    left = host._replace(processes=Shims())  # type: ignore[arg-type]  # nothing else is asked
    assert restless(left, (ROOT,)) == ["containerd-shim-runc-v2 (pid 7) still runs a container"]


def test_containers_that_go_on_do_not_keep_the_daemon_from_being_stopped(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shims:
        def of_docker(self) -> list[str]:
            return ["containerd-shim-runc-v2 (pid 7)"]

    surviving = host._replace(processes=Shims())  # type: ignore[arg-type]  # nothing else is asked
    stop(surviving, UNITS, (ROOT,), daemon_only=True)

    monkeypatch.setattr("dockerd_cfg.service.stopping._GONE_PATIENCE", 0)
    with (
        locked(host.layout.real(ROOT / "volumes/metadata.db"), "dockerd"),
        pytest.raises(CommandFailed, match=r"still holds .*metadata\.db"),
    ):
        stop(surviving, UNITS, (ROOT,), daemon_only=True)


def test_a_predefined_network_that_the_configuration_does_without_is_no_difference() -> None:
    assert differences(BEFORE, replace(BEFORE, networks=frozenset({"front"}))) == []
