"""Translate one BigQuery SELECT to DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.parameters import QueryParameter
from components.query_example_gen.sql import calls, expressions  # noqa: F401 - register handlers
from components.query_example_gen.sql.compiler import Compiler, placed
from components.query_example_gen.sql.parse import parse
from components.query_example_gen.sql.queries import Queries, finished
from components.query_example_gen.sql.scope import Scope, Source, suggest


@dataclass(frozen=True)
class Translation:
    """A query ready for DuckDB.

    Attributes:
        sql: DuckDB SQL over views that have the tables' BigQuery names; it needs `macros()` and
            the function `farm_fingerprint`.
        columns: BigQuery type by column name, in order.
        tables: Names of the tables that it reads, as the caller knows them.
    """

    sql: str
    columns: Mapping[str, str]
    tables: tuple[str, ...]


def translate(
    sql: str,
    tables: Collection[str],
    columns_of: Callable[[str], Mapping[str, str]],
    parameters: Mapping[str, QueryParameter] = MappingProxyType({}),
) -> Translation:
    """Translate one BigQuery SELECT to DuckDB SQL that means the same.

    Everything goes through an allow-list; what is not on it is refused by name.

    Args:
        sql: The query, in GoogleSQL.
        tables: Names of the known tables, such as `bigquery-public-data.samples.natality`.
        columns_of: Returns the column names and BigQuery types of a known table; called once for
            each table that the query reads.
        parameters: Values of the parameters that the query names.

    Raises:
        QueryError: It does not parse, names something unknown, or uses something that is not known
            to mean the same locally as on BigQuery.
    """
    query = parse(sql, parameters)
    # Read before the query is compiled, whose errors are placed in the query; a fault of a file
    # has no place there.
    named = {'.'.join(part.name for part in table.parts) for table in query.find_all(exp.Table)}
    known = {name: found[0] for name in sorted(named) if len(found := _matches(name, tables)) == 1}
    sources = {t: Source.of(t, columns_of(t).items()) for t in dict.fromkeys(known.values())}
    read: list[str] = []

    def find_table(node: exp.Table) -> Source:
        name = '.'.join(part.name for part in node.parts)
        if name not in known:
            with placed(node):
                raise _unknown(name, tables)
        read.append(known[name])
        return sources[known[name]]

    relation = finished(query, Compiler(Queries(find_table).compile).query(query, Scope()))
    _check_unique(relation.columns)
    return Translation(relation.text, dict(relation.columns), tuple(dict.fromkeys(read)))


def macros() -> str:
    """Return the DuckDB statements that define BigQuery's functions."""
    return Path(__file__).with_name('macros.sql').read_text(encoding='utf-8')


def _matches(name: str, tables: Collection[str]) -> list[str]:
    """Return the known tables that `name` may mean; the project may be left out on either side."""
    if name in tables:
        return [name]
    return [t for t in tables if t.endswith(f'.{name}') or name.endswith(f'.{t}')]


def _unknown(name: str, tables: Collection[str]) -> QueryError:
    known = ', '.join(f'`{t}`' for t in tables) or 'none'
    if len(_matches(name, tables)) > 1:
        return QueryError(f'table `{name}` is ambiguous; tables in data.local: {known}')
    return QueryError(
        f'unknown table `{name}`{suggest(name, tables)}; tables in data.local: {known}'
    )


def _check_unique(columns: tuple[tuple[str, str], ...]) -> None:
    seen: set[str] = set()
    for name, _ in columns:
        if name.lower() in seen:
            raise QueryError(f'the result has two columns `{name}`; give one another name')
        seen.add(name.lower())
