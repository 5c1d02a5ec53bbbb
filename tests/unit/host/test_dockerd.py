"""The daemon's own judgement of a daemon.json, from a program that stands in for it."""

from pathlib import Path

import pytest

from dockerd_cfg.host.dockerd import DockerdProgram
from dockerd_cfg.runner import Runner

DOCKERD = """#!/bin/sh
case "$1" in
--version) echo "Docker version 28.5.2, build x" ;;
--validate)
    file=${2#--config-file=}
    echo "$file: $(cat "$file") on $(stat --dereference --file-system --format=%T "$file") with $3" >&2
    exit 1 ;;
esac
"""


@pytest.fixture
def dockerd(tmp_path: Path) -> DockerdProgram:
    program = tmp_path / "dockerd"
    program.write_text(DOCKERD, encoding="utf-8")
    program.chmod(0o755)
    return DockerdProgram(Runner(), str(program))


def test_a_candidate_is_judged_without_room_on_any_disk(dockerd: DockerdProgram) -> None:
    told = dockerd.validate(b'{"debug": true}', ["--config-file", "/srv/x.json", "-D"])

    assert told == 'daemon.json: {"debug": true} on tmpfs with -D'


def test_nothing_stays_open_of_a_candidate(dockerd: DockerdProgram) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))

    dockerd.validate(b"{}", [])

    assert len(list(Path("/proc/self/fd").iterdir())) == before
