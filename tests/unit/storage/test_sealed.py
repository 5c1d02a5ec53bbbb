"""What counts as sealed: never anything that could still change."""

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from dockerd_cfg.storage.sealed import NOTE, Settled, sealed
from dockerd_cfg.storage.snapshots import committed

LONG_AGO = 1_600_000_000.0
NOW = 1_700_000_000.0
SNAPSHOTTER = "io.containerd.snapshotter.v1.overlayfs"


def layer(root: Path, name: str, *, written: float = LONG_AGO, folder: str = "") -> Path:
    """Make an image layer, registered at ``written``; return the file that names it."""
    docker = root / folder
    (docker / "overlay2" / name / "diff").mkdir(parents=True)
    entry = docker / "image/overlay2/layerdb/sha256" / name.ljust(64, "0") / "cache-id"
    entry.parent.mkdir(parents=True)
    entry.write_text(name)
    os.utime(entry, (written, written))
    return entry


def test_a_registered_layer_is_sealed(tmp_path: Path) -> None:
    layer(tmp_path, "abc123")
    assert sealed(tmp_path, NOW) == {b"overlay2/abc123/diff"}


def test_one_registered_during_the_copy_is_not(tmp_path: Path) -> None:
    layer(tmp_path, "abc123", written=NOW + 1)
    assert sealed(tmp_path, NOW) == frozenset()


def test_folders_that_no_layer_names_belong_to_containers_and_builds(tmp_path: Path) -> None:
    layer(tmp_path, "abc123")
    for name in ("container", "container-init", "buildkit0"):
        (tmp_path / "overlay2" / name / "diff").mkdir(parents=True)
    assert sealed(tmp_path, NOW) == {b"overlay2/abc123/diff"}


def test_with_user_namespaces_the_layers_lie_in_a_folder_below(tmp_path: Path) -> None:
    layer(tmp_path, "abc123", folder="100000.100000")
    assert sealed(tmp_path, NOW) == {b"100000.100000/overlay2/abc123/diff"}


@pytest.mark.parametrize("named", ["../../etc", "", "a/b", "x" * 200, "ABC", "abc\nabc", "\u00e9"])
def test_a_name_that_docker_would_not_give_seals_nothing(tmp_path: Path, named: str) -> None:
    layer(tmp_path, "abc123").write_text(named, encoding="utf-8")
    os.utime(tmp_path / "image/overlay2/layerdb/sha256" / "abc123".ljust(64, "0") / "cache-id", (1, 1))
    assert sealed(tmp_path, NOW) == frozenset()


def test_a_link_in_the_place_of_a_layer_seals_nothing(tmp_path: Path) -> None:
    layer(tmp_path, "abc123")
    (tmp_path / "overlay2/abc123/diff").rmdir()
    (tmp_path / "overlay2/abc123/diff").symlink_to("/etc")
    layer(tmp_path, "def456")
    (tmp_path / "overlay2/def456").rename(tmp_path / "elsewhere")
    (tmp_path / "overlay2/def456").symlink_to(tmp_path / "elsewhere")
    assert sealed(tmp_path, NOW) == frozenset()


def test_blobs_are_sealed_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    blobs = tmp_path / "io.containerd.content.v1.content/blobs/sha256"
    ingest = tmp_path / "io.containerd.content.v1.content/ingest/1/data"
    blobs.mkdir(parents=True)
    ingest.parent.mkdir(parents=True)
    for path in (blobs / ("a" * 64), blobs / "unfinished", ingest):
        path.write_bytes(b"x")
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert sealed(tmp_path, NOW) == {b"io.containerd.content.v1.content/blobs/sha256/" + b"a" * 64}


# The snapshotter's database


def leaves(items: Mapping[bytes, bytes], *, buckets: bool) -> bytes:
    """Return a leaf page's elements and data, without its header."""
    size, place = 16 * len(items), 0
    heads, data = b"", b""
    for number, (key, value) in enumerate(sorted(items.items())):
        place = size - 16 * number + len(data)
        heads += struct.pack("<IIII", 1 if buckets else 0, place, len(key), len(value))
        data += key + value
    return heads + data


def inline(items: Mapping[bytes, bytes], *, buckets: bool = False) -> bytes:
    """Return a bucket that stands in its parent's page."""
    header = struct.pack("<QHHI", 0, 2, len(items), 0)
    return struct.pack("<QQ", 0, 0) + header + leaves(items, buckets=buckets)


def page(number: int, flags: int, count: int, data: bytes) -> bytes:
    return (struct.pack("<QHHI", number, flags, count, 0) + data).ljust(4096, b"\0")


