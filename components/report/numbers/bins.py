"""Rows in groups: by quantiles of a number or by the values of a category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.report.numbers.plain import plain
from components.report.numbers.rows import as_codes, as_numbers

OTHER = '(other)'
MISSING = '(missing)'


@dataclass(frozen=True)
class Groups:
    """Rows in disjoint groups.

    Attributes:
        names: Name of each group.
        code: [rows] which one each row is in.
        ranges: (low, high) of each group of numbers, both inclusive; None of others.
    """

    names: tuple[str, ...]
    code: NDArray[np.int64]
    ranges: tuple[tuple[float, float] | None, ...]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each group."""
        return np.bincount(self.code, minlength=len(self.names))

    def means(self, values: NDArray) -> NDArray[np.float64]:
        """Return the mean of some values in each group, NaN where there is none."""
        sums = np.bincount(self.code, values.astype(np.float64), len(self.names))
        with np.errstate(invalid='ignore'):
            return sums / self.counts

    def quantiles(self, values: NDArray, shares: Sequence[float]) -> NDArray[np.float64]:
        """Return quantiles of some values in each group, as `np.quantile` has them by default.

        Args:
            values: [rows].
            shares: Which quantiles, 0 to 1.

        Returns:
            [groups, shares], NaN of a group without rows.
        """
        order = np.argsort(values, kind='stable')
        small = self.code.astype(np.int16 if len(self.names) < 1 << 15 else np.int64)
        # A stable sort of small integers is a radix sort.
        order = order[np.argsort(small[order], kind='stable')]
        ordered = values[order].astype(np.float64)
        counts = self.counts
        starts = np.cumsum(counts) - counts
        at = np.asarray(shares)[None, :] * np.maximum(counts - 1, 0)[:, None]
        below = np.floor(at).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(counts - 1, 0)[:, None])
        last = max(len(ordered) - 1, 0)
        low = ordered[np.minimum(starts[:, None] + below, last)]
        high = ordered[np.minimum(starts[:, None] + above, last)]
        # As numpy interpolates, so that the results are the same to the last digit.
        found = low + (high - low) * (at - below)
        found[counts == 0] = np.nan
        return found


def by_quantiles(values: NDArray, most: int) -> Groups:
    """Cut numbers into at most so many groups with about the same number of rows.

    Equal numbers are in one group; NaN is in none, so there must be none.
    """
    return _cut(values, _inner_edges(values, most))


def _inner_edges(values: NDArray, most: int) -> NDArray:
    """Return the smallest value of each group but the first: an order statistic, not between."""
    ordered = np.sort(values)
    places = (np.arange(1, most) * len(ordered)) // most
    edges = np.unique(ordered[places])
    return edges[edges > ordered[0]]


def _cut(values: NDArray, edges: NDArray) -> Groups:
    code = np.searchsorted(edges, values, side='right')
    counts = np.bincount(code, minlength=len(edges) + 1)
    order = np.argsort(code.astype(np.int16), kind='stable')
    starts = np.cumsum(counts) - counts
    ordered = values[order]
    lows = np.minimum.reduceat(ordered, starts)
    highs = np.maximum.reduceat(ordered, starts)
    ranges = tuple((float(a), float(b)) for a, b in zip(lows, highs, strict=True))
    return Groups(tuple(range_name(a, b) for a, b in ranges), code, ranges)


def range_name(low: float, high: float) -> str:
    """Name a range of numbers: `3`, or `3 to 7`."""
    return short(low) if low == high else f'{short(low)} to {short(high)}'


def short(value: float) -> str:
    """Write a number with four digits.

    >>> short(3.0), short(0.123456), short(1234567.0)
    ('3', '0.1235', '1.235e+06')
    """
    return str(int(value)) if value == int(value) and abs(value) < 1e6 else f'{value:.4g}'


def group_column(column: pa.ChunkedArray, most: int) -> Groups | None:
    """Put the rows of a raw column into at most `most` groups, and one for missing values.

    Numbers with more different values are cut by quantiles; of other columns the most frequent
    values are kept, and the rest together.

    Returns:
        None if rows hold several values.
    """
    encoded = as_codes(column)
    if encoded is None:
        return None
    values, codes = encoded
    numbers = as_numbers(column)
    if numbers is not None and len(values) > most:
        return _grouped_numbers(numbers, most)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    if numbers is not None:
        kept = sorted((i for i in range(len(values)) if counts[i]), key=lambda i: values[i])
        rest = False
    else:
        by_count = sorted(range(len(values)), key=lambda i: (-counts[i], str(values[i])))
        by_count = [i for i in by_count if counts[i]]
        rest = len(by_count) > most
        kept = by_count[: most - 1] if rest else by_count
    names = [short(values[i]) if numbers is not None else str(values[i]) for i in kept]
    ranges: list[Any] = [
        (plain(values[i]), plain(values[i])) if numbers is not None else None for i in kept
    ]
    place = np.full(len(values) + 1, len(kept))
    place[kept] = np.arange(len(kept))
    if rest:
        names.append(OTHER)
        ranges.append(None)
    place[-1] = len(names)
    if (codes < 0).any():
        names.append(MISSING)
        ranges.append(None)
    return Groups(tuple(names), place[codes], tuple(ranges))


def _grouped_numbers(numbers: NDArray[np.float64], most: int) -> Groups:
    present = ~np.isnan(numbers)
    groups = by_quantiles(numbers[present], most)
    if present.all():
        return groups
    code = np.full(len(numbers), len(groups.names))
    code[present] = groups.code
    return Groups((*groups.names, MISSING), code, (*groups.ranges, None))
