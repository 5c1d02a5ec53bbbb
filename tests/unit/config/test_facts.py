"""Since when an option has its value, going by the history, and whether the running Docker uses it already."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.change.history import History, Run
from dockerd_cfg.change.journal import RunEvent
from dockerd_cfg.change.plan import Plan
from dockerd_cfg.change.replace_file import StoredImage
from dockerd_cfg.config.change import ConfigFacts
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, parse
from dockerd_cfg.config.edit_daemon_json import EditDaemonJson
from dockerd_cfg.config.facts import config_file_of, last_changed, read_config_facts, with_contents
from dockerd_cfg.errors import CommandFailed, InvalidConfig, UsageProblem
from dockerd_cfg.files import FileImage
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.systemd import DOCKER_SERVICE, DOCKER_SOCKET_UNIT
from dockerd_cfg.paths import DAEMON_JSON, DEFAULT_DATA_ROOT, HostPath
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.steps import KINDS

ELSEWHERE = HostPath("/srv/daemon.json")


def image(text: str, modified: float) -> FileImage:
    return FileImage(text.encode(), modified=modified)


def daemon_json(written: FileImage) -> DaemonJson:
    return DaemonJson(DAEMON_JSON, written, parse(written.data, DAEMON_JSON))


@dataclass
class Past:
    """What was done to daemon.json, moment by moment: by our runs, or by somebody else."""

    history: History
    now: FileImage = field(default_factory=lambda: image("{}", 1.0))

    def ours(
        self, at: float, text: str, *keys: str, path: HostPath = DAEMON_JSON, events: Sequence[RunEvent] = ("applied",)
    ) -> None:  # fmt: skip
        """A run wrote ``text``, and with it the options ``keys``, at the moment ``at``."""
        old, new = self.now, image(text, at)
        edit = EditDaemonJson(
            path=path,
            new=StoredImage.of(new),
            expected=old.digest,
            edits=tuple(KeyEdit(key=tuple(key.split(".")), value=at) for key in keys),
        )
        plan = Plan(command="set", subject="daemon.json", tool="0", created="2026-01-01", steps=(edit,))
        with self.history.create(plan).open_journal() as journal:
            before = StoredImage.of(old).model_dump(mode="json", exclude_none=True)
            journal.record("started", step=0, kind=edit.kind, before=before)
            for event in events:
                journal.record(event)
        if path == DAEMON_JSON:
            self.now = new

    def theirs(self, at: float, text: str) -> None:
        """Somebody wrote ``text``."""
        self.now = image(text, at)

    def changed(self, name: str) -> float:
        return last_changed(daemon_json(self.now), self.history.runs(), name)


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(History(tmp_path / "runs", KINDS))


# Since when


def test_without_a_history_an_option_changed_when_the_file_did(past: Past) -> None:
    past.theirs(5, '{"debug": true}')

    assert past.changed("debug") == 5


def test_an_option_that_our_run_set_changed_with_it(past: Past) -> None:
    past.ours(5, '{"debug": true}', "debug")

    assert past.changed("debug") == 5


def test_an_option_changed_with_its_member(past: Past) -> None:
    past.ours(5, '{"log-opts": {"tag": "x"}}', "log-opts.tag")

    assert past.changed("log-opts") == 5


def test_an_option_that_our_run_left_alone_is_as_old_as_the_file_before(past: Past) -> None:
    past.ours(5, '{"debug": true}', "debug")

    assert past.changed("dns") == 1


def test_several_runs_are_looked_through(past: Past) -> None:
    past.ours(5, '{"dns": []}', "dns")
    past.ours(6, '{"dns": [], "debug": true}', "debug")
    past.ours(7, '{"dns": [], "debug": true, "mtu": 9}', "mtu")

    assert {name: past.changed(name) for name in ("mtu", "debug", "dns", "ip")} == {"mtu": 7, "debug": 6, "dns": 5, "ip": 1}  # fmt: skip


def test_the_latest_of_two_runs_that_set_the_same_counts(past: Past) -> None:
    past.ours(5, '{"mtu": 5}', "mtu")
    past.ours(6, '{"mtu": 6}', "mtu")

    assert past.changed("mtu") == 6


def test_an_edit_by_somebody_else_may_have_changed_anything(past: Past) -> None:
    past.ours(5, '{"mtu": 5}', "mtu")
    past.theirs(6, '{"mtu": 5, "debug": true}')

    assert past.changed("mtu") == 6


def test_an_edit_by_somebody_else_between_two_runs_is_as_far_as_one_can_see(past: Past) -> None:
    past.ours(5, '{"mtu": 5}', "mtu")
    past.theirs(6, '{"mtu": 5, "debug": true}')
    past.ours(7, '{"mtu": 5, "debug": true, "ip": "::"}', "ip")

    assert (past.changed("mtu"), past.changed("ip")) == (6, 7)


def test_a_run_that_was_undone_hides_nothing(past: Past) -> None:
    past.ours(5, '{"mtu": 5}', "mtu")
    past.ours(6, '{"mtu": 5, "debug": true}', "debug", events=("applied", "reverting", "reverted"))
    past.theirs(7, '{"mtu": 5}')  # what undoing wrote

    assert past.changed("ip") == 1


def test_a_file_that_somebody_wrote_back_to_what_it_was_before_our_run_is_new(past: Past) -> None:
    past.ours(5, '{"mtu": 5}', "mtu")
    past.theirs(6, "{}")

    assert past.changed("mtu") == 6


def test_a_run_that_waits_to_be_confirmed_counts(past: Past) -> None:
    past.ours(5, '{"debug": true}', "debug", events=("applied", "confirmed"))

    assert past.changed("dns") == 1


def test_a_run_that_is_finished_counts(past: Past) -> None:
    past.ours(5, '{"data-root": "/srv"}', "data-root", events=("applied", "finishing", "finished"))

    assert past.changed("dns") == 1


def test_a_run_on_another_file_does_not_count(past: Past) -> None:
    past.ours(5, '{"debug": true}', "debug")
    past.ours(6, '{"debug": true}', "dns", path=ELSEWHERE)

    assert past.changed("dns") == 1


# Whether it is in use


@dataclass
class Machine:
    """A sandbox whose daemon started at 1000 and read its file last at 1000."""

    host: Host
    services: SandboxServices
    runs: list[Run] = field(default_factory=list)

    def written(self, text: str, at: float) -> None:
        path = self.host.layout.real(DAEMON_JSON)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (at, at))

    def uses(self, **config: Any) -> None:
        named = {name.replace("_", "-"): value for name, value in config.items()}
        self.services.write(config=self.services.read()["config"] | named)

    def facts(self, *edits: KeyEdit, config_file: HostPath | None = None) -> ConfigFacts:
        unit = self.host.systemd.unit(DOCKER_SERVICE)
        facts, _ = read_config_facts(
            self.host, unit, lambda _, __: Wanted(edits), lambda: self.runs, config_file
        )
        return facts

    def stale(self, *keys: str) -> set[str]:
        return set(self.facts(*(KeyEdit(key=tuple(key.split("."))) for key in keys)).stale)


@dataclass(frozen=True)
class Wanted:
    edits: Sequence[KeyEdit]


@pytest.fixture
def machine(host: Host) -> Machine:
    services = SandboxServices(host.layout)
    services.write(started=1000.0, since=1000.0)
    return Machine(host, services)


def test_a_file_that_docker_read_at_its_start_is_in_use(machine: Machine) -> None:
    machine.written('{"dns": ["192.0.2.1"], "debug": true}', at=900)

    assert machine.stale("dns", "debug") == set()


def test_an_option_written_since_docker_started_is_not_in_use(machine: Machine) -> None:
    machine.written('{"dns": ["192.0.2.1"]}', at=1100)

    assert machine.stale("dns") == {"dns"}


def test_only_the_options_asked_about_are_looked_at(machine: Machine) -> None:
    machine.written('{"dns": ["192.0.2.1"], "mtu": 1400}', at=1100)

    assert machine.stale("mtu") == {"mtu"}


def test_an_option_of_which_docker_tells_the_same_is_in_use_however_new_the_file(machine: Machine) -> None:
    machine.written('{"debug": true}', at=1100)
    machine.uses(debug=True)

    assert machine.stale("debug") == set()


def test_an_option_of_which_docker_tells_another_value_is_not_in_use(machine: Machine) -> None:
    machine.written('{"debug": true}', at=1100)

    assert machine.stale("debug") == {"debug"}


def test_an_option_that_was_taken_out_since_is_not_in_use_until_docker_has_the_default(
    machine: Machine,
) -> None:
    machine.written("{}", at=1100)
    machine.uses(debug=True)

    assert machine.stale("debug") == {"debug"}


def test_what_a_reload_takes_is_in_use_after_one(machine: Machine) -> None:
    machine.written('{"shutdown-timeout": 20}', at=1100)
    machine.services.write(since=1200.0)

    assert machine.stale("shutdown-timeout") == set()


def test_what_only_a_start_takes_is_not_in_use_after_a_reload(machine: Machine) -> None:
    machine.written('{"dns": ["192.0.2.1"]}', at=1100)
    machine.services.write(since=1200.0)

    assert machine.stale("dns") == {"dns"}


def test_what_a_reload_takes_and_was_written_after_the_last_one_is_not_in_use(machine: Machine) -> None:
    machine.services.write(since=1200.0)
    machine.written('{"shutdown-timeout": 20}', at=1300)

    assert machine.stale("shutdown-timeout") == {"shutdown-timeout"}


def test_an_option_that_our_later_run_left_alone_is_still_in_use(machine: Machine, tmp_path: Path) -> None:
    past = Past(History(tmp_path / "runs", KINDS))
    past.theirs(900, '{"dns": ["192.0.2.1"]}')
    past.ours(1100, '{"dns": ["192.0.2.1"], "mtu": 1400}', "mtu")
    machine.written('{"dns": ["192.0.2.1"], "mtu": 1400}', at=1100)
    machine.runs = past.history.runs()

    assert machine.stale("dns", "mtu") == {"mtu"}


def test_another_log_driver_than_the_files_is_not_in_use_however_old_the_file(machine: Machine) -> None:
    machine.written('{"log-driver": "local"}', at=900)

    assert machine.stale("log-driver") == {"log-driver"}


def test_log_options_that_a_new_container_gets_are_in_use(machine: Machine) -> None:
    machine.written('{"log-opts": {"max-size": "1m"}}', at=1100)
    machine.uses(log_opts={"max-size": "1m"})

    assert machine.stale("log-opts.max-size") == set()


def test_log_options_that_a_new_container_does_not_get_are_not_in_use(machine: Machine) -> None:
    machine.written('{"log-opts": {"max-size": "1m"}}', at=1100)

    assert machine.stale("log-opts.max-size") == {"log-opts"}


def test_log_options_that_cannot_be_tried_for_want_of_an_image_go_by_time(machine: Machine) -> None:
    machine.written('{"log-opts": {"max-size": "1m"}}', at=1100)
    machine.uses(log_opts={"max-size": "1m"}, data_root="/mnt/data")

    assert machine.stale("log-opts") == {"log-opts"}


def test_log_options_with_which_docker_creates_no_container_can_still_be_replaced(machine: Machine) -> None:
    machine.written('{"log-opts": {"max-size": "1m"}}', at=1100)
    machine.host = machine.host._replace(docker=Refusing(machine.host.layout))

    assert machine.stale("log-opts") == {"log-opts"}


class Refusing(SandboxServices):
    """A daemon whose log plugin is gone."""

    def probe_log_config(self, image: str) -> LogConfig:
        raise CommandFailed(f"no container of {image}: error looking up logging plugin")


def test_without_a_file_nothing_is_not_in_use(machine: Machine) -> None:
    machine.host.layout.real(DAEMON_JSON).unlink()

    assert machine.stale("dns") == set()


def test_a_docker_that_is_down_uses_nothing_old(machine: Machine) -> None:
    machine.written('{"dns": ["192.0.2.1"]}', at=1100)
    machine.host.systemd.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)

    assert machine.stale("dns") == set()


def test_a_value_that_is_none_can_still_be_replaced(machine: Machine) -> None:
    docker = Telling(machine.services, {"default-shm-size": 67108864})
    machine.written('{"default-shm-size": "lots"}', at=1100)
    machine.host = machine.host._replace(docker=docker)

    assert machine.stale("default-shm-size") == {"default-shm-size"}


class Telling(SandboxServices):
    """A daemon that tells of further options."""

    def __init__(self, services: SandboxServices, told: dict[str, Any]) -> None:
        super().__init__(services._layout)
        self._told = told

    def options(self) -> dict[str, Any]:
        return dict(super().options()) | self._told


# The facts themselves


def test_the_version_is_the_running_daemons(machine: Machine) -> None:
    assert str(machine.facts().version) == "28.5.2"


def test_the_version_of_a_docker_that_is_down_is_its_programs(machine: Machine) -> None:
    machine.host.systemd.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)

    assert str(machine.facts().version) == "28.5.2"


def test_the_arguments_are_the_running_daemons(machine: Machine) -> None:
    assert machine.facts().arguments.now == ("-H", "fd://")


def test_edits_are_worked_out_for_the_file_as_it_is(machine: Machine) -> None:
    machine.written('{"debug": true}', at=900)
    unit = machine.host.systemd.unit(DOCKER_SERVICE)

    _, wanted = read_config_facts(
        machine.host,
        unit,
        lambda file, _: Wanted([KeyEdit(key=(name,), unset=True) for name in file.value]),
        list,
    )

    assert wanted.edits == [KeyEdit(key=("debug",), unset=True)]


def test_a_file_that_docker_does_not_read_has_nothing_to_do_with_it(machine: Machine) -> None:
    facts = machine.facts(KeyEdit(key=("log-driver",), value="local"), config_file=ELSEWHERE)

    assert (facts.file.path, facts.docker.should_run, facts.stale) == (ELSEWHERE, False, frozenset())


def test_a_file_that_is_no_json_is_refused_with_its_place(machine: Machine) -> None:
    machine.written('{\n  "debug": true,\n}', at=900)

    with pytest.raises(InvalidConfig, match=r"daemon\.json, line 2, column"):
        machine.facts()


def test_what_docker_keeps_is_looked_at_on_demand_only(machine: Machine) -> None:
    facts = machine.facts()

    assert facts.docker.inventory is None
    assert with_contents(machine.host, facts).docker.inventory is not None


def test_what_a_docker_that_is_down_keeps_shows_in_its_folder(machine: Machine) -> None:
    machine.host.systemd.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)

    assert with_contents(machine.host, machine.facts()).keeps_data


def test_a_docker_that_is_down_with_an_empty_folder_keeps_nothing(machine: Machine) -> None:
    machine.host.systemd.stop(DOCKER_SERVICE, DOCKER_SOCKET_UNIT)
    shutil.rmtree(machine.host.layout.real(DEFAULT_DATA_ROOT))

    assert not with_contents(machine.host, machine.facts()).keeps_data


@pytest.mark.parametrize("path", ["daemon.json", "./daemon.json", "", "/etc/../daemon.json", "~/daemon.json"])
def test_another_file_is_named_by_an_absolute_plain_path(path: str) -> None:
    with pytest.raises(UsageProblem, match="absolute, plain path"):
        config_file_of(path)


def test_another_file_need_not_be_named() -> None:
    assert config_file_of(None) is None
    assert config_file_of("/srv/daemon.json") == ELSEWHERE
