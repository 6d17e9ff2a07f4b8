import numpy as np
import pyarrow as pa
import pytest

from components.evaluator.errors import EvaluationError
from components.evaluator.slices import MISSING, split_rows

BATCH = pa.record_batch(
    {
        'number': pa.array([[2], [1], [], [2], None], pa.large_list(pa.int64())),
        'text': pa.array([[b'b'], [b''], [b'a'], [], [b'\xff']], pa.large_list(pa.large_binary())),
        'real': pa.array([[0.5], [np.nan], [0.5], [], [1.5]], pa.large_list(pa.float32())),
        'nothing': pa.nulls(5),
        'several': pa.array([[1], [1, 2], [], [], []], pa.large_list(pa.int64())),
    }
)


def _rows(*columns):
    return {key: rows.tolist() for key, rows in split_rows(BATCH, columns)}


def test_no_columns_keep_all_rows_together():
    assert _rows() == {(): [0, 1, 2, 3, 4]}


@pytest.mark.parametrize(
    ('column', 'expected'),
    [
        ('number', {2: [0, 3], 1: [1], MISSING: [2, 4]}),
        ('text', {'b': [0], 'a': [2], '\\xff': [4], MISSING: [1, 3]}),
        ('real', {0.5: [0, 2], 1.5: [4], MISSING: [1, 3]}),
        ('nothing', {MISSING: [0, 1, 2, 3, 4]}),
    ],
)
def test_rows_of_one_column(column, expected):
    found = _rows(column)
    assert found == {((column, value),): rows for value, rows in expected.items()}
    assert {type(key[0][1]) for key in found} <= {int, float, str}


def test_columns_together_make_the_pairs_that_occur():
    assert _rows('number', 'real') == {
        (('number', 2), ('real', 0.5)): [0],
        (('number', 1), ('real', MISSING)): [1],
        (('number', MISSING), ('real', 0.5)): [2],
        (('number', 2), ('real', MISSING)): [3],
        (('number', MISSING), ('real', 1.5)): [4],
    }


def test_each_row_is_in_exactly_one_slice_of_many():
    rng = np.random.default_rng(0)
    a, b, c = rng.integers(0, 9, (3, 5000))
    batch = pa.record_batch(
        {n: pa.array([[v] for v in x.tolist()]) for n, x in {'a': a, 'b': b, 'c': c}.items()}
    )
    seen = np.zeros(5000, int)
    for key, rows in split_rows(batch, ('a', 'b', 'c')):
        values = dict(key)
        assert (a[rows] == values['a']).all()
        assert (b[rows] == values['b']).all()
        assert (c[rows] == values['c']).all()
        seen[rows] += 1
    assert (seen == 1).all()


def test_too_many_values_are_refused_with_the_column_their_number_and_the_limit():
    batch = pa.record_batch({'id': pa.array([[i] for i in range(1200)])})
    with pytest.raises(EvaluationError, match=r'gate\.slices: id has 1200 values.*1000'):
        list(split_rows(batch, ['id']))


def test_too_many_pairs_are_refused():
    rows = [(i, j) for i in range(40) for j in range(40)]
    batch = pa.record_batch({n: pa.array([[r[k]] for r in rows]) for k, n in enumerate('ab')})
    assert len(list(split_rows(batch, ['a']))) == 40
    with pytest.raises(EvaluationError, match=r'a, b has 1600 values.*1000'):
        list(split_rows(batch, ['a', 'b']))


def test_several_values_in_a_row_are_refused():
    with pytest.raises(EvaluationError, match='several has several values in one row'):
        _rows('several')


def test_an_unknown_column_is_named_with_the_nearest():
    with pytest.raises(EvaluationError, match='no column nubmer; did you mean number'):
        _rows('nubmer')
    with pytest.raises(EvaluationError, match='no column plurality; they have number, text'):
        _rows('plurality')
