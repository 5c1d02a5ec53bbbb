"""The plan of a move: nothing irreversible before the copy is verified, and a way back for every step."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from dockerd_cfg.change.plan import Plan
from dockerd_cfg.paths import HostPath, Layout
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
from dockerd_cfg.service.confirmation import ExpectConfirmation
from dockerd_cfg.service.steps import CheckDocker, StartDocker, StopDocker
from dockerd_cfg.steps import KINDS
from dockerd_cfg.storage.boot import WriteDropIn
from dockerd_cfg.storage.containerd import EditContainerdConfig
from dockerd_cfg.storage.copying import PreCopy
from dockerd_cfg.storage.facts import StorageFacts, read_facts
from dockerd_cfg.storage.old_tree import CarryAhead, RemoveTree, SetAside
from dockerd_cfg.storage.plan import MoveRequest, plan_move
from dockerd_cfg.storage.stored_paths import MoveStoredPaths

TARGET = HostPath("/mnt/data")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> StorageFacts:
    root = tmp_path_factory.mktemp("sandbox") / "host"
    make_sandbox(root, file_bytes=32)
    return read_facts(sandbox_host(root), TARGET, "auto")


def plan(facts: StorageFacts, **wish: Any) -> Plan:
    return plan_move(facts, Layout(), MoveRequest(**wish), created="2026-01-01T00:00:00+00:00", stamp="S")


def kinds(facts: StorageFacts, **wish: Any) -> list[str]:
    return [step.kind for step in plan(facts, **wish).steps]


def with_containerd(facts: StorageFacts) -> StorageFacts:
    tree = replace(
        facts.trees[0],
        name="containerd",
        source=HostPath("/var/lib/containerd"),
        named=HostPath("/var/lib/containerd"),
        target=TARGET / "containerd",
    )
    return replace(facts, trees=(facts.trees[0], tree))


def with_target(facts: StorageFacts, target: HostPath) -> StorageFacts:
    return replace(facts, trees=(replace(facts.trees[0], target=target),))


def test_a_running_docker_is_moved_in_this_order(facts: StorageFacts) -> None:
    assert kinds(facts) == [
        "reserve-target",
        "pre-copy",
        "write-drop-in",
        "hold-units",
        "catch-up",
        "stop-docker",
        "final-copy",
        "verify-tree",
        "move-stored-paths",
        "hand-over",
        "start-docker",
        "check-docker",
        "free-units",
        "carry-ahead",
        "set-aside",
    ]


def test_the_time_to_confirm_begins_with_the_stop(facts: StorageFacts) -> None:
    """What is copied before it may take hours."""
    there = kinds(facts, confirm=ExpectConfirmation(seconds=600, command=("dockerd-cfg", "rollback")))

    assert there[there.index("expect-confirmation") :][:2] == ["expect-confirmation", "stop-docker"]
    assert there.index("catch-up") < there.index("expect-confirmation")


def test_on_the_same_file_system_nothing_is_copied(facts: StorageFacts) -> None:
    near = replace(facts, trees=(replace(facts.trees[0], is_near=True),))

    assert kinds(near) == [
        "write-drop-in",
        "hold-units",
        "stop-docker",
        "hand-over",
        "move-stored-paths",
        "start-docker",
        "check-docker",
        "free-units",
        "drop-link",
    ]
    assert plan(near).finish == ()


def test_what_is_adopted_is_neither_copied_nor_expected_to_hold_the_same(facts: StorageFacts) -> None:
    steps = plan(facts, adopt=True).steps

    assert not {"reserve-target", "pre-copy", "final-copy", "verify-tree", "set-aside"} & {
        s.kind for s in steps
    }
    assert [step.contents for step in steps if isinstance(step, CheckDocker)] == [False]


@pytest.mark.parametrize("way", ["copied", "renamed", "adopted"])
def test_where_selinux_is_enforcing_it_is_told_of_the_new_place(facts: StorageFacts, way: str) -> None:
    trees = (replace(facts.trees[0], is_near=way == "renamed"),)
    enforcing = replace(facts, trees=trees, is_selinux_enforcing=True)

    steps = [step.kind for step in plan(enforcing, adopt=way == "adopted").steps]

    assert steps[:2] == (
        ["reserve-target", "label-target"] if way == "copied" else ["label-target", "write-drop-in"]
    )


@pytest.mark.parametrize("mode", ["symlink", "bind"])
def test_what_keeps_the_old_path_leaves_daemon_json_alone(facts: StorageFacts, mode: Any) -> None:
    parts = {part.kind for part in plan(facts, mode=mode).parts}

    assert "edit-daemon-json" not in parts
    assert "set-aside" not in parts  # handing over does it
    assert ("write-mount-unit" in parts) == (mode == "bind")
    [carried] = [step for step in plan(facts, mode=mode).steps if isinstance(step, CarryAhead)]
    assert str(carried.old) == "/var/lib/docker.old-S"  # its old name leads to the new tree by then


def test_a_docker_that_is_down_is_neither_copied_live_nor_started(facts: StorageFacts) -> None:
    down = replace(facts.docker, active_units=frozenset(), info=None, inventory=None, running=())

    found = kinds(replace(facts, docker=down))

    assert not {"start-docker", "check-docker"} & set(found)
    assert [step.live for step in plan(replace(facts, docker=down)).steps if isinstance(step, PreCopy)] == [
        False
    ]
    assert "stop-docker" in found


def test_a_tree_on_a_mount_point_of_its_own_is_not_renamed(facts: StorageFacts) -> None:
    mounted = replace(facts, trees=(replace(facts.trees[0], is_mount_point=True),))

    assert not [step for step in plan(mounted).steps if isinstance(step, SetAside)]
    assert [str(step.path) for step in plan(mounted).finish if isinstance(step, RemoveTree)] == [
        "/var/lib/docker"
    ]


@pytest.mark.parametrize(
    ("way", "stops"),
    [
        ("copied", ()),
        ("renamed", ("docker.socket", "docker.service")),
        ("adopted", ("docker.socket", "docker.service")),
    ],
    ids=str,
)
def test_records_at_a_place_that_docker_may_have_come_up_on_are_rewritten_with_docker_stopped(
    facts: StorageFacts, way: str, stops: tuple[str, ...]
) -> None:
    moved = replace(facts, trees=(replace(facts.trees[0], is_near=way == "renamed"),))

    [step] = [one for one in plan(moved, adopt=way == "adopted").steps if isinstance(one, MoveStoredPaths)]

    assert step.stops == stops


def test_the_old_tree_is_removed_by_finish_only(facts: StorageFacts) -> None:
    assert "remove-tree" not in kinds(facts)
    assert [
        (str(step.path), str(step.current)) for step in plan(facts).finish if isinstance(step, RemoveTree)
    ] == [("/var/lib/docker.old-S", "/mnt/data/docker")]


def test_containerd_is_stopped_copied_and_configured_with_docker(facts: StorageFacts) -> None:
    steps = plan(with_containerd(facts)).parts

    [stop] = [step for step in steps if isinstance(step, StopDocker)]
    [edit] = [step for step in steps if isinstance(step, EditContainerdConfig)]
    assert "containerd.service" in stop.units
    assert tomllib.loads(edit.new.text or "")["root"] == "/mnt/data/containerd"
    assert [step.unit for step in steps if isinstance(step, WriteDropIn)] == [
        "docker.service",
        "containerd.service",
    ]


def test_both_trees_are_verified_before_either_is_set_aside(facts: StorageFacts) -> None:
    found = kinds(with_containerd(facts))
    last_verified = max(n for n, kind in enumerate(found) if kind == "verify-tree")

    assert found.count("verify-tree") == found.count("set-aside") == 2
    assert last_verified < found.index("set-aside")


def test_what_was_not_running_before_is_not_started(facts: StorageFacts) -> None:
    without = replace(facts.docker, active_units=frozenset({"docker.service"}))

    [start] = [step for step in plan(replace(facts, docker=without)).steps if isinstance(step, StartDocker)]

    assert start.units == ("docker.service",)
    assert start.stops == ("docker.socket", "docker.service")


def test_with_user_namespaces_docker_is_expected_in_the_folder_below_the_root(facts: StorageFacts) -> None:
    assert facts.docker.info is not None
    info = replace(facts.docker.info, data_root=facts.data_root / "100000.100000")
    remapped = replace(facts, docker=replace(facts.docker, info=info))

    [check] = [step for step in plan(remapped).steps if isinstance(step, CheckDocker)]

    assert str(check.data_root) == "/mnt/data/docker/100000.100000"


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("/mnt/data/docker", "RequiresMountsFor=/mnt/data/docker"),
        ("/mnt/my data/docker", 'RequiresMountsFor="/mnt/my data/docker"'),
        ("/mnt/100%/docker", 'RequiresMountsFor="/mnt/100%%/docker"'),
        ("/mnt/it's/docker", 'RequiresMountsFor="/mnt/it\'s/docker"'),
        ('/mnt/a"b/docker', 'RequiresMountsFor="/mnt/a\\"b/docker"'),
        ("/mnt/a\\b/docker", 'RequiresMountsFor="/mnt/a\\\\b/docker"'),
        ("/mnt/a;b/docker", 'RequiresMountsFor="/mnt/a;b/docker"'),
    ],
    ids=str,
)
def test_the_drop_in_names_the_disk_as_systemd_reads_it(facts: StorageFacts, target: str, line: str) -> None:
    [drop_in] = [
        step for step in plan(with_target(facts, HostPath(target))).steps if isinstance(step, WriteDropIn)
    ]

    assert line in (drop_in.new.text or "").splitlines()


def test_a_plan_of_a_move_can_be_read_back(facts: StorageFacts) -> None:
    whole = plan(with_containerd(facts))

    assert Plan.read(whole.model_dump_json().encode(), KINDS) == whole
