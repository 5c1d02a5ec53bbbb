"""What a change of daemon.json comes to: a reload, a restart or nothing, what proves it, and what speaks against it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from dockerd_cfg.config.catalogue import Need
from dockerd_cfg.config.change import ConfigFacts, ConfigPlan, ConfigRequest, log_settings, plan_change
from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.config.daemon_json import DaemonJson, KeyEdit, parse
from dockerd_cfg.config.effect_check import CheckOptions
from dockerd_cfg.config.log_check import CheckLogging
from dockerd_cfg.errors import InvalidConfig
from dockerd_cfg.files import FileImage
from dockerd_cfg.findings import Finding
from dockerd_cfg.host.arguments import CommandLines
from dockerd_cfg.host.docker import Info
from dockerd_cfg.host.systemd import DOCKER_SERVICE
from dockerd_cfg.paths import DAEMON_JSON, HostPath
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.service.inventory import Inventory
from dockerd_cfg.service.state import DockerState
from dockerd_cfg.service.steps import NoteDocker

CREATED: Final = "2026-01-01T00:00:00+00:00"
V28: Final = DockerVersion(28, 5, 2)
ROOT: Final = HostPath("/var/lib/docker")
DOWN: Final = DockerState(active_units=frozenset(), failed_units=frozenset(), invocation="")
FAILED: Final = DockerState(active_units=frozenset(), failed_units=frozenset({DOCKER_SERVICE}), invocation="")


def up(
    *,
    root: HostPath = ROOT,
    driver: str = "overlay2",
    image_store: str = "graphdriver",
    live_restore: bool = False,
    images: Collection[str] = (),
) -> DockerState:
    """A Docker that runs on ``root`` and keeps ``images``."""
    info = Info(
        version="28.5.2",
        data_root=root,
        driver=driver,
        image_store=image_store,
        log_driver="json-file",
        live_restore=live_restore,
        swarm="inactive",
        security=(),
    )
    nothing: frozenset[str] = frozenset()
    inventory = Inventory(root, driver, image_store, frozenset(images), nothing, nothing, nothing)
    return DockerState(
        active_units=frozenset({DOCKER_SERVICE}),
        failed_units=nothing,
        invocation="1",
        info=info,
        inventory=inventory,
    )


UP: Final = up()


def file_with(text: str | None) -> DaemonJson:
    data = None if text is None else text.encode()
    return DaemonJson(DAEMON_JSON, FileImage(data), parse(data, DAEMON_JSON))


def set_(key: str, value: Any) -> KeyEdit:
    return KeyEdit(key=tuple(key.split(".")), value=value)


def unset(key: str) -> KeyEdit:
    return KeyEdit(key=tuple(key.split(".")), unset=True)


DEBUG: Final = set_("debug", value=True)


@dataclass(frozen=True)
class Case:
    """What a plan is made of; the rest is as on a healthy host."""

    text: str | None = '{"dns": ["192.0.2.1"]}'
    docker: DockerState = UP
    flags: tuple[str, ...] = ()
    coming: tuple[tuple[str, ...], ...] = ()
    stale: frozenset[str] = frozenset()
    version: DockerVersion | None = V28

    def plan(self, *edits: KeyEdit, **request: Any) -> ConfigPlan:
        facts = ConfigFacts(
            file=file_with(self.text),
            version=self.version,
            arguments=CommandLines(self.flags, self.coming),
            docker=self.docker,
            stale=self.stale,
        )
        return plan_change(facts, ConfigRequest(command="set", edits=edits, **request), created=CREATED)


def kinds(planned: ConfigPlan) -> list[str]:
    return [] if planned.plan is None else [step.kind for step in planned.plan.steps]


def errors(planned: ConfigPlan) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.key) for finding in planned.findings if finding.is_error]


def told(planned: ConfigPlan, key: str) -> Finding:
    (finding,) = (finding for finding in planned.findings if finding.key == key)
    return finding


def logging_proof(planned: ConfigPlan) -> CheckLogging | None:
    assert planned.plan is not None
    return next((step for step in planned.plan.steps if isinstance(step, CheckLogging)), None)


def proved_values(planned: ConfigPlan) -> dict[str, Any]:
    assert planned.plan is not None
    return next((step.values for step in planned.plan.steps if isinstance(step, CheckOptions)), {})


# Need and action


@pytest.mark.parametrize(
    ("text", "edit", "need"),
    [
        pytest.param("{}", DEBUG, "reload", id="set what a reload takes"),
        pytest.param('{"debug": false}', DEBUG, "reload", id="change what a reload takes"),
        pytest.param("{}", set_("dns", ["192.0.2.1"]), "restart", id="set what only a start takes"),
        pytest.param('{"debug": true}', unset("debug"), "restart", id="take out what a reload does not revert"),
        pytest.param('{"max-concurrent-downloads": 9}', unset("max-concurrent-downloads"), "reload", id="take out what a reload reverts"),
        pytest.param('{"dns": ["192.0.2.1"]}', unset("dns"), "restart", id="take out what only a start takes"),
        pytest.param("{}", set_("features.buildkit", value=True), "reload", id="a member that a reload takes"),
        pytest.param("{}", set_("log-opts.max-size", "10m"), "restart", id="a member that only a start takes"),
        pytest.param('{"log-opt": ["a"]}', unset("log-opt"), "none", id="take out what has no effect"),
    ],
)  # fmt: skip
def test_the_changed_option_decides_what_it_takes(text: str, edit: KeyEdit, need: Need) -> None:
    planned = Case(text=text).plan(edit)

    assert (planned.need, planned.action) == (need, need)


def test_one_option_that_needs_a_restart_makes_the_whole_change_need_one() -> None:
    assert Case(text="{}").plan(DEBUG, set_("mtu", 1400)).need == "restart"


def test_an_option_that_already_has_its_value_counts_for_nothing() -> None:
    assert Case(text='{"mtu": 1400}').plan(DEBUG, set_("mtu", 1400)).need == "reload"


def test_a_reload_is_noted_written_reloaded_and_proved_in_this_order() -> None:
    planned = Case().plan(DEBUG)

    assert kinds(planned) == ["note-docker", "edit-daemon-json", "reload-docker", "check-options", "check-docker"]  # fmt: skip


def test_a_restart_is_noted_written_restarted_and_proved_in_this_order() -> None:
    planned = Case().plan(set_("log-driver", "local"))

    assert kinds(planned) == ["note-docker", "edit-daemon-json", "restart-docker", "check-logging", "check-docker"]  # fmt: skip


def test_a_change_without_effect_is_written_and_no_more() -> None:
    assert kinds(Case(text='{"log-opt": ["a"]}').plan(unset("log-opt"))) == ["edit-daemon-json"]


def test_what_is_so_already_makes_no_plan() -> None:
    planned = Case(text='{"debug": true}').plan(DEBUG)

    assert (planned.edit, planned.plan, planned.need, planned.action) == (None, None, "none", "none")


def test_taking_out_what_is_not_there_makes_no_plan() -> None:
    assert Case().plan(unset("debug")).plan is None


def test_taking_out_of_no_file_at_all_makes_no_plan() -> None:
    assert Case(text=None).plan(unset("debug")).plan is None


def test_no_edits_make_no_plan() -> None:
    assert Case().plan().plan is None


def test_what_is_so_already_but_not_in_use_is_brought_into_effect_without_writing() -> None:
    planned = Case(text='{"debug": true}', stale=frozenset({"debug"})).plan(DEBUG)

    assert planned.edit is None
    assert kinds(planned) == ["note-docker", "reload-docker", "check-options", "check-docker"]


def test_something_else_that_is_not_in_use_makes_a_reload_a_restart() -> None:
    planned = Case(text='{"log-driver": "local"}', stale=frozenset({"log-driver"})).plan(DEBUG)

    assert planned.action == "restart"


def test_true_and_one_are_not_the_same() -> None:
    assert Case(text='{"debug": 1}').plan(DEBUG).edit is not None


# Reloads that cannot work


def test_a_userland_proxy_without_its_path_makes_a_reload_a_restart() -> None:
    assert Case(text='{"userland-proxy": true}').plan(DEBUG).action == "restart"


@pytest.mark.parametrize(
    "text",
    [
        '{"userland-proxy": true, "userland-proxy-path": "/usr/bin/docker-proxy"}',
        '{"userland-proxy": false}',
    ],
    ids=["with its path", "switched off"],
)
def test_a_userland_proxy_that_can_be_judged_leaves_a_reload_a_reload(text: str) -> None:
    assert Case(text=text).plan(DEBUG).action == "reload"


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("{}", set_("authorization-plugins", ["opa"])),
        ('{"authorization-plugins": ["opa"]}', unset("authorization-plugins")),
    ],
    ids=["set", "taken out"],
)
def test_authorization_plugins_are_never_reloaded(text: str, edit: KeyEdit) -> None:
    assert Case(text=text).plan(edit).action == "restart"


def test_authorization_plugins_that_are_left_alone_do_not_hinder_a_reload() -> None:
    assert Case(text='{"authorization-plugins": ["opa"]}').plan(DEBUG).action == "reload"


# Undoing


@pytest.mark.parametrize(
    ("text", "undo"),
    [('{"debug": false}', "reload"), ("{}", "restart")],
    ids=["a value that was there", "an option that was not set"],
)
def test_undoing_a_reload_reloads_only_what_a_reload_brings_back(text: str, undo: str) -> None:
    planned = Case(text=text).plan(DEBUG)

    assert planned.plan is not None
    assert next(step for step in planned.plan.steps if isinstance(step, NoteDocker)).undo_reload == undo


def test_undoing_an_option_that_a_reload_takes_out_reloads() -> None:
    planned = Case().plan(set_("max-concurrent-downloads", 9))

    assert planned.plan is not None
    assert next(step for step in planned.plan.steps if isinstance(step, NoteDocker)).undo_reload == "reload"


# --restart


def test_with_never_the_file_is_written_and_the_restart_told_of() -> None:
    planned = Case().plan(set_("mtu", 1400), restart="never")

    assert kinds(planned) == ["edit-daemon-json"]
    assert (planned.need, planned.action, planned.restart_required) == ("restart", "none", True)


def test_with_never_even_a_reload_is_left_to_others() -> None:
    planned = Case().plan(DEBUG, restart="never")

    assert (planned.need, planned.action, planned.restart_required) == ("reload", "none", True)


def test_with_never_a_change_without_effect_requires_nothing() -> None:
    planned = Case(text='{"log-opt": ["a"]}').plan(unset("log-opt"), restart="never")

    assert planned.restart_required is False


def test_with_never_what_is_written_but_not_in_use_still_requires_a_restart() -> None:
    planned = Case(text='{"mtu": 1400}', stale=frozenset({"mtu"})).plan(set_("mtu", 1400), restart="never")

    assert (planned.plan, planned.restart_required) == (None, True)


def test_with_always_a_reload_becomes_a_restart() -> None:
    planned = Case().plan(DEBUG, restart="always")

    assert (planned.need, planned.action, planned.restart_required) == ("reload", "restart", False)


def test_with_always_even_what_is_so_already_restarts() -> None:
    planned = Case(text='{"debug": true}').plan(DEBUG, restart="always")

    assert kinds(planned) == ["note-docker", "restart-docker", "check-options", "check-docker"]


# Docker that does not run


@pytest.mark.parametrize("restart", ["auto", "always", "never"])
def test_a_docker_that_is_down_stays_down_and_uses_the_file_when_it_comes(restart: str) -> None:
    planned = Case(docker=DOWN).plan(set_("mtu", 1400), restart=restart)

    assert kinds(planned) == ["edit-daemon-json"]
    assert (planned.need, planned.action, planned.restart_required) == ("none", "none", False)


def test_a_docker_that_is_down_is_not_started_for_what_is_so_already() -> None:
    assert Case(text='{"debug": true}', docker=DOWN).plan(DEBUG, restart="always").plan is None


def test_a_docker_that_failed_is_restarted_even_where_a_reload_would_do() -> None:
    assert Case(docker=FAILED).plan(DEBUG).action == "restart"


def test_with_never_a_docker_that_failed_is_left_alone_and_the_restart_told_of() -> None:
    planned = Case(docker=FAILED).plan(DEBUG, restart="never")

    assert (planned.action, planned.restart_required) == ("none", True)


# Proofs


def test_new_containers_must_get_the_log_settings_of_the_file() -> None:
    text = '{"log-driver": "local", "log-opts": {"max-size": "1m"}}'
    proof = logging_proof(Case(text=text).plan(set_("log-opts.max-size", "10m")))

    assert proof == CheckLogging(driver="local", options={"max-size": "10m"})


def test_an_option_that_the_next_start_gets_as_a_flag_is_refused_too() -> None:
    planned = Case(coming=(("--mtu=1400",),)).plan(set_("mtu", 1500))

    assert errors(planned) == [("flag-conflict", "mtu")]


def test_no_option_is_changed_while_another_stands_against_a_flag_of_the_next_start() -> None:
    planned = Case(text='{"debug": true}', coming=(("--debug",),)).plan(set_("mtu", 1500))

    assert errors(planned) == [("flag-conflict", "debug")]


def test_a_conflict_that_is_there_and_comes_is_told_once() -> None:
    planned = Case(flags=("--mtu=1400",), coming=(("--debug", "--mtu=1400"),)).plan(set_("mtu", 1500))

    assert errors(planned) == [("flag-conflict", "mtu")]


def test_taking_out_what_the_next_start_gets_as_a_flag_is_allowed() -> None:
    planned = Case(text='{"mtu": 1400, "debug": true}', coming=(("--mtu", "1300"),)).plan(unset("mtu"))

    assert errors(planned) == []


def test_a_log_driver_given_as_a_flag_is_what_new_containers_must_get() -> None:
    proof = logging_proof(Case(flags=("--log-driver=local",)).plan(set_("log-opts.max-size", "10m")))

    assert proof == CheckLogging(driver="local", options={"max-size": "10m"})


def test_log_options_given_as_flags_hold_where_the_file_has_none() -> None:
    flags = ("--log-opt", "max-size=1m", "--log-opt=max-file=2")
    proof = logging_proof(Case(flags=flags).plan(set_("log-driver", "json-file")))

    assert proof == CheckLogging(driver="json-file", options={"max-size": "1m", "max-file": "2"})


@pytest.mark.parametrize(
    ("value", "flags", "expected"),
    [
        ({}, {}, ("json-file", {})),
        ({"log-driver": None}, {"log-driver": ["local"]}, ("local", {})),
        ({"log-driver": ""}, {}, ("json-file", {})),
        ({"log-opts": {}}, {"log-opts": ["a=b=c"]}, ("json-file", {"a": "b=c"})),
        ({}, {"log-driver": []}, ("json-file", {})),
        ({}, {"log-driver": ["local", "journald"]}, ("journald", {})),
    ],
)
def test_log_settings_come_from_the_file_the_flags_and_the_default(
    value: dict[str, Any], flags: dict[str, list[str]], expected: tuple[str, dict[str, str]]
) -> None:
    assert log_settings(value, flags) == expected


def test_the_daemon_must_tell_the_new_value() -> None:
    assert proved_values(Case().plan(DEBUG)) == {"debug": True}


def test_after_an_option_is_taken_out_the_daemon_must_tell_the_default() -> None:
    assert proved_values(Case(text='{"debug": true}').plan(unset("debug"))) == {"debug": False}


def test_an_option_whose_default_nobody_knows_is_not_proved() -> None:
    planned = Case(text='{"labels": ["a=b"]}').plan(unset("labels"))

    assert proved_values(planned) == {}


def test_log_settings_that_did_not_change_are_not_proved() -> None:
    assert logging_proof(Case().plan(DEBUG)) is None


def test_what_is_written_but_does_nothing_now_is_not_proved() -> None:
    planned = Case().plan(DEBUG, restart="never")

    assert proved_values(planned) == {}


def test_the_bridge_of_a_live_restored_docker_is_not_proved() -> None:
    planned = Case(text='{"live-restore": true}', docker=up(live_restore=True)).plan(set_("mtu", 1400))

    assert proved_values(planned) == {}


def test_the_bridge_of_any_other_docker_is_proved() -> None:
    assert proved_values(Case().plan(set_("mtu", 1400))) == {"mtu": 1400}


@pytest.mark.parametrize(
    ("is_on", "text", "flags", "edits", "goes_on"),
    [
        pytest.param(True, '{"live-restore": true}', (), [set_("mtu", 1400)], True, id="on before and after"),
        pytest.param(True, "{}", ("--live-restore",), [set_("mtu", 1400)], True, id="on by a flag"),
        pytest.param(True, '{"x": {"live-restore": true}}', (), [set_("mtu", 1400)], True, id="on in an object"),
        pytest.param(True, '{"live-restore": true}', (), [unset("live-restore")], False, id="taken out"),
        pytest.param(True, '{"live-restore": true}', (), [set_("live-restore", value=False), set_("mtu", 1400)], False, id="off after"),
        pytest.param(True, "{}", (), [set_("mtu", 1400)], False, id="taken out by somebody else"),
        pytest.param(False, "{}", (), [set_("live-restore", value=True), set_("mtu", 1400)], False, id="off before"),
    ],
)  # fmt: skip
def test_containers_go_on_where_live_restore_is_on_before_and_after(
    is_on: bool, text: str, flags: tuple[str, ...], edits: list[KeyEdit], goes_on: bool
) -> None:
    planned = Case(text=text, docker=up(live_restore=is_on), flags=flags).plan(*edits)

    assert (planned.action, planned.containers_go_on) == ("restart", goes_on)
    assert ("mtu" in proved_values(planned)) == (not goes_on and edits[-1].key == ("mtu",))


def test_live_restore_hinders_no_other_proof() -> None:
    planned = Case(docker=up(live_restore=True)).plan(DEBUG)

    assert proved_values(planned) == {"debug": True}


def test_a_change_meant_to_lead_docker_elsewhere_is_not_measured_by_what_it_kept() -> None:
    planned = Case().plan(set_("data-root", "/srv/docker"), force={"data-root"})

    assert "check-docker" not in kinds(planned)


@pytest.mark.parametrize(("key", "value"), [("data-root", "/var/lib/docker"), ("storage-driver", "overlay2")])
def test_a_change_that_leads_nowhere_else_is_measured_by_what_docker_kept(key: str, value: str) -> None:
    assert "check-docker" in kinds(Case(docker=up(images={"sha256:a"})).plan(set_(key, value)))


# Findings


def test_what_would_do_nothing_is_an_error_for_who_sets_it_now() -> None:
    planned = Case().plan(set_("log-opt", ["max-size=1m"]))

    assert [key for _, key in errors(planned)] == ["log-opt"]


def test_what_would_do_nothing_is_an_error_inside_an_object_that_is_set_now() -> None:
    planned = Case().plan(set_("features", {"no-such-feature": True}))

    assert errors(planned) == [("unknown-feature", "features.no-such-feature")]


def test_what_did_nothing_before_stays_a_warning() -> None:
    planned = Case(text='{"log-opt": ["max-size=1m"]}').plan(DEBUG)

    assert (errors(planned), told(planned, "log-opt").severity) == ([], "warning")


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (set_("no-such", 1), ("unknown-option", "no-such")),
        (set_("debug", "yes"), ("wrong-type", "debug")),
        (set_("log-opts.max-size", "10x"), ("bad-size", "log-opts.max-size")),
        (set_("log-opts.no-such", "1"), ("unknown-log-option", "log-opts.no-such")),
        (set_("default-runtime", "no-such"), ("missing-runtime", "default-runtime")),
    ],
    ids=lambda value: value.dotted if isinstance(value, KeyEdit) else "",
)
def test_what_would_break_docker_is_an_error(edit: KeyEdit, error: tuple[str, str]) -> None:
    assert error[1] in [key for _, key in errors(Case().plan(edit))]


@pytest.mark.parametrize("version", [None, DockerVersion(20, 10, 24)], ids=str)
@pytest.mark.parametrize("edits", [[unset("debug")], []], ids=["unset", "merge"])
def test_a_file_that_is_not_there_is_not_taken_for_an_empty_one(
    version: DockerVersion | None, edits: list[KeyEdit]
) -> None:
    planned = Case(text=None, docker=DOWN, version=version).plan(*edits)

    assert (planned.plan, [finding.stage for finding in planned.findings if finding.line]) == (None, [])
    assert not errors(planned)


def test_an_old_fault_that_docker_lives_with_stays_a_warning() -> None:
    text = '{"log-driver": "local", "log-opts": {"max-size": "10x"}}'
    planned = Case(text=text).plan(DEBUG)

    assert (errors(planned), told(planned, "log-opts.max-size").severity) == ([], "warning")


@pytest.mark.parametrize("docker", [DOWN, FAILED], ids=["down", "failed"])
def test_an_old_fault_stops_a_change_where_docker_could_not_start_anyway(docker: DockerState) -> None:
    planned = Case(text='{"log-opts": {"no-such": "1", "max-size": "10x"}}', docker=docker).plan(DEBUG)

    assert [key for _, key in errors(planned)] == ["log-opts.no-such"]


def test_an_old_fault_in_the_option_that_is_set_now_is_an_error() -> None:
    planned = Case(text='{"log-opts": {"max-size": "10x"}}').plan(set_("log-opts.max-size", "11x"))

    assert [key for _, key in errors(planned)] == ["log-opts.max-size"]


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ('{"log-opts": {"max-size": "10x"}}', set_("log-opts", {"max-size": "11x"})),
        ('{"labels": ["a"]}', set_("labels", ["b"])),
    ],
    ids=["an object", "an array"],
)
def test_an_old_fault_inside_what_is_set_now_as_a_whole_is_an_error(text: str, edit: KeyEdit) -> None:
    assert errors(Case(text=text).plan(edit)) != []


def test_mending_an_old_fault_is_no_error_though_another_one_stays() -> None:
    text = '{"log-opts": {"max-size": "10x"}, "no-such": 1}'
    planned = Case(text=text).plan(unset("no-such"))

    assert errors(planned) == []


TWO_FAULTS: Final = '{"no-such": 1, "Debug": true}'


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(text=TWO_FAULTS, docker=DOWN), id="down"),
        pytest.param(Case(text=TWO_FAULTS, docker=FAILED), id="failed"),
        pytest.param(
            Case(text=TWO_FAULTS, stale=frozenset({"no-such", "dns"})), id="up, with what it read before"
        ),
    ],
)
def test_where_docker_could_not_start_faults_are_mended_one_by_one_and_docker_is_left_alone_until_the_last(
    case: Case,
) -> None:
    planned = case.plan(unset("no-such"))

    assert (errors(planned), kinds(planned)) == ([], ["edit-daemon-json"])
    assert planned.restart_required == case.docker.should_run
    assert "mended-in-part" in [finding.code for finding in planned.findings]
    assert told(planned, "Debug").severity == "warning"
    last = replace(case, text='{"Debug": true}').plan(unset("Debug"))
    assert (errors(last), "restart-docker" in kinds(last)) == ([], case.docker.should_run)


@pytest.mark.parametrize(
    ("edits", "restart", "stopped_by"),
    [
        pytest.param([unset("no-such")], "always", "Debug", id="a restart is asked for"),
        pytest.param([unset("no-such"), set_("bip", "x")], "auto", "bip", id="another fault is made"),
        pytest.param([unset("no-such"), set_("Debug", "x")], "auto", "Debug", id="a fault is set"),
        pytest.param([unset("no-such"), set_("mtu", 1400)], "auto", "Debug", id="something else is set"),
        pytest.param([DEBUG], "auto", "no-such", id="none is mended"),
    ],
)
def test_a_change_that_does_more_than_mend_faults_is_stopped_by_those_that_stay(
    edits: list[KeyEdit], restart: str, stopped_by: str
) -> None:
    planned = Case(text=TWO_FAULTS, docker=FAILED).plan(*edits, restart=restart)

    assert stopped_by in [key for _, key in errors(planned)]


def test_a_flag_of_the_unit_that_says_the_same_is_an_error() -> None:
    planned = Case(flags=("--debug",)).plan(DEBUG)

    assert errors(planned) == [("flag-conflict", "debug")]


def test_findings_are_told_even_where_there_is_nothing_to_do() -> None:
    planned = Case(text='{"debug": true, "log-opt": ["a"]}').plan(DEBUG)

    assert told(planned, "log-opt").severity == "warning"


def test_force_makes_the_error_of_its_option_a_warning() -> None:
    planned = Case().plan(set_("log-driver", "loki"), force={"log-driver"})

    assert (errors(planned), told(planned, "log-driver").severity) == ([], "warning")


def test_a_plugin_that_is_set_has_to_be_forced_and_how_is_told() -> None:
    refused, forced = (
        Case().plan(set_("log-driver", "loki"), force=force) for force in ({""}, {"log-driver"})
    )

    assert (told(refused, "log-driver").hint or "").endswith("add: --force log-driver")
    assert told(forced, "log-driver").hint is None


def test_force_overrules_what_is_inside_its_option() -> None:
    planned = Case().plan(set_("log-opts.no-such", "1"), force={"log-opts"})

    assert errors(planned) == []


def test_force_overrules_what_is_inside_its_array() -> None:
    assert errors(Case().plan(set_("labels", ["a"]), force={"labels"})) == []


def test_a_plugin_is_no_error_where_it_was_the_log_driver_before() -> None:
    text = '{"log-driver": "loki", "log-opts": {"loki-url": "http://logs"}}'
    planned = Case(text=text, docker=DOWN).plan(DEBUG)

    assert (errors(planned), told(planned, "log-driver").severity) == ([], "warning")


@pytest.mark.parametrize("forced", ["debug", "log", "log-drive", "log-driver.x"])
def test_force_overrules_no_other_option(forced: str) -> None:
    assert errors(Case().plan(set_("log-driver", "loki"), force={forced})) != []


def test_force_overrules_what_would_do_nothing() -> None:
    assert errors(Case().plan(set_("log-opt", ["a"]), force={"log-opt"})) == []


def test_an_option_below_what_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="log-opts"):
        Case(text='{"log-opts": "x"}').plan(set_("log-opts.max-size", "1m"))


def test_a_proxy_is_no_option_without_effect() -> None:
    assert errors(Case().plan(set_("proxies.http-proxy", "http://proxy.example:3128"))) == []


# Hiding data


@pytest.mark.parametrize(
    "edit",
    [
        set_("data-root", "/srv/docker"),
        set_("storage-driver", "vfs"),
        set_("userns-remap", "default"),
        set_("containerd-namespace", "other"),
        set_("features.containerd-snapshotter", value=True),
    ],
    ids=lambda edit: edit.dotted,
)
def test_what_would_hide_images_is_refused_before_anything_is_touched(edit: KeyEdit) -> None:
    planned = Case(docker=up(images={"sha256:a"})).plan(edit)

    (error,) = (finding for finding in planned.findings if finding.is_error)
    assert (error.code, error.stage, error.key) == ("hides-data", "preflight", edit.dotted)


def test_a_docker_that_keeps_nothing_has_nothing_to_hide() -> None:
    assert errors(Case().plan(set_("data-root", "/srv/docker"))) == []


@pytest.mark.parametrize(
    "edit",
    [
        set_("data-root", "/var/lib/docker"),
        set_("storage-driver", "overlay2"),
        set_("features.containerd-snapshotter", value=False),
    ],
    ids=lambda edit: edit.dotted,
)
def test_writing_down_what_is_so_already_hides_nothing(edit: KeyEdit) -> None:
    assert errors(Case(docker=up(images={"sha256:a"})).plan(edit)) == []


def test_taking_out_a_data_root_that_is_the_default_hides_nothing() -> None:
    planned = Case(text='{"data-root": "/var/lib/docker"}', docker=up(images={"sha256:a"})).plan(
        unset("data-root")
    )

    assert errors(planned) == []


def test_taking_out_another_data_root_would_hide_what_is_there() -> None:
    moved = Case(text='{"data-root": "/srv"}', docker=up(root=HostPath("/srv"), images={"sha256:a"}))

    assert errors(moved.plan(unset("data-root"))) == [("hides-data", "data-root")]


def test_forcing_it_hides_data_as_asked() -> None:
    planned = Case(docker=up(images={"sha256:a"})).plan(set_("data-root", "/srv/docker"), force={"data-root"})

    assert (errors(planned), told(planned, "data-root").severity) == ([], "warning")


def test_the_refusal_to_hide_a_data_root_names_the_command_that_moves_it() -> None:
    finding = told(Case(docker=up(images={"sha256:a"})).plan(set_("data-root", "/srv/docker")), "data-root")

    assert "dockerd-cfg move-storage" in (finding.hint or "")


@pytest.mark.parametrize(
    ("text", "image_store", "edit"),
    [
        ("{}", "graphdriver", set_("features", {"containerd-snapshotter": True})),
        ('{"features": {"containerd-snapshotter": true}}', "containerd", unset("features")),
    ],
    ids=["set", "taken out"],
)
def test_the_image_store_inside_a_whole_object_hides_as_its_member_does(
    text: str, image_store: str, edit: KeyEdit
) -> None:
    docker = up(image_store=image_store, images={"sha256:a"})

    assert [code for code, _ in errors(Case(text=text, docker=docker).plan(edit))] == ["hides-data"]


def test_a_data_root_above_the_present_one_would_hide_what_is_there() -> None:
    planned = Case(docker=up(images={"sha256:a"})).plan(set_("data-root", "/var/lib"))

    assert errors(planned) == [("hides-data", "data-root")]


def test_a_data_root_that_waits_for_a_restart_would_hide_what_is_there() -> None:
    case = Case(text='{"data-root": "/srv/docker"}', docker=up(images={"sha256:a"}))

    assert errors(case.plan(set_("mtu", 1400))) == [("hides-data", "data-root")]


def test_a_data_root_that_waits_for_a_restart_does_not_hinder_a_reload() -> None:
    case = Case(text='{"data-root": "/srv/docker"}', docker=up(images={"sha256:a"}))

    assert errors(case.plan(DEBUG)) == []


def test_an_image_store_that_waits_for_a_restart_would_hide_what_is_there() -> None:
    text = '{"features": {"containerd-snapshotter": true}}'
    case = Case(text=text, docker=up(image_store="graphdriver", images={"sha256:a"}))

    assert errors(case.plan(set_("mtu", 1400))) == [("hides-data", "features.containerd-snapshotter")]


def test_taking_out_the_driver_in_use_leads_nowhere_else() -> None:
    case = Case(text='{"storage-driver": "overlay2"}', docker=up(images={"sha256:a"}))

    assert errors(case.plan(unset("storage-driver"))) == []


def test_a_graph_driver_leads_away_from_the_containerd_image_store() -> None:
    docker = up(driver="overlayfs", image_store="containerd", images={"sha256:a"})

    assert errors(Case(docker=docker).plan(set_("storage-driver", "overlay2"))) == [
        ("hides-data", "storage-driver")
    ]


@pytest.mark.parametrize("edit", [set_("bip", "172.26.0.1/16"), set_("fixed-cidr", "172.17.8.0/24")])
def test_addresses_that_no_undoing_gives_back_are_told_of(edit: KeyEdit) -> None:
    assert "addresses-stay" in [finding.code for finding in Case().plan(edit).findings]


# Confirmation


def test_the_timer_comes_before_everything_that_it_would_undo() -> None:
    planned = Case().plan(DEBUG, confirm_within=90.0, undo_command=("/x", "rollback"))

    assert planned.plan is not None
    assert planned.plan.steps[0] == ExpectConfirmation(seconds=90.0, command=("/x", "rollback"))
    assert kinds(planned)[1:3] == ["note-docker", "edit-daemon-json"]


def test_the_plan_remembers_that_it_must_be_confirmed() -> None:
    planned = Case().plan(DEBUG, confirm_within=90.0)

    assert planned.plan is not None
    assert planned.plan.confirm_within == 90.0


def test_nothing_to_do_needs_no_confirmation() -> None:
    assert Case(text='{"debug": true}').plan(DEBUG, confirm_within=90.0).plan is None


def test_a_mere_write_can_be_confirmed_too() -> None:
    planned = Case().plan(set_("mtu", 1400), restart="never", confirm_within=90.0)

    assert kinds(planned) == ["expect-confirmation", "edit-daemon-json"]


# The record


def test_the_plan_tells_what_changes_and_what_the_command_adds() -> None:
    planned = Case(text='{"debug": true}').plan(DEBUG, set_("mtu", 1400), summary={"driver": "local"})

    assert planned.plan is not None
    assert planned.plan.summary == {"changed": ["mtu"], "restart_required": False, "driver": "local"}


def test_planning_twice_gives_the_same_plan() -> None:
    assert Case().plan(DEBUG) == Case().plan(DEBUG)


# Where Docker is asked


OVER_TCP: Final = set_("hosts", ["tcp://127.0.0.1:2375"])


@pytest.mark.parametrize(
    "edit",
    [OVER_TCP, set_("hosts", ["unix:///run/other.sock"]), set_("tlsverify", value=True)],
    ids=["a port alone", "another socket", "TLS, which makes a port the default"],
)
def test_a_docker_that_could_not_be_asked_any_more_is_refused(edit: KeyEdit) -> None:
    text = '{"tlscert": "/c", "tlskey": "/k"}'

    assert errors(Case(text=text).plan(edit, force={"hosts"})) == [("loses-socket", "hosts")]


def test_what_somebody_else_wrote_is_refused_as_well_when_docker_would_restart_for_it() -> None:
    planned = Case(text='{"hosts": ["tcp://127.0.0.1:2375"]}').plan(set_("mtu", 1400))

    assert errors(planned) == [("loses-socket", "hosts")]


@pytest.mark.parametrize(
    "address", ["unix:///var/run/docker.sock", "unix:///run/docker.sock", "unix://", "fd://", ""]
)
def test_a_docker_that_keeps_its_socket_may_listen_elsewhere_too(address: str) -> None:
    assert errors(Case().plan(set_("hosts", ["tcp://127.0.0.1:2375", address]))) == []


def test_without_hosts_docker_has_its_socket() -> None:
    planned = Case(text='{"hosts": ["unix:///run/docker.sock", "tcp://127.0.0.1:2375"]}').plan(unset("hosts"))

    assert errors(planned) == []


@pytest.mark.parametrize(
    ("case", "restart"),
    [(Case(), "never"), (Case(docker=DOWN), "auto")],
    ids=["not restarted", "down"],
)
def test_a_docker_that_is_not_restarted_is_not_asked(case: Case, restart: str) -> None:
    assert errors(case.plan(OVER_TCP, restart=restart)) == []


# Options that this Docker does not have yet


def test_an_object_that_an_older_docker_would_look_into_and_ignore_is_refused() -> None:
    planned = Case(version=DockerVersion(20, 10, 24)).plan(set_("default-network-opts.bridge", {"a.b": "1"}))

    assert errors(planned) == [("option-too-new", "default-network-opts")]
