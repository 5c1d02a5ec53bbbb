"""Sandboxes in every state, and the tool to kill."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from dockerd_cfg.sandbox.host import make_sandbox
from tests.crash.killed import copy_of
from tests.crash.states import MOVE, Sandboxes, State
from tests.crash.tool import Tool


@pytest.fixture(scope="session")
def tool(in_memory: Path) -> Iterator[Tool]:
    """The tool, ready to be started."""
    with Tool(in_memory) as tool:
        yield tool


@pytest.fixture(scope="session")
def pristine(in_memory: Path) -> Path:
    """A sandbox nothing was done to; copy it."""
    root = in_memory / "pristine"
    make_sandbox(root)
    return root


@pytest.fixture(scope="session")
def moved(in_memory: Path, pristine: Path, tool: Tool) -> Path:
    """A sandbox after a move; copy it."""
    root = Sandboxes(in_memory).copy(pristine).rename(in_memory / "moved")
    assert tool.run(root, MOVE).status == 0
    return root


@pytest.fixture(scope="session")
def old(pristine: Path) -> State:
    """How a sandbox is before a move."""
    return State(pristine)


@pytest.fixture(scope="session")
def new(moved: Path) -> State:
    """How a sandbox is after a move."""
    return State(moved)


@pytest.fixture
def sandboxes(in_memory: Path) -> Iterator[Sandboxes]:
    """Copies of sandboxes, gone after the test."""
    folder = Path(tempfile.mkdtemp(dir=in_memory))
    yield Sandboxes(folder)
    shutil.rmtree(folder)


@pytest.fixture
def fresh(pristine: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes copies of the pristine sandbox, for one test."""
    numbers = count()
    return lambda: copy_of(pristine, tmp_path / f"host-{next(numbers)}")
