"""The slices that a model does worst on, among many that nobody asked for.

Rows are sliced by each of some columns and by each pair of them: by value, and numbers with many
values by quarters. A slice with few rows is often bad by chance, so slices are ranked by the
better end of the interval of the headline metric: the worst are those that are surely bad.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.evaluator.intervals import measured
from components.evaluator.settings import headline
from components.report.numbers.bins import Groups, group_column
from components.report.numbers.plain import plain, plains
from components.report.numbers.rows import Rows, as_numbers

SHOWN = 12
VALUES = 20
QUARTERS = 4
MAX_COLUMNS = 8
"""Columns that are paired at most: 28 pairs."""

CANDIDATES = 40
"""Slices that are measured exactly, after all were ranked by a quick estimate."""

Z = 1.96


def worst_slices(rows: Rows, columns: Sequence[str], min_examples: int) -> dict[str, Any]:
    """Find the slices that the candidate does worst on.

    Args:
        rows: What was evaluated.
        columns: Raw columns to slice by, each alone and in pairs; at most `MAX_COLUMNS`.
        min_examples: Fewest rows of a slice.

    Returns:
        `columns`, `searched` (number of slices), `metric`, and `slices`, the worst first: `slice`
        (column -> value), `rows`, and for each model `value` and `interval`.
    """
    task = rows.about.task
    groups = {c: g for c in columns if (g := _groups(rows, c)) is not None}
    groups = dict(list(groups.items())[:MAX_COLUMNS])
    higher = headline(task).higher_is_better
    estimate = _Estimate(rows)
    found: list[tuple[float, tuple[str, ...], int]] = []
    searched = 0
    for names in _slicings(groups):
        code, size = _combined([groups[n] for n in names])
        counts = np.bincount(code, minlength=size)
        own = np.flatnonzero(counts >= min_examples)
        searched += len(own)
        better_end = estimate.better_end(code, size)
        found += [(better_end[i], names, int(i)) for i in own if np.isfinite(better_end[i])]
    found.sort(key=lambda f: (-f[0], f[1], f[2]) if not higher else (f[0], f[1], f[2]))
    exact = [_measured(rows, groups, names, i) for _, names, i in found[:CANDIDATES]]
    whole = _value(rows, 'candidate', None)
    sign = 1 if higher else -1
    worse = [
        s
        for s in exact
        if s['candidate']['value'] is not None
        and None not in s['candidate']['interval']
        and sign * s['candidate']['value'] < sign * (whole['value'] or 0)
    ]
    worse.sort(key=lambda s: sign * s['candidate']['interval'][1 if higher else 0])
    return {
        'columns': list(groups),
        'min_examples': min_examples,
        'searched': searched,
        'metric': headline(task).name,
        'whole': whole,
        'slices': _without_repeats(worse)[:SHOWN],
    }


def _groups(rows: Rows, column: str) -> Groups | None:
    if column not in rows.raw.schema.names:
        return None
    data = rows.raw.column(column)
    groups = group_column(data, QUARTERS if _many_numbers(data) else VALUES)
    return groups if groups is not None and len(groups.names) > 1 else None


def _many_numbers(column: pa.ChunkedArray) -> bool:
    numbers = as_numbers(column)
    return numbers is not None and len(np.unique(numbers)) > 2 * QUARTERS


def _slicings(columns: Sequence[str] | dict[str, Groups]) -> Iterator[tuple[str, ...]]:
    for name in columns:
        yield (name,)
    yield from combinations(columns, 2)


def _combined(groups: Sequence[Groups]) -> tuple[NDArray[np.int64], int]:
    """Return which combination of groups each row is in, and how many there could be."""
    code, size = groups[0].code, len(groups[0].names)
    for other in groups[1:]:
        code = code * len(other.names) + other.code
        size *= len(other.names)
    return code, size


class _Estimate:
    """Estimates the better end of the interval of the headline metric for many slices at once."""

    def __init__(self, rows: Rows) -> None:
        model = rows.candidate
        self._task = rows.about.task
        if self._task == 'binary':
            self._order = np.argsort(model.values, kind='stable')
            self._positive = (model.labels == 1)[self._order]
        elif self._task == 'regression':
            self._loss = np.square(model.values.astype(np.float64) - model.labels)
        else:
            self._loss = (model.values.argmax(1) == model.labels).astype(np.float64)

    def better_end(self, code: NDArray[np.int64], size: int) -> NDArray[np.float64]:
        """Return it by slice, NaN where it is not defined."""
        with np.errstate(invalid='ignore', divide='ignore'):
            if self._task == 'binary':
                return self._auc(code, size)
            rows = np.bincount(code, minlength=size)
            mean = np.bincount(code, self._loss, size) / rows
            square = np.bincount(code, np.square(self._loss), size) / rows
            half = Z * np.sqrt(np.maximum(square - mean**2, 0) / rows)
            return np.maximum(mean - half, 0) if self._task == 'regression' else mean + half

    def _auc(self, code: NDArray[np.int64], size: int) -> NDArray[np.float64]:
        """Return AUC plus the error that Hanley & McNeil (1982) give it; ties by chance."""
        by_score = code[self._order]
        small = by_score.astype(np.int16) if size < 1 << 15 else by_score
        order = np.argsort(small, kind='stable')
        own, positive = by_score[order], self._positive[order]
        negatives = np.bincount(own, ~positive, size)
        positives = np.bincount(own, positive, size)
        before = np.cumsum(~positive) - (np.cumsum(negatives) - negatives)[own]
        auc = np.bincount(own, positive * before, size) / (positives * negatives)
        q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
        variance = (
            auc * (1 - auc) + (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
        ) / (positives * negatives)
        return auc + Z * np.sqrt(variance)


def _measured(
    rows: Rows, groups: dict[str, Groups], names: tuple[str, ...], place: int
) -> dict[str, Any]:
    own = [groups[n] for n in names]
    parts = np.unravel_index(place, [len(g.names) for g in own])
    inside = np.logical_and.reduce([g.code == p for g, p in zip(own, parts, strict=True)])
    return {
        'slice': {n: g.names[p] for n, g, p in zip(names, own, parts, strict=True)},
        'rows': int(inside.sum()),
        **{name: _value(rows, name, inside) for name in rows.models},
    }


def _value(rows: Rows, model: str, inside: NDArray[np.bool_] | None) -> dict[str, Any]:
    answers = rows.models[model]
    labels, values = answers.labels, answers.values
    if inside is not None:
        labels, values = labels[inside], values[inside]
    name = headline(rows.about.task).name
    found, ends = measured(rows.about.task, labels, values)
    return {'value': plain(found[name]), 'interval': plains(ends[name])}


def _without_repeats(slices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out slices that have the same rows as one before them, under other names."""
    kept: dict[tuple, dict[str, Any]] = {}
    for own in sorted(slices, key=lambda s: len(s['slice'])):
        kept.setdefault((own['rows'], own['candidate']['value']), own)
    return [s for s in slices if any(s is k for k in kept.values())]
