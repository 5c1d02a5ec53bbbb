"""What a step meets that has to do with files alone."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from dockerd_cfg.change.plan import Context
from dockerd_cfg.paths import Layout


@dataclass(frozen=True)
class OnlyFiles:
    layout: Layout


class Silent:
    def tell(self, *, done_bytes: int, total_bytes: int, done_files: int, note: str) -> None:
        """Nobody listens."""

    def warn(self, message: str) -> None:
        """Nobody listens."""


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(
        host=OnlyFiles(Layout(tmp_path)),
        progress=Silent(),
        captured=lambda _: None,
        captured_undo=lambda _: None,
        is_done=lambda _: False,
        was_applied=False,
    )
