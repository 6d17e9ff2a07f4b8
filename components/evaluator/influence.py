"""How much each row moves each metric: what confidence intervals and paired tests are made from.

The influence D of a row is the derivative of a metric by the weight of that row. To first order, a
bootstrap of the rows gives a metric the variance that the sum of all D² is (infinitesimal
jackknife; Jaeckel 1972, Efron 1982), but without its noise, and in the time that sorting takes.
For AUC that is DeLong's method (1988), for a mean the usual standard error. Influences of two
models on the same rows subtract, which makes a paired test.
"""

import numpy as np
from numpy.typing import NDArray

from components.evaluator.confusion import UNKNOWN_CLASS

Influences = dict[str, NDArray[np.float64]]
"""Metric -> [rows]; NaN throughout where the rows leave the metric undefined. Each sums to 0."""

_SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)


def influences(task: str, labels: NDArray, answers: NDArray) -> Influences:
    """Return the influence of each row on each metric of a task.

    Args:
        task: regression, binary or multiclass.
        labels: [rows] float values, or class ids, -1 for a class that the model doesn't know.
        answers: [rows] predictions or probabilities of class 1, or [rows, classes] probabilities.
    """
    if not len(labels):
        return {}
    with np.errstate(divide='ignore', invalid='ignore'):
        return _BY_TASK[task](labels, answers)


def standard_error(
    influence: NDArray[np.float64], groups: NDArray[np.bool_] | None = None
) -> float:
    """Return the standard error that the influences of rows give a metric.

    Args:
        influence: [rows].
        groups: [rows]; with it, the rows of both groups count as two samples, each with its own
            degrees of freedom, as in DeLong's method.
    """
    samples = [influence] if groups is None else [influence[groups], influence[~groups]]
    variance = 0.0
    for own in samples:
        if len(own) < 2:
            return np.nan
        variance += float(np.square(own).sum()) * len(own) / (len(own) - 1)
    return float(np.sqrt(variance))


def row_losses(labels: NDArray, answers: NDArray) -> NDArray[np.float64]:
    """Return the cross-entropy of each row, as scikit-learn has it, in nats.

    Args:
        labels: [rows] class ids.
        answers: [rows] probabilities of class 1, or [rows, classes].
    """
    if answers.ndim == 1:
        own = np.where(labels == 1, answers, 1 - answers.astype(np.float64))
    else:
        known = np.where(labels == UNKNOWN_CLASS, 0, labels)
        own = answers[np.arange(len(labels)), known].astype(np.float64)
        own = np.where(labels == UNKNOWN_CLASS, 0.0, own)
    return -np.log(np.clip(own, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY))


def _of_mean(values: NDArray) -> NDArray[np.float64]:
    return (values - values.mean()) / len(values)


def _of_ratio(numerator: NDArray, denominator: NDArray) -> NDArray[np.float64]:
    """Return the influences on the sum of one column over that of another."""
    total = denominator.sum()
    return (numerator - denominator * (numerator.sum() / total)) / total


def _regression(labels: NDArray, answers: NDArray) -> Influences:
    labels = labels.astype(np.float64)
    error = answers.astype(np.float64) - labels
    mse = _of_mean(np.square(error))
    spread = np.square(labels - labels.mean())
    return {
        'rmse': mse / (2 * np.sqrt(np.square(error).mean())),
        'mae': _of_mean(np.abs(error)),
        'mse': mse,
        'r2': -_of_ratio(np.square(error), spread),
    }


def _binary(labels: NDArray, answers: NDArray) -> Influences:
    if (labels == UNKNOWN_CLASS).any() or np.isnan(answers).any():
        undefined = np.full(len(labels), np.nan)
        names = ('auc', 'auc_pr', 'accuracy', 'precision', 'recall', 'f1', 'log_loss')
        return dict.fromkeys(names, undefined)
    positive = labels == 1
    predicted = answers.astype(np.float32) > 0.5
    hit = (positive & predicted).astype(np.float64)
    auc, auc_pr = _of_areas(positive, answers.astype(np.float32))
    return {
        'auc': auc,
        'auc_pr': auc_pr,
        'accuracy': _of_mean((positive == predicted).astype(np.float64)),
        'precision': _of_ratio(hit, predicted.astype(np.float64)),
        'recall': _of_ratio(hit, positive.astype(np.float64)),
        'f1': _of_ratio(2 * hit, predicted.astype(np.float64) + positive),
        'log_loss': _of_mean(row_losses(labels, answers)),
    }


