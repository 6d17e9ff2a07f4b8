import math
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipeline.init.kinds import Guess, guess_kind
from pipeline.init.profile import profile
from transforms.features import Categorical, Date, Hashed, Numeric


def guess_of(values: Sequence[Any], type_: str, name: str = 'x', as_: str = '') -> Guess:
    connection = duckdb.connect()
    connection.register('given', pa.table({name: values}))
    cast = f'CAST("{name}" AS {as_})' if as_ else f'"{name}"'
    connection.execute(f'CREATE TABLE t AS SELECT {cast} AS "{name}" FROM given')
    return guess_kind(profile(connection, 't', {name: type_})[0])


def texts(distinct: int, rows: int) -> list[str]:
    return [f'value {i % distinct}' for i in range(rows)]


def test_few_whole_numbers_are_categories() -> None:
    assert guess_of([1, 2, 5] * 40, 'INT64').feature == Categorical()


def test_few_whole_numbers_on_few_rows_each_are_numbers() -> None:
    assert guess_of(list(range(15)) * 2, 'INT64').feature == Numeric()


def test_many_whole_numbers_are_numbers() -> None:
    guess = guess_of([i * i for i in range(100)], 'INT64')
    assert guess.feature == Numeric()
    assert guess.why == '0 to 9,801'


def test_heavy_tails_are_scaled_by_logarithm() -> None:
    guess = guess_of([math.exp(i / 20) for i in range(300)], 'FLOAT64')
    assert guess.feature == Numeric(scale='log')
    assert 'skewness 3.' in guess.why


def test_numbers_of_many_rows_get_buckets() -> None:
    assert guess_of([i % 997 / 7 for i in range(6000)], 'FLOAT64').feature == Numeric(buckets=10)


def test_whole_floats_of_few_values_are_cast_to_categories() -> None:
    guess = guess_of([1.0, 2.0, None] * 40, 'FLOAT64')
    assert guess.feature == Categorical()
    assert guess.sql == 'CAST(x AS INT64)'
    assert guess.why == '2 whole numbers; 33% missing'


def test_whole_floats_with_nan_are_cast_safely() -> None:
    guess = guess_of([1.0, 2.0, math.nan, math.inf] * 40, 'FLOAT64')
    assert guess.sql == 'SAFE_CAST(x AS INT64)'
    assert guess.column.present == 80


def test_decimals_are_cast() -> None:
    guess = guess_of([f'{i}.25' for i in range(60)], 'NUMERIC', as_='DECIMAL(10, 2)')
    assert guess.feature == Numeric()
    assert guess.sql == 'CAST(x AS FLOAT64)'


def test_codes_are_categories_though_they_are_numbers() -> None:
    assert guess_of([10_000 + i % 40 for i in range(200)], 'INT64', 'zip_code').feature == (
        Categorical()
    )
    many = guess_of([10_000 + i % 1500 for i in range(6000)], 'INT64', 'ZipCode')
    assert many.feature == Hashed(hash_buckets=3000)


@pytest.mark.parametrize('distinct', [2, 900])
def test_texts_are_categories(distinct: int) -> None:
    assert guess_of(texts(distinct, 5000), 'STRING').feature == Categorical()


def test_texts_on_few_rows_each_must_be_seen_twice() -> None:
    assert guess_of(texts(100, 200), 'STRING').feature == Categorical(min_count=2)


def test_times_of_the_day_are_minutes() -> None:
    guess = guess_of([f'{i % 24}:{i % 60:02}' for i in range(60)], 'STRING')
    assert guess.feature == Numeric()
    assert guess.why == 'time of day in minutes'
    hours, minutes = (f"SAFE_CAST(SPLIT(x, ':')[SAFE_OFFSET({i})] AS INT64)" for i in (0, 1))
    assert guess.sql == f'{hours} * 60 + {minutes}'


def test_texts_of_many_values_are_hashed() -> None:
    guess = guess_of(texts(4321, 20_000), 'STRING')
    assert guess.feature == Hashed(hash_buckets=9000)
    assert guess.why == '4,321 values'


def test_texts_that_are_numbers_are_cast() -> None:
    guess = guess_of([f'{i}.5' for i in range(50)], 'STRING')
    assert guess.feature == Numeric()
    assert guess.sql == 'SAFE_CAST(x AS FLOAT64)'


