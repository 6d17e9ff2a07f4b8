"""A query's rows as Arrow batches: from local files, or from BigQuery where there are none."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb

from components.query_example_gen.batches import ROWS, cut
from components.query_example_gen.column_types import checked_type
from components.query_example_gen.duckdb_text import explain, reading
from components.query_example_gen.engine import add_fingerprint, prepare
from components.query_example_gen.errors import QueryError
from components.query_example_gen.local_tables import open_view, place_of_misfit
from components.query_example_gen.settings import Data, LocalTable
from components.query_example_gen.sql import translate
from components.query_example_gen.sql.named import checked
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.sql.types import from_duckdb

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY = '2GB'
"""What DuckDB may hold; joins and sorts that need more spill to a temporary folder."""

_ARROW_READY = {'INTEGER': 'BIGINT', 'FLOAT': 'DOUBLE', 'BOOLEAN': 'BOOLEAN', 'STRING': 'VARCHAR'}


class Query(Protocol):
    """A query that is ready to be read."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Name -> INTEGER, FLOAT, BOOLEAN or STRING, `REPEATED` before it for arrays."""

    def batches(self, rows: int = ROWS) -> 'Iterator[pa.RecordBatch]':
        """Yield the rows, int64, float64, bool or string, or lists of them.

        Args:
            rows: Rows of a batch; the last one may be shorter.

        Raises:
            QueryError: A row can't be read or computed.
        """


@dataclass(frozen=True)
class LocalQuery:
    """A query over local files that is ready to be read."""

    columns: Mapping[str, str]
    _connection: duckdb.DuckDBPyConnection
    _sql: str
    _tables: Sequence[LocalTable]

    def batches(self, rows: int = ROWS) -> 'Iterator[pa.RecordBatch]':
        """Yield the rows as `Query.batches`."""
        import pyarrow as pa

        # With several threads, sums of floats and the order of grouped and joined rows would differ
        # from run to run; what follows takes longer than reading with one.
        self._connection.execute('SET threads = 1')
        arrays = [name for name, type_ in self.columns.items() if type_.startswith('REPEATED')]
        try:
            for batch in self._connection.sql(self._sql).to_arrow_reader(rows):
                _check_arrays(batch, arrays)
                yield from cut(batch)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            # Arrow's C stream, which the rows come through, knows DuckDB's errors as text only.
            place = 'data.query'
            if 'misfit: ' in str(error):
                place = place_of_misfit(self._connection, self._tables) or place
            raise QueryError(explain(error, place)) from None


@contextmanager
def open_query(data: Data, patient: bool = True) -> Iterator[Query]:
    """Open a recipe's query over its local files; on BigQuery if there are none.

    Args:
        data: The query, its window already as parameters.
        patient: Whether to try again for minutes if BigQuery can't be reached.

    Raises:
        QueryError: The query does not parse, means something that is not known to be the same
            here, or names what is not there; a file can't be read; a column has a type that
            tf.Example can't hold; BigQuery can't be asked or refuses it; it would scan more than
            it may.
    """
    text = query_text(data)
    checked(text, data.parameters)
    if not data.local:
        from components.query_example_gen import bigquery

        yield bigquery.prepared(text, data, patient)
        return
    with (
        tempfile.TemporaryDirectory(prefix='sluice-query-') as spill,
        _connect(spill) as connection,
    ):
        yield _opened(connection, text, data)


def columns_of(data: Data) -> dict[str, str]:
    """Return the columns of a recipe's query and their types, without reading its rows.

    Raises:
        QueryError: As `open_query`.
    """
    # Which days a window holds does not change the types.
    with open_query(data.at(date.today()), patient=False) as query:
        return dict(query.columns)


def query_text(data: Data) -> str:
    """Return the query, from the recipe or from its file."""
    if data.query is not None:
        return data.query
    try:
        return Path(str(data.query_file)).read_text(encoding='utf-8')
    except OSError as error:
        raise QueryError(f'data.query_file: {data.query_file}: {error.strerror}') from None


def _connect(spill: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            'threads': os.cpu_count() or 1,
            'memory_limit': MEMORY,
            'temp_directory': spill,
            'autoinstall_known_extensions': False,  # nothing is downloaded
        }
    )
    prepare(connection)
    return connection


def _opened(connection: duckdb.DuckDBPyConnection, text: str, data: Data) -> LocalQuery:
    def columns_of_table(name: str) -> dict[str, str]:
        return open_view(connection, name, data.local[name])

    try:
        translation = translate(text, list(data.local), columns_of_table, data.parameters)
    except QueryError as error:
        told = str(error)
        raise QueryError(told if told.startswith('data.') else f'data.query: {told}') from None
    columns = {name: checked_type(name, type_) for name, type_ in translation.columns.items()}
    if 'farm_fingerprint(' in translation.sql:
        add_fingerprint(connection)
    with reading('data.query'):
        described = connection.execute(f'DESCRIBE {translation.sql}').fetchall()
    for (name, type_), (_, found, *_rest) in zip(
        translation.columns.items(), described, strict=True
    ):
        # What the translator takes a value for is what DuckDB computes, or all bets are off.
        assert from_duckdb(found) == type_, f'{name}: {type_} is computed as {found}'
    selected = ', '.join(
        f'CAST({identifier(name)} AS {_duckdb_type(type_)}) AS {identifier(name)}'
        for name, type_ in columns.items()
    )
    tables = [data.local[name] for name in translation.tables]
    return LocalQuery(columns, connection, f'SELECT {selected} FROM ({translation.sql})', tables)


def _check_arrays(batch: 'pa.RecordBatch', names: Sequence[str]) -> None:
    for name in names:
        if batch.column(name).flatten().null_count:
            raise QueryError(
                f'data.query: column {name} holds an array with a NULL in it, which BigQuery does '
                'not return; leave NULLs out, as in ARRAY_AGG(… IGNORE NULLS …)'
            )


def _duckdb_type(type_: str) -> str:
    name = _ARROW_READY[type_.removeprefix('REPEATED ')]
    return f'{name}[]' if type_.startswith('REPEATED ') else name
