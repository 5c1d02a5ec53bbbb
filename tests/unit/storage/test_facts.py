"""What is found below Docker's roots: mounts of its own, and of others."""

from pathlib import Path
from typing import Literal

import pytest

from dockerd_cfg.storage.own_mounts import is_own_mount


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