@pytest.mark.parametrize(
    ('numbers', 'text'),
    [
        ([f'{i},{i:03}.5' for i in range(1, 90)], "REPLACE(x, ',', '')"),
        ([f'{i},5' for i in range(90)], "REPLACE(x, ',', '.')"),
    ],
)
def test_texts_that_are_numbers_with_commas_are_cast(numbers: list[str], text: str) -> None:
    guess = guess_of(numbers, 'STRING')
    assert guess.feature == Numeric()
    assert guess.sql == f'SAFE_CAST({text} AS FLOAT64)'


def test_texts_with_leading_zeros_are_codes() -> None:
    assert guess_of([f'0{i % 50}' for i in range(500)], 'STRING').feature == Categorical()


def test_booleans_are_categories() -> None:
    assert guess_of([True, False, None], 'BOOL').feature == Categorical()


@pytest.mark.parametrize(
    ('values', 'type_', 'as_', 'parts', 'sql'),
    [
        (['2020-01-02', '2021-11-30'], 'STRING', '', None, 'x'),
        (['2020-01-02', '2021-11-30'], 'DATE', 'DATE', None, 'CAST(x AS STRING)'),
        (['2020-01-02 00:00:00', '2021-11-30 00:00:00'], 'DATETIME', 'TIMESTAMP', None, None),
        (['2020-01-02 10:30:00', '2021-11-30 00:00:00'], 'TIMESTAMP', 'TIMESTAMPTZ', 'hour', None),
        (['2020-01-02T10:30:00Z', '2021-11-30T00:00:00Z'], 'STRING', '', 'hour', 'x'),
        (
            [20200102, 20211130],
            'INT64',
            '',
            None,
            "CONCAT(SUBSTR(CAST(x AS STRING), 1, 4), '-', SUBSTR(CAST(x AS STRING), 5, 2), '-', "
            'SUBSTR(CAST(x AS STRING), 7, 2))',
        ),
        (
            ['1/31/2020', '12/5/2021'],
            'STRING',
            '',
            None,
            "CONCAT(SPLIT(x, '/')[SAFE_OFFSET(2)], '-', LPAD(SPLIT(x, '/')[SAFE_OFFSET(0)], 2, '0')"
            ", '-', LPAD(SPLIT(x, '/')[SAFE_OFFSET(1)], 2, '0'))",
        ),
    ],
)
def test_dates(values: list[Any], type_: str, as_: str, parts: str | None, sql: str | None) -> None:
    guess = guess_of(values * 30, type_, as_=as_)
    assert isinstance(guess.feature, Date)
    assert ('hour' in guess.feature.parts) == (parts == 'hour')
    assert guess.sql == (sql or 'CAST(x AS STRING)')


def test_dates_with_a_stray_word_are_dates() -> None:
    assert guess_of(['2020-01-02', '2021-11-30'] * 30 + ['soon'], 'STRING').feature == Date()


@pytest.mark.parametrize('day', ['31/31/2020', '1/2/20', '2020-13-01', '2021-02-30'])
def test_impossible_dates_are_no_dates(day: str) -> None:
    assert guess_of([day, 'x'] * 60, 'STRING').feature == Categorical()


@pytest.mark.parametrize(
    ('values', 'type_', 'name', 'why'),
    [
        ([None] * 50, 'INT64', 'x', 'no value in any row'),
        (['', None] * 50, 'STRING', 'x', 'no value in any row'),
        (['a'] * 50, 'STRING', 'x', 'the same value in every row'),
        (list(range(100)), 'INT64', 'n', 'numbers the rows'),
        ([i * 7 for i in range(100)], 'INT64', 'customerId', 'another value in every row'),
        (texts(100, 100), 'STRING', 'x', '100 values in 100 rows, so few rows share one'),
        ([1.5, 2.5] * 50, 'FLOAT64', 'a.b', 'BigQuery takes no such name; rename it'),
        ([b'a', b'b'] * 50, 'BYTES', 'x', 'BYTES is no type of a feature'),
    ],
)
def test_left_out(values: list[Any], type_: str, name: str, why: str) -> None:
    given = pa.array(values, pa.int64()) if values[0] is None else values
    guess = guess_of(given, type_, name)
    assert guess.feature is None
    assert guess.why == why


def test_one_value_or_none_is_kept() -> None:
    assert guess_of(['a', None] * 50, 'STRING').feature == Categorical()


def test_odd_names_are_quoted() -> None:
    assert guess_of([1.5, 2.5], 'FLOAT64', 'Total price (€)').sql == '`Total price (€)`'
