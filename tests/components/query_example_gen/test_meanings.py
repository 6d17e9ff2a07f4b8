"""The allow-list is honest: what it lets through means what it means on BigQuery."""

from collections.abc import Iterator

import duckdb
import pytest

from components.query_example_gen.engine import add_fingerprint, prepare
from components.query_example_gen.sql import translate
from components.query_example_gen.sql.types import TO_DUCKDB, from_duckdb
from tests.components.query_example_gen.meanings import BY_ROW, CONSTANT, ERROR, ROWS, TYPES

DATES = ('DATE', 'DATETIME', 'TIMESTAMP')


@pytest.fixture(scope='module')
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        prepare(connection)
        add_fingerprint(connection)
        columns = ', '.join(f'{name} {TO_DUCKDB[type_]}' for name, type_ in TYPES.items())
        connection.execute(f'CREATE TABLE everything (row INTEGER, {columns})')
        marks = ', '.join('?' * (len(TYPES) + 1))
        connection.executemany(
            f'INSERT INTO everything VALUES ({marks})', [(i, *row) for i, row in enumerate(ROWS)]
        )
        yield connection


def value(connection: duckdb.DuckDBPyConnection, expression: str, row: int) -> object:
    """Return the value of an expression in one row, or ERROR; check the type that it has."""
    query = translate(f'SELECT {expression} AS v FROM t', ['t'], lambda _: TYPES)
    if query.columns['v'] in DATES:
        expression = f'CAST({expression} AS STRING)'
        query = translate(f'SELECT {expression} AS v FROM t', ['t'], lambda _: TYPES)
    connection.execute(f'CREATE OR REPLACE TEMP VIEW t AS FROM everything WHERE row = {row}')
    described = connection.execute(f'DESCRIBE {query.sql}').fetchall()
    assert from_duckdb(described[0][1]) == query.columns['v']
    try:
        found = connection.execute(query.sql).fetchone()
    except duckdb.Error:
        return ERROR
    assert found is not None
    return found[0]


def same(found: object, expected: object) -> bool:
    if type(found) is not type(expected):
        return False
    if isinstance(expected, float):
        # The last digit of a logarithm or a sine is the C library's.
        return found == pytest.approx(expected, rel=4e-16, abs=0, nan_ok=True)
    return found == expected


@pytest.mark.parametrize('expression', BY_ROW)
def test_of_columns(connection: duckdb.DuckDBPyConnection, expression: str) -> None:
    for row, expected in enumerate(BY_ROW[expression]):
        found = value(connection, expression, row)
        assert same(found, expected), f'row {row}: {found!r}, BigQuery: {expected!r}'


@pytest.mark.parametrize('expression', CONSTANT)
def test_of_literals(connection: duckdb.DuckDBPyConnection, expression: str) -> None:
    found = value(connection, expression, 0)
    assert same(found, CONSTANT[expression]), f'{found!r}, BigQuery: {CONSTANT[expression]!r}'
