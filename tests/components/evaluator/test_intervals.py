"""Intervals against scipy and against textbook forms written out."""

import numpy as np
import pytest
from scipy import stats

from components.evaluator.accumulators import ACCUMULATORS
from components.evaluator.intervals import intervals, measured, wilson
from components.evaluator.settings import METRICS
from tests.components.evaluator.test_influence import MAKE


def _delong(positive, scores):
    """DeLong et al. 1988, pair by pair."""
    up, down = scores[positive], scores[~positive]
    better = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    auc = better.mean()
    variance = better.mean(1).var(ddof=1) / len(up) + better.mean(0).var(ddof=1) / len(down)
    half = stats.norm.ppf(0.975) * np.sqrt(variance)
    return auc - half, auc + half


def test_means_have_students_interval():
    y, p = MAKE['regression'](np.random.default_rng(1))
    found = intervals('regression', y, p)
    for name, values in {'mae': np.abs(p - y), 'mse': (p - y) ** 2}.items():
        expected = stats.t.interval(0.95, len(y) - 1, values.mean(), stats.sem(values))
        assert found[name] == pytest.approx(expected, abs=1e-9)
    assert found['rmse'] == pytest.approx(np.sqrt(found['mse']))


def test_shares_have_wilsons_interval():
    y, p = MAKE['binary'](np.random.default_rng(2))
    found, hard = intervals('binary', y, p, confidence=0.9), p > 0.5
    hits = int(np.sum(hard & (y == 1)))
    for name, (k, n) in {
        'accuracy': (np.sum(hard == y), len(y)),
        'precision': (hits, hard.sum()),
        'recall': (hits, y.sum()),
    }.items():
        expected = stats.binomtest(int(k), int(n)).proportion_ci(0.9, method='wilson')
        assert found[name] == pytest.approx((expected.low, expected.high), abs=1e-9), name
    share = stats.binomtest(hits, int(np.sum(hard | (y == 1)))).proportion_ci(0.9, method='wilson')
    assert found['f1'] == pytest.approx([2 * j / (1 + j) for j in share], abs=1e-9)


def test_auc_has_delongs_interval():
    y, p = MAKE['binary'](np.random.default_rng(6))
    assert intervals('binary', y, p)['auc'] == pytest.approx(_delong(y == 1, p), abs=1e-9)


@pytest.mark.parametrize('task', MAKE)
def test_values_are_the_accumulators_and_inside_their_intervals(task):
    y, p = MAKE[task](np.random.default_rng(7))
    values, found = measured(task, y, p)
    exact = ACCUMULATORS[task].of(y, p).metrics()
    assert set(values) == set(found) == set(METRICS[task])
    for name, (low, high) in found.items():
        assert values[name] == exact[name]
        assert low < values[name] <= high, name


@pytest.mark.parametrize('task', MAKE)
def test_nearly_all_intervals_hold_the_true_value(task):
    rng = np.random.default_rng(8)
    whole = [MAKE[task](rng) for _ in range(300)]
    labels, answers = (np.concatenate(parts) for parts in zip(*whole, strict=True))
    true, _ = measured(task, labels, answers)
    held = dict.fromkeys(true, 0)
    for _ in range(300):
        rows = rng.integers(0, len(labels), 400)
        for name, (low, high) in intervals(task, labels[rows], answers[rows]).items():
            held[name] += low <= true[name] <= high
    assert all(0.9 <= count / 300 <= 0.99 for count in held.values()), held


def test_what_is_undefined_has_no_interval():
    found = intervals('binary', np.array([1, 1]), np.array([0.4, 0.3], np.float32))
    assert np.isnan(found['auc']).all()
    assert np.isnan(found['precision']).all()
    assert found['recall'] == pytest.approx(wilson(0, 2))
    assert np.isnan(intervals('regression', np.array([]), np.array([]))['mae']).all()
    assert np.isnan(intervals('regression', np.array([1.0]), np.array([2.0]))['mae']).all()


def test_a_perfect_share_has_a_lower_end():
    assert wilson(20, 20) == pytest.approx((0.8389, 1.0), abs=1e-4)
