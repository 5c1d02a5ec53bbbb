"""One pristine sandbox, copied for each test."""

import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from dockerd_cfg.cli.app import run
from dockerd_cfg.cli.report import Report
from dockerd_cfg.sandbox.host import make_sandbox, sandbox_host
from tests.killed.killed import copy_of


@pytest.fixture(scope="session")
def untouched(in_memory: Path) -> Path:
    root = in_memory / "untouched" / "host"
    make_sandbox(root, file_bytes=256, layers=2, files=4)
    # data that was not written just now, as on a real host: then only what changes is copied twice
    subprocess.run(["find", str(root), "-exec", "touch", "-h", "-d", "2024-01-01", "{}", "+"], check=True)
    # the children are forks: what is imported here they need not import
    quiet = Report(out=StringIO(), err=StringIO())
    run(["move-storage", "/mnt/data", "--dry-run"], make_host=lambda: sandbox_host(root), report=quiet)
    return root


@pytest.fixture
def fresh(untouched: Path, place: Path) -> Callable[[], Path]:
    made: list[Path] = []

    def make() -> Path:
        made.append(copy_of(untouched, place / f"host-{len(made)}"))
        return made[-1]

    return make
