import numpy as np
import pytest
import sklearn.metrics as skm

from components.evaluator import accumulators
from components.evaluator.accumulators import ACCUMULATORS, Binary, Multiclass, Regression
from components.evaluator.settings import METRICS


def _cut(rng, rows):
    """Cut rows into parts of very different sizes, each with at least one row."""
    return np.split(np.arange(rows), np.unique(rng.integers(1, rows, 7)))


def _merged(kind, labels, predictions, rng):
    """Merge in two levels and in another order, as Beam may."""
    parts = [kind.of(labels[i], predictions[i]) for i in _cut(rng, len(labels))]
    rng.shuffle(parts)
    return kind.merge([kind.merge(parts[:3]), *parts[3:]])


def _regression(rng, rows=1000):
    labels = rng.normal(1e6, 1, rows).astype(np.float32)
    predictions = (labels + rng.normal(0, 2, rows)).astype(np.float32)
    return labels, predictions


def _binary(rng, rows=1000):
    labels = rng.integers(0, 2, rows)
    scores = np.clip(rng.beta(2, 2, rows) * 0.8 + labels * 0.1, 0, 1).astype(np.float32)
    # Ties, certainty both right and wrong, and the threshold itself.
    scores[:300] = scores[:300].round(1)
    scores[300:308] = [0, 1, 0, 1, 0.5, 0.5, 0.5, 0.5]
    return labels, scores


def _multiclass(rng, rows=1000, classes=7):
    labels = rng.choice(classes - 1, rows)  # one class never occurs
    probabilities = rng.dirichlet(np.ones(classes) / 2, rows)
    probabilities[np.arange(rows), labels] += 0.3
    probabilities /= probabilities.sum(1, keepdims=True)
    return labels, probabilities.astype(np.float32)


def _regression_oracle(labels, predictions):
    labels, predictions = labels.astype(float), predictions.astype(float)
    return {
        'rmse': skm.root_mean_squared_error(labels, predictions),
        'mae': skm.mean_absolute_error(labels, predictions),
        'mse': skm.mean_squared_error(labels, predictions),
        'r2': skm.r2_score(labels, predictions),
    }


def _binary_oracle(labels, scores):
    answers = scores > 0.5
    return {
        'auc': skm.roc_auc_score(labels, scores),
        'auc_pr': skm.average_precision_score(labels, scores),
        'accuracy': skm.accuracy_score(labels, answers),
        'precision': skm.precision_score(labels, answers),
        'recall': skm.recall_score(labels, answers),
        'f1': skm.f1_score(labels, answers),
        'log_loss': skm.log_loss(labels, scores),
    }


def _multiclass_oracle(labels, probabilities):
    classes = np.arange(probabilities.shape[1])
    answers = probabilities.argmax(1)
    return {
        'accuracy': skm.accuracy_score(labels, answers),
        'top_3_accuracy': skm.top_k_accuracy_score(labels, probabilities, k=3, labels=classes),
        'macro_f1': skm.f1_score(labels, answers, average='macro'),
        'log_loss': skm.log_loss(labels, probabilities, labels=classes),
    }


CASES = {
    'regression': (Regression, _regression, _regression_oracle),
    'binary': (Binary, _binary, _binary_oracle),
    'multiclass': (Multiclass, _multiclass, _multiclass_oracle),
}


@pytest.mark.parametrize('task', CASES)
@pytest.mark.parametrize('seed', range(5))
def test_metrics_equal_scikit_learn_however_the_rows_are_cut(task, seed):
    kind, make, oracle = CASES[task]
    rng = np.random.default_rng(seed)
    labels, predictions = make(rng)

    whole = kind.of(labels, predictions).metrics()
    merged = _merged(kind, labels, predictions, rng).metrics()

    expected = oracle(labels, predictions)
    assert set(expected) == set(METRICS[task])
    assert whole['example_count'] == merged['example_count'] == len(labels)
    for name, value in expected.items():
        assert whole[name] == pytest.approx(value, rel=1e-6), name
        assert merged[name] == pytest.approx(value, rel=1e-6), name


def test_every_task_has_an_accumulator_with_its_metrics():
    one_row = {
        'regression': ([1.0], [2.0]),
        'binary': ([1], [0.7]),
        'multiclass': ([1], [[0.3, 0.7]]),
    }
    for task, (labels, predictions) in one_row.items():
        values = ACCUMULATORS[task].of(np.array(labels), np.array(predictions)).metrics()
        assert set(METRICS[task]) <= set(values)


