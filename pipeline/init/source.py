"""What `sluice init` is pointed at: files, or a query over files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import duckdb

from components.query_example_gen.duckdb_text import identifier
from components.query_example_gen.local_tables import FORMATS, create_view
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.types import from_duckdb
from pipeline.init.csv_layout import Content, CsvLayout, read_layout
from pipeline.init.errors import InitError
from pipeline.init.names import can_be_queried, clean_names, recipe_name

_QUERY = re.compile(r'\s*(--.*\s*)*(SELECT|WITH)\b', re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """Where the rows come from.

    Attributes:
      shown: What to call it.
      name: What to call the recipe.
      query: Query for all of its columns.
      table: What the recipe's query selects from, as SQL.
      local: BigQuery table -> local files.
    """

    shown: str
    name: str
    query: str
    table: str
    local: dict[str, LocalTable]

    @property
    def is_query(self) -> bool:
        """Whether a query was given, and not the files of one table."""
        return self.table.startswith('(')


def find_source(given: str, tables: Sequence[str]) -> Source:
    """Find what is meant by the command's argument.

    Args:
      given: A file, a folder or a glob of files, a file with a query, or a query.
      tables: `TABLE=PATH` for each table of a query.

    Raises:
      InitError: There is nothing there, or nothing that can be read.
    """
    if _QUERY.match(given):
        return _query(given, 'the query', 'query', tables)
    if given.endswith('.sql'):
        path = Path(given)
        try:
            query = path.read_text(encoding='utf-8')
        except OSError as error:
            raise InitError(f'{given}: cannot be read: {error.strerror}') from None
        return _query(query, given, recipe_name(path.stem), tables)
    if tables:
        raise InitError(f'--local {tables[0]}: is for queries; {given} is read by itself')
    name = recipe_name(_stem(given))
    table = f'local.{name.replace("-", "_")}'
    local = {table: describe_files(given)}
    return Source(given, name, f'SELECT * FROM `{table}`', f'`{table}`', local)


def _query(query: str, shown: str, name: str, tables: Sequence[str]) -> Source:
    local = {}
    for table in tables:
        key, separator, path = table.partition('=')
        if not separator or not key or not path:
            raise InitError(f'--local {table}: expected TABLE=PATH')
        local[key.strip('`')] = describe_files(path, rename=False)
    if not local:
        raise InitError(
            'a query is tried on local files: add --local TABLE=PATH for each table that it reads'
        )
    query = query.strip().rstrip(';')
    return Source(shown, name, query, f'(\n{query}\n)', local)


def _stem(given: str) -> str:
    name = Path(given).name
    while (shorter := Path(name).stem) != name:
        name = shorter
    # A glob is best named by its folder.
    return Path(given).absolute().parent.name if '*' in name else name


def describe_files(given: str, *, rename: bool = True) -> LocalTable:
    """Say how the files of a table are to be read.

    Args:
      given: A file, a folder or a glob.
      rename: Whether columns may get other names, where BigQuery could not use the files' own.

    Raises:
      InitError: There are none, or they can't be read as one table.
    """
    files = _files(given)
    formats = {_format(file) for file in files}
    if len(formats) > 1:
        raise InitError(
            f'{given}: holds files of several formats ({", ".join(sorted(formats))}); name those '
            'of one, as in a glob'
        )
    format_ = formats.pop()
    by_name = FORMATS.get(_ending(files[0]))
    table = LocalTable(path=(given,), format=None if format_ == by_name else format_)
    return _csv_table(table, read_layout(files), rename) if format_ == 'csv' else table


def _files(given: str) -> list[Path]:
    path = Path(given)
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = [f for f in sorted(path.iterdir()) if f.is_file() and _ending(f) in FORMATS]
    else:
        parent = Path(given[: len(given) - len(path.name)] or '.')
        files = [f for f in sorted(parent.glob(path.name)) if f.is_file()] if path.name else []
    if files:
        return files
    if path.is_dir():
        raise InitError(
            f'{given}: no CSV, Parquet or JSON-lines files in this folder, nor class folders of '
            'pictures'
        )
    there = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, there, 1)
    hint = f'; did you mean {path.with_name(close[0])}?' if close else ', folder or query'
    raise InitError(f'{given}: no such file{hint}')


def _ending(path: Path) -> str:
    return Path(path.name.removesuffix('.gz')).suffix.lower()


def _format(path: Path) -> str:
    """Return the format of a file, by how it begins, then by how its name ends."""
    with path.open('rb') as file:
        start = file.read(4)
    if not start:
        raise InitError(f'{path}: is empty')
    if start.startswith(b'PK') or start == b'\xd0\xcf\x11\xe0':
        raise InitError(f'{path}: is an archive or an Excel file; unpack it, or save it as CSV')
    if start == b'PAR1':
        return 'parquet'
    if _ending(path) == '.parquet':
        raise InitError(f'{path}: is no Parquet file, as its name says')
    by_name = FORMATS.get(_ending(path))
    if by_name == 'jsonl' and start.lstrip()[:1] == b'[':
        raise InitError(f'{path}: is one JSON array; write its objects one to a line')
    return by_name or ('jsonl' if start.lstrip()[:1] == b'{' else 'csv')


def _csv_table(table: LocalTable, layout: CsvLayout, rename: bool) -> LocalTable:
    header, columns = layout.header, None
    if header is None:
        columns = tuple(f'column_{i}' for i in range(1, layout.width + 1))
    elif rename and not _all_can_be_queried(header):
        # Named by the recipe, the header is one more line to skip.
        columns = tuple(clean_names(header))
        layout = replace(layout, skip_rows=layout.skip_rows + 1)
    table = table.model_copy(
        update={
            'columns': columns,
            'delimiter': None if layout.delimiter == ',' else layout.delimiter,
            'nulls': layout.nulls,
            'strip': layout.strip,
            'skip_rows': layout.skip_rows,
        }
    )
    return _with_types(table, layout)


def _with_types(table: LocalTable, layout: CsvLayout) -> LocalTable:
    """Settle what the reader, which judges by the first rows and by quotes, would get wrong."""
    sniffed = _sniffed_types(table)
    if len(sniffed) != layout.width:
        table = table.model_copy(update={'delimiter': layout.delimiter})
        sniffed = _sniffed_types(table)
    pairs = zip(sniffed.values(), layout.contents, strict=True)
    if any(type_ == 'STRING' and content not in ('code', 'text') for type_, content in pairs):
        # Missing values stand in quotes, which makes texts of them unless values are stripped.
        table = table.model_copy(update={'strip': True})
        sniffed = _sniffed_types(table)
    types = {
        name: right
        for (name, type_), content in zip(sniffed.items(), layout.contents, strict=True)
        if (right := _right_type(type_, content)) != type_
    }
    return table.model_copy(update={'types': types})


def _sniffed_types(table: LocalTable) -> dict[str, str]:
    with duckdb.connect() as connection:
        create_view(connection, 'sniffed', table)
        rows = connection.execute(f'DESCRIBE {identifier("sniffed")}').fetchall()
    return {name: from_duckdb(type_) for name, type_, *_ in rows}


_TIMES = dict.fromkeys(('DATE', 'DATETIME', 'TIMESTAMP'), ('date',))
_FITTING = {'INT64': ('whole',), 'FLOAT64': ('whole', 'number'), 'BOOL': ('truth',), **_TIMES}
"""BigQuery type -> contents that all fit it."""


def _right_type(sniffed: str, content: Content) -> str:
    """Return the BigQuery type that all values fit."""
    if content in _FITTING.get(sniffed, (content,)):
        return sniffed
    return 'FLOAT64' if (sniffed, content) == ('INT64', 'number') else 'STRING'


def _all_can_be_queried(header: Sequence[str]) -> bool:
    different = len({name.casefold() for name in header}) == len(header)
    return different and all(map(can_be_queried, header))
