"""The first gate of a recipe: bounds that a model must beat to be better than none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.init.kinds import HEAVY_TAIL
from pipeline.init.label import Label
from pipeline.init.profile import Column

BETTER_THAN_NOTHING = 0.98
"""Share of the error of a model that learnt nothing which a useful one stays under."""

MOST_LIKELY_ENOUGH = 0.7
"""Share of the most frequent class above which accuracy hides what the others are worth."""

ROWS_FOR_AUC = 30
"""Rows that the rarer class must have for one of them to be sure in the split that is judged."""

SLICES = 2
SLICE_VALUES = 10
"""Values that a column to slice by may have."""


@dataclass(frozen=True)
class MetricBound:
    """A bound on one metric, the slack towards the last blessed model, and where they are from."""

    metric: str
    kind: str
    value: float
    slack: float
    why: str


def overall_bound(label: Label) -> MetricBound:
    """Return a bound that a model which always answers the same misses."""
    if label.task == 'regression':
        return _regression_bound(label.column)
    entropy = label.entropy
    loss = MetricBound(
        'log_loss',
        'max',
        rounded(BETTER_THAN_NOTHING * entropy),
        rounded(0.05 * entropy, 1),
        f'{BETTER_THAN_NOTHING} of what always answering the shares of the classes gives',
    )
    if label.task == 'binary':
        few = min(label.counts.values()) < ROWS_FOR_AUC
        return loss if few else MetricBound('auc', 'min', 0.6, 0.01, 'guessing gives 0.5')
    if label.majority > MOST_LIKELY_ENOUGH:
        return loss
    return MetricBound(
        'accuracy',
        'min',
        round(label.majority + 0.02, 2),
        0.01,
        f'always answering the most frequent class gives {label.majority:.2f}',
    )


def _regression_bound(column: Column) -> MetricBound:
    deviation = column.deviation or 0.0
    if abs(column.skew) > HEAVY_TAIL:
        why = 'always answering the mean gives 0; some labels are so large that rmse is theirs'
        return MetricBound('r2', 'min', 0.02, 0.02, why)
    return MetricBound(
        'rmse',
        'max',
        rounded(BETTER_THAN_NOTHING * deviation),
        rounded(0.01 * deviation, 1),
        f'{BETTER_THAN_NOTHING} of what always answering the mean gives',
    )


def slice_bound(label: Label) -> MetricBound:
    """Return a bound that a slice must keep to towards the last blessed model; defined on any."""
    why = 'as the last blessed model, nearly'
    if label.task == 'regression':
        slack = rounded(0.05 * (label.column.deviation or 0.0), 1)
        return MetricBound('rmse', '', 0.0, slack, why)
    return MetricBound('log_loss', '', 0.0, 0.05, why)


def slice_columns(categories: Sequence[Column], rows: int) -> list[Column]:
    """Choose the columns to slice by: the fewest values, with enough rows in each."""
    fit = [c for c in categories if 2 <= c.distinct <= min(SLICE_VALUES, rows // 50)]
    return sorted(fit, key=lambda c: c.distinct)[:SLICES]


def rounded(value: float, digits: int = 3) -> float:
    """Round to significant digits."""
    return float(f'{value:.{digits}g}') if math.isfinite(value) else value
