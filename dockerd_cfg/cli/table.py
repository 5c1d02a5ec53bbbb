"""Rows for people: columns that line up, and bars where a terminal shows them."""

import os
from collections.abc import Sequence
from typing import Final

from dockerd_cfg.cli.report import Report
from dockerd_cfg.masking import visible

_BAR: Final = 12


def show_table(
    report: Report,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
) -> None:
    """Print ``rows`` below ``heads`` as part of the answer; columns whose numbers are in ``right`` end in line."""
    clean = [[visible(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in clean) for column in range(len(heads))]
    for row in clean:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        report.answer("  ".join(cells).rstrip())


def bar(report: Report, share: float) -> str:
    """Return a bar for ``share`` (0 to 1) of the whole; empty where the answer is no terminal, or must be plain."""
    if not report.is_terminal or os.environ.get("NO_COLOR"):
        return ""
    full = round(max(0.0, min(1.0, share)) * _BAR)
    if share > 0:
        full = max(1, full)
    mark, blank = ("█", "░") if report.is_unicode else ("#", ".")
    return mark * full + blank * (_BAR - full)


def shown_share(part: float, whole: float) -> float:
    """Return ``part`` of ``whole``, 0 where there is no whole."""
    return part / whole if whole else 0.0
