"""What must be known of a group of rows to tell each task's metrics.

An accumulator is made `of` a batch of rows, and any number of them `merge` into the one that all
their rows together would have made: the metrics don't depend on how Beam cuts the rows up. TFMA's
own mean metrics do (0.52 counts one accumulator twice when merging), and walk rows in Python.

A metric that the rows leave undefined (a ratio to zero, a prediction that is not a number) is NaN.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.evaluator.confusion import UNKNOWN_CLASS, Confusion

EXAMPLE_COUNT = 'example_count'
"""Name of the number of rows among the metrics, the same as TFMA's own."""

UNKNOWN_LABELS = 'unknown_labels'
"""Name of the number of rows whose label is a class that the model doesn't know."""

MAX_SCORES = 1 << 20
"""Distinct scores kept per slice; AUC is exact up to this many (20 bytes each)."""

_SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
"""Probabilities are kept this far from 0 and 1 in the logarithm, as scikit-learn does."""


class Accumulator(ABC):
    """Sums over rows."""

    @classmethod
    @abstractmethod
    def of(cls, labels: NDArray, predictions: NDArray) -> Self:
        """Sum up a batch of rows.

        Args:
            labels: [rows] float values, or integer class ids.
            predictions: [rows], or [rows, classes] probabilities.
        """

    @classmethod
    @abstractmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        """Join one or more accumulators of disjoint rows."""

    @abstractmethod
    def metrics(self) -> dict[str, float]:
        """Return the value of each metric by name, and the number of rows."""

    def confusion(self) -> Confusion | None:
        """Return the rows by label and answer; None for a task without classes."""
        return None


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator else np.nan


@dataclass(frozen=True)
class Regression(Accumulator):
    """Sums for the metrics of a regression; `spread` is that of the labels round their mean."""

    count: int
    absolute: float
    squared: float
    mean: float
    spread: float

    @classmethod
    def of(cls, labels: NDArray, predictions: NDArray) -> Self:
        """Sum up a batch: float [rows] labels and predictions."""
        labels = labels.astype(np.float64)
        error = predictions.astype(np.float64) - labels
        return cls(
            count=len(labels),
            absolute=float(np.abs(error).sum()),
            squared=float(np.square(error).sum()),
            mean=float(labels.mean()),
            spread=float(np.square(labels - labels.mean()).sum()),
        )

    @classmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        """Join accumulators; the spread by Chan et al. 1983, which loses no digits."""
        count = sum(p.count for p in parts)
        mean = sum(p.count * p.mean for p in parts) / count
        return cls(
            count=count,
            absolute=sum(p.absolute for p in parts),
            squared=sum(p.squared for p in parts),
            mean=mean,
            spread=sum(p.spread + p.count * (p.mean - mean) ** 2 for p in parts),
        )

    def metrics(self) -> dict[str, float]:
        """Return the metrics; r2 is NaN where all labels are the same."""
        mse = _ratio(self.squared, self.count)
        return {
            EXAMPLE_COUNT: self.count,
            'rmse': float(np.sqrt(mse)),
            'mae': _ratio(self.absolute, self.count),
            'mse': mse,
            'r2': 1 - _ratio(self.squared, self.spread),
        }


@dataclass(frozen=True)
class Binary(Accumulator):
    """Sums for the metrics of a binary classification.

    `scores` are the distinct scores, ascending, with the positive and negative rows of each.
    Above `MAX_SCORES` of them the last `coarse` bits of every score are cleared, so that memory
    stays bounded; that moves AUC by less than 1e-5.
    """

    count: int
    loss: float
    true_positives: int
    false_positives: int
    scores: NDArray[np.float32]
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]
    coarse: int = 0

    @classmethod
    def of(cls, labels: NDArray, predictions: NDArray) -> Self:
        """Sum up a batch: 0 or 1 [rows], and float32 [rows] probabilities of 1.

        A label that is neither leaves every metric undefined.
        """
        positive = labels == 1
        scores = predictions.astype(np.float32)
        inside = np.clip(
            scores.astype(np.float64), _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY
        )
        loss = -np.log(np.where(positive, inside, 1 - inside))
        return cls(
            count=len(labels),
            loss=np.nan if (labels == UNKNOWN_CLASS).any() else float(loss.sum()),
            true_positives=int(np.sum(positive & (scores > 0.5))),
            false_positives=int(np.sum(~positive & (scores > 0.5))),
            **_by_score(scores, positive.astype(np.int64), (~positive).astype(np.int64), 0),
        )

    @classmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        """Join accumulators, all as coarse as the coarsest."""
        return cls(
            count=sum(p.count for p in parts),
            loss=sum(p.loss for p in parts),
            true_positives=sum(p.true_positives for p in parts),
            false_positives=sum(p.false_positives for p in parts),
            **_by_score(
                np.concatenate([p.scores for p in parts]),
                np.concatenate([p.positives for p in parts]),
                np.concatenate([p.negatives for p in parts]),
                max(p.coarse for p in parts),
            ),
        )

    def metrics(self) -> dict[str, float]:
        """Return the metrics; auc, for one, is NaN where all labels are the same.

        The curves have a point per distinct score, so ties count half in auc, and auc_pr is the
        average precision: no interpolation, which would be optimistic (Davis & Goadrich 2006).
        """
        if np.isnan(self.loss):
            return {EXAMPLE_COUNT: self.count} | dict.fromkeys(
                ('auc', 'auc_pr', 'accuracy', 'precision', 'recall', 'f1', 'log_loss'), np.nan
            )
        positives, negatives = int(self.positives.sum()), int(self.negatives.sum())
        above = np.cumsum(self.positives[::-1])[::-1]
        precision_at = above / (above + np.cumsum(self.negatives[::-1])[::-1])
        well_ranked = (self.negatives * (above - self.positives / 2)).sum()
        predicted = self.true_positives + self.false_positives
        return {
            EXAMPLE_COUNT: self.count,
            'auc': _ratio(well_ranked, positives * negatives),
            'auc_pr': _ratio((precision_at * self.positives).sum(), positives),
            'accuracy': _ratio(self.true_positives + negatives - self.false_positives, self.count),
            'precision': _ratio(self.true_positives, predicted),
            'recall': _ratio(self.true_positives, positives),
            'f1': _ratio(2 * self.true_positives, predicted + positives),
            'log_loss': _ratio(self.loss, self.count),
        }

    def confusion(self) -> Confusion:
        """Return the rows by label and answer at probability 0.5.

        Labels that are neither are not among them: `metrics` are then undefined.
        """
        positives = int(self.positives.sum())
        counts = np.array(
            [
                self.count - positives - self.false_positives,
                self.false_positives,
                positives - self.true_positives,
                self.true_positives,
            ]
        )
        pairs = np.flatnonzero(counts)
        return Confusion(2, pairs, counts[pairs])