def meta(number: int, root: int, transaction: int) -> bytes:
    raw = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, 4096, 0, root, 0, 2, 8, transaction)
    checksum = 0xCBF29CE484222325
    for byte in raw:
        checksum = ((checksum ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return page(number, 4, 0, raw + struct.pack("<Q", checksum))


def moment(seconds: float) -> bytes:
    return struct.pack(">bqih", 1, int(seconds) + 62_135_596_800, 0, -1)


def snapshot(number: int, kind: int, created: float = LONG_AGO) -> bytes:
    assert number < 128
    return inline({b"id": bytes([number]), b"kind": bytes([kind]), b"createdat": moment(created)})


def database(snapshots: Mapping[bytes, bytes]) -> bytes:
    """Return a database with its tree at page 3, and older meta data that lead to an empty one at page 2."""
    v1 = inline({b"snapshots": inline(snapshots, buckets=True)}, buckets=True)
    root = leaves({b"v1": v1}, buckets=True)
    return b"".join([meta(0, 3, 7), meta(1, 2, 6), page(2, 2, 0, b""), page(3, 2, 1, root)])


SNAPSHOTS = {
    b"moby/1/image": snapshot(1, 3),
    b"moby/2/container": snapshot(2, 2),
    b"moby/3/view": snapshot(3, 1),
    b"moby/4/late": snapshot(4, 3, created=NOW + 5),
    b"moby/5/image": snapshot(100, 3),
}


def test_only_what_was_committed_before_is(tmp_path: Path) -> None:
    path = tmp_path / "metadata.db"
    path.write_bytes(database(SNAPSHOTS))
    assert committed(path, NOW) == {1, 100}


@pytest.mark.parametrize("cut", [0, 100, 4096, 8192, 12288, 12400])
def test_of_a_database_that_is_cut_off_nothing_is_believed(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "metadata.db"
    path.write_bytes(database(SNAPSHOTS)[:cut])
    assert committed(path, NOW) == frozenset()


@pytest.mark.parametrize("place", [*range(12288, 12800, 7)])
def test_a_damaged_byte_makes_no_snapshot_committed_that_is_not(tmp_path: Path, place: int) -> None:
    data = bytearray(database(SNAPSHOTS))
    data[place] ^= 0xFF
    path = tmp_path / "metadata.db"
    path.write_bytes(bytes(data))
    committed(path, NOW)  # whatever it finds: it ends, and raises nothing


def test_a_damaged_meta_page_makes_the_older_one_count(tmp_path: Path) -> None:
    data = bytearray(database(SNAPSHOTS))
    data[40] ^= 0xFF
    path = tmp_path / "metadata.db"
    path.write_bytes(bytes(data))
    assert committed(path, NOW) == frozenset()  # it leads to the empty tree


def test_an_absent_database_has_committed_nothing(tmp_path: Path) -> None:
    assert committed(tmp_path / "metadata.db", NOW) == frozenset()


def test_committed_snapshots_are_sealed_with_what_they_hold_only(tmp_path: Path) -> None:
    for number in (1, 2, 100):
        (tmp_path / SNAPSHOTTER / "snapshots" / str(number) / "fs").mkdir(parents=True)
    (tmp_path / SNAPSHOTTER / "metadata.db").write_bytes(database(SNAPSHOTS))
    base = f"{SNAPSHOTTER}/snapshots".encode()
    assert sealed(tmp_path, NOW) == {base + b"/1/fs", base + b"/100/fs"}


# What is noted in a copy


def test_what_is_noted_is_settled_as_long_as_it_is_sealed_at_its_source(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    target.mkdir()
    entry = layer(source, "abc123")
    layer(source, "def456")
    Settled(NOW, frozenset({b"overlay2/abc123/diff", b"overlay2/gone/diff"})).write(target)

    assert Settled.read(target, source) == Settled(NOW, frozenset({b"overlay2/abc123/diff"}))
    entry.unlink()
    assert Settled.read(target, source) == Settled(NOW, frozenset())


@pytest.mark.parametrize("data", [None, b"", b"soon", b"\0", b"1e999x\0a"], ids=str)
def test_a_note_that_cannot_be_read_settles_nothing(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / NOTE).write_bytes(data)
    assert Settled.read(tmp_path, tmp_path) is None


def test_the_note_is_for_root_only(tmp_path: Path) -> None:
    Settled(time.time()).write(tmp_path)
    assert (tmp_path / NOTE).stat().st_mode & 0o777 == 0o600
