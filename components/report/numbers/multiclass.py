"""Which classes a classification takes for which."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.evaluator.intervals import wilson
from components.report.numbers.calibration import calibration
from components.report.numbers.plain import plains, ratio
from components.report.numbers.rows import Answers, Rows

SHOWN_CLASSES = 30
"""Classes of the matrix at most; the others are together in its last row and column."""

TABLE_CLASSES = 200
CONFUSIONS = 12

REST = '(other classes)'
UNKNOWN = '(unknown class)'


def multiclass(
    classes: Sequence[str], cells: Sequence[Mapping[str, Any]], rows: Rows | None
) -> dict[str, Any]:
    """Describe the answers of a classification, each row's answer being its likeliest class.

    Args:
        classes: Class names, in the order of the candidate's outputs.
        cells: Of the confusion matrix that are not 0, as in verdict.json: `label` (None: a class
            that the model doesn't know), `answer`, and rows by model.
        rows: The kept rows, for calibration.
    """
    counts = {
        name: _confusion(classes, cells, name)
        for name in ('candidate', 'baseline')
        if any(cell[name] is not None for cell in cells)
    }
    names = list(classes)
    return {
        'matrix': _matrix(counts, names),
        'classes': _by_class(counts, names),
        'classes_in_all': len(names),
        'confusions': _confusions(counts['candidate'], names),
        'calibration': {n: _calibration(m) for n, m in rows.models.items()} if rows else {},
    }


def _confusion(
    classes: Sequence[str], cells: Sequence[Mapping[str, Any]], model: str
) -> NDArray[np.int64]:
    """Return rows by label and answer, [classes + 1, classes]; the last row: unknown labels."""
    place = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes) + 1, len(classes)), np.int64)
    for cell in cells:
        # Answers that only the baseline knows are not in this matrix.
        if cell['answer'] in place and cell[model]:
            counts[place.get(cell['label'], len(classes)), place[cell['answer']]] += cell[model]
    return counts


def _matrix(counts: dict[str, NDArray], classes: list[str]) -> dict[str, Any]:
    """Return the matrices over the same classes: all, or those with the most rows."""
    own = counts['candidate']
    by_rows = np.argsort(-own[:-1].sum(1), kind='stable')
    shown = np.sort(by_rows[:SHOWN_CLASSES]).tolist()
    names = [classes[i] for i in shown]
    answered = [*names, REST] if len(shown) < len(classes) else names
    matrices = {name: _folded(matrix, shown) for name, matrix in counts.items()}
    labelled = list(answered)
    if own[-1].any():
        labelled.append(UNKNOWN)
        matrices = {n: [*m, _folded_row(counts[n][-1], shown)] for n, m in matrices.items()}
    return {'labels': labelled, 'answers': answered} | matrices


def _folded(matrix: NDArray, shown: list[int]) -> list[list[int]]:
    known = matrix[:-1]
    kept = [_folded_row(row, shown) for row in known[shown]]
    if len(shown) == len(known):
        return kept
    rest = np.delete(known, shown, axis=0).sum(0)
    return [*kept, _folded_row(rest, shown)]


def _folded_row(row: NDArray, shown: list[int]) -> list[int]:
    kept = row[shown].tolist()
    return kept if len(shown) == len(row) else [*kept, int(np.delete(row, shown).sum())]


def _by_class(counts: dict[str, NDArray], classes: list[str]) -> list[dict[str, Any]]:
    """Return precision, recall and F1 of each class against all others."""
    support = counts['candidate'].sum(1)
    order = np.argsort(-support[:-1], kind='stable')[:TABLE_CLASSES]
    return [
        {
            'class': classes[i],
            'rows': int(support[i]),
            **{name: _of_class(matrix, i) for name, matrix in counts.items()},
        }
        for i in sorted(order)
    ]


def _of_class(matrix: NDArray, i: int) -> dict[str, Any]:
    labelled, answered, right = matrix[i].sum(), matrix[:, i].sum(), matrix[i, i]
    return {
        'precision': ratio(right, answered),
        'recall': ratio(right, labelled),
        'recall_interval': plains(wilson(right, labelled)),
        'f1': ratio(2 * right, labelled + answered),
        'answered': int(answered),
        'right': int(right),
    }


def _confusions(matrix: NDArray, classes: list[str]) -> list[dict[str, Any]]:
    """Return the most frequent mistakes, by label and answer."""
    wrong = matrix[:-1].copy()
    np.fill_diagonal(wrong, 0)
    labelled = matrix.sum(1)
    order = np.argsort(-wrong, axis=None, kind='stable')[:CONFUSIONS]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [
        {
            'label': classes[i],
            'answer': classes[j],
            'rows': int(wrong[i, j]),
            'share': ratio(wrong[i, j], labelled[i]),
        }
        for i, j in pairs
        if wrong[i, j]
    ]


def _calibration(model: Answers) -> dict[str, Any]:
    """Compare how sure the answers are with how many are right."""
    return calibration(model.values.max(1), model.values.argmax(1) == model.labels)
