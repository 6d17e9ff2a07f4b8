"""Metrics by slice as the Evaluator measured them, with the intervals that the kept rows give."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.evaluator.intervals import intervals
from components.evaluator.slices import MISSING
from components.report.numbers.plain import plain, plains
from components.report.numbers.rows import Rows, as_codes

MAX_SLICES = 300
"""Slices that are listed, those with the most rows; the verdict has them all."""

MAX_INTERVALS = 200


def metrics_by_slice(
    slices: Sequence[Mapping[str, Any]], rows: Rows | None
) -> list[dict[str, Any]]:
    """Return the metrics of each slice.

    Args:
        slices: Of the judged split, as in verdict.json: `slice`, `examples`, `metrics`.
        rows: The kept rows, for intervals: without them there are none.

    Returns:
        For each slice `slice`, `rows` and `metrics`: name -> model -> `value` and `interval`.
    """
    listed = sorted(slices, key=lambda s: -s['examples'])[:MAX_SLICES]
    largest = {id(s) for s in listed[:MAX_INTERVALS]}
    masks = _Masks(rows) if rows is not None else None
    found = []
    for own in (s for s in slices if any(s is k for k in listed)):
        inside = masks.of(own['slice']) if masks and id(own) in largest else None
        ends = {}
        if rows is not None and inside is not None:
            ends = {
                name: intervals(rows.about.task, m.labels[inside], m.values[inside])
                for name, m in rows.models.items()
            }
        found.append(
            {
                'slice': dict(own['slice']),
                'rows': own['examples'],
                'metrics': {
                    metric: _both(metric, values, ends) for metric, values in own['metrics'].items()
                },
            }
        )
    return found


def _both(metric: str, values: Mapping[str, Any], ends: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {
            'value': plain(values[name]),
            'interval': plains(ends[name][metric]) if metric in ends.get(name, {}) else None,
        }
        for name in ('candidate', 'baseline')
        if values.get(name) is not None or name == 'candidate'
    }


class _Masks:
    """Finds the rows of slices, reading each column once."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._columns: dict[str, tuple[dict[Any, int], NDArray] | None] = {}

    def of(self, where: Mapping[str, Any]) -> NDArray[np.bool_] | None:
        """Return which rows are in a slice; None if the file does not tell."""
        inside = np.ones(len(self._rows), bool)
        for column, value in where.items():
            coded = self._coded(column)
            if coded is None:
                return None
            places, codes = coded
            inside &= codes == (-1 if value == MISSING else places.get(value, -2))
        return inside

    def _coded(self, column: str) -> tuple[dict[Any, int], NDArray] | None:
        if column not in self._columns:
            known = column in self._rows.raw.schema.names
            encoded = as_codes(self._rows.raw.column(column)) if known else None
            self._columns[column] = encoded and (
                {value: i for i, value in enumerate(encoded[0])},
                encoded[1],
            )
        return self._columns[column]
