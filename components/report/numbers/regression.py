"""How far a regression is off, and where."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.report.numbers.bins import Groups, by_quantiles, group_column
from components.report.numbers.plain import plain, plains
from components.report.numbers.rows import Answers, Rows

SHARES = (0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
"""Quantiles of the absolute error that are told."""

BANDS = (0.1, 0.5, 0.9)
"""Quantiles of residuals within a group."""

GROUPS = 20
FEATURE_GROUPS = 12
FEATURES = 24
BARS = 40

Z = 1.959963984540054
"""Standard normal quantile of 95% intervals."""


def regression(rows: Rows, features: list[str]) -> dict[str, Any]:
    """Describe the errors of a regression.

    A residual is label minus prediction: above 0 the model said too little.

    Args:
        rows: What was evaluated.
        features: Raw columns to look at residuals by, in order; at most `FEATURES` of them.
    """
    residuals = {
        name: m.labels.astype(np.float64) - m.values.astype(np.float64)
        for name, m in rows.models.items()
    }
    return {
        'error_quantiles': {n: _error_quantiles(r) for n, r in residuals.items()},
        'bias': {n: plain(r.mean()) for n, r in residuals.items()},
        'residuals': _histogram(residuals),
        'calibration': {n: _calibration(m) for n, m in rows.models.items()},
        'by_prediction': {
            n: _bands(by_quantiles(m.values.astype(np.float64), GROUPS), residuals[n])
            for n, m in rows.models.items()
        },
        'by_feature': _by_feature(rows, features, residuals),
    }


def _error_quantiles(residuals: NDArray) -> list[dict[str, Any]]:
    found = np.quantile(np.abs(residuals), SHARES)
    return [{'share': s, 'error': plain(v)} for s, v in zip(SHARES, found, strict=True)]


def _histogram(residuals: dict[str, NDArray]) -> dict[str, Any]:
    """Count residuals by size, between their 0.5% and 99.5% quantiles; the rest at the ends."""
    both = np.concatenate(list(residuals.values()))
    low, high = np.quantile(both, [0.005, 0.995])
    if not low < high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BARS + 1)
    return {
        'edges': plains(edges),
        **{n: np.histogram(np.clip(r, low, high), edges)[0].tolist() for n, r in residuals.items()},
    }


def _calibration(model: Answers) -> list[dict[str, Any]]:
    """Compare mean prediction and mean label by quantiles of the prediction."""
    groups = by_quantiles(model.values.astype(np.float64), GROUPS)
    labels = model.labels.astype(np.float64)
    counts, observed = groups.counts, groups.means(labels)
    variance = groups.means(np.square(labels - observed[groups.code]))
    with np.errstate(invalid='ignore', divide='ignore'):
        half = Z * np.sqrt(variance / (counts - 1))
    half[counts < 2] = np.nan
    return [
        {
            'rows': int(counts[i]),
            'low': plain(groups.ranges[i][0]),  # type: ignore[index]
            'high': plain(groups.ranges[i][1]),  # type: ignore[index]
            'predicted': plain(predicted),
            'observed': plain(observed[i]),
            'interval': [plain(observed[i] - half[i]), plain(observed[i] + half[i])],
        }
        for i, predicted in enumerate(groups.means(model.values))
    ]


def _bands(groups: Groups, residuals: NDArray) -> list[dict[str, Any]]:
    means = groups.means(residuals)
    quantiles = groups.quantiles(residuals, BANDS)
    return [
        {
            'name': name,
            'low': plain(groups.ranges[i][0]) if groups.ranges[i] else None,  # type: ignore[index]
            'high': plain(groups.ranges[i][1]) if groups.ranges[i] else None,  # type: ignore[index]
            'rows': int(groups.counts[i]),
            'mean': plain(means[i]),
            'quantiles': plains(quantiles[i]),
        }
        for i, name in enumerate(groups.names)
        if groups.counts[i]
    ]


def _by_feature(
    rows: Rows, features: list[str], residuals: dict[str, NDArray]
) -> list[dict[str, Any]]:
    found = []
    for name in features[:FEATURES]:
        if name not in rows.raw.schema.names:
            continue
        groups = group_column(rows.raw.column(name), FEATURE_GROUPS)
        if groups is not None:
            by_model = {n: _bands(groups, r) for n, r in residuals.items()}
            found.append({'feature': name, **by_model})
    return found
