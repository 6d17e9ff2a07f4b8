"""What a model leans on: how much worse it gets when a column is shuffled.

Permutation importance (Breiman 2001; Fisher, Rudin & Dominici 2019): the values of one raw column
are handed to other rows, so that it tells nothing any more, and the metric is measured again.
Columns that say the same can stand in for each other, and then neither seems to matter.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.evaluator.accumulators import ACCUMULATORS
from components.evaluator.settings import headline
from components.report.numbers.plain import plain

Predict = Callable[[Mapping[str, NDArray]], NDArray]
"""From columns, [rows] each, to what `Answers` holds of them."""

PREDICTIONS = 120_000
"""Rows that a model is asked about, at most, over all columns and repeats."""

REPEATS = 5
FEWEST_ROWS = 500


def importance(
    task: str,
    labels: NDArray,
    columns: Mapping[str, NDArray],
    predict: Predict,
    most_rows: int,
    seconds: float,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure the importance of each column to a model.

    Args:
        task: regression, binary or multiclass.
        labels: [rows], as `Answers` holds them.
        columns: What the model takes in, by name.
        predict: The model.
        most_rows: Rows to use at most, drawn evenly.
        seconds: Time after which no further column is begun.
        seed: Of the shuffles.

    Returns:
        `metric`, `value` (of the rows used, as they are), `rows`, `repeats`, `columns`: of each
        that was measured `name`, `worse` (how much worse the metric got: mean over the repeats)
        and `deviation` (of the repeats), the most important first; `left_out`: others.
    """
    rng = np.random.default_rng(seed)
    used, repeats = _size(len(labels), len(columns), most_rows)
    chosen = np.sort(rng.choice(len(labels), used, replace=False))
    labels = labels[chosen]
    own = {name: values[chosen] for name, values in columns.items()}
    metric = headline(task)
    value = _value(task, labels, predict(own))
    sign = -1 if metric.higher_is_better else 1
    stop = time.monotonic() + seconds
    found, left_out = [], []
    for name, values in own.items():
        if time.monotonic() > stop:
            left_out.append(name)
            continue
        worse = [
            sign * (_value(task, labels, predict(own | {name: rng.permutation(values)})) - value)
            for _ in range(repeats)
        ]
        found.append(
            {'name': name, 'worse': plain(np.mean(worse)), 'deviation': plain(np.std(worse))}
        )
    return {
        'metric': metric.name,
        'value': plain(value),
        'rows': used,
        'repeats': repeats,
        'columns': sorted(found, key=lambda c: (-(c['worse'] or 0), c['name'])),
        'left_out': left_out,
    }


def _size(rows: int, columns: int, most_rows: int) -> tuple[int, int]:
    """Return how many rows and repeats are affordable: first fewer rows, down to a few hundred."""
    affordable = PREDICTIONS // max(columns, 1)
    used = min(rows, most_rows, max(affordable // REPEATS, FEWEST_ROWS))
    return used, max(1, min(REPEATS, affordable // used))


def _value(task: str, labels: NDArray, answers: NDArray) -> float:
    return ACCUMULATORS[task].of(labels, answers).metrics()[headline(task).name]


def order_of(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of columns, the most important first."""
    return [c['name'] for c in columns]
