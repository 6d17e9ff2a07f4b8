"""Confidence intervals of metrics by slice, from the kept predictions."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.evaluator.groups import group_rows
from components.evaluator.intervals import Interval, intervals
from components.evaluator.measured import SliceKey, SliceMetrics
from components.evaluator.predictions import About, has_baseline, labels_and_answers

WHOLE = 'all'

KeptRows = tuple[pa.Table, About]
"""A file of predictions, as `predictions.read` returns it."""
Intervals = dict[str, Interval]


def slice_text(where: SliceKey) -> str:
    """Return a slice as `column=value, …`; the whole split is `all`."""
    return ', '.join(f'{column}={value}' for column, value in where.items()) or WHOLE


def rows_by_slice(
    table: pa.Table, slicings: Sequence[tuple[str, ...]]
) -> Iterator[tuple[SliceKey, NDArray[np.intp]]]:
    """Yield each slice by some columns, and the places of its rows."""
    for columns in slicings:
        keys, codes = group_rows(table, columns)
        order = np.argsort(codes, kind='stable')
        ends = np.cumsum(np.bincount(codes, minlength=len(keys)))[:-1]
        yield from zip(keys, np.split(order, ends), strict=True)


def intervals_by_slice(
    slices: Sequence[SliceMetrics], kept: KeptRows
) -> tuple[dict[str, Intervals], dict[str, Intervals]]:
    """Return the intervals of each slice by its text, of the candidate and of the baseline.

    Args:
        slices: Those of a split.
        kept: Predictions of the same split; where these are a sample, intervals are wider than
            all rows would make them.
    """
    table, about = kept
    models = [labels_and_answers(table, about)]
    if has_baseline(table.schema):
        models.append(labels_and_answers(table, about, baseline=True))
    found: list[dict[str, Intervals]] = [{}, {}]
    asked = dict.fromkeys(tuple(s.slice) for s in slices)
    slicings = [columns for columns in asked if set(columns) <= set(table.column_names)]
    for key, rows in rows_by_slice(table, slicings):
        for own, (labels, answers) in zip(found, models, strict=False):
            own[slice_text(key)] = intervals(about.task, labels[rows], answers[rows])
    return found[0], found[1]
