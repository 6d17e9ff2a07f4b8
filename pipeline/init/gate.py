"""The first gate of a recipe: bounds that a model must beat to be better than none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.init.kinds import HEAVY_TAIL, Guess
from pipeline.init.label import Label, entropy_of, majority_of
from pipeline.init.profile import Column
from transforms.features import Categorical

BETTER_THAN_NOTHING = 0.98
"""Share of the error of a model that learnt nothing which a useful one stays under."""

MOST_LIKELY_ENOUGH = 0.7
"""Share of the most frequent class above which accuracy hides what the others are worth."""

ROWS_FOR_AUC = 30
"""Rows that the rarer class must have for one of them to be sure in the split that is judged."""

SLICES = 2
SLICE_VALUES = 10
"""Values that a column to slice by may have."""

ROWS_PER_SLICE = 50
"""Rows that a slice must have to be judged, and on average has where it is worth slicing."""


@dataclass(frozen=True)
class MetricBound:
    """A bound on one metric, the slack towards the last blessed model, and where they are from."""

    metric: str
    kind: str
    value: float
    slack: float
    why: str


def overall_bound(label: Label, rows: int) -> MetricBound:
    """Return a bound that a model which always answers the same misses.

    Args:
      label: What is predicted.
      rows: Rows that the model is judged by.
    """
    if label.task == 'regression':
        return _regression_bound(label.column, _noise(rows))
    return class_bound(label.task, label.counts, rows)


def class_bound(task: str, counts: Mapping[str, int], rows: int) -> MetricBound:
    """Return the same for classes.

    Args:
      task: binary or multiclass.
      counts: Class -> rows.
      rows: Rows that the model is judged by.
    """
    noise, entropy, majority = _noise(rows), entropy_of(counts), majority_of(counts)
    loss = MetricBound(
        'log_loss',
        'max',
        rounded(BETTER_THAN_NOTHING * entropy),
        rounded(noise * entropy, 1),
        f'{BETTER_THAN_NOTHING} of what always answering the shares of the classes gives',
    )
    if task == 'binary':
        few = min(counts.values()) < ROWS_FOR_AUC
        auc = MetricBound('auc', 'min', 0.6, rounded(noise, 1), 'guessing gives 0.5')
        return loss if few else auc
    if majority > MOST_LIKELY_ENOUGH:
        return loss
    return MetricBound(
        'accuracy',
        'min',
        round(majority + 0.02, 2),
        rounded(noise, 1),
        f'always answering the most frequent class gives {majority:.2f}',
    )


def _regression_bound(column: Column, noise: float) -> MetricBound:
    deviation = column.deviation or 0.0
    if abs(column.skew) > HEAVY_TAIL:
        why = 'always answering the mean gives 0; a few large labels would decide rmse'
        return MetricBound('r2', 'min', 0.02, rounded(noise, 1), why)
    return MetricBound(
        'rmse',
        'max',
        rounded(BETTER_THAN_NOTHING * deviation),
        rounded(noise * deviation, 1),
        f'{BETTER_THAN_NOTHING} of what always answering the mean gives',
    )


def _noise(rows: int) -> float:
    """Return how far a share measured on so many rows may be off: its standard error at most."""
    return 0.5 / math.sqrt(max(rows, 1))


def slice_bound(label: Label) -> MetricBound:
    """Return a bound that a slice must keep to towards the last blessed model; defined on any."""
    why = 'how much worse than the last blessed model any of them may be'
    noise = _noise(ROWS_PER_SLICE)
    if label.task == 'regression':
        slack = rounded(noise * (label.column.deviation or 0.0), 1)
        return MetricBound('rmse', '', 0.0, slack, why)
    return MetricBound('log_loss', '', 0.0, rounded(noise * label.entropy, 1), why)


def slice_names(features: Mapping[str, Guess], rows: int) -> list[str]:
    """Choose the features to slice by: categories of the fewest values, with rows for each.

    Args:
      features: Name -> guess.
      rows: Rows that the model is judged by.
    """
    distinct = {
        name: guess.column.distinct
        for name, guess in features.items()
        if isinstance(guess.feature, Categorical)
        and 2 <= guess.column.distinct <= min(SLICE_VALUES, rows // ROWS_PER_SLICE)
    }
    return sorted(distinct, key=lambda name: distinct[name])[:SLICES]


def rounded(value: float, digits: int = 3) -> float:
    """Round to significant digits."""
    return float(f'{value:.{digits}g}') if math.isfinite(value) else value
