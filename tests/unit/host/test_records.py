"""What Docker has on record, told from its files."""

import shutil
from pathlib import Path

import pytest

from dockerd_cfg.host.records import recorded

ID = "a" * 64


@pytest.mark.parametrize(
    ("what", "name", "place"),
    [
        ("containers", ID, f"containers/{ID}"),
        ("volumes", "records", "volumes/records"),
        ("images", f"sha256:{ID}", f"image/overlay2/imagedb/content/sha256/{ID}"),
        ("images", f"sha256:{ID}", f"io.containerd.content.v1.content/blobs/sha256/{ID}"),
    ],
)
def test_a_thing_is_on_record_as_long_as_its_file_is_there(
    tmp_path: Path, what: str, name: str, place: str
) -> None:
    (tmp_path / place).mkdir(parents=True)
    assert recorded(what, {name, "other"}, [tmp_path / "elsewhere", tmp_path]) == {name}
    shutil.rmtree(tmp_path / place)
    assert recorded(what, {name}, [tmp_path]) == frozenset()


def test_no_network_is_on_record_where_there_is_no_database(tmp_path: Path) -> None:
    assert recorded("networks", {ID}, [tmp_path]) == frozenset()


@pytest.mark.parametrize("contents", [b"", b"garbage" * 3000, bytes(65536)])
def test_every_network_counts_as_on_record_where_the_database_cannot_be_read(
    tmp_path: Path, contents: bytes
) -> None:
    (tmp_path / "network/files").mkdir(parents=True)
    (tmp_path / "network/files/local-kv.db").write_bytes(contents)
    assert recorded("networks", {ID}, [tmp_path]) == {ID}
