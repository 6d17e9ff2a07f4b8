import math

import pytest

from components.data_gate.column_stats import read_split
from tests.components.data_gate.tables import Columns, split, statistics

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ('values', 'present', 'type_'),
    [
        ([1, 2, None], 2, 'INTEGER'),
        ([1.5, NAN, None, 2.5], 2, 'FLOAT'),
        ([1.5, INF, -INF, 2.5], 2, 'FLOAT'),
        ([NAN, NAN], 0, 'FLOAT'),
        (['a', '', None, 'b'], 2, 'STRING'),
        (['', ''], 0, 'STRING'),
        ([None, None], 0, 'STRING'),
    ],
)
def test_rows_with_a_value(values: Columns, present: int, type_: str) -> None:
    column = split(c=values).columns['c']
    assert column.present == present
    assert column.missing == len(values) - present
    assert column.type == type_


def test_an_empty_list_is_a_missing_value() -> None:
    dataset = statistics(c=[1, 2, 3, 4])
    common = dataset.datasets[0].features[0].num_stats.common_stats
    common.min_num_values, common.tot_num_values = 0, 3
    assert read_split('train', dataset).columns['c'].missing == 1


def test_counts_of_strings_only_and_only_if_complete() -> None:
    columns = split(few=['a', 'b', 'a'] * 500, many=[f'v{i}' for i in range(1500)], n=[1] * 1500)
    assert columns.columns['few'].counts == {'a': 1000, 'b': 500}
    assert columns.columns['many'].counts is None
    assert columns.columns['n'].counts is None


@pytest.mark.parametrize(('bound', 'above', 'rows'), [(900, True, 100), (100, False, 100)])
def test_rows_beyond_a_bound_are_estimated(bound: float, above: bool, rows: int) -> None:
    column = split(c=list(range(1000))).columns['c']
    assert column.rows_beyond(bound, above) == pytest.approx(rows, abs=10)


def test_a_single_row_beyond_a_bound_is_not_lost() -> None:
    assert split(c=[1] * 999 + [7]).columns['c'].rows_beyond(6, above=True) == 1


def test_rows_of_all_and_not_of_a_slice() -> None:
    dataset = statistics(c=[1, 2, 3])
    dataset.datasets[0].name = 'All Examples'
    dataset.datasets.add(name='c_1', num_examples=1)
    assert read_split('train', dataset).rows == 3


def test_statistics_of_nothing() -> None:
    assert read_split('eval', statistics(c=[])).rows == 0
