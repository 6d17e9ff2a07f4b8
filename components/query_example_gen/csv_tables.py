"""CSV files as one relation: what its columns are called, what type each has.

Everything is read as text and cast here, so that what a value becomes does not hang on what a
sniffer saw first: a type is one that all of the first `SNIFFED_ROWS` rows fit, and a later value
that does not fit it is an error, never rounded and never NULL.
"""

import csv
import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import duckdb

from components.query_example_gen.duckdb_text import Value, literal, reader_call
from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.text_types import (
    NAN,
    PATTERNS,
    cast,
    fits,
    given_types,
    select,
    tried,
)

DELIMITERS = ',\t;|'
"""Delimiters that are found out; the first wins a tie."""

SNIFFED_ROWS = 100_000
"""Rows that decide the type of a column."""

HEAD_ROWS = 1_000
"""Rows that decide which types are tried."""


@dataclass(frozen=True)
class _Layout:
    """How a file begins: lines before the header or the first row, and the columns' names."""

    skip: int
    names: tuple[str, ...]


def csv_query(
    connection: duckdb.DuckDBPyConnection, table: LocalTable, files: Sequence[Path]
) -> str:
    """Return a query for the rows of CSV files, typed.

    Raises:
        QueryError: A file can't be read, its columns are not the first file's, or a column that
            the settings name is not there.
    """
    values, types = _typed(connection, table, files)
    casts = {name: cast(name, value, types[name]) for name, value in values.items()}
    return select(casts, f'({_texts(table, files)})')


def text_query(table: LocalTable, files: Sequence[Path]) -> tuple[str, tuple[str, ...]]:
    """Return a query for the rows of CSV files as text, and the names of its columns.

    Rows that are not of as many values as there are columns are left out, and listed in DuckDB's
    table `reject_errors` once the query was read to its end.

    Raises:
        QueryError: A file can't be read, or its columns are not the first file's.
    """
    return _texts(table, files, rejects=True), _layout(files[0], table).names


def misfit(
    connection: duckdb.DuckDBPyConnection, table: LocalTable, files: Sequence[Path]
) -> str | None:
    """Say where the first value is that is not of its column's type, or return None.

    It reads the files again, one by one and row by row.
    """
    values, types = _typed(connection, table, files)
    for file in files:
        for name, value in values.items():
            if types[name] == 'STRING':
                continue
            found = connection.execute(
                f'SELECT row FROM (SELECT row_number() OVER () AS row, {value} AS value '
                f'FROM ({_texts(table, files, only=file)})) '
                f"WHERE value <> '' AND {tried('value', types[name])} IS NULL LIMIT 1"
            ).fetchone()
            if found:
                return f'data.local: {file}, row {found[0]:,}'
    return None


