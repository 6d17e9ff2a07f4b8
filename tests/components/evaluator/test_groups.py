import pyarrow as pa

from components.evaluator.groups import MISSING, group_rows


def test_rows_are_grouped_by_their_values_in_order():
    table = pa.table({'n': [2, 1, None, 2], 't': ['y', 'x', 'x', '']})
    keys, places = group_rows(table, ['n'])
    assert keys == [{'n': 1}, {'n': 2}, {'n': MISSING}]
    assert places.tolist() == [1, 0, 2, 1]
    keys, places = group_rows(table, ['n', 't'])
    assert [tuple(k.values()) for k in keys] == [(1, 'x'), (2, 'y'), (2, MISSING), (MISSING, 'x')]
    assert [keys[i]['n'] for i in places] == [2, 1, MISSING, 2]


def test_no_column_keeps_the_rows_together():
    keys, places = group_rows(pa.table({'n': [1, 2]}), [])
    assert keys == [{}]
    assert places.tolist() == [0, 0]


def test_a_column_without_values_is_one_group():
    keys, _ = group_rows(pa.table({'n': pa.nulls(3), 'f': [float('nan')] * 3}), ['n', 'f'])
    assert keys == [{'n': MISSING, 'f': MISSING}]
