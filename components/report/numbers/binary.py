"""How well a binary classification ranks rows and how far its probabilities can be trusted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.evaluator.accumulators import Binary
from components.report.numbers.calibration import calibration
from components.report.numbers.plain import plains
from components.report.numbers.rows import Answers, Rows

POINTS = 160
"""Points of a curve at most, each an exact one of the whole curve."""

THRESHOLDS = np.arange(101) / 100
BARS = 20


def binary(rows: Rows) -> dict[str, Any]:
    """Describe the answers of a binary classification; the second class is the positive one."""
    sums = {name: Binary.of(m.labels, m.values) for name, m in rows.models.items()}
    whole = sums['candidate']
    return {
        'positives': int(whole.positives.sum()),
        'negatives': int(whole.negatives.sum()),
        'roc': {n: _roc(s) for n, s in sums.items()},
        'pr': {n: _pr(s) for n, s in sums.items()},
        'calibration': {n: calibration(m.values, m.labels == 1) for n, m in rows.models.items()},
        'scores': {n: _scores(m) for n, m in rows.models.items()},
        'thresholds': {'at': plains(THRESHOLDS)} | {n: _thresholds(s) for n, s in sums.items()},
    }


def _roc(sums: Binary) -> dict[str, Any]:
    """Return false and true positive rates, as `sklearn.metrics.roc_curve` has them."""
    negatives, positives = sums.negatives.sum(), sums.positives.sum()
    if not negatives or not positives:
        return {'fpr': [], 'tpr': []}
    fpr = np.concatenate([[0.0], np.cumsum(sums.negatives[::-1]) / negatives])
    tpr = np.concatenate([[0.0], np.cumsum(sums.positives[::-1]) / positives])
    kept = _spread(np.cumsum(np.abs(np.diff(fpr, prepend=0)) + np.abs(np.diff(tpr, prepend=0))))
    return {'fpr': plains(fpr[kept]), 'tpr': plains(tpr[kept])}


def _pr(sums: Binary) -> dict[str, Any]:
    """Return recall and precision, as `sklearn.metrics.precision_recall_curve` has them."""
    positives = sums.positives.sum()
    if not positives:
        return {'recall': [], 'precision': [], 'threshold': []}
    true = np.cumsum(sums.positives[::-1])
    said = true + np.cumsum(sums.negatives[::-1])
    recall, precision = true / positives, true / said
    # What comes before the first positive says nothing: recall is 0 there.
    start = int(np.argmax(true > 0))
    recall, precision = recall[start:], precision[start:]
    thresholds = sums.scores[::-1][start:]
    kept = _spread(
        np.cumsum(np.abs(np.diff(recall, prepend=0)) + 0.2 * np.abs(np.diff(precision, prepend=1)))
    )
    return {
        'recall': plains(recall[kept]),
        'precision': plains(precision[kept]),
        'threshold': plains(thresholds[kept]),
    }


def _spread(length: NDArray) -> NDArray[np.intp]:
    """Choose points of a curve that are evenly far apart along it, its ends among them."""
    if len(length) <= POINTS:
        return np.arange(len(length))
    wanted = np.linspace(length[0], length[-1], POINTS)
    places = np.unique(np.searchsorted(length, wanted))
    return np.unique(np.concatenate([[0], places, [len(length) - 1]]))


def _scores(model: Answers) -> dict[str, Any]:
    """Count rows of each class by probability."""
    edges = np.linspace(0, 1, BARS + 1)
    scores = model.values.astype(np.float64)
    return {
        'edges': plains(edges),
        'negatives': np.histogram(scores[model.labels != 1], edges)[0].tolist(),
        'positives': np.histogram(scores[model.labels == 1], edges)[0].tolist(),
    }


def _thresholds(sums: Binary) -> dict[str, list[int]]:
    """Count what is right and wrong among the rows above each threshold."""
    first = np.searchsorted(sums.scores, THRESHOLDS.astype(np.float32), side='right')
    above = {
        'true_positives': np.concatenate([[0], np.cumsum(sums.positives)]),
        'false_positives': np.concatenate([[0], np.cumsum(sums.negatives)]),
    }
    return {name: (sums_[-1] - sums_[first]).tolist() for name, sums_ in above.items()}
