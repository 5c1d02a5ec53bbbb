"""Figures as the measurements print them."""

import statistics
from collections.abc import Sequence


def row(figures: Sequence[float]) -> str:
    """Return median, minimum and maximum in milliseconds."""
    return " ".join(f"{1000 * pick(figures):8.1f}" for pick in (statistics.median, min, max))
