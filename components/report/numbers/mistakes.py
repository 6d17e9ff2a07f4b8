"""The rows that a model is most wrong about."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.report.numbers.plain import plain
from components.report.numbers.rows import Answers, Rows

SHOWN = 24
COLUMNS = 8
LONGEST = 80
"""Characters of a value that are shown."""


def mistakes(rows: Rows, features: list[str], most: int = SHOWN) -> list[dict[str, Any]]:
    """Return the worst rows, the worst first: by error, or by the certainty of a wrong answer.

    Args:
        rows: What was evaluated.
        features: Raw columns to show; at most `COLUMNS` of them.
        most: How many rows.
    """
    badness = _badness(rows.about.task, rows.candidate)
    count = min(most, int((badness > 0).sum()))
    if not count:
        return []
    worst = np.argpartition(-badness, count - 1)[:count]
    worst = worst[np.lexsort([rows.position[worst], -badness[worst]])]
    shown = [c for c in features if c in rows.raw.schema.names][:COLUMNS]
    return [
        {
            'row': int(rows.position[i]),
            **{n: _answer(rows.about.task, m, int(i)) for n, m in rows.models.items()},
            'label': _label(rows, int(i)),
            'features': {c: _shown(rows.value(c, int(i))) for c in shown},
            **_uri(rows, int(i)),
        }
        for i in worst
    ]


def _badness(task: str, model: Answers) -> NDArray:
    """Return how wrong each answer is, at most 0 where it is right."""
    if task == 'regression':
        return np.abs(model.labels.astype(np.float64) - model.values)
    if task == 'binary':
        said = (model.values > 0.5).astype(np.int64)
        certainty = np.where(said == 1, model.values, 1 - model.values)
    else:
        said = model.values.argmax(1)
        certainty = model.values.max(1)
    return np.where(said == model.labels, 0.0, certainty.astype(np.float64))


def _answer(task: str, model: Answers, i: int) -> dict[str, Any]:
    if task == 'regression':
        return {'prediction': plain(model.values[i])}
    probabilities = (
        np.array([1 - model.values[i], model.values[i]]) if task == 'binary' else model.values[i]
    )
    said = int(model.values[i] > 0.5) if task == 'binary' else int(probabilities.argmax())
    name = model.classes[said] if model.classes else str(said)
    return {'prediction': name, 'probability': plain(probabilities[said])}


def _label(rows: Rows, i: int) -> Any:
    model = rows.candidate
    if rows.about.task == 'regression':
        return plain(model.labels[i])
    own = int(model.labels[i])
    if own < 0:
        return '(unknown class)'
    return model.classes[own] if model.classes else str(own)


def _uri(rows: Rows, i: int) -> dict[str, Any]:
    return {'uri': rows.value('uri', i)} if 'uri' in rows.raw.schema.names else {}


def _shown(value: Any) -> Any:
    if isinstance(value, str | list):
        text = str(value)
        return text if len(text) <= LONGEST else f'{text[: LONGEST - 1]}…'
    return plain(value)
