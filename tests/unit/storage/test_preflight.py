"""The preflight: each thing that speaks against a move is found, alone, and nothing else is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from dockerd_cfg.host.docker import Container
from dockerd_cfg.host.mounts import Usage
from dockerd_cfg.paths import HostPath
from dockerd_cfg.quantities import shown_bytes
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
from dockerd_cfg.storage.binds import Bind
from dockerd_cfg.storage.boot import mount_unit
from dockerd_cfg.storage.facts import StorageFacts, read_facts
from dockerd_cfg.storage.plan import MoveRequest
from dockerd_cfg.storage.preflight import preflight

Change = Callable[[StorageFacts], StorageFacts]
ROOM = Usage(device=-1, total_bytes=1 << 40, free_bytes=1 << 40, free_inodes=1 << 30)
FOLDER = HostPath("/mnt/data")
ROOT = HostPath("/var/lib/docker")
LONG_NAME = HostPath("/srv/" + "d" * 235)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> StorageFacts:
    root = tmp_path_factory.mktemp("sandbox") / "host"
    make_sandbox(root, file_bytes=32)
    return read_facts(sandbox_host(root), FOLDER, "auto")


@pytest.fixture
def fit(sandbox: StorageFacts) -> StorageFacts:
    """A host that nothing speaks against, whatever the disk below the sandbox is like."""
    target = replace(sandbox.target, usage=ROOM, unsafe=(), closed=(), occupied=())
    return replace(sandbox, target=target, has_rsync=True, is_selinux_enforcing=False)


def facts(**changes: Any) -> Change:
    return lambda fit: replace(fit, **changes)


def target(**changes: Any) -> Change:
    return lambda fit: replace(fit, target=replace(fit.target, **changes))


def tree(**changes: Any) -> Change:
    return lambda fit: replace(fit, trees=(replace(fit.trees[0], **changes),))


def info(**changes: Any) -> Change:
    def change(fit: StorageFacts) -> StorageFacts:
        assert fit.docker.info is not None
        docker = replace(fit.docker, info=replace(fit.docker.info, **changes))
        return replace(fit, docker=docker)

    return change


def containerd(*, is_moved: bool = True, **changes: Any) -> Change:
    def change(fit: StorageFacts) -> StorageFacts:
        moved = replace(fit.trees[0], name="containerd", source=HostPath("/var/lib/containerd"))
        moved = replace(moved, target=FOLDER / "containerd")
        trees = (fit.trees[0], moved) if is_moved else fit.trees
        return replace(
            fit, trees=trees, containerd=replace(fit.containerd, **{"is_separate": True} | changes)
        )

    return change


def both(*changes: Change) -> Change:
    def change(fit: StorageFacts) -> StorageFacts:
        for one in changes:
            fit = one(fit)
        return fit

    return change


ERRORS = [
    ("target-missing", "target missing", target(kind="missing")),
    ("target-not-a-folder", "target a file", target(kind="file")),
    ("data-root-flag", "data root as a flag", facts(root_flag="data-root")),
    ("rootless", "rootless", info(security=("name=seccomp", "name=rootless"))),
    ("unsupported-driver", "btrfs", facts(driver="btrfs")),
    ("unsupported-driver", "a driver nobody knows", facts(driver="windowsfilter")),
    ("unsupported-driver", "another snapshotter", facts(image_store="containerd", driver="btrfs")),
    ("unknown-driver", "driver not to be told", facts(image_store="", driver="")),
    ("live-restore", "live-restore with running containers", info(live_restore=True)),
    ("no-rsync", "no rsync", facts(has_rsync=False)),
    ("target-inside-source", "target inside source", tree(target=HostPath("/var/lib/docker/new/docker"))),
    ("target-inside-source", "folder inside source", target(resolved=HostPath("/var/lib/docker/new"))),
    ("source-inside-target", "source inside target", tree(target=HostPath("/var/lib"))),
    ("foreign-mount", "a mount of somebody else's", tree(foreign_mounts=(HostPath("/var/lib/docker/x"),))),
    ("subvolume", "a subvolume", tree(subvolumes=(HostPath("/var/lib/docker/x"),), is_near=False)),
    ("target-not-empty", "occupied", target(occupied=(FOLDER / "docker",))),
    ("target-name", "a line break", tree(target=HostPath("/mnt/a\nb"))),
    ("target-name", "no UTF-8", tree(target=HostPath("/mnt/a\udcff"))),
    ("target-name", "a colon", tree(target=HostPath("/mnt/a:b"))),
    ("half-copy", "a copy never completed", target(half_copied=(FOLDER / "docker",))),
    ("target-writable-by-others", "writable by others", target(unsafe=(FOLDER,))),
    ("target-not-traversable", "closed to others", target(closed=(FOLDER,))),
    ("long-name", "a name too long to be set aside", tree(source=LONG_NAME, named=LONG_NAME)),
    ("no-overlay", "nfs", target(fstype="nfs4")),
    ("no-overlay", "the trial failed", target(overlay_failure="no d_type")),
    ("mount-option", "noexec", target(mount_options=frozenset({"rw", "noexec"}))),
    ("mount-option", "read-only", target(mount_options=frozenset({"ro"}))),
    ("mount-not-persistent", "gone after a reboot", target(returns=False)),
    ("mount-not-persistent", "another after a reboot", target(mounted_instead="/dev/disk/by-uuid/x")),
    ("no-semanage", "SELinux without semanage", facts(is_selinux_enforcing=True, has_semanage=False)),
    (
        "binds-into-root",
        "a bind",
        facts(binds=(Bind("container c", ROOT / "volumes/v/_data", is_root=False),)),
    ),
    ("root-in-use", "in use while Docker is down", facts(users=("/var/lib/docker/overlay2/x is mounted",))),
    ("source-missing", "no source", tree(missing=True)),
    ("no-room", "no room", target(usage=ROOM._replace(free_bytes=1000))),
    ("no-inodes", "no inodes", target(usage=ROOM._replace(free_inodes=10))),
    ("containerd-config", "containerd's root as a flag", containerd(trouble="a flag")),
    ("containerd-not-separate", "no containerd of its own", containerd(is_separate=False)),
    ("containerd-shared", "containerd used by others", containerd(strangers=("k8s.io",))),
]
WARNINGS = [
    ("swarm-active", "a swarm node", info(swarm="active")),
    ("project-quotas", "project quotas", facts(has_project_quotas=True)),
    ("binds-of-root", "a bind of the whole root", facts(binds=(Bind("container c", ROOT, is_root=True),))),
    (
        "images-stay",
        "images elsewhere",
        both(facts(image_store="containerd", driver="overlayfs"), containerd(is_moved=False)),
    ),
]
LINK = HostPath("/srv/link")
LONG = HostPath("/srv/" + "/".join(["müßig"] * 20))
MODES = [
    ("symlink", "mode-nothing-there", "a root that is not there, for a link", tree(missing=True)),
    ("bind", "mode-nothing-there", "a root that is not there, for a mount", tree(missing=True)),
    ("symlink", "mode-mount-point", "a mount point, for a link", tree(is_mount_point=True)),
    ("bind", "mode-mount-point", "a mount point, for a mount", tree(is_mount_point=True)),
    ("bind", "mode-link", "a link already", tree(named=LINK)),
    ("bind", "mode-same-file-system", "the same file system", tree(is_near=True)),
    ("bind", "mode-long-path", "a path too long for a unit's name", tree(source=LONG, named=LONG)),
]


def params(rows: list[tuple[str, str, Change]]) -> list[Any]:
    return [pytest.param(code, change, id=name) for code, name, change in rows]


def test_nothing_speaks_against_a_move_on_a_fit_host(fit: StorageFacts) -> None:
    assert preflight(fit, MoveRequest()) == ()


@pytest.mark.parametrize(("code", "change"), params(ERRORS))
def test_what_makes_a_move_impossible_is_found_alone(fit: StorageFacts, code: str, change: Change) -> None:
    found = preflight(change(fit), MoveRequest())

    assert [(one.code, one.severity, one.stage) for one in found] == [(code, "error", "preflight")]


@pytest.mark.parametrize(
    ("mode", "code", "change"),
    [pytest.param(mode, code, change, id=name) for mode, code, name, change in MODES],
)
def test_a_mode_that_does_not_fit_the_host_is_refused_beforehand(
    fit: StorageFacts, mode: Literal["symlink", "bind"], code: str, change: Change
) -> None:
    found = preflight(change(fit), MoveRequest(mode=mode))

    assert code in {one.code for one in found if one.is_error and one.hint}
    assert code not in {one.code for one in preflight(change(fit), MoveRequest())}


@pytest.mark.parametrize(("length", "is_refused"), [(253, False), (254, True)])
def test_the_name_of_a_mount_unit_leaves_room_for_that_of_its_drop_ins(
    fit: StorageFacts, length: int, is_refused: bool
) -> None:
    path = HostPath("/srv/" + "a" * (length - len("srv--docker.mount")) + "/docker")
    found = preflight(tree(source=path, named=path)(fit), MoveRequest(mode="bind"))

    assert len(mount_unit(path)) == length
    assert ("mode-long-path" in {one.code for one in found}) is is_refused


@pytest.mark.parametrize(
    ("change", "request_"),
    [
        (tree(source=LONG_NAME.with_name("d" * 234)), MoveRequest()),
        (tree(source=LONG_NAME, is_near=True), MoveRequest()),
        (tree(source=LONG_NAME, is_mount_point=True), MoveRequest()),
        (tree(source=LONG_NAME), MoveRequest(adopt=True)),
    ],
    ids=["as long as can be", "renamed", "a mount point", "adopted"],
)
def test_a_long_name_is_no_obstacle_where_the_old_data_can_be_set_aside_or_is_not(
    fit: StorageFacts, change: Change, request_: MoveRequest
) -> None:
    assert "long-name" not in {one.code for one in preflight(change(fit), request_)}


def test_every_error_says_what_to_do(fit: StorageFacts) -> None:
    found = [one for _, _, change in ERRORS for one in preflight(change(fit), MoveRequest())]

    assert [one.code for one in found if not one.hint] == []


@pytest.mark.parametrize(("code", "change"), params(WARNINGS))
def test_what_should_be_known_is_a_warning(fit: StorageFacts, code: str, change: Change) -> None:
    assert [(one.code, one.severity) for one in preflight(change(fit), MoveRequest())] == [(code, "warning")]


def test_a_move_that_frees_no_space_is_a_warning(fit: StorageFacts) -> None:
    usage = ROOM._replace(device=fit.trees[0].device)

    found = preflight(target(usage=usage)(fit), MoveRequest())

    assert [(one.code, one.severity) for one in found] == [("same-file-system", "warning")]


def test_all_that_is_wrong_is_told_at_once(fit: StorageFacts) -> None:
    wrong = both(facts(has_rsync=False), target(returns=False, unsafe=(FOLDER, HostPath("/mnt"))))(fit)

    assert [one.code for one in preflight(wrong, MoveRequest())] == [
        "no-rsync",
        "target-writable-by-others",
        "target-writable-by-others",
        "mount-not-persistent",
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            both(
                info(live_restore=True),
                lambda fit: replace(fit, docker=replace(fit.docker, running=())),
            ),
            id="live-restore without running containers",
        ),
        pytest.param(target(usage=ROOM._replace(free_inodes=None)), id="inodes as needed"),
        pytest.param(target(usage=None), id="room unknown"),
        pytest.param(target(fstype=""), id="file system unknown"),
        pytest.param(target(mount_options=frozenset({"rw", "noatime"})), id="harmless mount options"),
        pytest.param(facts(image_store="containerd", driver="overlayfs"), id="containerd's images inside"),
        pytest.param(containerd(), id="a containerd that can be moved"),
        pytest.param(tree(target=HostPath("/var/lib/docker2")), id="a name that begins alike"),
    ],
)
def test_what_is_harmless_is_not_found(fit: StorageFacts, change: Change) -> None:
    assert preflight(change(fit), MoveRequest()) == ()


def test_a_paused_container_counts_as_running() -> None:
    assert Container(id="1", name="x", state="paused").is_running


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (2e9, "2.0 GB"),
        (3e12, "3.0 TB"),
        (4e15, "4000.0 TB"),
    ],
    ids=str,
)
def test_sizes_are_shown_in_decimal_units(number: float, shown: str) -> None:
    assert shown_bytes(number) == shown


def test_a_sandbox_is_read_without_being_changed(tmp_path: Path) -> None:
    root = tmp_path / "host"
    make_sandbox(root, file_bytes=32)
    before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}

    read_facts(sandbox_host(root), FOLDER, "auto")

    assert {path: path.lstat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize(
    ("change", "request_"),
    [
        (tree(is_near=True), MoveRequest()),
        (tree(missing=True), MoveRequest(adopt=True)),
    ],
    ids=["renamed", "adopted"],
)
def test_rsync_is_asked_for_only_where_something_is_copied(
    fit: StorageFacts, change: Change, request_: MoveRequest
) -> None:
    found = preflight(both(facts(has_rsync=False), change)(fit), request_)
    assert "no-rsync" not in {finding.code for finding in found}
