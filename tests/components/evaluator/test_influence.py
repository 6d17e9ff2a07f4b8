"""Influences against the derivative of scikit-learn's weighted metrics, taken numerically."""

import numpy as np
import pytest
import sklearn.metrics as skm

from components.evaluator.influence import influences, standard_error

STEP = 1e-4


def _regression(rng):
    y = rng.normal(7, 1, 60)
    return y, (y + rng.normal(0, 1, 60))


def _binary(rng):
    y = rng.integers(0, 2, 60)
    return y, np.clip(rng.beta(2, 2, 60) + 0.3 * (y - 0.5), 0.01, 0.99).round(1).astype(np.float32)


def _multiclass(rng):
    y = rng.integers(0, 4, 60)
    p = rng.dirichlet(np.ones(4), 60)
    p[np.arange(60), y] += 0.3
    return y, (p / p.sum(1, keepdims=True)).astype(np.float32)


MAKE = {'regression': _regression, 'binary': _binary, 'multiclass': _multiclass}


def _weighted(task, y, p, weights):
    w = {'sample_weight': weights}
    if task == 'regression':
        mse = skm.mean_squared_error(y, p, **w)
        return {
            'rmse': np.sqrt(mse),
            'mae': skm.mean_absolute_error(y, p, **w),
            'mse': mse,
            'r2': skm.r2_score(y, p, **w),
        }
    if task == 'binary':
        hard = p > 0.5
        return {
            'auc': skm.roc_auc_score(y, p, **w),
            'auc_pr': skm.average_precision_score(y, p, **w),
            'accuracy': skm.accuracy_score(y, hard, **w),
            'precision': skm.precision_score(y, hard, **w),
            'recall': skm.recall_score(y, hard, **w),
            'f1': skm.f1_score(y, hard, **w),
            'log_loss': skm.log_loss(y, p, **w),
        }
    return {
        'accuracy': skm.accuracy_score(y, p.argmax(1), **w),
        'top_3_accuracy': skm.top_k_accuracy_score(y, p, k=3, labels=range(4), **w),
        'macro_f1': skm.f1_score(y, p.argmax(1), average='macro', **w),
        'log_loss': skm.log_loss(y, p.astype(np.float64), labels=range(4), **w),
    }


@pytest.mark.parametrize('task', MAKE)
def test_an_influence_is_the_derivative_by_the_weight_of_a_row(task):
    rng = np.random.default_rng(3)
    labels, answers = MAKE[task](rng)
    found = influences(task, labels, answers)
    for row in range(len(labels)):
        up, down = np.ones(len(labels)), np.ones(len(labels))
        up[row] += STEP
        down[row] -= STEP
        more, less = _weighted(task, labels, answers, up), _weighted(task, labels, answers, down)
        assert set(found) == set(more)
        for name, values in found.items():
            slope = (more[name] - less[name]) / (2 * STEP)
            # r2's mean label moves with the weights as well, which is of second order.
            assert values[row] == pytest.approx(slope, abs=2e-6), (name, row)


@pytest.mark.parametrize('task', MAKE)
def test_influences_sum_to_nothing(task):
    labels, answers = MAKE[task](np.random.default_rng(4))
    for name, values in influences(task, labels, answers).items():
        assert values.sum() == pytest.approx(0, abs=1e-12), name


@pytest.mark.parametrize('task', MAKE)
def test_the_standard_error_is_that_of_a_bootstrap(task):
    rng = np.random.default_rng(5)
    parts = [MAKE[task](rng) for _ in range(20)]
    labels = np.concatenate([y for y, _ in parts])
    answers = np.concatenate([p for _, p in parts])
    drawn = []
    for _ in range(400):
        weights = rng.multinomial(len(labels), np.full(len(labels), 1 / len(labels)))
        drawn.append(_weighted(task, labels, answers, weights.astype(float)))
    for name, values in influences(task, labels, answers).items():
        spread = np.std([d[name] for d in drawn])
        assert standard_error(values) == pytest.approx(spread, rel=0.15), name


def test_a_label_that_no_class_is_known_for_counts_as_wrong_in_several_classes():
    answers = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], np.float32)
    found = influences('multiclass', np.array([-1, 1]), answers)
    assert found['accuracy'].tolist() == [-0.25, 0.25]


def test_predictions_that_are_no_numbers_leave_all_undefined():
    found = influences('binary', np.array([0, 1]), np.array([np.nan, 0.5], np.float32))
    assert all(np.isnan(values).all() for values in found.values())
