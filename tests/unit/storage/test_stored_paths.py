"""Containers' records: only volumes' folders below the old root change, and nothing else by a byte."""

import json
from pathlib import Path

import pytest

from dockerd_cfg.config.scan import ScanError
from dockerd_cfg.paths import HostPath
from dockerd_cfg.storage.stored_paths import rewrite_records, rewritten

OLD, NEW = HostPath("/var/lib/docker"), HostPath("/mnt/data/docker")


def record(kind: str, source: object) -> bytes:
    return json.dumps({"ID": "1", "MountPoints": {"/data": {"Type": kind, "Source": source}}}).encode()


def test_a_volume_below_the_old_root_is_named_below_the_new_one() -> None:
    before = record("volume", "/var/lib/docker/volumes/a/_data")

    assert rewritten(before, OLD, NEW) == record("volume", "/mnt/data/docker/volumes/a/_data")


def test_what_is_taken_back_is_as_it_was() -> None:
    before = record("volume", "/var/lib/docker/volumes/a/_data")

    assert rewritten(rewritten(before, OLD, NEW), NEW, OLD) == before


def test_moving_twice_is_moving_once() -> None:
    moved = rewritten(record("volume", "/var/lib/docker/volumes/a/_data"), OLD, NEW)

    assert rewritten(moved, OLD, NEW) == moved


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(record("bind", "/var/lib/docker/volumes/a/_data"), id="a bind mount, meant as it is"),
        pytest.param(record("volume", "/var/lib/docker2/volumes/a/_data"), id="a name that begins alike"),
        pytest.param(record("volume", "/srv/nfs"), id="a volume elsewhere"),
        pytest.param(record("volume", ""), id="a volume without folder"),
        pytest.param(record("volume", None), id="null"),
        pytest.param(record("volume", "var/lib/docker/x"), id="a relative path"),
        pytest.param(b'{"MountPoints": null}', id="no mounts"),
        pytest.param(b'{"MountPoints": {"/data": null}}', id="an empty mount"),
        pytest.param(b'{"MountPoints": []}', id="another form"),
        pytest.param(b'{"Name": "/var/lib/docker/volumes"}', id="the path somewhere else"),
    ],
)
def test_everything_else_stays_to_the_byte(data: bytes) -> None:
    assert rewritten(data, OLD, NEW) == data


def test_odd_layout_around_a_volume_stays() -> None:
    before = (
        b'{ "x":1.50e1,\t"MountPoints":{"/d" : {"Source":"/var/lib/docker/v","Type":"volume"}},"y":[ ]}\n\n'
    )

    assert rewritten(before, OLD, NEW) == before.replace(b"/var/lib/docker/v", b"/mnt/data/docker/v")


def test_a_broken_record_is_told_as_such() -> None:
    with pytest.raises(ScanError):
        rewritten(b'{"MountPoints": {', OLD, NEW)


@pytest.mark.parametrize("folder", ["containers", "100000.100000/containers"], ids=["plain", "remapped"])
def test_the_records_in_a_tree_are_rewritten_with_their_modes(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "abc/config.v2.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(record("volume", "/var/lib/docker/v"))
    path.chmod(0o600)

    rewrite_records(tmp_path, OLD, NEW)

    assert path.read_bytes() == record("volume", "/mnt/data/docker/v")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_broken_record_does_not_keep_others_from_being_moved(tmp_path: Path) -> None:
    for name, data in (("a", b"{broken"), ("b", record("volume", "/var/lib/docker/v"))):
        (tmp_path / "containers" / name).mkdir(parents=True)
        (tmp_path / "containers" / name / "config.v2.json").write_bytes(data)

    rewrite_records(tmp_path, OLD, NEW)

    assert (tmp_path / "containers/a/config.v2.json").read_bytes() == b"{broken"
    assert b"/mnt/data" in (tmp_path / "containers/b/config.v2.json").read_bytes()


def test_a_record_that_is_a_link_is_left(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(record("volume", "/var/lib/docker/v"))
    (tmp_path / "containers/a").mkdir(parents=True)
    (tmp_path / "containers/a/config.v2.json").symlink_to(elsewhere)

    rewrite_records(tmp_path, OLD, NEW)

    assert elsewhere.read_bytes() == record("volume", "/var/lib/docker/v")


@pytest.mark.parametrize("link", ["containers", "containers/a"])
def test_a_record_behind_a_link_is_left(tmp_path: Path, link: str) -> None:
    """An image that is being built may have been made by anybody."""
    outside = tmp_path / "outside"
    (outside / "a").mkdir(parents=True)
    (outside / "a/config.v2.json").write_bytes(record("volume", "/var/lib/docker/v"))
    tree = tmp_path / "tree"
    (tree / link).parent.mkdir(parents=True)
    (tree / link).symlink_to(outside / "a" if link.endswith("/a") else outside)

    rewrite_records(tree, OLD, NEW)

    assert (outside / "a/config.v2.json").read_bytes() == record("volume", "/var/lib/docker/v")
