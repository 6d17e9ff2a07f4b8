"""Metrics of a run as pandas frames."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from components.evaluator.fairness import Gap
from components.evaluator.groups import group_rows
from components.evaluator.intervals import Interval, intervals
from components.evaluator.measured import ClassMetrics, SliceKey, SliceMetrics
from components.evaluator.predictions import About, has_baseline, labels_and_answers
from components.evaluator.settings import METRICS

WHOLE = 'all'

Kept = tuple[pa.Table, About]
Intervals = dict[str, Interval]

_NONE: Interval = (np.nan, np.nan)


def slice_text(where: SliceKey) -> str:
    """Return a slice as `column=value, …`; the whole split is `all`."""
    return ', '.join(f'{column}={value}' for column, value in where.items()) or WHOLE


def slices_frame(slices: Sequence[SliceMetrics], task: str, kept: Kept | None) -> pd.DataFrame:
    """Return metrics by slice with intervals, a row per slice and metric.

    Args:
      slices: Those of a split.
      task: The recipe's.
      kept: Predictions of the same split, for the intervals.
    """
    candidate, baseline = _intervals(slices, kept)
    rows: list[dict[str, Any]] = []
    for measured in slices:
        text = slice_text(measured.slice)
        for name in METRICS[task]:
            values = measured.metrics[name]
            low, high = candidate.get(text, {}).get(name, _NONE)
            low_before, high_before = baseline.get(text, {}).get(name, _NONE)
            rows.append(
                {
                    'slice': text,
                    'by': ', '.join(measured.slice),
                    'metric': name,
                    'value': _float(values.candidate),
                    'low': low,
                    'high': high,
                    'baseline': _float(values.baseline),
                    'baseline_low': low_before,
                    'baseline_high': high_before,
                    'examples': measured.examples,
                }
            )
    return pd.DataFrame(rows)


def rows_by_slice(
    table: pa.Table, slicings: Sequence[tuple[str, ...]]
) -> Iterator[tuple[SliceKey, np.ndarray]]:
    """Yield each slice by some columns, and the places of its rows."""
    for columns in slicings:
        keys, codes = group_rows(table, columns)
        order = np.argsort(codes, kind='stable')
        ends = np.cumsum(np.bincount(codes, minlength=len(keys)))[:-1]
        yield from zip(keys, np.split(order, ends), strict=True)


def classes_frame(classes: Sequence[ClassMetrics]) -> pd.DataFrame:
    """Return metrics by class, a row each, the baseline's ending in `_baseline`."""
    rows = []
    for one in classes:
        row: dict[str, Any] = {'class': one.name, 'examples': one.examples}
        for name, values in one.metrics.items():
            row |= {
                name: _float(values.candidate),
                f'{name}_baseline': _float(values.baseline),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def fairness_frame(gaps: Sequence[Gap]) -> pd.DataFrame:
    """Return gaps between groups, a row per columns and criterion."""
    return pd.DataFrame(
        [
            {
                'by': ', '.join(gap.by),
                'criterion': gap.criterion,
                'part': gap.part,
                'gap': _float(gap.value),
                'low': _float(gap.low),
                'high': _float(gap.high),
                'baseline': _float(gap.baseline),
                'max_gap': _float(gap.max_gap),
                'highest': slice_text(gap.highest) if gap.highest else '',
                'lowest': slice_text(gap.lowest) if gap.lowest else '',
            }
            for gap in gaps
        ]
    )


def _intervals(
    slices: Sequence[SliceMetrics], kept: Kept | None
) -> tuple[dict[str, Intervals], dict[str, Intervals]]:
    """Return the intervals of each slice by its text, of candidate and baseline."""
    if kept is None:
        return {}, {}
    table, about = kept
    models = [labels_and_answers(table, about)]
    if has_baseline(table.schema):
        models.append(labels_and_answers(table, about, baseline=True))
    found: list[dict[str, Intervals]] = [{}, {}]
    slicings = list(dict.fromkeys(tuple(s.slice) for s in slices))
    for key, rows in rows_by_slice(table, slicings):
        for own, (labels, answers) in zip(found, models, strict=False):
            own[slice_text(key)] = intervals(about.task, labels[rows], answers[rows])
    return found[0], found[1]


def _float(value: float | None) -> float:
    return np.nan if value is None else float(value)
