"""Local files as DuckDB views that stand for BigQuery tables."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from components.query_example_gen.csv_tables import csv_query, misfit
from components.query_example_gen.duckdb_text import reader_call, reading
from components.query_example_gen.errors import QueryError
from components.query_example_gen.json_tables import json_query
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.sql.types import (
    FLOAT64,
    SCALARS,
    element_of,
    from_duckdb,
    to_duckdb,
)
from components.query_example_gen.text_types import select

__all__ = [
    'FORMATS',
    'create_view',
    'identifier',
    'open_view',
    'place_of_misfit',
    'reading',
    'resolve_files',
]

FORMATS = {
    '.csv': 'csv',
    '.tsv': 'csv',
    '.data': 'csv',
    '.txt': 'csv',
    '.parquet': 'parquet',
    '.jsonl': 'jsonl',
    '.ndjson': 'jsonl',
    '.json': 'jsonl',
}
"""File ending, before `.gz` -> format."""


def open_view(
    connection: duckdb.DuckDBPyConnection, name: str, table: LocalTable
) -> dict[str, str]:
    """Make a view of a table's files, and return its columns with their BigQuery types.

    Raises:
        QueryError: As `create_view`.
    """
    create_view(connection, name, table)
    described = connection.execute(f'DESCRIBE {identifier(name)}').fetchall()
    return {row[0]: from_duckdb(row[1]) for row in described}


def create_view(connection: duckdb.DuckDBPyConnection, name: str, table: LocalTable) -> None:
    """Make a view of a table's files.

    Raises:
        QueryError: A file is missing, empty, of no known format, or can't be read.
    """
    files = resolve_files(table)
    with reading(f'data.local: {files[0]}'):
        source = _query(connection, table, files)
        described = connection.execute(f'DESCRIBE {source}').fetchall()
        values = {row[0]: _as_bigquery(row[0], row[1]) for row in described}
        view = identifier(name)
        connection.execute(f'CREATE VIEW {view} AS {select(values, f"({source})")}')
        if not connection.execute(f'SELECT 1 FROM {view} LIMIT 1').fetchone():
            raise QueryError(f'data.local: {files[0]}: the table has no rows')


def place_of_misfit(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[LocalTable]
) -> str | None:
    """Return file and row of the first value of CSV files that is not of its column's type."""
    for table in tables:
        files = resolve_files(table)
        if _format_of(files[0], table) == 'csv' and (found := misfit(connection, table, files)):
            return found
    return None


def resolve_files(table: LocalTable) -> list[Path]:
    """Return the files of a table in the order of their names.

    Raises:
        QueryError: A path matches nothing, or a file is empty.
    """
    files: list[Path] = []
    for pattern in table.path:
        path = Path(pattern)
        if path.is_dir():
            found = [f for f in sorted(path.iterdir()) if table.format or _known_format(f)]
        else:
            found = [path] if path.is_file() else sorted(_matching(path))
        if not found:
            what = 'holds no table files' if path.is_dir() else 'no such file'
            raise QueryError(f'data.local: {pattern}: {what}')
        files += found
    for file in files:
        if not file.stat().st_size:
            raise QueryError(f'data.local: {file}: the file is empty')
    return files


def _query(connection: duckdb.DuckDBPyConnection, table: LocalTable, files: Sequence[Path]) -> str:
    match _format_of(files[0], table):
        case 'csv':
            return csv_query(connection, table, files)
        case 'jsonl':
            return json_query(connection, table, files)
        case _:
            return f'SELECT * FROM {reader_call("read_parquet", [str(f) for f in files], {})}'


def _as_bigquery(column: str, type_: str) -> str:
    """Return a column in the DuckDB type that stands for its BigQuery type: 64 bits, not 32."""
    bigquery = from_duckdb(type_)
    if (element_of(bigquery) or bigquery) not in SCALARS:
        return identifier(column)
    to = to_duckdb(bigquery)
    value = identifier(column) if type_ == to else f'CAST({identifier(column)} AS {to})'
    # The statistics of Parquet files leave NaN out, and DuckDB 2.0 drops or keeps rows, or takes a
    # column for a constant, by them; TRY hides them.
    return f'TRY({value})' if bigquery == FLOAT64 else value


def _matching(pattern: Path) -> Iterator[Path]:
    return Path(pattern.anchor or '.').glob(str(pattern.relative_to(pattern.anchor)))


def _known_format(file: Path) -> str | None:
    return FORMATS.get(Path(file.name.removesuffix('.gz')).suffix.lower())


def _format_of(file: Path, table: LocalTable) -> str:
    known = table.format or _known_format(file)
    if known is None:
        raise QueryError(
            f'data.local: {file}: the name says no format; set format to csv, parquet or jsonl'
        )
    return known
