"""The accumulators as a TFMA metric.

One metric per task, of our own, because TFMA's walk every row of every slice in Python (most of
the time of a stock Evaluator), and its MAE, MSE and cross-entropy are wrong when Beam merges
accumulators as a list. It takes rows one by one, as TFMA's extractors give them, or in groups.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics.multi_class_confusion_matrix_metrics import (
    Matrices,
    MatrixEntryKey,
)

from components.evaluator.accumulators import ACCUMULATORS, Accumulator
from components.evaluator.confusion import Confusion
from components.evaluator.signatures import CLASSES_OUTPUT, PREDICTION_OUTPUTS

CONFUSION_MATRIX = 'confusion_matrix'
"""Name of the rows by label and answer among the metrics, in the form of TFMA's own matrices."""

CLASS_NAMES = 'class_names'
"""Name of the model's classes, in the order of their ids, among the metrics."""

_THRESHOLD = 0.0
"""What TFMA's matrices are by; at 0 the most likely class counts, however likely it is."""

_PARTS_KEPT = 32
"""Accumulators held before merging them: batches are cheap to hold and dear to merge singly."""


class TaskMetrics(tfma.metrics.Metric):
    """All metrics of a task in one pass, under the names that recipes use.

    Args:
        task: regression, binary or multiclass.
        name: Name of the whole; results are keyed by the single metrics' names.
    """

    def __init__(self, task: str, name: str = 'task_metrics') -> None:
        super().__init__(_computations, task=task, name=name)


def _computations(
    task: str, name: str, model_names: list[str]
) -> list[tfma.metrics.MetricComputation]:
    return [
        tfma.metrics.MetricComputation(
            keys=[tfma.metrics.MetricKey(name, model_name=model)],
            preprocessors=None,
            combiner=_MergeParts(task, model),
        )
        for model in model_names
    ]


@dataclass(frozen=True)
class _Parts:
    """Accumulators of some rows, and the classes as the model names them."""

    accumulators: tuple[Accumulator, ...] = ()
    classes: tuple[str, ...] = ()


class _MergeParts(beam.CombineFn):
    """Sums rows into some accumulators, merged when there are many."""

    def __init__(self, task: str, model_name: str) -> None:
        self._accumulator = ACCUMULATORS[task]
        self._output = PREDICTION_OUTPUTS[task]
        self._model_name = model_name

    def create_accumulator(self) -> _Parts:
        return _Parts()

    def add_input(self, parts: _Parts, rows: Any) -> _Parts:
        labels = np.reshape(rows.get_labels(self._model_name), -1)
        predictions = rows.get_predictions(self._model_name)
        if isinstance(predictions, Mapping):
            predictions = predictions[self._output]
        shape = (len(labels), -1) if self._output == 'probabilities' else (-1,)
        made = self._accumulator.of(labels, np.reshape(predictions, shape))
        classes = rows.get(CLASSES_OUTPUT, {}).get(self._model_name, ())
        parts = _Parts((*parts.accumulators, made), parts.classes or classes)
        return parts if len(parts.accumulators) < _PARTS_KEPT else self.compact(parts)

    def merge_accumulators(self, many: Iterable[_Parts]) -> _Parts:
        many = list(many)
        accumulators = tuple(a for parts in many for a in parts.accumulators)
        classes = next((parts.classes for parts in many if parts.classes), ())
        return self.compact(_Parts(accumulators, classes))

    def compact(self, parts: _Parts) -> _Parts:
        if len(parts.accumulators) < 2:
            return parts
        return replace(parts, accumulators=(self._accumulator.merge(parts.accumulators),))

    def extract_output(self, parts: _Parts) -> dict[tfma.metrics.MetricKey, Any]:
        values: dict[str, Any] = {}
        if parts.accumulators:
            whole = self._accumulator.merge(parts.accumulators)
            values |= whole.metrics()
            if confusion := whole.confusion():
                names = parts.classes or [str(i) for i in range(confusion.classes)]
                values[CLASS_NAMES] = np.array([name.encode() for name in names])
                values[CONFUSION_MATRIX] = _as_matrices(confusion)
        return {
            tfma.metrics.MetricKey(name, model_name=self._model_name): value
            for name, value in values.items()
        }


def _as_matrices(confusion: Confusion) -> Matrices:
    cells = zip(confusion.labels, confusion.answers, confusion.counts, strict=True)
    return Matrices({_THRESHOLD: {MatrixEntryKey(int(i), int(j)): float(n) for i, j, n in cells}})
