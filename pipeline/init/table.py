"""The rows of a source, to be looked at in DuckDB."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from components.query_example_gen.duckdb_text import reading
from components.query_example_gen.engine import add_fingerprint, prepare
from components.query_example_gen.local_tables import open_view
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql import translate

SAMPLE_ROWS = 200_000
"""Rows, drawn at random, that columns are judged by; a smaller table is read whole."""


@dataclass(frozen=True)
class Table:
    """An open source.

    Attributes:
      connection: Where it is open.
      types: Column -> BigQuery type.
      rows: Number of rows.
      all: Name of the relation with all rows.
      sample: Name of the relation with at most `SAMPLE_ROWS` of them.
    """

    connection: duckdb.DuckDBPyConnection
    types: Mapping[str, str]
    rows: int
    all: str = 'everything'
    sample: str = 'sample'


@contextmanager
def open_table(query: str, local: Mapping[str, LocalTable]) -> Iterator[Table]:
    """Open the result of a query over local files, of whatever types its columns are.

    Args:
      query: In BigQuery SQL.
      local: BigQuery table -> local files.

    Raises:
      QueryError: A file or the query can't be read; one line.
    """
    with duckdb.connect() as connection:
        prepare(connection)
        add_fingerprint(connection)

        def columns_of(name: str) -> dict[str, str]:
            return open_view(connection, name, local[name])

        translation = translate(query, list(local), columns_of)
        with reading(', '.join(path for table in local.values() for path in table.path)):
            connection.execute(f'CREATE VIEW everything AS {translation.sql}')
            connection.execute(
                'CREATE TEMP TABLE sample AS SELECT * FROM everything '
                f'USING SAMPLE reservoir({SAMPLE_ROWS} ROWS) REPEATABLE (1)'
            )
            yield Table(connection, translation.columns, _count(connection))


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    sampled = _rows(connection, 'sample')
    return sampled if sampled < SAMPLE_ROWS else _rows(connection, 'everything')


def _rows(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f'SELECT count(*) FROM {relation}').fetchone()
    assert row is not None
    return row[0]
