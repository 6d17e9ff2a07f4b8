import math
from collections.abc import Mapping
from typing import Any

import pytest

from components.data_gate.check import Check, listed
from components.data_gate.checks import check_features, check_label, check_rows
from components.data_gate.settings import DataGateConfig, DataGateTerms
from tests.components.data_gate.tables import Columns, split


def terms(task: str, **settings: Any) -> DataGateTerms:
    return DataGateTerms(task=task, label='y', **settings)


def faults_of_label(
    terms: DataGateTerms, classes: Mapping[str, Mapping[str, int]] | None = None, **labels: Columns
) -> list[str]:
    """Check a label, given by split; classes default to what the statistics hold."""
    splits = {name: split(name, y=values) for name, values in labels.items()}
    counted = {name: s.columns['y'].counts or {} for name, s in splits.items()}
    checks = check_label(splits, terms, classes or counted)
    return [str(check) for check in checks if not check.passed]


def test_a_split_without_rows() -> None:
    splits = {'train': split(y=[1, 2]), 'eval': split('eval', y=[])}
    checks = list(check_rows(splits, ('train', 'eval', 'test')))
    assert [c.passed for c in checks] == [True, False, False]
    assert str(checks[1]) == (
        'split `eval`: expected rows, saw 0; '
        'give it a larger share in data.split, or let the query return more rows'
    )
    assert 'saw no such split' in str(checks[2])


def test_sound_labels_pass() -> None:
    assert not faults_of_label(terms('regression'), train=[1.0, 2.0], eval=[1.5])
    assert not faults_of_label(terms('binary'), train=['no', 'yes'], eval=['no'])
    assert not faults_of_label(terms('multiclass'), train=['a', 'b', 'c'], eval=['c'])


def test_missing_labels_are_counted_by_split() -> None:
    faults = faults_of_label(
        terms('regression'), train=[1.0, 2.0, None, None], eval=[None, 1.0], test=[1.0, 3.0]
    )
    assert faults == [
        'column `y`, split `train`: expected a label in every row, saw none in 2 of 4 rows; '
        'add `WHERE y IS NOT NULL` to the query',
        'column `y`, split `eval`: expected a label in every row, saw none in 1 of 2 rows; '
        'add `WHERE y IS NOT NULL` to the query',
    ]


@pytest.mark.parametrize(
    ('task', 'values', 'where'),
    [
        ('regression', [1.0, 2.0, math.nan], '`WHERE y - y = 0`'),
        ('regression', [1.0, 2.0, math.inf], '`WHERE y - y = 0`'),
        ('binary', ['a', 'b', ''], "`WHERE y != ''`"),
    ],
)
def test_what_is_no_label_either(task: str, values: Columns, where: str) -> None:
    (fault,) = faults_of_label(terms(task), {'train': {'a': 1, 'b': 1}, 'eval': {}}, train=values)
    assert 'none in 1 of 3 rows' in fault
    assert where in fault


def test_label_not_in_the_data() -> None:
    (check,) = check_label({'train': split(x=[1, 2])}, terms('regression'), {})
    assert not check.passed
    assert check.rows == 2
    assert 'saw no such column; let the query return y' in str(check)


@pytest.mark.parametrize('value', [7, 0.5])
def test_a_constant_regression_label(value: float) -> None:
    assert faults_of_label(terms('regression'), train=[value] * 3, eval=[value]) == [
        f'column `y`, split `train`: expected more than one value, saw {value:g} to {value:g} in '
        '3 of 3 rows; mend the query, or choose another label'
    ]


def test_a_regression_label_of_strings() -> None:
    assert faults_of_label(terms('regression'), train=['high', 'low', 'low']) == [
        'column `y`, split `train`: expected numbers, saw STRING in 3 of 3 rows: `low` (2), '
        '`high` (1); CAST(y AS FLOAT64) in the query, or set task: multiclass'
    ]


@pytest.mark.parametrize('task', ['binary', 'multiclass'])
def test_a_label_of_one_class(task: str) -> None:
    (fault,) = faults_of_label(terms(task), train=['yes'] * 4, eval=['yes'])
    assert 'classes, saw 1 in 4 of 4 rows: `yes` (4); mend the query' in fault


def test_three_classes_in_a_binary_task() -> None:
    (fault,) = faults_of_label(terms('binary'), train=['no', 'yes', 'yes', 'maybe'])
    assert fault == (
        'column `y`, split `train`: expected 2 classes, saw 3 in 4 of 4 rows: `yes` (2), '
        '`maybe` (1), `no` (1); set task: multiclass, or map the label to two values in the query'
    )


def test_classes_that_the_recipe_does_not_name() -> None:
    named = terms('binary', classes=('no', 'yes'))
    in_train, in_eval = faults_of_label(
        named, train=['no', 'yes', 'Yes'], eval=['no', 'Yes', 'Yes', 'YES']
    )
    assert in_train == (
        'column `y`, split `train`: expected no class but `no`, `yes`, saw others in 1 of 3 rows: '
        '`Yes` (1); name them under classes, or leave these rows out in the query'
    )
    assert 'split `eval`' in in_eval
    assert 'saw others in 3 of 4 rows: `Yes` (2), `YES` (1)' in in_eval


def test_a_class_never_in_train() -> None:
    (fault,) = faults_of_label(terms('multiclass'), train=['a', 'b'], eval=['a', 'c', 'c'])
    assert fault.startswith(
        'column `y`, split `eval`: expected only classes that split `train` has, '
        'saw others in 2 of 3 rows: `c` (2); give train a larger share'
    )


def test_a_few_rows_of_unseen_classes_are_let_through() -> None:
    few = ['a'] * 99 + ['c']
    assert not faults_of_label(terms('multiclass'), train=['a', 'b'], eval=few)
    strict = DataGateConfig(unseen_classes=0)
    assert faults_of_label(terms('multiclass', bounds=strict), train=['a', 'b'], eval=few)


def test_classes_that_are_numbers_are_taken_as_counted() -> None:
    classes = {'train': {'0': 2, '1': 1, '7': 1}}
    (fault,) = faults_of_label(terms('binary'), classes, train=[0, 0, 1, 7])
    assert 'saw 3 in 4 of 4 rows: `0` (2), `1` (1), `7` (1)' in fault


def test_features_without_a_value() -> None:
    train = split(full=[1, 2], part=[None, 'a'], empty=[None, None])
    checks = list(check_features(train, ('full', 'part', 'empty', 'absent')))
    assert [c.passed for c in checks] == [True, True, False, False]
    assert str(checks[2]) == (
        'column `empty`, split `train`: expected a value, saw one in 0 of 2 rows; '
        'take it out of features, or mend the query'
    )
    assert 'saw no such column; add it to the query' in str(checks[3])


def test_many_values_are_counted() -> None:
    assert listed({f'v{i}': 10 - i for i in range(8)}).endswith('`v4` (6) and 3 more')


def test_a_check_that_passed_needs_no_fix() -> None:
    check = Check('rows', 'eval', None, True, 'rows', '10', 10, 'more rows')
    assert str(check) == 'split `eval`: expected rows, saw 10'
