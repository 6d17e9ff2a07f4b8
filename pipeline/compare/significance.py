"""Whether two models differ in a metric by more than chance.

On the same rows, the tests are paired: McNemar's exact test (1947) for shares of rows, DeLong's
(1988) for AUC, Student's t of the differences row by row for means, and for the rest a z-test with
the variance of the difference by the infinitesimal jackknife (components/evaluator/influence.py),
which is what a paired bootstrap comes to. On different rows, a z-test of two samples.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from components.evaluator.confusion import UNKNOWN_CLASS
from components.evaluator.influence import in_top_3, influences, standard_error
from components.evaluator.intervals import CONFIDENCE, measured, normal_quantile, t_quantile

Answers = tuple[NDArray, NDArray]
"""Labels and answers of a model, as `labels_and_answers` returns them."""

MCNEMAR = 'McNemar, exact'
DELONG = 'DeLong, paired'
PAIRED_T = 'paired t'
PAIRED_Z = 'paired z, jackknife'
UNPAIRED_Z = 'z, different rows'

_MEANS = ('mae', 'mse', 'log_loss')
_BY_SQUARES = ('rmse', 'r2')
"""Metrics of which both models have the same just if they have the same mse."""


@dataclass(frozen=True)
class Difference:
    """How much a model differs from the first in a metric.

    Attributes:
        value: Its metric less the first one's; NaN where either is undefined.
        low: Lower end of the 95 % interval, and
        high: upper end.
        p: How likely a difference of this size or more is by chance, if the models are equal.
        test: Name of the test.
    """

    value: float
    low: float
    high: float
    p: float
    test: str

    @property
    def significant(self) -> bool:
        """Whether it is less likely by chance than one in twenty."""
        return self.p < 1 - CONFIDENCE


def paired(task: str, first: Answers, second: Answers) -> dict[str, Difference]:
    """Compare two models on the same rows, in the same order.

    Args:
        task: regression, binary or multiclass.
        first: Labels and answers of the first model, and
        second: of the other. Class ids may differ.
    """
    before, after = _values(task, first), _values(task, second)
    moved_1, moved_2 = influences(task, *first), influences(task, *second)
    counts = _counts(task, first, second)
    found = {}
    for name in before:
        value = after[name] - before[name]
        if not np.isfinite(value):
            found[name] = _undefined()
            continue
        moved = moved_2[name] - moved_1[name]
        if name == 'auc':
            error = standard_error(moved, first[0] == 1)
            found[name] = _z(value, error, DELONG)
        elif name in counts:
            own = _z(value, standard_error(moved), MCNEMAR)
            p = _mcnemar(*counts[name])
            found[name] = Difference(own.value, own.low, own.high, p, MCNEMAR)
        elif name in _MEANS:
            found[name] = _t(value, standard_error(moved), len(moved))
        elif name in _BY_SQUARES:
            squares = moved_2['mse'] - moved_1['mse']
            by_squares = _t(after['mse'] - before['mse'], standard_error(squares), len(moved))
            own = _t(value, standard_error(moved), len(moved))
            found[name] = Difference(own.value, own.low, own.high, by_squares.p, PAIRED_T)
        else:
            found[name] = _z(value, standard_error(moved), PAIRED_Z)
    return found


def unpaired(task: str, first: Answers, second: Answers) -> dict[str, Difference]:
    """Compare two models, each on its own rows; arguments as of `paired`."""
    before, after = _values(task, first), _values(task, second)
    moved_1, moved_2 = influences(task, *first), influences(task, *second)
    found = {}
    for name in before:
        value = after[name] - before[name]
        if not np.isfinite(value):
            found[name] = _undefined()
            continue
        errors = [
            standard_error(moved[name], own[0] == 1 if name == 'auc' else None)
            for moved, own in ((moved_1, first), (moved_2, second))
        ]
        found[name] = _z(value, math.hypot(*errors), UNPAIRED_Z)
    return found


def _values(task: str, own: Answers) -> Mapping[str, float]:
    return measured(task, *own)[0]


def _counts(task: str, first: Answers, second: Answers) -> dict[str, tuple[int, int]]:
    """Return the rows that only the first has right, and only the second, of shares of rows."""
    if task == 'regression':
        return {}
    if task == 'binary':
        right = [(own[1].astype(np.float32) > 0.5) == (own[0] == 1) for own in (first, second)]
        positive = first[0] == 1
        return {
            'accuracy': _discordant(*right),
            'recall': _discordant(right[0][positive], right[1][positive]),
        }
    right = [
        (answers.argmax(1) == labels) & (labels != UNKNOWN_CLASS)
        for labels, answers in (first, second)
    ]
    top = [in_top_3(labels, answers) for labels, answers in (first, second)]
    return {'accuracy': _discordant(*right), 'top_3_accuracy': _discordant(*top)}


def _discordant(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[int, int]:
    return int(np.sum(first & ~second)), int(np.sum(second & ~first))


def _mcnemar(only_first: int, only_second: int) -> float:
    discordant = only_first + only_second
    return float(stats.binomtest(only_first, discordant).pvalue) if discordant else 1.0


def _z(value: float, error: float, test: str) -> Difference:
    half = normal_quantile(CONFIDENCE) * error
    p = 2 * special.ndtr(-abs(value) / error) if error > 0 else float(value == 0)
    return Difference(value, value - half, value + half, float(p), test)


def _t(value: float, error: float, rows: int) -> Difference:
    half = t_quantile(CONFIDENCE, rows) * error
    p = 2 * special.stdtr(rows - 1, -abs(value) / error) if error > 0 else float(value == 0)
    return Difference(value, value - half, value + half, float(p), PAIRED_T)


def _undefined() -> Difference:
    return Difference(np.nan, np.nan, np.nan, np.nan, '')
