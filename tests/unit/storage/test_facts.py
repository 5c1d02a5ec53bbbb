"""What is found below Docker's roots, mounts of its own and of others, and in the folder that a move goes to."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.host.mounts import Mount
from dockerd_cfg.host.systemd import CONTAINERD_SERVICE, DOCKER_SERVICE, UnitState
from dockerd_cfg.locks import locked
from dockerd_cfg.paths import DEFAULT_CONTAINERD_ROOT, DEFAULT_DATA_ROOT, HostPath
from dockerd_cfg.sandbox.daemon import SandboxServices
from dockerd_cfg.sandbox.host import SandboxFilesystems
from dockerd_cfg.storage.facts import read_facts
from dockerd_cfg.storage.own_mounts import is_own_mount
from dockerd_cfg.storage.target_facts import read_target
from tests.loop_disk import loop_disk


@pytest.mark.parametrize(
    ("name", "point", "is_own"),
    [
        ("docker", "overlay2/0f/merged", True),
        ("docker", "containers/0f/mounts/shm", True),
        ("docker", "rootfs/overlayfs/0f", True),
        ("docker", "tmp/rootfs-mount4172884675", True),
        ("docker", "tmp", False),
        ("docker", "tmp/mine", False),
        ("docker", "volumes/nfs/_data", True),
        ("docker", "volumes/plain/_data", False),
        ("docker", "volumes", False),
        ("docker", "volumes/nfs", False),
        ("docker", "volumes2/nfs/_data", False),
        ("docker", "overlay2", False),
        ("docker", "plugins/0f/propagated-mount/x", True),
        ("docker", "100000.100000/overlay2/0f/merged", True),
        ("docker", "100000.100000/volumes", False),
        ("docker", "100000.100000", True),
        ("docker", "mine", False),
        ("docker", "mine/overlay2", False),
        ("containerd", "io.containerd.runtime.v2.task/moby/0f/rootfs", True),
        ("containerd", "tmpmounts/containerd-mount123", True),
        ("containerd", "overlay2", False),
        ("containerd", "io.containerd.content.v1.content", False),
    ],
)
def test_mounts_of_docker_itself_are_told_from_those_of_others(
    tmp_path: Path, name: Literal["docker", "containerd"], point: str, is_own: bool
) -> None:
    for volume in ("nfs", "plain"):
        (tmp_path / "volumes" / volume / "_data").mkdir(parents=True)
    (tmp_path / "volumes/nfs/opts.json").write_text('{"MountType":"nfs"}', encoding="utf-8")

    assert is_own_mount(name, point.split("/"), tmp_path) is is_own


class Tried(SandboxFilesystems):
    """Remembers where a trial mount was made."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.layout, host.runner)
        self.folders: list[Path] = []

    def try_overlay(self, folder: Path) -> str | None:
        self.folders.append(folder)
        return None


@pytest.mark.parametrize(("mode", "is_tried"), [(0o755, True), (0o777, False), (0o1777, False)], ids=str)
def test_nothing_is_tried_in_a_folder_where_others_could_put_links_in_its_way(
    host: Host, mode: int, is_tried: bool
) -> None:
    tried, target = Tried(host), HostPath("/mnt/data")
    host.layout.real(target).chmod(mode)

    facts = read_target(host._replace(filesystems=tried), target, ())

    assert (facts.unsafe == (), tried.folders != []) == (is_tried, is_tried)


@pytest.fixture
def subvolumes(host: Host, tmp_path: Path) -> Iterator[HostPath]:
    """Put Docker's data into one subvolume, and give the folder that is another one of the same mount."""
    place = HostPath("/srv")
    with loop_disk(tmp_path, "btrfs", kind="btrfs") as disk:
        for name, path in (("old", DEFAULT_DATA_ROOT), ("new", place)):
            subprocess.run(["btrfs", "-q", "subvolume", "create", disk / name], check=True)
            host.layout.real(path).mkdir(exist_ok=True)
            subprocess.run(["mount", "--bind", disk / name, host.layout.real(path)], check=True)
        yield place
        for path in (DEFAULT_DATA_ROOT, place):
            subprocess.run(["umount", host.layout.real(path)], check=True)


@pytest.mark.root
def test_a_tree_is_not_renamed_into_another_subvolume(host: Host, subvolumes: HostPath) -> None:
    """The kernel would refuse it, and that in the stop."""
    (tree,) = read_facts(host, subvolumes, "no").trees

    assert not tree.is_renamed


LEFT = DEFAULT_DATA_ROOT / "overlay2/0f/merged"


class LeftMounted(SandboxFilesystems):
    """Has a mount that a crash of Docker left below its data root."""

    def mounts(self) -> list[Mount]:
        return [*super().mounts(), Mount(LEFT, "overlay", "overlay", frozenset({"rw"}), "0:50")]


class Containerd(SandboxServices):
    """Has a containerd of its own, which is up."""

    def unit(self, name: str) -> UnitState:
        if name == CONTAINERD_SERVICE:
            return UnitState(name, load="loaded", active="active")
        return super().unit(name)


def with_units(host: Host, *up: str) -> Host:
    SandboxServices(host.layout).write(active=list(up))
    return host._replace(systemd=Containerd(host.layout)) if CONTAINERD_SERVICE in up else host


@pytest.mark.parametrize(
    ("up", "users"),
    [
        pytest.param((), (f"{LEFT} is still mounted",), id="Docker down"),
        pytest.param(
            (CONTAINERD_SERVICE,), (f"{LEFT} is still mounted",), id="Docker down, and not containerd"
        ),
        pytest.param((DOCKER_SERVICE,), (), id="Docker up"),
    ],
)
def test_what_a_crash_left_mounted_is_found_before_anything_is_copied(
    host: Host, up: tuple[str, ...], users: tuple[str, ...]
) -> None:
    left = with_units(host, *up)._replace(filesystems=LeftMounted(host.layout, host.runner))

    assert read_facts(left, HostPath("/mnt/data"), "no").users == users


@pytest.mark.parametrize(("up", "is_told"), [((), True), ((CONTAINERD_SERVICE,), False)], ids=["down", "up"])
def test_what_a_running_containerd_holds_is_gone_after_its_stop(
    host: Host, up: tuple[str, ...], is_told: bool
) -> None:
    database = DEFAULT_CONTAINERD_ROOT / "io.containerd.metadata.v1.bolt/meta.db"

    with locked(host.layout.real(database), "containerd"):
        users = read_facts(with_units(host, *up), HostPath("/mnt/data"), "yes").users

    assert users == ((f"some process still holds {database}",) if is_told else ())
