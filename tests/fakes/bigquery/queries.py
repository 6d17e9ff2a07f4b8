"""GoogleSQL, run by DuckDB through the project's own translator."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from google.api_core import exceptions
from sqlglot import exp

from components.query_example_gen.duckdb_text import explain
from components.query_example_gen.engine import add_fingerprint, prepare
from components.query_example_gen.errors import QueryError
from components.query_example_gen.local_tables import open_view
from components.query_example_gen.parameters import QueryParameter
from components.query_example_gen.sql import translate
from components.query_example_gen.sql.parse import parse
from components.query_example_gen.sql.quoting import identifier
from tests.fakes.bigquery.tables import Made, Tables, logical_bytes, not_found
from tests.fakes.bigquery.values import table_id


@dataclass(frozen=True)
class Checked:
    """A query that was checked, and not run.

    Attributes:
        columns: name -> type as SQL names it.
        tables: Names of the tables that it reads.
        bytes: What it scans: whole columns, as BigQuery does.
    """

    columns: dict[str, str]
    tables: tuple[str, ...]
    bytes: int
    sql: str


@dataclass(frozen=True)
class Engine:
    """Checks and runs queries over the tables that there are."""

    tables: Tables

    def check(self, sql: str, parameters: Mapping[str, QueryParameter]) -> Checked:
        """Check a query, as a dry run does.

        Raises:
            BadRequest: It is not valid, or nothing that the translator knows.
            NotFound: It reads a table that is not there.
        """
        with self._opened() as connection:
            return self._checked(connection, sql, parameters)

    def run(self, sql: str, parameters: Mapping[str, QueryParameter]) -> tuple[Checked, Made]:
        """Run a query.

        Raises:
            BadRequest: As `check`, or a row can't be computed.
            NotFound: As `check`.
        """
        with self._opened() as connection:
            checked = self._checked(connection, sql, parameters)
            connection.execute('SET threads = 1')
            try:
                rows = connection.sql(checked.sql).to_arrow_table()
            except (duckdb.Error, pa.ArrowException) as error:
                raise _invalid(explain(error, '').removeprefix(': ')) from None
            return checked, Made(_as_bigquery(rows, checked.columns), checked.columns)

    def read(self, name: str) -> Made:
        """Return a table, of files or made.

        Raises:
            NotFound: There is none.
        """
        if name in self.tables.made:
            return self.tables.made[name]
        if name not in self.tables.files():
            raise not_found(f'Table {name}')
        return self.run(f'SELECT * FROM `{name}`', {})[1]

    def _checked(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: str,
        parameters: Mapping[str, QueryParameter],
    ) -> Checked:
        files, made = self.tables.files(), self.tables.made

        def columns_of(name: str) -> dict[str, str]:
            if name in made:
                connection.register(name, made[name].rows)
                return made[name].columns
            return open_view(connection, name, files[name])

        try:
            found = translate(sql, [*files, *made], columns_of, parameters)
        except QueryError as error:
            raise _refused(str(error)) from None
        if 'farm_fingerprint(' in found.sql:
            add_fingerprint(connection)
        size = sum(self._bytes(connection, name, sql, parameters) for name in found.tables)
        return Checked(dict(found.columns), found.tables, size, found.sql)

    def _bytes(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        sql: str,
        parameters: Mapping[str, QueryParameter],
    ) -> int:
        """Return the bytes of the columns of a table whose names a query has."""
        query = parse(sql, parameters)
        named = {column.name.lower() for column in query.find_all(exp.Column, exp.Identifier)}
        everything = query.find(exp.Star) is not None
        rows = connection.sql(f'SELECT * FROM {identifier(table)}')
        columns = open_columns(rows)
        total = 0
        for name, type_ in columns.items():
            if everything or name.lower() in named:
                held = connection.sql(f'SELECT {identifier(name)} AS v FROM {identifier(table)}')
                total += logical_bytes(held.to_arrow_table()['v'], type_)
        return total

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(config={'memory_limit': '2GB'}) as connection:
            prepare(connection)
            yield connection


def open_columns(rows: duckdb.DuckDBPyRelation) -> dict[str, str]:
    """Return the columns of rows, with their types as SQL names them."""
    from components.query_example_gen.sql.types import from_duckdb

    return {
        name: from_duckdb(str(type_)) for name, type_ in zip(rows.columns, rows.types, strict=True)
    }


def parameters_of(query: Mapping[str, Any]) -> dict[str, QueryParameter]:
    """Return the parameters of a job's query.

    Raises:
        BadRequest: They have no names, or a value is not of its type.
    """
    given = query.get('queryParameters', [])
    if given and query.get('parameterMode') != 'NAMED':
        raise _invalid('Positional parameters are not supported by this stand-in')
    return {parameter['name']: _parameter(parameter) for parameter in given}


def references(names: tuple[str, ...]) -> list[dict[str, str]]:
    """Return tables as references."""
    return [table_id(name) for name in names]


def _parameter(given: Mapping[str, Any]) -> QueryParameter:
    type_, value = given['parameterType'], given['parameterValue']
    try:
        if type_['type'] == 'ARRAY':
            element = type_['arrayType']['type']
            values = [_value(v.get('value'), element) for v in value.get('arrayValues', [])]
            return QueryParameter.model_validate({'type': element, 'value': values})
        return QueryParameter.model_validate(
            {'type': type_['type'], 'value': _value(value.get('value'), type_['type'])}
        )
    except (ValueError, TypeError) as error:
        raise _invalid(f'Invalid value for query parameter {given.get("name")}: {error}') from None


def _value(text: str | None, type_: str) -> object:
    if text is None:
        return None
    match type_:
        case 'INT64':
            return int(text)
        case 'FLOAT64':
            return float(text)
        case 'BOOL':
            return {'true': True, 'false': False}[str(text).lower()]
        case _:
            return text


def _as_bigquery(rows: pa.Table, columns: Mapping[str, str]) -> pa.Table:
    """Return rows as Storage Read has them: an array that is NULL is one without values."""
    import pyarrow.compute as pc

    for i, (name, type_) in enumerate(columns.items()):
        if type_.startswith('ARRAY<'):
            column = rows[name].combine_chunks()
            if pc.list_flatten(column).null_count:
                raise _invalid(f'Array cannot have a null element; error in writing field {name}')
            empty = pa.scalar([], column.type)
            rows = rows.set_column(i, name, pc.if_else(column.is_valid(), column, empty))
        elif type_ == 'TIMESTAMP':
            rows = rows.set_column(i, name, rows[name].cast(pa.timestamp('us', 'UTC')))
    return rows


def _refused(text: str) -> exceptions.GoogleAPICallError:
    if match := re.search(r'unknown table `([^`]+)`', text):
        name = match[1]
        return not_found(f'Table {":".join(name.split(".", 1)) if name.count(".") == 2 else name}')
    if match := re.match(r'SQL line (\d+), column (\d+): (.*)', text):
        line, column, told = match.groups()
        return _invalid(f'{told} at [{line}:{column}]')
    return _invalid(text)


def _invalid(text: str) -> exceptions.BadRequest:
    return exceptions.BadRequest(text, errors=[{'reason': 'invalidQuery', 'message': text}])
