"""Local files as DuckDB relations that stand for BigQuery tables."""

import gzip
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import LocalTable

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

DELIMITERS = ',\t;|'
"""Delimiters that are found out; the first wins a tie."""

SNIFFED_ROWS = 200_000
"""Rows of a CSV or JSON file that decide its types; a later row that differs is an error."""

_STRIPPED_TYPES = ('BIGINT', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP')
"""Types that a column of stripped text may have, the first that every value fits."""

_BIGQUERY_TO_DUCKDB = {
    'INTEGER': 'BIGINT',
    'INT64': 'BIGINT',
    'FLOAT': 'DOUBLE',
    'FLOAT64': 'DOUBLE',
    'BOOLEAN': 'BOOLEAN',
    'BOOL': 'BOOLEAN',
    'STRING': 'VARCHAR',
    'DATE': 'DATE',
    'DATETIME': 'TIMESTAMP',
    'TIMESTAMP': 'TIMESTAMPTZ',
}


def create_view(connection: duckdb.DuckDBPyConnection, name: str, table: LocalTable) -> None:
    """Make a view of a table's files.

    Raises:
        QueryError: A file is missing, empty, of no known format, or can't be read.
    """
    files = resolve_files(table)
    format_ = table.format or _format_of(files[0])
    if format_ == 'csv':
        source = _csv(connection, table, files)
    else:
        reader = {'parquet': 'read_parquet', 'jsonl': 'read_json'}[format_]
        options = _options(
            {'format': 'newline_delimited', 'sample_size': SNIFFED_ROWS}
            if format_ == 'jsonl'
            else {}
        )
        source = f'SELECT * FROM {reader}({_literal([str(f) for f in files])}{options})'
    with reading(', '.join(map(str, files[:3]))):
        connection.execute(f'CREATE VIEW {identifier(name)} AS {source}')
        if not connection.execute(f'SELECT 1 FROM {identifier(name)} LIMIT 1').fetchone():
            raise QueryError(f'data.local: {files[0]}: the table has no rows')


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


def _matching(pattern: Path) -> Iterator[Path]:
    return Path(pattern.anchor or '.').glob(str(pattern.relative_to(pattern.anchor)))


def identifier(name: str) -> str:
    """Quote a name for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


class reading:  # noqa: N801 - reads as a statement
    """Turns DuckDB's errors into one line that names the file."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, duckdb.Error):
            raise QueryError(explain(error, self.what)) from None


def explain(error: Exception, what: str) -> str:
    """Say in one line what DuckDB says in many."""
    text = str(error)
    if 'CSV Error on Line' in text or 'CSV' in text.split('\n', 1)[0]:
        return _explain_csv(text, what)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = re.sub(r'^(\w+ )*Error: ', '', lines[0]) if lines else type(error).__name__
    return f'{what}: {first}'


def _explain_csv(text: str, what: str) -> str:
    found = {
        key: match.group(1).strip()
        for key, pattern in {
            'line': r'CSV Error on Line: (\d+)',
            'row': r'Original Line:\s*(.*)',
            'expected': r'Expected Number of Columns: (\d+)',
            'found': r'Found: (\d+)',
            'column': r'Error when converting column "([^"]*)"',
            'value': r'Could not convert string "([^"]*)"',
            'type': r"to '?(\w+)'?",
            'file': r'file\s*=\s*(.*)',
        }.items()
        if (match := re.search(pattern, text))
    }
    where = f'{found.get("file", what)}, line {found["line"]}' if 'line' in found else what
    if 'expected' in found and 'found' in found:
        return (
            f'{where}: expected {found["expected"]} columns, found {found["found"]}: '
            f'{found.get("row", "")[:80]!r}; mend the line, or give data.local its delimiter'
        )
    if 'column' in found:
        return (
            f'{where}: column {found["column"]!r} holds {found.get("value", "?")!r} where the '
            f'rows before it hold {found.get("type", "another type")}; add it to nulls if it '
            f'means NULL, or set types: {{{found["column"]}: STRING}}'
        )
    first = next((line.strip() for line in text.splitlines()[1:] if line.strip()), text)
    return f'{where}: not readable as CSV: {first}'


def _csv(connection: duckdb.DuckDBPyConnection, table: LocalTable, files: list[Path]) -> str:
    columns = table.columns
    types = dict(columns) if isinstance(columns, Mapping) else {}
    types |= table.types
    options: dict[str, Any] = {
        'nullstr': sorted({'', *table.nulls}),
        'sample_size': SNIFFED_ROWS,
        'header': columns is None,
        'skip': table.skip_rows,
        'delim': table.delimiter or _delimiter(files[0], table),
        'names': list(columns) if columns else None,
        'comment': table.comment,
        'all_varchar': table.strip or None,
        'types': None if table.strip else {c: _duckdb_type(c, t) for c, t in types.items()} or None,
        'union_by_name': (columns is None and len(files) > 1) or None,
    }
    read = f'read_csv({_literal([str(f) for f in files])}{_options(options)})'
    if not table.strip:
        return f'SELECT * FROM {read}'
    return _stripped(connection, read, table, types, files)


def _delimiter(file: Path, table: LocalTable) -> str:
    """Return the likeliest delimiter: DuckDB's guess gives way to one column on ragged files."""
    opened = gzip.open if file.name.endswith('.gz') else open
    try:
        with opened(file, 'rt', encoding='utf-8', errors='replace') as lines:
            rows = islice(lines, table.skip_rows, None)
            first = next((r for r in rows if r[:1] != table.comment), '')
    except (OSError, EOFError) as error:
        raise QueryError(f'data.local: {file}: cannot be read: {error}') from None
    return max(DELIMITERS, key=first.count)


def _stripped(
    connection: duckdb.DuckDBPyConnection,
    read: str,
    table: LocalTable,
    types: Mapping[str, str],
    files: list[Path],
) -> str:
    """Drop blanks round values, then find the type that all values of a column fit."""
    nulls = ', '.join(_literal(n.strip()) for n in sorted({'', *table.nulls}))
    with reading(', '.join(map(str, files[:3]))):
        names = [row[0] for row in connection.execute(f'DESCRIBE SELECT * FROM {read}').fetchall()]
        values = {
            name: f'CASE WHEN trim({identifier(name)}) NOT IN ({nulls}) '
            f'THEN trim({identifier(name)}) END'
            for name in names
        }
        fits = [
            f'bool_and(TRY_CAST({value} AS {type_}) IS NOT NULL OR {value} IS NULL)'
            for value in values.values()
            for type_ in _STRIPPED_TYPES
        ]
        row = connection.execute(f'SELECT {", ".join(fits)} FROM {read}').fetchone()
    assert row is not None
    chosen = []
    for i, (name, value) in enumerate(values.items()):
        fitting = row[i * len(_STRIPPED_TYPES) : (i + 1) * len(_STRIPPED_TYPES)]
        found = next((t for t, fit in zip(_STRIPPED_TYPES, fitting, strict=True) if fit), 'VARCHAR')
        type_ = _duckdb_type(name, types[name]) if name in types else found
        chosen.append(f'CAST({value} AS {type_}) AS {identifier(name)}')
    return f'SELECT {", ".join(chosen)} FROM {read}'


def _duckdb_type(column: str, type_: str) -> str:
    if (known := _BIGQUERY_TO_DUCKDB.get(type_.upper())) is None:
        raise QueryError(
            f'data.local: column {column}: {type_!r} is no type; known: '
            f'{", ".join(_BIGQUERY_TO_DUCKDB)}'
        )
    return known


def _known_format(file: Path) -> str | None:
    name = file.name.removesuffix('.gz').removesuffix('.zst')
    return FORMATS.get(Path(name).suffix.lower())


def _format_of(file: Path) -> str:
    if (known := _known_format(file)) is None:
        raise QueryError(
            f'data.local: {file}: the name says no format; set format to csv, parquet or jsonl'
        )
    return known


def _options(options: Mapping[str, Any]) -> str:
    given = {key: value for key, value in options.items() if value is not None}
    return ''.join(f', {key} = {_literal(value)}' for key, value in given.items())


def _literal(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case Mapping():
            return '{' + ', '.join(f'{_literal(k)}: {_literal(v)}' for k, v in value.items()) + '}'
        case _:
            return '[' + ', '.join(map(_literal, value)) + ']'
