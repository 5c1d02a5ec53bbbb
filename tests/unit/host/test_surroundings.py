"""What a daemon.json depends on beside Docker: found on the host that is asked about, and on no other."""

from pathlib import Path

import pytest

from dockerd_cfg.host.surroundings import surroundings
from dockerd_cfg.paths import Layout


def put(path: Path, text: str = "", *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("/opt/bin/runsc", True),
        ("crun", True),
        ("runsc", False),
        ("/usr/bin/env", False),
        ("/etc/passwd", False),
        ("/opt/bin", False),
    ],
)
def test_a_program_is_a_file_that_can_be_run_where_it_is_said_or_where_services_look(
    tmp_path: Path, name: str, is_there: bool
) -> None:
    put(tmp_path / "opt/bin/runsc", mode=0o755)
    put(tmp_path / "usr/bin/crun", mode=0o755)
    put(tmp_path / "etc/passwd")

    assert surroundings(Layout(tmp_path)).has_program(name) is is_there


@pytest.mark.parametrize("name", ["./runsc", "bin/runsc", "/opt/../bin/runsc"])
def test_a_path_that_is_not_plain_is_not_judged(tmp_path: Path, name: str) -> None:
    assert surroundings(Layout(tmp_path)).has_program(name)


def test_the_kernels_limit_is_read(tmp_path: Path) -> None:
    put(tmp_path / "proc/sys/fs/nr_open", "1048576\n")

    assert surroundings(Layout(tmp_path)).most_open_files == 1048576


def test_the_real_time_to_share_out_is_read(tmp_path: Path) -> None:
    put(tmp_path / "sys/fs/cgroup/cpu/cpu.rt_runtime_us", "950000\n")

    assert surroundings(Layout(tmp_path)).most_realtime == 950000


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    found = surroundings(Layout(tmp_path))

    assert (found.most_open_files, found.lacks_realtime) == (None, False)


@pytest.mark.parametrize(
    ("name", "lacks"),
    [("cpu/cpu.rt_runtime_us", False), ("cpu/cpu.shares", True), ("cgroup.controllers", True)],
    ids=["real time shared out", "a kernel without", "cgroup v2"],
)
def test_control_groups_share_out_real_time_or_not(tmp_path: Path, name: str, lacks: bool) -> None:
    put(tmp_path / "sys/fs/cgroup" / name)

    assert surroundings(Layout(tmp_path)).lacks_realtime is lacks