def _by_score(
    scores: NDArray[np.float32], positives: NDArray, negatives: NDArray, coarse: int
) -> dict[str, Any]:
    """Sum rows by distinct score, made as coarse as it takes to keep few of them."""
    distinct, place = np.unique(_cleared(scores, coarse), return_inverse=True)
    while len(distinct) > MAX_SCORES:
        coarse += 1
        distinct, place = np.unique(_cleared(scores, coarse), return_inverse=True)
    rows = len(distinct)
    return {
        'scores': distinct,
        'positives': np.bincount(place, positives, rows).astype(np.int64),
        'negatives': np.bincount(place, negatives, rows).astype(np.int64),
        'coarse': coarse,
    }


def _cleared(scores: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    if not bits:
        return scores
    mask = np.uint32(0xFFFFFFFF << bits & 0xFFFFFFFF)
    return (scores.view(np.uint32) & mask).view(np.float32)


@dataclass(frozen=True)
class Multiclass(Accumulator):
    """Sums for the metrics of a classification into several classes.

    A label that the model knows no class for counts as wrong.
    """

    loss: float
    top_3: int
    pairs: Confusion

    @classmethod
    def of(cls, labels: NDArray, predictions: NDArray) -> Self:
        """Sum up a batch: class ids [rows], and float [rows, classes] probabilities."""
        rows, classes = predictions.shape
        unknown = labels == UNKNOWN_CLASS
        label = np.where(unknown, 0, labels)
        own = np.where(unknown, 0.0, predictions[np.arange(rows), label].astype(np.float64))
        # Ties go to the first class, as they do in argmax.
        mine = predictions[np.arange(rows), label][:, None]
        earlier = np.arange(classes) < label[:, None]
        ahead = (predictions > mine) | ((predictions == mine) & earlier)
        loss = -np.log(np.clip(own, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY))
        return cls(
            loss=np.nan if np.isnan(predictions).any() else float(loss.sum()),
            top_3=int(np.sum(~unknown & (ahead.sum(1) < 3))),
            pairs=Confusion.of(labels, predictions.argmax(1), classes),
        )

    @classmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        """Join accumulators of the same classes."""
        return cls(
            loss=sum(p.loss for p in parts),
            top_3=sum(p.top_3 for p in parts),
            pairs=Confusion.merge([p.pairs for p in parts]),
        )

    def metrics(self) -> dict[str, float]:
        """Return the metrics, and the number of rows whose class the model doesn't know.

        macro_f1 is over the classes that were labelled or answered, as scikit-learn has it.
        """
        labelled, answered, right = self.pairs.labelled, self.pairs.answered, self.pairs.right
        count = int(labelled.sum())
        met = (labelled + answered) > 0
        values = {
            'accuracy': _ratio(right.sum(), count),
            'top_3_accuracy': _ratio(self.top_3, count),
            'macro_f1': float((2 * right[met] / (labelled + answered)[met]).mean()),
            'log_loss': _ratio(self.loss, count),
        }
        if np.isnan(self.loss):
            values = dict.fromkeys(values, np.nan)
        return {EXAMPLE_COUNT: count, UNKNOWN_LABELS: int(labelled[-1])} | values

    def confusion(self) -> Confusion:
        """Return the rows by label and most likely class."""
        return self.pairs


ACCUMULATORS: dict[str, type[Accumulator]] = {
    'regression': Regression,
    'binary': Binary,
    'multiclass': Multiclass,
}
"""Accumulator by task."""
