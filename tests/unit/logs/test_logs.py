"""Container logs read from the records: what limits them, which files are whose, what can be given up."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from dockerd_cfg.errors import FileProblem, UsageProblem
from dockerd_cfg.files.front import drop_front, is_open
from dockerd_cfg.host.docker import LogConfig
from dockerd_cfg.logs.containers import ContainerLogs, read_container, read_containers
from dockerd_cfg.logs.growth import Look, grown, last_look, note_look
from dockerd_cfg.logs.limits import Limits, limits_of
from dockerd_cfg.logs.origin import Defaults, origin_of, remedy_of
from dockerd_cfg.logs.trim import Left, carry_out, chosen, plan_trim

ID = "a1" * 32
LINE = b'{"log":"%08d","stream":"stdout"}\n'


def container(
    root: Path,
    name: str = "web",
    *,
    identity: str = ID,
    driver: str = "json-file",
    options: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    running: bool = False,
) -> Path:
    folder = root / "containers" / identity
    folder.mkdir(parents=True)
    stored = {
        "Name": f"/{name}",
        "Created": "2026-11-24T10:00:00.123456789Z",
        "State": {"Running": running},
        "Config": {"Labels": labels},
    }
    log_config = {"Type": driver, "Config": options or {}}
    (folder / "config.v2.json").write_text(json.dumps(stored), encoding="utf-8")
    (folder / "hostconfig.json").write_text(json.dumps({"LogConfig": log_config}), encoding="utf-8")
    return folder


def write_log(folder: Path, suffix: str = "", *, lines: int = 3000) -> Path:
    path = folder / f"{folder.name}-json.log{suffix}"
    path.write_bytes(b"".join(LINE % number for number in range(lines)))
    return path


def roles(found: ContainerLogs) -> dict[str, str]:
    begin = len(found.id) + len("-json")
    return {file.path.name[begin:]: file.role for file in found.files}


@pytest.mark.parametrize(
    ("driver", "options", "limits"),
    [
        ("json-file", {}, Limits(None, 1, compress=False)),
        ("json-file", {"max-size": "10m", "max-file": "3"}, Limits(10_000_000, 3, compress=False)),
        ("json-file", {"max-size": "10x", "max-file": "x"}, Limits(None, 1, compress=False)),
        ("local", {}, Limits(20 << 20, 5, compress=True)),
        ("local", {"max-size": "1m", "compress": "false"}, Limits(1 << 20, 5, compress=False)),
        ("gelf", {"cache-max-size": "2m"}, Limits(2 << 20, 5, compress=True)),
        ("gelf", {"cache-disabled": "true"}, None),
        ("journald", {}, None),
        ("none", {}, None),
    ],
)
def test_the_limits_are_those_of_the_driver(
    driver: str, options: dict[str, str], limits: Limits | None
) -> None:
    assert limits_of(driver, options) == limits


def test_files_that_docker_knows_no_more_are_orphans(tmp_path: Path) -> None:
    folder = container(tmp_path, options={"max-size": "1m", "max-file": "3", "compress": "true"})
    for suffix in ("", ".1", ".2.gz", ".2", ".3.gz", "-20261124"):
        write_log(folder, suffix)
    (folder / f"{ID}-json.log.4").symlink_to("/etc/passwd")

    assert roles(read_container(folder)) == {
        ".log": "current",
        ".log.1": "rotated",
        ".log.2.gz": "rotated",
        ".log.2": "orphan",
        ".log.3.gz": "orphan",
        ".log-20261124": "foreign",
    }


def test_files_of_a_driver_the_container_had_before_are_orphans(tmp_path: Path) -> None:
    folder = container(tmp_path, driver="local")
    write_log(folder)
    (folder / "local-logs").mkdir()
    (folder / "local-logs/container.log").write_bytes(bytes(5000))

    assert {file.path.name: file.role for file in read_container(folder).files} == {
        "container.log": "current",
        f"{ID}-json.log": "orphan",
    }


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"Name": 1', b"\xff\xfe", b"[" * 100_000], ids=lambda data: repr(data[:8])
)
@pytest.mark.parametrize("record", ["config.v2.json", "hostconfig.json"])
def test_a_damaged_record_hides_no_log(tmp_path: Path, record: str, damage: bytes) -> None:
    folder = container(tmp_path)
    write_log(folder)
    (folder / record).write_bytes(damage)

    (found,) = read_containers(tmp_path)

    assert found.trouble == f"{record} is damaged"
    assert found.allocated > 90_000
    assert plan_trim([found], docker_runs=False, max_size=1000).cuts == ()


def test_records_with_odd_members_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    folder = container(tmp_path)
    odd = {"Name": 7, "Created": "soon", "State": [], "Config": {"Labels": {"com.docker.compose.project": 3}}}
    (folder / "config.v2.json").write_text(json.dumps(odd), encoding="utf-8")

    found = read_container(folder)

    assert (found.name, found.created, found.is_running, found.owner) == (ID[:12], None, False, "")


def test_roots_of_user_namespaces_are_read_too(tmp_path: Path) -> None:
    container(tmp_path / "100000.100000", "remapped")

    assert [one.name for one in read_containers(tmp_path)] == ["remapped"]
    assert [one.name for one in read_containers(tmp_path / "100000.100000")] == ["remapped"]


def test_hundreds_of_containers_are_read_in_a_moment(tmp_path: Path) -> None:
    for number in range(600):
        write_log(container(tmp_path, f"c{number}", identity=f"{number:064x}"), lines=2)
    begun = time.process_time()

    assert len(read_containers(tmp_path)) == 600
    assert time.process_time() - begun < 5


def test_where_options_come_from_is_told_by_comparison(tmp_path: Path) -> None:
    plain = read_container(container(tmp_path, "plain", identity="1" * 64))
    own = read_container(container(tmp_path, "own", identity="2" * 64, options={"max-size": "1m"}))
    limited = LogConfig("json-file", {"max-size": "50m"})

    assert origin_of(plain, Defaults(LogConfig("json-file", {}))) == "default"
    assert origin_of(plain, Defaults(limited)) == "earlier-default"
    assert origin_of(own, Defaults(limited)) == "given-or-earlier-default"
    assert origin_of(own, Defaults(limited, since=0.0)) == "given"
    assert origin_of(own, Defaults(limited, 0.0, (LogConfig("json-file", {"max-size": "1m"}),))) == (
        "earlier-default"
    )


@pytest.mark.parametrize(
    ("options", "labels", "running", "fix"),
    [
        ({}, {}, True, "existing"),
        ({}, {"com.docker.compose.project": "shop"}, True, "recreate"),
        ({}, {"com.docker.swarm.service.name": "shop"}, True, "service-update"),
        ({"max-size": "10k"}, {}, True, "restart"),
        ({"max-size": "10k"}, {}, False, "trim"),
        ({"max-size": "1m"}, {}, True, "none"),
    ],
)
def test_each_log_has_its_remedy(
    tmp_path: Path, options: dict[str, str], labels: dict[str, str], running: bool, fix: str
) -> None:
    folder = container(tmp_path, options=options, labels=labels, running=running)
    write_log(folder)

    found = read_container(folder)

    assert remedy_of(found, is_running=running, default_is_limited=True).fix == fix


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_trimming_is_no_remedy_where_it_would_leave_the_log_as_it_is(tmp_path: Path, driver: str) -> None:
    options = {"max-size": "20k", "max-file": "9"}
    folder = container(tmp_path, driver=driver, options=options)
    path = write_log(folder)
    if driver == "local":
        (folder / "local-logs").mkdir()
        path.rename(folder / "local-logs/container.log")
    found = read_container(folder)

    assert not plan_trim([found], docker_runs=True).cuts
    assert remedy_of(found, is_running=False, default_is_limited=True).fix == "none"
    assert remedy_of(found, is_running=True, default_is_limited=True).fix == "restart"


def test_a_task_is_given_a_limit_by_its_service(tmp_path: Path) -> None:
    folder = container(tmp_path, labels={"com.docker.swarm.service.name": "shop"}, running=True)
    write_log(folder)
    found = read_container(folder)

    (left,) = plan_trim([found], docker_runs=True).left
    command = remedy_of(found, is_running=True, default_is_limited=True).text

    assert command.endswith("--log-opt max-size=50m --log-opt max-file=3 shop")
    assert command in left.advice


def test_growth_is_told_from_the_second_look_on(tmp_path: Path) -> None:
    assert last_look(tmp_path) is None
    note_look(tmp_path, Look(1000.0, {"one": 10}))
    before = last_look(tmp_path)

    assert (grown(before, "one", 25), grown(before, "two", 25)) == (15, None)
    assert (tmp_path / "log-sizes.json").stat().st_mode & 0o777 == 0o600
    for damage in (b"{", b"[]", b'{"version": 1}', b'{"version": 1, "at": "x", "sizes": {}}'):
        (tmp_path / "log-sizes.json").write_bytes(damage)
        assert last_look(tmp_path) is None


def test_trimming_keeps_the_newest_whole_lines(tmp_path: Path) -> None:
    folder = container(tmp_path, options={"max-size": "20k", "max-file": "2"})
    path, orphan = write_log(folder), write_log(folder, ".2")
    old = path.read_bytes()
    trim = plan_trim([read_container(folder)], docker_runs=True)

    for cut in trim.cuts:
        assert isinstance(carry_out(cut), int)

    kept = path.read_bytes()
    lines = [line for line in kept.splitlines() if line.strip()]
    assert old.endswith(b"\n".join(lines) + b"\n")
    assert 30_000 < len(kept) < 50_000
    assert all(json.loads(line) for line in lines)
    assert not orphan.exists()
    again = read_container(folder)
    assert not plan_trim(
        [again], docker_runs=True
    ).cuts  # though it is over the limit still, by less than a block
    assert remedy_of(again, is_running=False, default_is_limited=True).fix == "none"


def test_a_running_containers_log_is_left_alone_and_its_orphans_are_not(tmp_path: Path) -> None:
    folder = container(tmp_path, options={"max-size": "20k"}, running=True)
    write_log(folder)
    write_log(folder, ".1")
    found = read_container(folder)

    trim = plan_trim([found], docker_runs=True)

    assert [cut.file.role for cut in trim.cuts] == ["orphan"]
    assert [one.why for one in trim.left] == ["runs"]
    assert len(plan_trim([found], docker_runs=False).cuts) == 2


def test_an_unlimited_log_is_trimmed_only_when_told_how_far(tmp_path: Path) -> None:
    folder = container(tmp_path)
    write_log(folder)
    found = read_container(folder)

    assert [one.why for one in plan_trim([found], docker_runs=True).left] == ["unlimited"]
    (cut,) = plan_trim([found], docker_runs=True, max_size=1000).cuts
    assert cut.keep == 1000


def test_a_file_that_somebody_has_open_is_left_alone(tmp_path: Path) -> None:
    folder = container(tmp_path, options={"max-size": "20k"})
    path = write_log(folder)
    write_log(folder, ".1")
    old = path.read_bytes()
    reader = os.fork()
    if reader == 0:  # a log shipper
        files = [os.open(one.path, os.O_RDONLY) for one in read_container(folder).files]
        (tmp_path / "ready").touch()
        time.sleep(30)
        os._exit(len(files))
    try:
        while not (tmp_path / "ready").exists():
            time.sleep(0.01)
        outcomes = [carry_out(cut) for cut in plan_trim([read_container(folder)], docker_runs=True).cuts]
    finally:
        os.kill(reader, 9)
        os.waitpid(reader, 0)

    assert [isinstance(one, Left) for one in outcomes] == [True, True]
    assert path.read_bytes() == old
    assert not is_open(path)


def test_where_blocks_cannot_be_taken_out_a_copy_takes_the_files_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"".join(LINE % number for number in range(1000)))
    path.chmod(0o640)
    monkeypatch.setattr("dockerd_cfg.files.front._collapse", lambda *_: False)

    drop_front(path, 100 * len(LINE % 0))

    assert path.read_bytes() == b"".join(LINE % number for number in range(900, 1000))
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_done_to_a_link(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/etc/passwd")

    with pytest.raises(FileProblem, match=r"cannot shorten .*ELOOP"):
        drop_front(tmp_path / "log", 1)


def test_names_mean_one_container_each(tmp_path: Path) -> None:
    for number, name in enumerate(("web", "web2")):
        container(tmp_path, name, identity=f"a{number}" * 32)
    found = read_containers(tmp_path)

    assert [one.name for one in chosen(found, ["web", "a1"])] == ["web", "web2"]
    for name in ("a", "x"):
        with pytest.raises(UsageProblem):
            chosen(found, [name])


def test_an_empty_word_means_no_container(tmp_path: Path) -> None:
    container(tmp_path)

    with pytest.raises(UsageProblem, match="there is no container ''"):
        chosen(read_containers(tmp_path), [""])


def test_types_of_records_never_matter(tmp_path: Path) -> None:
    values: list[Any] = [None, 1, "x", [], {}, {"Type": 1}, {"Type": "json-file", "Config": [1]}]
    for number, value in enumerate(values):
        folder = container(tmp_path, identity=f"{number:064x}")
        (folder / "hostconfig.json").write_text(json.dumps({"LogConfig": value}), encoding="utf-8")

    assert all(one.trouble is None for one in read_containers(tmp_path))
