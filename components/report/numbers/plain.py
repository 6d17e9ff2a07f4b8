"""From arrays to plain values."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 9
"""Significant digits that are kept; the numbers are to be right to 1e-6."""


def plain(value: Any) -> Any:
    """Return a number as Python's own, rounded; None for what is not finite or missing.

    >>> plain(np.float32(0.1)), plain(float('nan')), plain(np.int64(3)), plain('a')
    (0.1, None, 3, 'a')
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if not math.isfinite(value):
        return None
    # Of a float32 the digits beyond its own are noise.
    digits = 8 if isinstance(value, np.float32) else DIGITS
    return float(f'{float(value):.{digits}g}')


def plains(values: Iterable[Any] | NDArray) -> list[Any]:
    """Return an array as a list of plain values."""
    return [plain(v) for v in values]


def ratio(part: float, whole: float) -> float | None:
    """Return a share, None of nothing."""
    return plain(part / whole) if whole else None
