"""Whole queries: what names mean, joins, groups, windows."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from components.query_example_gen.engine import add_fingerprint, prepare
from components.query_example_gen.sql import translate

PEOPLE = [
    ('ann', 'red', 31, 1.5),
    ('bob', 'red', 25, None),
    ('cid', 'blue', 40, float('nan')),
    ('dot', 'blue', 25, -2.0),
    ('eve', None, None, 4.0),
    ('fay', 'green', 31, 1.5),
]
TEAMS = [('red', 'Rome'), ('blue', 'Bern'), ('grey', None)]
TABLES = {
    'p': {'name': 'STRING', 'team': 'STRING', 'age': 'INT64', 'score': 'FLOAT64'},
    'q': {'team': 'STRING', 'city': 'STRING'},
}


def expected_rows() -> dict[str, list[tuple]]:
    """Read queries.sql: each query, and its rows."""
    text = Path(__file__).with_name('queries.sql').read_text(encoding='utf-8')
    rows = {}
    for block in text.split('\n\n')[1:]:
        query, _, comment = block.partition(';\n')
        listed = ', '.join(re.findall(r'^-- (\(.*\))$', comment, flags=re.MULTILINE))
        rows[query] = eval(f'[{listed}]', {'NAN': float('nan')})
    return rows


ROWS = expected_rows()


@pytest.fixture(scope='module')
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={'threads': 1}) as connection:
        prepare(connection)
        add_fingerprint(connection)
        connection.execute('CREATE TABLE p (name VARCHAR, team VARCHAR, age BIGINT, score DOUBLE)')
        connection.execute('CREATE TABLE q (team VARCHAR, city VARCHAR)')
        connection.executemany('INSERT INTO p VALUES (?, ?, ?, ?)', PEOPLE)
        connection.executemany('INSERT INTO q VALUES (?, ?)', TEAMS)
        yield connection


@pytest.mark.parametrize('query', ROWS)
def test_rows(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    found = connection.execute(translate(query, TABLES, TABLES.__getitem__).sql).fetchall()
    expected = ROWS[query]
    if 'ORDER BY' not in query.rpartition(')')[2]:
        found, expected = sorted(found, key=repr), sorted(expected, key=repr)
    # As text, for NaN and for the difference between 1 and 1.0.
    assert repr(found) == repr(expected)


def test_there_are_queries() -> None:
    assert len(ROWS) == 79


def test_columns_and_tables_are_told() -> None:
    translation = translate(
        'SELECT Name, age / 2 AS half, [1] AS xs FROM `my-project.d.p`',
        ['d.p', 'd.q'],
        lambda name: TABLES[name[-1]],
    )
    assert translation.columns == {'Name': 'STRING', 'half': 'FLOAT64', 'xs': 'ARRAY<INT64>'}
    assert translation.tables == ('d.p',)


@pytest.mark.parametrize(
    'name', ['`my-project.d.p`', 'my-project.d.p', '`my-project`.d.p', '`d.p`', 'd.p', 'p']
)
def test_the_project_may_be_left_out(name: str) -> None:
    tables = ['my-project.d.p', 'my-project.d.q']
    translation = translate(f'SELECT p.name FROM {name}', tables, lambda _: TABLES['p'])
    assert translation.tables == ('my-project.d.p',)
