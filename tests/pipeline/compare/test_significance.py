"""Paired tests against scipy, against DeLong's method written out, and against a bootstrap."""

import numpy as np
import pytest
import sklearn.metrics as skm
from scipy import stats

from components.evaluator.predictions import About, labels_and_answers
from pipeline.compare.significance import DELONG, MCNEMAR, PAIRED_T, paired, unpaired
from tests.pipeline.kept_run import CLASSES, ROWS, census, houses

BINARY = About('binary', 'y', 'test', ROWS, ROWS, CLASSES)
REGRESSION = About('regression', 'y', 'test', ROWS, ROWS)


def _binary(seed, noise=0.6):
    return labels_and_answers(census(seed, noise), BINARY)


def _regression(seed, noise=1.0):
    return labels_and_answers(houses(seed, noise), REGRESSION)


def _delong(label, first, second):
    """DeLong et al. 1988 for two scores of the same rows, pair by pair."""
    parts = []
    for scores in (first, second):
        up, down = scores[label == 1], scores[label == 0]
        better = (up[:, None] > down) + 0.5 * (up[:, None] == down)
        parts.append((better.mean(), better.mean(1), better.mean(0)))
    (auc_1, up_1, down_1), (auc_2, up_2, down_2) = parts
    variance = np.var(up_2 - up_1, ddof=1) / len(up_1) + np.var(down_2 - down_1, ddof=1) / len(
        down_1
    )
    z = (auc_2 - auc_1) / np.sqrt(variance)
    return auc_2 - auc_1, 2 * stats.norm.sf(abs(z))


def test_auc_is_compared_by_delong():
    first, second = _binary(1), _binary(2, 0.7)
    found = paired('binary', first, second)['auc']
    value, p = _delong(first[0], first[1], second[1])
    assert found.test == DELONG
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.p == pytest.approx(p, abs=1e-9)


def test_accuracy_is_compared_by_mcnemar():
    first, second = _binary(1), _binary(2)
    right_1 = (first[1] > 0.5) == (first[0] == 1)
    right_2 = (second[1] > 0.5) == (second[0] == 1)
    only = int(np.sum(right_1 & ~right_2)), int(np.sum(right_2 & ~right_1))
    found = paired('binary', first, second)['accuracy']
    assert found.test == MCNEMAR
    assert found.value == pytest.approx(right_2.mean() - right_1.mean())
    assert found.p == pytest.approx(stats.binomtest(only[0], sum(only)).pvalue)


def test_means_are_compared_by_a_paired_t():
    first, second = _regression(1), _regression(2, 1.1)
    found = paired('regression', first, second)
    errors = [np.abs(p.astype(float) - y) for y, p in (first, second)]
    expected = stats.ttest_rel(errors[1], errors[0])
    assert found['mae'].test == PAIRED_T
    assert found['mae'].p == pytest.approx(expected.pvalue, abs=1e-9)
    ends = expected.confidence_interval()
    assert (found['mae'].low, found['mae'].high) == pytest.approx((ends.low, ends.high), abs=1e-9)
    squares = [e**2 for e in errors]
    assert found['rmse'].p == pytest.approx(stats.ttest_rel(*squares).pvalue, abs=1e-9)
    assert found['rmse'].p == found['r2'].p


def test_the_rest_is_what_a_paired_bootstrap_comes_to():
    first, second = _binary(1), _binary(2, 0.7)
    found = paired('binary', first, second)
    label, rng = first[0], np.random.default_rng(3)
    drawn = {'f1': [], 'auc_pr': [], 'precision': []}
    for _ in range(600):
        rows = rng.integers(0, ROWS, ROWS)
        y, p, q = label[rows], first[1][rows], second[1][rows]
        drawn['f1'].append(skm.f1_score(y, q > 0.5) - skm.f1_score(y, p > 0.5))
        drawn['precision'].append(skm.precision_score(y, q > 0.5) - skm.precision_score(y, p > 0.5))
        drawn['auc_pr'].append(
            skm.average_precision_score(y, q) - skm.average_precision_score(y, p)
        )
    for name, values in drawn.items():
        half = 1.96 * np.std(values)
        assert found[name].high - found[name].value == pytest.approx(half, rel=0.12), name


def test_equal_models_do_not_differ():
    for found in paired('binary', _binary(1), _binary(1)).values():
        assert found.value == 0
        assert found.p == 1
        assert not found.significant


def test_pairing_finds_what_different_rows_cannot_show():
    first = _binary(1)
    nudged = (first[0], np.clip(first[1] + 0.01 * (2 * first[0] - 1), 0, 1).astype(np.float32))
    together = paired('binary', first, nudged)['log_loss']
    apart = unpaired('binary', first, nudged)['log_loss']
    assert together.significant
    assert not apart.significant
    assert together.value == pytest.approx(apart.value)
