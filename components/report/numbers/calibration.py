"""Whether probabilities are right: how often what is said to be likely happens."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.evaluator.intervals import wilson
from components.report.numbers.bins import by_quantiles
from components.report.numbers.plain import plain, plains

GROUPS = 10


def calibration(probabilities: NDArray, happened: NDArray[np.bool_]) -> dict[str, Any]:
    """Compare the mean probability with how often it happened, by quantiles of the probability.

    The expected calibration error is their mean distance, weighted by rows (Naeini et al. 2015,
    here with groups of about equal size).

    Args:
        probabilities: [rows].
        happened: [rows].
    """
    said = probabilities.astype(np.float64)
    groups = by_quantiles(said, GROUPS)
    counts, predicted = groups.counts, groups.means(said)
    hits = np.bincount(groups.code, happened, len(counts))
    return {
        'groups': [
            {
                'rows': int(rows),
                'predicted': plain(mean),
                'observed': plain(own / rows),
                'interval': plains(wilson(own, rows)),
            }
            for rows, mean, own in zip(counts, predicted, hits, strict=True)
        ],
        'expected_error': plain(np.average(np.abs(predicted - hits / counts), weights=counts)),
    }
