"""What is found below Docker's roots, mounts of its own and of others, and in the folder that a move goes to."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from dockerd_cfg.host.gateways import Host
from dockerd_cfg.paths import HostPath
from dockerd_cfg.sandbox.host import SandboxFilesystems
from dockerd_cfg.storage.facts import is_own_mount
from dockerd_cfg.storage.target_facts import read_target


@pytest.mark.parametrize(
    ("name", "point", "is_own"),
    [
        ("docker", "overlay2/0f/merged", True),
        ("docker", "containers/0f/mounts/shm", True),
        ("docker", "rootfs/overlayfs/0f", True),
        ("docker", "tmp/rootfs-mount4172884675", True),
        ("docker", "tmp", False),
        ("docker", "tmp/mine", False),
        ("docker", "mine", False),
        ("docker", "mine/overlay2", False),
        ("containerd", "io.containerd.runtime.v2.task/moby/0f/rootfs", True),
        ("containerd", "tmpmounts/containerd-mount123", True),
        ("containerd", "overlay2", False),
    ],
)
def test_mounts_of_docker_itself_are_told_from_those_of_others(
    name: Literal["docker", "containerd"], point: str, is_own: bool
) -> None:
    root = HostPath("/var/lib/root")
    assert is_own_mount(name, root / point, root) is is_own


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

    facts = read_target(replace(host, filesystems=tried), target, ())

    assert (facts.unsafe == (), tried.folders != []) == (is_tried, is_tried)