def test_one_row():
    assert Regression.of(np.array([1.0]), np.array([4.0])).metrics() == pytest.approx(
        {'example_count': 1, 'rmse': 3, 'mae': 3, 'mse': 9, 'r2': np.nan}, nan_ok=True
    )
    values = Binary.of(np.array([1]), np.array([0.25], np.float32)).metrics()
    assert np.isnan(values['auc'])
    assert np.isnan(values['precision'])
    assert (values['accuracy'], values['recall'], values['f1']) == (0, 0, 0)
    assert values['log_loss'] == pytest.approx(np.log(4))
    assert Multiclass.of(np.array([2]), np.array([[0.4, 0.3, 0.2, 0.1]])).metrics() == (
        pytest.approx(
            {
                'example_count': 1,
                'unknown_labels': 0,
                'accuracy': 0,
                'top_3_accuracy': 1,
                'macro_f1': 0,
                'log_loss': -np.log(0.2),
            }
        )
    )


def test_labels_all_the_same_leave_the_rank_metrics_undefined():
    scores = np.array([0.2, 0.8], np.float32)

    none_positive = Binary.of(np.array([0, 0]), scores).metrics()
    assert np.isnan([none_positive[m] for m in ('auc', 'auc_pr', 'recall')]).all()
    assert none_positive['precision'] == 0

    constant = Regression.of(np.array([3.0, 3.0]), np.array([3.0, 4.0])).metrics()
    assert np.isnan(constant['r2'])
    assert constant['mse'] == 0.5


@pytest.mark.parametrize(
    ('kind', 'labels', 'predictions'),
    [
        (Regression, [1.0, 2.0], [1.0, np.nan]),
        (Binary, [0, 1], [0.3, np.nan]),
        (Multiclass, [0, 1], [[0.5, 0.5], [np.nan, 0.5]]),
    ],
)
def test_a_prediction_that_is_not_a_number_leaves_every_metric_undefined(kind, labels, predictions):
    good = kind.of(np.array(labels[:1]), np.array(predictions[:1], np.float32))
    bad = kind.of(np.array(labels), np.array(predictions, np.float32))
    values = kind.merge([good, bad]).metrics()
    for name in ('example_count', 'unknown_labels'):
        values.pop(name, None)
    assert np.isnan(list(values.values())).all()


def test_a_binary_label_the_model_does_not_know_leaves_every_metric_undefined():
    values = Binary.of(np.array([0, 1, -1]), np.array([0.1, 0.9, 0.5], np.float32)).metrics()
    assert values.pop('example_count') == 3
    assert np.isnan(list(values.values())).all()


def test_a_multiclass_label_the_model_does_not_know_counts_as_wrong():
    labels = np.array([0, 1, -1, -1])
    probabilities = np.array([[0.8, 0.2], [0.3, 0.7], [0.9, 0.1], [0.4, 0.6]], np.float32)
    values = Multiclass.of(labels, probabilities).metrics()
    assert values['unknown_labels'] == 2
    assert values['accuracy'] == 0.5
    assert values['top_3_accuracy'] == 0.5
    assert values['macro_f1'] == pytest.approx(
        skm.f1_score(labels, probabilities.argmax(1), average='macro')
    )
    eps = np.finfo(np.float32).eps
    assert values['log_loss'] == pytest.approx(-np.log([0.8, 0.7, eps, eps]).mean())


def test_ties_go_to_the_first_class_as_in_the_models_answer():
    tied = np.full((5, 5), 0.2, np.float32)
    values = Multiclass.of(np.arange(5), tied).metrics()
    assert values['accuracy'] == 0.2
    assert values['top_3_accuracy'] == 0.6


def test_many_distinct_scores_are_kept_in_bounds_and_stay_close(monkeypatch):
    monkeypatch.setattr(accumulators, 'MAX_SCORES', 2000)
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 50_000)
    scores = (1 / (1 + np.exp(-rng.normal(labels, 1)))).astype(np.float32)

    parts = [Binary.of(labels[i::20], scores[i::20]) for i in range(20)]
    merged = Binary.merge([Binary.merge(parts[:9]), *parts[9:]])

    assert len(merged.scores) <= 2000
    values, expected = merged.metrics(), _binary_oracle(labels, scores)
    assert values['auc'] == pytest.approx(expected['auc'], abs=1e-4)
    # Those that don't rank are not affected at all.
    for name in ('accuracy', 'precision', 'recall', 'f1', 'log_loss'):
        assert values[name] == pytest.approx(expected[name], rel=1e-6), name
