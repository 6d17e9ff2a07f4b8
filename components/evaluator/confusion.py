"""How many rows of each class were answered with each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

UNKNOWN_CLASS = -1
"""Class id of a label that the model knows no class for."""


@dataclass(frozen=True)
class Confusion:
    """Counts of rows by label and answer; only pairs that occur, so that many classes cost little.

    Attributes:
        classes: Number of classes.
        pairs: [pairs] `label * classes + answer`, ascending; a label that the model doesn't know
            counts as `classes`.
        counts: [pairs] rows.
    """

    classes: int
    pairs: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, labels: NDArray, answers: NDArray, classes: int) -> Self:
        """Count the rows of a batch.

        Args:
            labels: [rows] class ids, or `UNKNOWN_CLASS`.
            answers: [rows] class ids.
            classes: Number of classes.
        """
        known = np.where(labels == UNKNOWN_CLASS, classes, labels).astype(np.int64)
        return cls(classes, *np.unique(known * classes + answers, return_counts=True))

    @classmethod
    def merge(cls, parts: Sequence[Self]) -> Self:
        """Join the counts of disjoint rows, of the same classes."""
        pairs, place = np.unique(np.concatenate([p.pairs for p in parts]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([p.counts for p in parts]), len(pairs))
        return cls(parts[0].classes, pairs, counts.astype(np.int64))

    @property
    def labels(self) -> NDArray[np.int64]:
        """[pairs] class ids, or `UNKNOWN_CLASS`."""
        ids = self.pairs // self.classes
        return np.where(ids == self.classes, UNKNOWN_CLASS, ids)

    @property
    def answers(self) -> NDArray[np.int64]:
        """[pairs] class ids."""
        return self.pairs % self.classes

    @property
    def labelled(self) -> NDArray[np.int64]:
        """[classes + 1] rows by label; the last stands for those that the model doesn't know."""
        return self._sums(self.pairs // self.classes, self.counts)

    @property
    def answered(self) -> NDArray[np.int64]:
        """[classes + 1] rows by answer; the last is 0."""
        return self._sums(self.answers, self.counts)

    @property
    def right(self) -> NDArray[np.int64]:
        """[classes + 1] rows by label, of those answered with it; the last is 0."""
        return self._sums(self.answers, np.where(self.labels == self.answers, self.counts, 0))

    def _sums(self, ids: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(ids, counts, self.classes + 1).astype(np.int64)


def class_metrics(
    labelled: NDArray[np.int64], answered: NDArray[np.int64], right: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Return precision, recall and F1 of each class, as scikit-learn has them.

    Args:
        labelled: [classes] rows of each class.
        answered: [classes] rows answered with it.
        right: [classes] rows of which both are true.

    Returns:
        Metric -> [classes] values; NaN where there is nothing to divide by: a class that is never
        answered has no precision, one without rows no recall.
    """
    with np.errstate(invalid='ignore'):
        return {
            'precision': right / answered,
            'recall': right / labelled,
            'f1': 2 * right / (labelled + answered),
        }
