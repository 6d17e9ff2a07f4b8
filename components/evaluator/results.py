"""From TFMA's results to metric values by slice and by class."""

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2
from tensorflow_model_analysis.proto.metrics_for_slice_pb2 import MetricValue

from components.evaluator.accumulators import EXAMPLE_COUNT, UNKNOWN_LABELS
from components.evaluator.confusion import UNKNOWN_CLASS, class_metrics
from components.evaluator.eval_config import BASELINE
from components.evaluator.measured import (
    Answers,
    ClassMetrics,
    Measured,
    SliceMetrics,
    Values,
    defined,
)
from components.evaluator.metrics import CLASS_NAMES, CONFUSION_MATRIX
from components.evaluator.settings import METRICS


@dataclass(frozen=True)
class _Results:
    """What TFMA has of one slice and one model.

    Attributes:
        values: Metric -> value.
        classes: The model's classes in the order of their ids; only of the whole split.
        cells: (label, answer) -> rows; a label that the model doesn't know is None.
    """

    values: dict[str, float]
    classes: list[str]
    cells: Counter[tuple[str | None, str]]

    @classmethod
    def of(cls, found: dict[str, MetricValue]) -> Self:
        """Take the values of one model."""
        names = found.pop(CLASS_NAMES, MetricValue()).array_value.bytes_values
        matrices = found.pop(CONFUSION_MATRIX, MetricValue())
        values = {name: value.double_value.value for name, value in found.items()}
        classes = [name.decode() for name in names]
        cells: Counter[tuple[str | None, str]] = Counter()
        for matrix in matrices.multi_class_confusion_matrix_at_thresholds.matrices:
            for cell in matrix.entries:
                known = cell.actual_class_id != UNKNOWN_CLASS
                label = classes[cell.actual_class_id] if known else None
                cells[label, classes[cell.predicted_class_id]] += int(cell.num_weighted_examples)
        return cls(values, classes, cells)


def read_results(path: str, task: str) -> Measured:
    """Read TFMA's results from a folder.

    Args:
        path: The folder.
        task: The recipe's task, for the names of its metrics.
    """
    slices: list[SliceMetrics] = []
    whole = Measured((), 0)
    for result in tfma.load_metrics(path):
        candidate, baseline = _by_model(result)
        theirs = baseline.values if baseline else dict.fromkeys(METRICS[task], math.nan)
        metrics = {
            name: Values(defined(candidate.values[name]), defined(theirs[name]))
            for name in METRICS[task]
        }
        where = _slice_of(result.slice_key)
        rows = int(candidate.values[EXAMPLE_COUNT])
        slices.append(SliceMetrics(where, rows, metrics))
        if not where:
            whole = Measured(
                (),
                rows,
                int(candidate.values.get(UNKNOWN_LABELS, 0)),
                _by_class(candidate, baseline),
                _confusion(candidate, baseline),
            )
    return replace(whole, slices=tuple(slices))


def _by_class(candidate: _Results, baseline: _Results | None) -> tuple[ClassMetrics, ...]:
    ours = _class_values(candidate)
    theirs = _class_values(baseline) if baseline else {}
    labelled: Counter[str | None] = Counter()
    for (label, _), rows in candidate.cells.items():
        labelled[label] += rows
    return tuple(
        ClassMetrics(
            name,
            labelled[name],
            {m: Values(value, theirs.get(name, {}).get(m)) for m, value in values.items()},
        )
        for name, values in ours.items()
    )


def _class_values(results: _Results) -> dict[str, dict[str, float | None]]:
    """Return class -> metric -> value; undefined, all of them, where the whole's are."""
    ids = {name: i for i, name in enumerate(results.classes)}
    labelled, answered, right = np.zeros([3, len(ids)], np.int64)
    for (label, answer), rows in results.cells.items():
        answered[ids[answer]] += rows
        if label is not None:
            labelled[ids[label]] += rows
            right[ids[label]] += rows * (label == answer)
    found = class_metrics(labelled, answered, right)
    known = bool(np.isfinite(results.values['accuracy'])) if ids else False
    return {
        name: {m: defined(float(values[i])) if known else None for m, values in found.items()}
        for name, i in ids.items()
    }


def _confusion(candidate: _Results, baseline: _Results | None) -> tuple[Answers, ...]:
    """Join the cells of both models by name, in the order of the candidate's classes."""
    names = candidate.classes + (baseline.classes if baseline else [])
    place: dict[str | None, int] = {None: len(names)}
    for i, name in enumerate(names):
        place.setdefault(name, i)
    cells = {*candidate.cells, *(baseline.cells if baseline else ())}
    return tuple(
        Answers(
            label,
            answer,
            candidate.cells[label, answer],
            baseline.cells[label, answer] if baseline else None,
        )
        for label, answer in sorted(cells, key=lambda cell: (place[cell[0]], place[cell[1]]))
    )


def _by_model(
    result: metrics_for_slice_pb2.MetricsForSlice,
) -> tuple[_Results, _Results | None]:
    """Return the results of the candidate, and of the baseline where there is one."""
    candidate: dict[str, MetricValue] = {}
    baseline: dict[str, MetricValue] = {}
    for item in result.metric_keys_and_values:
        if not item.key.is_diff:
            own = baseline if item.key.model_name == BASELINE else candidate
            own[item.key.name] = item.value
    return _Results.of(candidate), _Results.of(baseline) if baseline else None


def _slice_of(key: metrics_for_slice_pb2.SliceKey) -> dict[str, str | int | float]:
    where: dict[str, str | int | float] = {}
    for single in key.single_slice_keys:
        value = getattr(single, single.WhichOneof('kind'))
        where[single.column] = value.decode() if isinstance(value, bytes) else value
    return where
