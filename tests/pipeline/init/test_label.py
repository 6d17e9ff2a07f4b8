import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipeline.init.errors import InitError
from pipeline.init.label import Label, choose_label, guess_label
from pipeline.init.profile import Column, profile


def label_of(values: Sequence[Any], type_: str, as_: str = '') -> Label:
    connection = duckdb.connect()
    connection.register('given', pa.table({'y': values}))
    cast = f'CAST(y AS {as_})' if as_ else 'y'
    connection.execute(f'CREATE TABLE t AS SELECT {cast} AS y FROM given')
    return guess_label(connection, 't', profile(connection, 't', {'y': type_})[0])


def columns_of(types: Mapping[str, str], **settings: Any) -> list[Column]:
    given = {'rows': 100, 'present': 100, 'distinct': 5} | settings
    return [Column(name, type_, **given) for name, type_ in types.items()]


def test_label_by_its_name() -> None:
    columns = columns_of({'Target': 'STRING', 'size': 'FLOAT64'})
    column, why = choose_label(columns, None)
    assert column.name == 'Target'
    assert 'its name' in why


def test_label_by_its_place_skips_what_cannot_be_predicted() -> None:
    columns = columns_of({'size': 'FLOAT64', 'day': 'DATE', 'split': 'STRING'})
    assert choose_label(columns, None)[0].name == 'size'


def test_label_as_asked_in_any_case() -> None:
    assert choose_label(columns_of({'a': 'BOOL', 'Size': 'FLOAT64'}), 'size')[0].name == 'Size'


def test_unknown_label_says_what_is_near() -> None:
    with pytest.raises(InitError, match="no column 'sice' for a label; did you mean 'size'"):
        choose_label(columns_of({'a': 'BOOL', 'size': 'FLOAT64'}), 'sice')


def test_nothing_to_predict() -> None:
    with pytest.raises(InitError, match='name one with --label: a, b'):
        choose_label(columns_of({'a': 'BOOL', 'b': 'DATE'}, distinct=1), None)


@pytest.mark.parametrize(
    ('values', 'type_', 'as_', 'classes', 'sure', 'sql'),
    [
        (['yes', 'no'], 'STRING', '', ('no', 'yes'), True, 'y'),
        ([' >50K', ' <=50K'], 'STRING', '', (' <=50K', ' >50K'), True, 'y'),
        (['spam', 'not spam'], 'STRING', '', ('not spam', 'spam'), True, 'y'),
        (['cat', 'dog'], 'STRING', '', ('cat', 'dog'), False, 'y'),
        ([0, 1], 'INT64', '', ('0', '1'), True, 'y'),
        ([1, 2], 'INT64', '', ('1', '2'), False, 'y'),
        ([0.0, 1.0], 'FLOAT64', '', ('0', '1'), True, 'CAST(y AS INT64)'),
        ([0.5, 1.5], 'FLOAT64', '', None, False, 'CAST(y AS STRING)'),
        ([True, False], 'BOOL', '', ('false', 'true'), True, 'CAST(y AS STRING)'),
        ([0, 1], 'NUMERIC', 'DECIMAL(3, 0)', ('0', '1'), True, 'CAST(y AS INT64)'),
    ],
)
def test_two_values_are_binary(
    values: list[Any],
    type_: str,
    as_: str,
    classes: tuple[str, str] | None,
    sure: bool,
    sql: str,
) -> None:
    label = label_of(values * 30, type_, as_)
    assert label.task == 'binary'
    assert (label.classes, label.sure, label.sql) == (classes, sure, sql)
    assert label.conditions == ('y IS NOT NULL',)


def test_several_texts_are_classes() -> None:
    label = label_of(['a'] * 60 + ['b'] * 30 + ['c'] * 10, 'STRING')
    assert label.task == 'multiclass'
    assert label.counts == {'a': 60, 'b': 30, 'c': 10}
    assert label.majority == 0.6
    assert label.entropy == pytest.approx(0.8979, abs=1e-4)


def test_few_small_whole_numbers_are_classes() -> None:
    assert label_of([3, 4, 5, 6] * 20, 'INT64').task == 'multiclass'


@pytest.mark.parametrize(
    ('values', 'type_', 'as_', 'sql'),
    [
        (list(range(100)), 'INT64', '', 'y'),
        ([100, 200, 300] * 20, 'INT64', '', 'y'),
        ([0.5, 1.5, 2.5] * 20, 'FLOAT64', '', 'y'),
        ([f'{i}.5' for i in range(90)], 'NUMERIC', 'DECIMAL(5, 1)', 'CAST(y AS FLOAT64)'),
        (
            [f'{i},000' for i in range(1, 120)],
            'STRING',
            '',
            "SAFE_CAST(REPLACE(y, ',', '') AS FLOAT64)",
        ),
    ],
)
def test_other_numbers_are_regressions(values: list[Any], type_: str, as_: str, sql: str) -> None:
    label = label_of(values, type_, as_)
    assert (label.task, label.sql) == ('regression', sql)


def test_rare_classes_are_dropped_by_the_query() -> None:
    label = label_of(['a'] * 60 + ['b'] * 30 + ['c'] * 9 + ["d's"], 'STRING')
    assert label.task == 'binary'
    assert label.dropped == {'c': 9, "d's": 1}
    assert label.conditions == ('y IS NOT NULL', r"y NOT IN ('c', 'd\'s')")


def test_many_rare_classes_are_dropped_by_naming_the_others() -> None:
    label = label_of(['a'] * 60 + ['b'] * 30 + [f'c{i}' for i in range(50)], 'STRING')
    assert label.conditions == ('y IS NOT NULL', "y IN ('a', 'b')")


def test_labels_that_are_no_numbers_are_filtered() -> None:
    label = label_of([i / 7 for i in range(90)] + [math.nan], 'FLOAT64')
    assert label.conditions == ('y IS NOT NULL', 'NOT IS_NAN(y)', 'NOT IS_INF(y)')
    assert label_of(['a', 'b', ''] * 30, 'STRING').conditions == ('y IS NOT NULL', "y != ''")


@pytest.mark.parametrize(
    ('values', 'type_', 'message'),
    [
        (['a'] * 60, 'STRING', 'the same value in every row'),
        (pa.array([None] * 60, pa.int64()), 'INT64', 'no value in any row'),
        ([f'w{i}' for i in range(300)], 'STRING', '300 different values'),
        ([f'w{i % 150}' for i in range(3000)], 'STRING', 'at most 100 classes'),
        ([0] * 60 + [1] * 3, 'INT64', r'only one class has 10 rows or more.*1 \(3\)'),
        (['2020-01-02', '2020-02-03'] * 30, 'STRING', 'holds dates'),
        ([b'a', b'b'] * 30, 'BYTES', 'holds BYTES'),
    ],
)
def test_labels_that_nothing_can_be_learnt_from(values: Any, type_: str, message: str) -> None:
    with pytest.raises(InitError, match=message) as caught:
        label_of(values, type_)
    assert '\n' not in str(caught.value)
