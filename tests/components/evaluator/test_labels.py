import numpy as np
import pyarrow as pa
import pytest

from components.evaluator.errors import EvaluationError
from components.evaluator.labels import check_labels
from components.evaluator.settings import EvaluatorConfig

COLUMN = pa.array([[b'yes'], [], [b'maybe'], None, [b'maybe']], pa.large_list(pa.large_binary()))
BATCH = pa.record_batch({'y': COLUMN})


def _config(task):
    metric = {'regression': 'rmse', 'binary': 'auc', 'multiclass': 'accuracy'}[task]
    return EvaluatorConfig.model_validate(
        {'task': task, 'label': 'y', 'gate': {'metrics': {metric: {'min': 0}}}}
    )


@pytest.mark.parametrize('task', ['binary', 'multiclass'])
def test_known_labels_pass(task):
    assert check_labels(_config(task), 'test', np.array([0, 1, 1, 0, 1]), BATCH) is None


def test_a_regression_needs_numbers():
    labels = np.array([1.0, np.nan, 2.0, 3.0, np.nan])
    with pytest.raises(EvaluationError, match='label y has no value in 2 of 5 rows read of split'):
        check_labels(_config('regression'), 'test', labels, BATCH)


@pytest.mark.parametrize('task', ['binary', 'multiclass'])
@pytest.mark.parametrize('column', [COLUMN, pa.nulls(5)])
def test_missing_labels_are_refused(task, column):
    labels = np.array([0, -1, 1, -1, 0])
    with pytest.raises(EvaluationError, match='label y has no value in 2 of 5 rows'):
        check_labels(_config(task), 'test', labels, pa.record_batch({'y': column}))


def test_a_third_class_is_refused_in_a_binary_task():
    labels = np.array([0, 0, -1, 0, -1])
    with pytest.raises(EvaluationError, match=r'label y is .maybe. in 2 of 5 rows.*neither'):
        check_labels(_config('binary'), 'test', labels, BATCH)


def test_an_unknown_class_is_warned_of_in_a_multiclass_task():
    warning = check_labels(_config('multiclass'), 'test', np.array([0, 0, -1, 0, -1]), BATCH)
    assert warning is not None
    assert warning.startswith("label y is 'maybe' in 2 of 5 rows read of split test")


def test_numbers_are_named_too():
    batch = pa.record_batch({'y': pa.array([[1], [7]], pa.large_list(pa.int64()))})
    warning = check_labels(_config('multiclass'), 'test', np.array([0, -1]), batch)
    assert warning is not None
    assert warning.startswith('label y is 7 in 1 of 2 rows')
