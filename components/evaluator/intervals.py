"""Confidence intervals of every metric, in closed form.

- Shares (accuracy, precision, recall, top_3_accuracy): Wilson (1927). f1 as well: it grows with
  hits / (hits + false alarms + misses), which is a share.
- Means over rows (mae, mse, log_loss): Student's t; rmse: the root of the interval of mse.
- auc: DeLong (1988). auc_pr, r2, macro_f1: normal, with the variance that influence.py gives,
  which is what a bootstrap of the rows comes to.

Nothing is drawn at random, so the same rows give the same intervals, and a million rows take about
as long as sorting them.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import special

from components.evaluator.accumulators import ACCUMULATORS
from components.evaluator.confusion import UNKNOWN_CLASS
from components.evaluator.influence import Influences, in_top_3, influences, standard_error
from components.evaluator.settings import METRICS

Interval = tuple[float, float]
"""Lower and upper end; both NaN where the rows leave the metric undefined."""

CONFIDENCE = 0.95

_UNDEFINED: Interval = (np.nan, np.nan)

_MEANS = ('mae', 'mse', 'log_loss')

_RANGES = {'auc': (0.0, 1.0), 'auc_pr': (0.0, 1.0), 'macro_f1': (0.0, 1.0), 'r2': (-np.inf, 1.0)}
"""Values that a metric with a normal interval can have."""


def intervals(
    task: str, labels: NDArray, answers: NDArray, confidence: float = CONFIDENCE
) -> dict[str, Interval]:
    """Return the interval of each metric of a task.

    Args:
        task: regression, binary or multiclass.
        labels: [rows] float values, or class ids, -1 for a class that the model doesn't know.
        answers: [rows] predictions or probabilities of class 1, or [rows, classes] probabilities.
        confidence: Share of such intervals that hold the true value.
    """
    return measured(task, labels, answers, confidence)[1]


def measured(
    task: str, labels: NDArray, answers: NDArray, confidence: float = CONFIDENCE
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Return each metric of a task, and its interval; arguments as of `intervals`."""
    if not len(labels):
        return dict.fromkeys(METRICS[task], np.nan), dict.fromkeys(METRICS[task], _UNDEFINED)
    every = ACCUMULATORS[task].of(labels, answers).metrics()
    values = {name: every[name] for name in METRICS[task]}
    shares = _shares(task, labels, answers)
    moved = influences(task, labels, answers)
    found = {}
    for name, value in values.items():
        if not np.isfinite(value):
            found[name] = _UNDEFINED
        elif name in shares:
            found[name] = wilson(*shares[name], confidence)
        elif name == 'f1':
            found[name] = _f1(labels == 1, answers.astype(np.float32) > 0.5, confidence)
        else:
            found[name] = _by_influence(name, values, moved, labels, confidence)
    return values, found


def wilson(hits: float, rows: float, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a share (Wilson 1927)."""
    if not rows:
        return _UNDEFINED
    z = normal_quantile(confidence)
    share, shrink = hits / rows, 1 + z**2 / rows
    middle = (share + z**2 / (2 * rows)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    # Rounding would leave a share of 0 or 1 just outside.
    return min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half)))


def normal_quantile(confidence: float) -> float:
    """Return the half-width of a two-sided interval, in standard errors."""
    return float(special.ndtri((1 + confidence) / 2))


def t_quantile(confidence: float, rows: int) -> float:
    """Return the same by Student's t, for the mean of so many rows."""
    return float(special.stdtrit(rows - 1, (1 + confidence) / 2)) if rows > 1 else np.nan


def _by_influence(
    name: str,
    values: Mapping[str, float],
    moved: Influences,
    labels: NDArray,
    confidence: float,
) -> Interval:
    if name == 'rmse':
        low, high = _by_influence('mse', values, moved, labels, confidence)
        return float(np.sqrt(max(low, 0.0))), float(np.sqrt(high))
    error = standard_error(moved[name], labels == 1 if name == 'auc' else None)
    if name in _MEANS:
        half = t_quantile(confidence, len(labels)) * error
        return _within((0.0, np.inf), values[name], half)
    half = normal_quantile(confidence) * error
    return _within(_RANGES[name], values[name], half)


def _within(ends: Interval, value: float, half: float) -> Interval:
    if np.isnan(half):
        return _UNDEFINED
    return max(ends[0], value - half), min(ends[1], value + half)


def _shares(task: str, labels: NDArray, answers: NDArray) -> dict[str, tuple[int, int]]:
    """Return rows that count and rows in all, of metrics that are shares of rows."""
    if task == 'binary':
        positive, predicted = labels == 1, answers.astype(np.float32) > 0.5
        hits = int(np.sum(positive & predicted))
        return {
            'accuracy': (int(np.sum(positive == predicted)), len(labels)),
            'precision': (hits, int(predicted.sum())),
            'recall': (hits, int(positive.sum())),
        }
    if task == 'multiclass':
        right = (answers.argmax(1) == labels) & (labels != UNKNOWN_CLASS)
        return {
            'accuracy': (int(right.sum()), len(labels)),
            'top_3_accuracy': (int(in_top_3(labels, answers).sum()), len(labels)),
        }
    return {}


def _f1(positive: NDArray[np.bool_], predicted: NDArray[np.bool_], confidence: float) -> Interval:
    hits, either = int(np.sum(positive & predicted)), int(np.sum(positive | predicted))
    low, high = wilson(hits, either, confidence)
    return 2 * low / (1 + low), 2 * high / (1 + high)
