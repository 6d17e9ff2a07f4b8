"""The accumulators as a TFMA metric.

One metric per task, of our own, because TFMA's walk every row of every slice in Python (most of
the time of a stock Evaluator), and its MAE, MSE and cross-entropy are wrong when Beam merges
accumulators as a list. It takes rows one by one, as TFMA's extractors give them, or in groups.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma

from components.evaluator.accumulators import ACCUMULATORS, Accumulator
from components.evaluator.signatures import PREDICTION_OUTPUTS

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


class _MergeParts(beam.CombineFn):
    """Sums rows into a list of accumulators, merged when there are many."""

    def __init__(self, task: str, model_name: str) -> None:
        self._accumulator = ACCUMULATORS[task]
        self._output = PREDICTION_OUTPUTS[task]
        self._model_name = model_name

    def create_accumulator(self) -> list[Accumulator]:
        return []

    def add_input(self, parts: list[Accumulator], rows: Any) -> list[Accumulator]:
        labels = np.reshape(rows.get_labels(self._model_name), -1)
        predictions = rows.get_predictions(self._model_name)
        if isinstance(predictions, Mapping):
            predictions = predictions[self._output]
        shape = (len(labels), -1) if self._output == 'probabilities' else (-1,)
        parts.append(self._accumulator.of(labels, np.reshape(predictions, shape)))
        return parts if len(parts) < _PARTS_KEPT else self.compact(parts)

    def merge_accumulators(self, lists: Iterable[list[Accumulator]]) -> list[Accumulator]:
        return self.compact([part for parts in lists for part in parts])

    def compact(self, parts: list[Accumulator]) -> list[Accumulator]:
        return [self._accumulator.merge(parts)] if len(parts) > 1 else parts

    def extract_output(self, parts: list[Accumulator]) -> dict[tfma.metrics.MetricKey, float]:
        values = self._accumulator.merge(parts).metrics() if parts else {}
        return {
            tfma.metrics.MetricKey(name, model_name=self._model_name): value
            for name, value in values.items()
        }
