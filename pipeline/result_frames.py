"""Metrics of a run as pandas frames."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from components.evaluator.fairness import Gap
from components.evaluator.intervals import Interval
from components.evaluator.measured import ClassMetrics, SliceMetrics
from components.evaluator.settings import METRICS
from components.evaluator.slice_intervals import KeptRows, intervals_by_slice, slice_text

_NONE: Interval = (np.nan, np.nan)


def slices_frame(slices: Sequence[SliceMetrics], task: str, kept: KeptRows | None) -> pd.DataFrame:
    """Return metrics by slice with intervals, a row per slice and metric.

    Args:
      slices: Those of a split.
      task: The recipe's.
      kept: Predictions of the same split, for the intervals.
    """
    candidate, baseline = intervals_by_slice(slices, kept) if kept else ({}, {})
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


def _float(value: float | None) -> float:
    return np.nan if value is None else float(value)
