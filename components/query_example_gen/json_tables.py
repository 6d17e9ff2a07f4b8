"""Files of JSON lines as one relation."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from components.query_example_gen.duckdb_text import Value, reader_call
from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.sql.types import TO_DUCKDB, from_duckdb
from components.query_example_gen.text_types import cast, given_types, select

SNIFFED_BYTES = 64 * 2**20
"""Files up to this size are read whole to find their columns and types."""

SNIFFED_ROWS = 100_000
"""Rows of larger files that decide them."""


def json_query(
    connection: duckdb.DuckDBPyConnection, table: LocalTable, files: Sequence[Path]
) -> str:
    """Return a query for the rows of files with one JSON object per line.

    Raises:
        QueryError: A file holds something else, or a column that the settings name is not there.
    """
    names = [str(file) for file in files]
    whole = sum(file.stat().st_size for file in files) <= SNIFFED_BYTES
    options: dict[str, Value] = {
        'format': 'newline_delimited',
        'sample_size': -1 if whole else SNIFFED_ROWS,
    }
    sniffed = reader_call('read_json', names, options)
    described = connection.execute(f'DESCRIBE SELECT * FROM {sniffed}').fetchall()
    found = {row[0]: row[1] for row in described}
    if list(found) == ['json']:
        raise QueryError(
            f'data.local: {files[0]}: not JSON lines; expected one object per line, such as '
            '{"age": 39, "label": "yes"}'
        )
    given = given_types(table, found)
    # Whole numbers are read as text where not all were seen: DuckDB would round a later 1.5.
    as_text = {
        name: given.get(name, from_duckdb(type_))
        for name, type_ in found.items()
        if name in given or (type_ == 'BIGINT' and not whole)
    }
    read = {name: 'VARCHAR' if name in as_text else _known(type_) for name, type_ in found.items()}
    values = {
        name: cast(name, identifier(name), as_text[name]) if name in as_text else identifier(name)
        for name in found
    }
    options = {'format': 'newline_delimited', 'columns': read}
    return select(values, reader_call('read_json', names, options))


def _known(type_: str) -> str:
    """Return a type that can be read; a column without any value is one of text."""
    return TO_DUCKDB['STRING'] if type_ == '"NULL"' else type_
