"""Which containers get log options, and why others do not."""

from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.config.check_version import DockerVersion
from dockerd_cfg.errors import UsageProblem
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.logs.existing import StoredContainer
from dockerd_cfg.logs.existing_choice import Choice, Wanted, Which, choose, findings_of, ids_of

LIMITS = {"max-size": "50m", "max-file": "3"}


def stored(
    name: str, driver: str = "json-file", options: dict[str, str] | None = None, **more: Any
) -> StoredContainer:
    return StoredContainer(name * 8, name, Path("/x") / name, LogConfig(driver, options or {}), **more)


HOST = (
    stored("plain"),
    stored("sized", options={"max-size": "1m"}),
    stored("right", options=LIMITS),
    stored("local", "local"),
    stored("journal", "journald"),
    stored("task", service="shop"),
    stored("passing", is_passing=True),
    StoredContainer("broken" * 8, "broken", Path("/x/broken"), problem="it is no valid JSON"),
)


def outcome(which: Which, *names: str, survives: bool = False, **options: str) -> Choice:
    given = {**LIMITS, **{name.replace("_", "-"): value for name, value in options.items()}}
    version = DockerVersion(28, 5, 2)
    return choose(HOST, Wanted(which, given, version, ids_of(HOST, names), survives))


def changed(choice: Choice) -> list[str]:
    return [change.container.name for change in choice.changes]


def left(choice: Choice) -> dict[str, str]:
    return {one.container.name: one.reason for one in choice.left}


def test_by_default_those_without_a_limit_get_one() -> None:
    choice = outcome("unlimited")

    assert changed(choice) == ["plain"]
    assert choice.changes[0].after == LogConfig("json-file", LIMITS)
    assert left(choice) == {
        "journal": "other-driver",
        "task": "swarm-service",
        "passing": "removed-when-stopped",
        "broken": "unreadable",
    }


def test_all_are_all_that_differ() -> None:
    assert changed(outcome("all")) == ["plain", "sized", "local"]


def test_of_those_named_only_they_are_spoken_of() -> None:
    choice = outcome("named", "sized", "journal")

    assert (changed(choice), left(choice)) == (["sized"], {"journal": "other-driver"})


def test_what_outlasts_the_stop_is_given_limits_though_it_is_removed_when_it_stops() -> None:
    assert changed(outcome("unlimited", survives=True)) == ["plain", "passing"]


def test_a_container_that_would_no_longer_start_is_left_alone() -> None:
    choice = outcome("all", max_file="1")

    assert left(choice)["local"] == "clash"
    assert "plain" in changed(choice)


def test_of_a_task_it_is_told_how_its_service_is_changed() -> None:
    (task,) = (one for one in outcome("unlimited").left if one.reason == "swarm-service")

    assert task.hint.endswith(
        "docker service update --log-driver json-file --log-opt max-size=50m --log-opt max-file=3 shop"
    )


def test_a_service_whose_name_a_shell_would_obey_stays_one_word() -> None:
    host = [stored("task", service="shop; reboot")]

    (task,) = choose(host, Wanted("unlimited", LIMITS, DockerVersion(28, 5, 2))).left

    assert task.hint.endswith(" 'shop; reboot'")


def test_there_is_a_warning_for_each_that_may_fill_the_disk() -> None:
    codes = [finding.code for finding in findings_of(outcome("unlimited").left)]

    assert codes == ["existing-swarm-service", "existing-removed-when-stopped", "existing-unreadable"]


@pytest.mark.parametrize("name", ["plain", "plain" * 8, "plainp"])
def test_a_container_is_named_by_name_or_id(name: str) -> None:
    assert ids_of(HOST, [name]) == {"plain" * 8}


@pytest.mark.parametrize("name", ["nosuch", "pla", ""])
def test_a_name_of_none_is_a_wrong_usage(name: str) -> None:
    with pytest.raises(UsageProblem, match="there is no container"):
        ids_of(HOST, [name])


def test_a_beginning_of_several_ids_is_a_wrong_usage() -> None:
    twins = [StoredContainer(f"abcd{end}", end, Path("/x")) for end in "12"]

    with pytest.raises(UsageProblem, match="may mean 2"):
        ids_of(twins, ["abcd"])
