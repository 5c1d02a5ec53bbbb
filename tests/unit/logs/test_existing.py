"""Containers as their records tell of them; what is not plainly Docker's own is told, and never followed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.logs.existing import StoredContainer, find_existing, read_existing
from tests.unit.logs.records import container

HALF = rb'{"LogConfig":{"Type":"json-file","Config":{"tag":"\ud800"}}}'


def only(root: Path) -> StoredContainer:
    (found,) = read_existing(root)
    return found


def test_a_container_is_read_with_all_that_matters(tmp_path: Path) -> None:
    labels = {"com.docker.swarm.service.id": "s1", "com.docker.swarm.service.name": "shop"}
    folder = container(tmp_path, "c1", name="web", options={"max-size": "1m"}, labels=labels, removed=True)

    assert only(tmp_path) == StoredContainer(
        "c1", "web", folder, LogConfig("json-file", {"max-size": "1m"}), service="shop", is_passing=True
    )


def test_containers_come_by_name(tmp_path: Path) -> None:
    for one, name in (("c1", "web"), ("c2", "app")):
        container(tmp_path, one, name=name)

    assert [found.name for found in read_existing(tmp_path)] == ["app", "web"]


def test_without_a_data_root_there_are_none(tmp_path: Path) -> None:
    assert read_existing(tmp_path / "nowhere") == []


def test_what_is_no_container_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "containers/left-over").mkdir(parents=True)
    (tmp_path / "containers/file").write_text("x")

    assert read_existing(tmp_path) == []


def test_roots_for_user_namespaces_are_looked_at_where_asked_for(tmp_path: Path) -> None:
    container(tmp_path / "100000.100000", "c1")

    assert read_existing(tmp_path) == []
    assert [found.id for found in read_existing(tmp_path, nested=True)] == ["c1"]
    assert [found.id for found in read_existing(tmp_path / "100000.100000")] == ["c1"]
    assert find_existing(tmp_path, "c1") is not None
    assert find_existing(tmp_path, "c2") is None


@pytest.mark.parametrize(
    ("driver", "expected"),
    [("json-file", "c1-json.log"), ("local", "local-logs/container.log"), ("none", None)],
)
def test_the_file_of_a_log_is_known(tmp_path: Path, driver: str, expected: str | None) -> None:
    folder = container(tmp_path, "c1", driver=driver)

    assert only(tmp_path).log_path == (folder / expected if expected else None)


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def named_twice(path: Path) -> None:
    os.link(path, path.with_name("elsewhere"))


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def foldered(path: Path) -> None:
    path.unlink()
    path.mkdir()


def removed(path: Path) -> None:
    path.unlink()


def holding(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    write.__name__ = repr(data)
    return write


@pytest.mark.parametrize(
    "spoil",
    [linked, named_twice, piped, foldered, removed]
    + [
        holding(data)
        for data in (b"", b"{", b"[]", b"\xff", b"{}", b'{"LogConfig":{"Type":5}}', HALF, b"[" * 100_000)
    ],
    ids=lambda spoil: spoil.__name__[:20],
)
def test_a_record_that_is_not_plainly_dockers_own_is_told(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(container(tmp_path, "c1", name="web") / "hostconfig.json")

    found = only(tmp_path)
    assert (found.name, found.config) == ("web", None)
    assert found.problem


@pytest.mark.parametrize(
    ("folder", "name", "labels"),
    [
        ("c1", "\ud800web", None),
        ("c1", "web", {"com.docker.swarm.service.name": "shop\udfff\n"}),
        (os.fsdecode(b"c1\xff"), "web", None),
    ],
    ids=["half a character", "a line's end", "no character"],
)
def test_a_container_with_a_name_that_nobody_could_write_down_is_told(
    tmp_path: Path, folder: str, name: str, labels: dict[str, str] | None
) -> None:
    container(tmp_path, folder, name=name, labels=labels)

    found = only(tmp_path)
    assert found.config is None
    assert found.problem


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    container(tmp_path / "elsewhere", "c1")
    (tmp_path / "containers").mkdir()
    (tmp_path / "containers/c1").symlink_to(tmp_path / "elsewhere/containers/c1")

    found = only(tmp_path)
    assert found.config is None
    assert found.problem


@pytest.mark.usefixtures("as_root")
def test_a_record_of_somebody_elses_is_told(tmp_path: Path) -> None:
    os.chown(container(tmp_path, "c1") / "hostconfig.json", 1000, 1000)

    assert "not a file of Docker's own" in only(tmp_path).problem


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"Config": 5}', b'{"Config": {"Labels": []}}'], ids=repr)
def test_an_odd_record_beside_it_ends_nothing(tmp_path: Path, data: bytes) -> None:
    (container(tmp_path, "c1") / "config.v2.json").write_bytes(data)

    assert only(tmp_path).id == "c1"