def _typed(
    connection: duckdb.DuckDBPyConnection, table: LocalTable, files: Sequence[Path]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return each column's value as text, and its type."""
    values = _values(table, files)
    types = given_types(table, values)
    guessed = {name: value for name, value in values.items() if name not in types}
    tries = [
        (name, type_)
        for name, first in _first_values(connection, guessed, _texts(table, files)).items()
        for type_, pattern in PATTERNS.items()
        if first is None or re.fullmatch(pattern, first)
    ]
    fitting: list[tuple[str, str]] = []
    if tries:
        row = connection.execute(
            f'SELECT {", ".join(fits(values[name], type_) for name, type_ in tries)} '
            f'FROM ({_texts(table, files)} LIMIT {SNIFFED_ROWS})'
        ).fetchone()
        fitting = [attempt for attempt, fit in zip(tries, row or (), strict=True) if fit]
    for name in guessed:
        types[name] = next((t for n, t in fitting if n == name), 'STRING')
    return values, types


def _first_values(
    connection: duckdb.DuckDBPyConnection, values: Mapping[str, str], source: str
) -> dict[str, str | None]:
    """Return a value of each column, which narrows down what is worth trying on all."""
    if not values:
        return {}
    query = select(values, f'({source} LIMIT {HEAD_ROWS})')
    columns = zip(*connection.execute(query).fetchall(), strict=True)
    return {
        name: next((v for v in column if v and not re.fullmatch(NAN, v)), None)
        for name, column in zip(values, columns, strict=False)
    }


def _values(table: LocalTable, files: Sequence[Path]) -> dict[str, str]:
    """Return the DuckDB text of each column's value, as text, by name."""
    values = {name: identifier(name) for name in _layout(files[0], table).names}
    if not table.strip:
        return values
    for name, value in values.items():
        stripped = f'trim({value})'
        for null in sorted({'', *(n.strip() for n in table.nulls)}):
            stripped = f'nullif({stripped}, {literal(null)})'
        values[name] = stripped
    return values


def _texts(
    table: LocalTable, files: Sequence[Path], only: Path | None = None, rejects: bool = False
) -> str:
    """Return a query for the rows as text; files of one layout are read together."""
    first = _layout(files[0], table)
    groups: dict[_Layout, list[str]] = {}
    for file in [only] if only else files:
        layout = _layout(file, table)
        if set(layout.names) != set(first.names):
            raise QueryError(
                f'data.local: {file}: its columns are {", ".join(layout.names)}; those of '
                f'{files[0]} are {", ".join(first.names)}'
            )
        groups.setdefault(layout, []).append(str(file))
    names = {name: identifier(name) for name in first.names}
    delimiter = _delimiter(files[0], table)
    return ' UNION ALL '.join(
        select(names, _read(table, delimiter, layout, members, rejects))
        for layout, members in groups.items()
    )


def _read(
    table: LocalTable, delimiter: str, layout: _Layout, files: list[str], rejects: bool
) -> str:
    options: dict[str, Value] = {
        'auto_detect': False,
        'columns': dict.fromkeys(layout.names, 'VARCHAR'),
        'header': table.columns is None,
        'skip': layout.skip,
        'delim': delimiter,
        'quote': '"',
        'escape': '"',
        'nullstr': sorted({'', *table.nulls}),
        'allow_quoted_nulls': False,
        'store_rejects': rejects or None,
    }
    return reader_call('read_csv', files, options)


def _layout(file: Path, table: LocalTable) -> _Layout:
    """Read how a file begins.

    Raises:
        QueryError: It can't be read, has no line, or its columns cannot be told apart.
    """
    skip, first = _first_line(file, table)
    if not first:
        raise QueryError(f'data.local: {file}: the file has no rows')
    fields = next(csv.reader([first], delimiter=_delimiter(file, table)))
    if table.columns is not None:
        if len(fields) != len(table.columns):
            raise QueryError(
                f'data.local: {file}, line {skip + 1}: {len(fields)} values where columns names '
                f'{len(table.columns)}: {first.strip()[:80]!r}'
            )
        return _Layout(skip, tuple(table.columns))
    names = [field.strip() if table.strip else field for field in fields]
    names = [name or f'column{i}' for i, name in enumerate(names)]
    for i, name in enumerate(names):
        if name.lower() in {other.lower() for other in names[:i]}:
            raise QueryError(
                f'data.local: {file}: two columns are called `{name}`; rename one, or give all '
                'names in columns and set skip_rows: 1'
            )
    return _Layout(skip, tuple(names))


def _delimiter(file: Path, table: LocalTable) -> str:
    return table.delimiter or max(DELIMITERS, key=_first_line(file, table)[1].count)


def _first_line(file: Path, table: LocalTable) -> tuple[int, str]:
    """Return the number of lines to skip, and the line after them."""
    skip = 0
    try:
        with _open(file) as lines:
            for line in lines:
                comment = table.comment is not None and line.startswith(table.comment)
                if skip >= table.skip_rows and not comment:
                    return skip, line
                skip += 1
    except UnicodeDecodeError:
        raise QueryError(
            f'data.local: {file}: not UTF-8 text; convert it: iconv -f LATIN1 -t UTF-8'
        ) from None
    except (OSError, EOFError) as error:
        raise QueryError(f'data.local: {file}: cannot be read: {error}') from None
    return skip, ''


def _open(file: Path) -> TextIO:
    if file.suffix == '.gz':
        return gzip.open(file, 'rt', encoding='utf-8-sig')
    return file.open(encoding='utf-8-sig')
