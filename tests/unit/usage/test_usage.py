"""Where the space goes, on made-up trees: sums are those of du, and each part belongs to what Docker's files say."""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.host.disk_usage import Counted, parse_disk_usage
from dockerd_cfg.logs.containers import read_containers
from dockerd_cfg.usage.layers import read_layers
from dockerd_cfg.usage.summary import Share, shares
from dockerd_cfg.usage.walk import Part, walk

MOUNT = "b" * 64
CONTAINER = "c" * 64


def write(path: Path, data: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def chain_of(*diffs: str) -> str:
    chain = ""
    for diff in diffs:
        text = f"{chain} {diff}"
        chain = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if chain else diff
    return chain.removeprefix("sha256:")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with two images of two layers, one shared, a container of the first, two volumes and a cache."""
    base, one, two = (f"sha256:{digit * 64}" for digit in "123")
    layerdb = tmp_path / "image/overlay2/layerdb"
    for cache, chain in (
        ("base", chain_of(base)),
        ("one", chain_of(base, one)),
        ("two", chain_of(base, two)),
    ):
        if cache != "base":
            write(layerdb / "sha256" / chain / "parent", f"sha256:{chain_of(base)}")
        write(layerdb / "sha256" / chain / "cache-id", cache)
        write(tmp_path / "overlay2" / cache / "diff/file", bytes(100_000))
    os.link(tmp_path / "overlay2/one/diff/file", tmp_path / "overlay2/one/diff/again")
    content = tmp_path / "image/overlay2/imagedb/content/sha256"
    for image, diffs in (("e" * 64, [base, one]), ("f" * 64, [base, two])):
        write(content / image, json.dumps({"rootfs": {"diff_ids": diffs}}))
    write(layerdb / "mounts" / CONTAINER / "mount-id", MOUNT)
    write(layerdb / "mounts" / CONTAINER / "parent", f"sha256:{chain_of(base, one)}")
    write(layerdb / "mounts" / CONTAINER / "init-id", f"{MOUNT}-init")
    write(tmp_path / "overlay2" / MOUNT / "diff/written", bytes(50_000))
    write(tmp_path / "overlay2" / f"{MOUNT}-init" / "diff/etc/hosts", b"")
    write(tmp_path / "overlay2/snapshot/diff/cached", bytes(70_000))
    (tmp_path / "overlay2/l").mkdir()
    for volume in ("used", "lonely"):
        write(tmp_path / "volumes" / volume / "_data/file", bytes(30_000))
    folder = tmp_path / "containers" / CONTAINER
    record = {
        "Name": "/web",
        "Image": f"sha256:{'e' * 64}",
        "MountPoints": {"/d": {"Type": "volume", "Name": "used"}},
    }
    write(folder / "config.v2.json", json.dumps(record))
    write(folder / "hostconfig.json", json.dumps({"LogConfig": {"Type": "json-file", "Config": {}}}))
    write(folder / f"{CONTAINER}-json.log", bytes(20_000))
    write(folder / f"{CONTAINER}-json.log.1", bytes(10_000))
    write(tmp_path / os.fsdecode(b"tmp/\xff\xfe"), bytes(5000))
    with (tmp_path / "tmp/sparse").open("wb") as sparse:
        sparse.truncate(1 << 30)
    return tmp_path


def du(path: Path) -> int:
    told = subprocess.run(["du", "-xs", "-B1", str(path)], capture_output=True, text=True, check=True).stdout
    return int(told.split()[0])


def shares_of(root: Path, **settings: Any) -> dict[str, Share]:
    containers = read_containers(root)
    layers = read_layers(root, containers)
    taken = walk(root, layers.parts, Part("other"))
    asked = {"docker_runs": True, "counted": None} | settings
    return {
        share.kind: share for share in shares(taken, containers=containers, unused=layers.unused, **asked)
    }


def test_the_sum_is_that_of_du(root: Path) -> None:
    assert sum(share.taken for share in shares_of(root).values()) == du(root)


def test_each_part_belongs_to_what_dockers_files_say(root: Path) -> None:
    found = shares_of(root)
    base = du(root / "overlay2/base")

    assert found["images"].taken == 3 * base + du(root / "image") + du(root / "overlay2/l")
    assert found["images"].reclaimable == base
    assert found["build-cache"].taken == du(root / "overlay2/snapshot")
    assert found["volumes"].reclaimable == du(root / "volumes/lonely")
    assert found["logs"].taken == sum(
        os.lstat(path).st_blocks * 512 for path in root.glob("containers/*/*.log*")
    )
    assert found["logs"].reclaimable == 512 * (
        os.lstat(root / "containers" / CONTAINER / f"{CONTAINER}-json.log.1").st_blocks
    )
    assert found["containers"].reclaimable is not None
    assert found["containers"].reclaimable > 50_000
    assert found["other"].command == ""


def test_with_docker_down_nothing_is_promised_of_containers_and_cache(root: Path) -> None:
    found = shares_of(root, docker_runs=False)

    assert (found["containers"].reclaimable, found["build-cache"].reclaimable) == (None, None)
    assert found["images"].reclaimable == du(root / "overlay2/base")


def test_a_damaged_record_makes_nobodys_volume_reclaimable(root: Path) -> None:
    (root / "containers" / CONTAINER / "config.v2.json").write_bytes(b"{")
    found = shares_of(root)

    assert found["volumes"].reclaimable is None
    assert found["images"].reclaimable == du(root / "overlay2/base")
    assert sum(share.taken for share in found.values()) == du(root)


def test_damaged_image_records_end_nothing(root: Path) -> None:
    for path in (root / "image").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\xff{[")

    assert sum(share.taken for share in shares_of(root).values()) == du(root)


@pytest.mark.parametrize(
    ("raw", "images", "cache"),
    [
        ({}, (0, 0), (0, 0)),
        (
            {
                "LayersSize": 100,
                "Images": [
                    {"Size": 60, "SharedSize": 20, "Containers": 1},
                    {"Size": 60, "SharedSize": 20, "Containers": 0},
                    {"Size": -1, "SharedSize": -1, "Containers": 2},
                ],
                "BuildCache": [
                    {"Size": 7, "InUse": True, "Shared": False},
                    {"Size": 5, "InUse": False},
                    {"Size": 9, "Shared": True},
                ],
            },
            (100, 60),
            (12, 5),
        ),
        (
            {
                "ImageUsage": {"TotalSize": 10, "Reclaimable": 4},
                "BuildCacheUsage": {"TotalSize": 3, "Reclaimable": 3},
            },
            (10, 4),
            (3, 3),
        ),
    ],
)
def test_dockers_counts_are_read_in_each_form(
    raw: dict[str, Any], images: tuple[int, int], cache: tuple[int, int]
) -> None:
    assert parse_disk_usage(raw) == (Counted(*images), Counted(*cache))
