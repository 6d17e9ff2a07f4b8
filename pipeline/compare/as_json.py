"""A comparison as one JSON object."""

import math
from collections.abc import Sequence
from typing import Any

from pipeline.compare.comparison import Cell, Comparison


def comparison_object(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values; what is undefined is null."""
    return {
        'runs': [run.run for run in comparison.runs],
        'task': comparison.task,
        'splits': list(comparison.splits),
        'recipe': [{'key': c.key, 'values': list(c.values)} for c in comparison.changes],
        'same_rows': [bool(m and m.complete) for m in comparison.matches],
        'metrics': [
            {'slice': row.slice, 'metric': row.metric, 'runs': [_cell(c) for c in row.cells]}
            for row in comparison.rows
        ],
        'notes': list(comparison.notes),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    difference = cell.difference
    return {
        'value': _plain(cell.value),
        'interval': _ends(cell.interval),
        'examples': cell.examples,
        'difference': difference
        and {
            'value': _plain(difference.value),
            'interval': _ends((difference.low, difference.high)),
            'p': _plain(difference.p),
            'test': difference.test,
        },
    }


def _ends(ends: Sequence[float]) -> list[float] | None:
    return None if any(map(math.isnan, ends)) else [float(e) for e in ends]


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
