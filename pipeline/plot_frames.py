"""The points of the usual curves, as pandas frames."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from components.evaluator.predictions import (
    BASELINE_SUFFIX,
    LABEL,
    PREDICTED,
    About,
    has_baseline,
    labels_and_answers,
)

MODELS = ('candidate', 'baseline')

BINS = 10

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


class Plots:
    """Curves of a run's models, made from the kept rows when they are asked for.

    Each frame has a column `model`: candidate, or baseline where there is one.

    Args:
      table: Kept predictions.
      about: Of the same.
    """

    def __init__(self, table: pa.Table, about: About) -> None:
        self._table = table
        self._about = about
        self._models = MODELS if has_baseline(table.schema) else MODELS[:1]

    @cached_property
    def roc(self) -> pd.DataFrame:
        """Of a binary task: false_positive_rate, true_positive_rate, threshold; from (0, 0)."""
        return self._of_each(roc_curve, 'binary')

    @cached_property
    def pr(self) -> pd.DataFrame:
        """Of a binary task: recall, precision, threshold; a point per distinct score."""
        return self._of_each(pr_curve, 'binary')

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """Predicted and actual means in ten bins of as many rows: predicted, actual, examples.

        Of a classification into several classes, of the likeliest class and whether it is right.
        """
        return self._of_each(_calibration)

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """Of a classification: label, predicted, examples; pairs that occur."""
        self._only('binary', 'multiclass')
        frames = []
        for model in self._models:
            suffix = BASELINE_SUFFIX if model == 'baseline' else ''
            pairs = self._table.select([LABEL, PREDICTED + suffix]).to_pandas()
            pairs.columns = pd.Index(['label', 'predicted'])
            counts = pairs.groupby(['label', 'predicted'], as_index=False).size()
            frames.append(counts.rename(columns={'size': 'examples'}).assign(model=model))
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def residuals(self) -> pd.DataFrame:
        """Of a regression: quantiles of prediction less label, and of its size."""
        return self._of_each(_residuals, 'regression')

    def _of_each(
        self, curve: Callable[[NDArray, NDArray], pd.DataFrame], task: str | None = None
    ) -> pd.DataFrame:
        if task:
            self._only(task)
        return pd.concat(
            [
                curve(
                    *labels_and_answers(self._table, self._about, baseline=model == 'baseline')
                ).assign(model=model)
                for model in self._models
            ],
            ignore_index=True,
        )

    def _only(self, *tasks: str) -> None:
        if self._about.task not in tasks:
            raise ValueError(
                f'a {self._about.task} task has no such plot; {" or ".join(tasks)} has'
            )


def roc_curve(labels: NDArray, scores: NDArray) -> pd.DataFrame:
    """Return the ROC curve of class 1, a point per distinct score and one at (0, 0)."""
    thresholds, hits, alarms = _counts(labels, scores)
    return pd.DataFrame(
        {
            'false_positive_rate': np.concatenate([[0.0], alarms / max(alarms[-1], 1)]),
            'true_positive_rate': np.concatenate([[0.0], hits / max(hits[-1], 1)]),
            'threshold': np.concatenate([[np.inf], thresholds]),
        }
    )


def pr_curve(labels: NDArray, scores: NDArray) -> pd.DataFrame:
    """Return the precision-recall curve of class 1, a point per distinct score."""
    thresholds, hits, alarms = _counts(labels, scores)
    return pd.DataFrame(
        {
            'recall': hits / max(hits[-1], 1),
            'precision': hits / (hits + alarms),
            'threshold': thresholds,
        }
    )


def _counts(
    labels: NDArray, scores: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return distinct scores, descending, with the rows of class 1 and 0 at or above each."""
    distinct, place = np.unique(scores, return_inverse=True)
    positive = labels == 1
    hits = np.bincount(place[positive], minlength=len(distinct))[::-1].cumsum()
    alarms = np.bincount(place[~positive], minlength=len(distinct))[::-1].cumsum()
    return distinct[::-1].astype(np.float64), hits, alarms


def _calibration(labels: NDArray, answers: NDArray) -> pd.DataFrame:
    actual = labels.astype(np.float64)
    predicted = answers.astype(np.float64)
    if predicted.ndim == 2:
        actual = (predicted.argmax(1) == labels).astype(np.float64)
        predicted = predicted.max(1)
    order = np.argsort(predicted, kind='stable')
    bins = [rows for rows in np.array_split(order, BINS) if len(rows)]
    return pd.DataFrame(
        {
            'predicted': [predicted[rows].mean() for rows in bins],
            'actual': [actual[rows].mean() for rows in bins],
            'examples': [len(rows) for rows in bins],
        }
    )


def _residuals(labels: NDArray, answers: NDArray) -> pd.DataFrame:
    error = answers.astype(np.float64) - labels
    return pd.DataFrame(
        {
            'quantile': QUANTILES,
            'error': np.quantile(error, QUANTILES),
            'absolute_error': np.quantile(np.abs(error), QUANTILES),
        }
    )
