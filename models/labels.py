"""Labels of rows: from their text to class numbers, counted, and refused where they are unknown."""

import logging
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from models.target import LabelStatistics, Target

_log = logging.getLogger('sluice.models')


class DataError(ValueError):
    """Rows that a model cannot be trained on."""


class Tally:
    """Statistics of labels, batch by batch."""

    def __init__(self, target: Target) -> None:
        """Begin with none."""
        self._target = target
        self._is_number = target.task == 'regression'
        self._counts = np.zeros(len(target.classes), np.int64)
        self._origin = self._sum = self._squares = 0.0
        self.rows = self.unknown = 0
        self.example: object = None

    def add(self, label: np.ndarray, text: np.ndarray) -> np.ndarray:
        """Count a batch; return which of its rows have a usable label."""
        known = np.isfinite(label) if self._is_number else label >= 0
        if not known.all() and self.example is None:
            example = text[~known][0]
            self.example = example.decode() if isinstance(example, bytes) else float(example)
        usable = label[known]
        if not self._is_number:
            self._counts += np.bincount(usable, minlength=len(self._counts))
        elif len(usable):
            # Sums from near the mean on keep their digits.
            self._origin = self._origin if self.rows else float(usable[0])
            shifted = usable.astype(np.float64) - self._origin
            self._sum += shifted.sum()
            self._squares += np.square(shifted).sum()
        self.rows += len(usable)
        self.unknown += len(label) - len(usable)
        return known

    def check(self, split: str, must_know_all: bool) -> None:
        """Check what was counted, and warn of labels that are left out.

        Args:
            split: its name, for messages.
            must_know_all: whether a label of no known class is an error, not just left out.

        Raises:
            DataError: there are no rows, or labels are missing or of no known class.
        """
        if self.rows + self.unknown == 0:
            raise DataError(f'split {split!r} has no rows')
        if not self.unknown:
            return
        known = ', '.join(repr(c) for c in self._target.classes[:10]) or 'finite numbers'
        message = (
            f'label {self._target.label!r} is missing or of no known class in {self.unknown} of '
            f'{self.rows + self.unknown} rows of split {split!r} '
            f'(such as {self.example!r}); expected: {known}'
        )
        if must_know_all or self.rows == 0:
            raise DataError(f'{message}. Filter or mend them in the query')
        _log.warning('%s. They are left out', message)

    def statistics(self) -> LabelStatistics:
        """Return what was counted."""
        if not self._is_number:
            return LabelStatistics(counts=tuple(int(c) for c in self._counts))
        mean = self._sum / self.rows
        variance = max(self._squares / self.rows - mean**2, 0.0)
        return LabelStatistics(mean=self._origin + mean, deviation=variance**0.5 or 1.0)


def class_table(target: Target) -> tf.lookup.StaticHashTable | None:
    """Return a table from class name to id, -1 for others; None for a regression."""
    return class_ids(target.classes) if target.classes else None


def class_ids(classes: Sequence[str]) -> tf.lookup.StaticHashTable:
    """Return a table from class name to id, -1 for others."""
    ids = tf.range(len(classes), dtype=tf.int64)
    return tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(classes), ids), default_value=-1
    )
