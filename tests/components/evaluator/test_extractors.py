import numpy as np
import pyarrow as pa
import pytest
import tensorflow_model_analysis as tfma

from components.evaluator.errors import EvaluationError
from components.evaluator.extractors import _GroupBySlice


def _extracts(numbers):
    rows = np.arange(len(numbers))
    return {
        tfma.ARROW_RECORD_BATCH_KEY: pa.record_batch({'n': pa.array([[n] for n in numbers])}),
        tfma.LABELS_KEY: {'candidate': rows, 'baseline': rows + 100},
        tfma.PREDICTIONS_KEY: {'candidate': rows / 10, 'baseline': rows / 20},
        'classes': {},
    }


def test_each_slice_gets_its_rows_of_every_array():
    found = list(_GroupBySlice([(), ('n',)]).process(_extracts([5, 6, 5])))
    assert [e[tfma.SLICE_KEY_TYPES_KEY] for e in found] == [[()], [(('n', 5),)], [(('n', 6),)]]
    five = found[1]
    assert five[tfma.LABELS_KEY]['baseline'].tolist() == [100, 102]
    assert five[tfma.PREDICTIONS_KEY]['candidate'].tolist() == [0, 0.2]


def test_values_that_are_too_many_only_over_several_batches_are_refused():
    group = _GroupBySlice([('n',)])
    for start in range(0, 1000, 100):
        assert len(list(group.process(_extracts(range(start, start + 100))))) == 100
    assert len(list(group.process(_extracts(range(50))))) == 50
    with pytest.raises(EvaluationError, match='n has 1001 values or more'):
        list(group.process(_extracts([5000])))
