import math

import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.data_gate.anomalies import check_schema
from components.data_gate.check import Check
from tests.components.data_gate.tables import Columns, split, statistics


def checked(schema: str, **columns: Columns) -> list[Check]:
    proto = text_format.Parse(schema, schema_pb2.Schema())
    anomalies = tfdv.validate_statistics(statistics(**columns), proto)
    return list(check_schema(split('eval', **columns), anomalies, proto))


@pytest.mark.parametrize(
    ('schema', 'values', 'rows', 'message'),
    [
        (
            'type: BYTES string_domain {value: "a"}', ['a', 'b', 'b', 'c'], 3,
            'expected one of `a`, saw others in 3 of 4 rows: `b` (2), `c` (1)',
        ),
        (
            'type: INT int_domain {min: 0 max: 9}', [1] * 99 + [12], 1,
            'expected at most 9, saw up to 12, in about 1 of 100 rows; '
            'add `WHERE c <= 9` to the query',
        ),
        ('type: INT', ['a', 'b', None], 2, 'expected INTEGER, saw STRING in 2 of 3 rows; CAST it'),
        (
            'type: BYTES presence {min_fraction: 1 min_count: 1} shape {dim {size: 1}}',
            ['a', None, 'b', None], 2,
            'expected a value in every row, saw none in 2 of 4 rows; add `WHERE c IS NOT NULL`',
        ),
        (
            'type: BYTES presence {min_fraction: 0.9 min_count: 1}', ['a', None], 1,
            'expected a value in at least 90.0% of the rows, saw none in 1 of 2 rows',
        ),
        (
            'type: INT presence {min_count: 3}', [1, None], 1,
            'expected a value in at least 3 rows, saw none in 1 of 2 rows',
        ),
        (
            'type: FLOAT float_domain {disallow_nan: true}', [1.0, math.nan, 2.0], 1,
            'expected finite numbers, saw NaN in 1 of 3 rows',
        ),
        (
            'type: FLOAT float_domain {disallow_inf: true}', [1.0, math.inf, 2.0], 1,
            'expected finite numbers, saw inf in 1 of 3 rows',
        ),
        (
            'type: BYTES unique_constraints {min: 3 max: 9}', ['a', 'b'], None,
            'expected what the schema says, saw Expected at least 3 unique values but found only 2',
        ),
    ],
)  # fmt: skip
def test_anomalies_in_plain_words(
    schema: str, values: Columns, rows: int | None, message: str
) -> None:
    (check,) = checked(f'feature {{name: "c" {schema}}}', c=values)
    assert not check.passed
    assert (check.name, check.split, check.column) == ('schema', 'eval', 'c')
    assert message in str(check)
    assert check.rows == rows


def test_rows_out_of_range_are_about_right() -> None:
    numbers = [float(x) for x in range(-10, 90)]
    (check,) = checked('feature {name: "c" type: FLOAT float_domain {min: 0}}', c=numbers)
    assert check.expected == 'at least 0'
    assert check.seen.startswith('down to -10, in about 1')
    assert check.rows == pytest.approx(10, abs=3)


def test_columns_that_only_one_side_has() -> None:
    checks = checked('feature {name: "a" type: INT presence {min_count: 1}}', b=[1, 2])
    assert [str(c) for c in checks] == [
        'column `a`, split `eval`: expected the column, as the schema has it, saw no such column; '
        'let the query return it, or take it out of the schema',
        'column `b`, split `eval`: expected only columns that the schema has, saw INTEGER values '
        'in 2 of 2 rows; add it to the schema, or leave it out of the query',
    ]


def test_two_faults_of_a_column_are_two_lines() -> None:
    checks = checked('feature {name: "c" type: INT int_domain {min: 2 max: 3}}', c=[1, 2, 3, 4])
    assert [c.expected for c in checks] == ['at least 2', 'at most 3']


def test_domain_that_columns_share() -> None:
    schema = 'feature {name: "c" type: BYTES domain: "d"} string_domain {name: "d" value: "x"}'
    (check,) = checked(schema, c=['x', 'y'])
    assert check.seen == 'others in 1 of 2 rows: `y` (1)'


def test_too_few_rows_for_the_schema() -> None:
    schema = 'feature {name: "c" type: INT} dataset_constraints {min_examples_count: 1000}'
    (check,) = checked(schema, c=[1, 2])
    assert check.column is None
    assert 'The dataset has 2 examples' in str(check)


def test_no_anomaly_is_a_check_passed() -> None:
    (check,) = checked('feature {name: "c" type: INT}', c=[1, 2])
    assert check.passed


def test_a_warning_is_told_but_passes() -> None:
    anomalies = anomalies_pb2.Anomalies()
    info = anomalies.anomaly_info['c']
    info.path.step.append('c')
    info.severity = anomalies_pb2.AnomalyInfo.WARNING
    info.reason.add(type=anomalies_pb2.AnomalyInfo.SCHEMA_NEW_COLUMN)
    (check,) = check_schema(split('eval', c=[1]), anomalies, schema_pb2.Schema())
    assert check.passed
    assert check.column == 'c'
