"""What is found below Docker's roots: mounts of its own, and of others."""

from typing import Literal

import pytest

from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.facts import is_own_mount


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