def _of_areas(
    positive: NDArray[np.bool_], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the influences on AUC and on average precision.

    With A(s) and B(s) the positives and negatives that score s or more, and P positives,
    AP = 1/P sum over positives i of A/(A+B) at s_i. Its derivative by the weight of row j has the
    row's own term, and one from the A or B of all positives that score s_j or less.
    """
    distinct, place = np.unique(scores, return_inverse=True)
    up = np.bincount(place, positive, len(distinct))
    down = np.bincount(place, ~positive, len(distinct))
    positives, negatives = up.sum(), down.sum()

    # The share of the other class that is ranked on the right side of the row; ties count half.
    below = np.cumsum(down) - down / 2
    above = positives - np.cumsum(up) + up / 2
    auc = np.where(
        positive,
        (below[place] / negatives - (up * below).sum() / (positives * negatives)) / positives,
        (above[place] / positives - (down * above).sum() / (positives * negatives)) / negatives,
    )

    at_least_up = np.cumsum(up[::-1])[::-1]
    at_least = at_least_up + np.cumsum(down[::-1])[::-1]
    precision = at_least_up / at_least
    auc_pr = (precision * up).sum() / positives
    raised = np.cumsum(up * (at_least - at_least_up) / np.square(at_least))
    lowered = np.cumsum(up * at_least_up / np.square(at_least))
    average_precision = np.where(
        positive, precision[place] - auc_pr + raised[place], -lowered[place]
    )
    return auc, average_precision / positives


def _multiclass(labels: NDArray, answers: NDArray) -> Influences:
    rows, classes = answers.shape
    if np.isnan(answers).any():
        names = ('accuracy', 'top_3_accuracy', 'macro_f1', 'log_loss')
        return dict.fromkeys(names, np.full(rows, np.nan))
    answer = answers.argmax(1)
    known = np.where(labels == UNKNOWN_CLASS, classes, labels)
    return {
        'accuracy': _of_mean((answer == labels).astype(np.float64)),
        'top_3_accuracy': _of_mean(in_top_3(labels, answers).astype(np.float64)),
        'macro_f1': _of_macro_f1(known, answer, classes),
        'log_loss': _of_mean(row_losses(labels, answers)),
    }


def in_top_3(labels: NDArray, answers: NDArray) -> NDArray[np.bool_]:
    """Return whether a row's class is among its three likeliest; ties go to the first class."""
    rows, classes = answers.shape
    label = np.where(labels == UNKNOWN_CLASS, 0, labels)
    mine = answers[np.arange(rows), label][:, None]
    earlier = np.arange(classes) < label[:, None]
    ahead = (answers > mine) | ((answers == mine) & earlier)
    return (labels != UNKNOWN_CLASS) & (ahead.sum(1) < 3)


def _of_macro_f1(known: NDArray, answer: NDArray, classes: int) -> NDArray[np.float64]:
    """Return the influences on the mean of 2 right / (labelled + answered) over classes met."""
    size = np.bincount(known, minlength=classes + 1) + np.bincount(answer, minlength=classes + 1)
    right = np.bincount(answer[answer == known], minlength=classes + 1)
    met = (size > 0).sum()
    size = np.maximum(size, 1)
    f1 = 2 * right / size
    gained = np.where(known == answer, 2 / size[answer], 0)
    return (gained - f1[known] / size[known] - f1[answer] / size[answer]) / met


_BY_TASK = {'regression': _regression, 'binary': _binary, 'multiclass': _multiclass}
