"""What names mean at one place of a query."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.sql.types import Typed


@dataclass(frozen=True)
class Relation:
    """A query's DuckDB text and its columns.

    Attributes:
        text: DuckDB SQL, without enclosing parentheses.
        columns: Column names, as written, and BigQuery types, in order. A name may occur twice.
        unnamed: Positions of computed columns without a name.
    """

    text: str
    columns: tuple[tuple[str, str], ...]
    unnamed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Source:
    """One item of a FROM clause.

    Attributes:
        alias: Name that qualifies its columns.
        columns: Column names, as declared, and their values, in order.
        is_value: Whether its alias alone is a value, as with UNNEST.
    """

    alias: str
    columns: tuple[tuple[str, Typed], ...]
    is_value: bool = False

    @classmethod
    def of(cls, alias: str, columns: Iterable[tuple[str, str]]) -> Source:
        """Return a source with the given column names and BigQuery types."""
        return cls(
            alias,
            tuple(
                (name, Typed(f'{identifier(alias)}.{identifier(name)}', type_))
                for name, type_ in columns
            ),
        )

    def find(self, name: str) -> list[Typed]:
        """Return every column of this name; BigQuery ignores the case of column names."""
        return [value for column, value in self.columns if column.lower() == name.lower()]


@dataclass(frozen=True)
class Scope:
    """The names that an expression can use.

    Attributes:
        sources: Items of the FROM clause.
        merged: Columns that JOIN … USING made one of two, by lower-case name.
        aliases: Names given in the select list, where the clause sees them, by lower-case name.
        ctes: Queries named by WITH, by lower-case name.
        parent: Scope of the enclosing query.
    """

    sources: tuple[Source, ...] = ()
    merged: Mapping[str, Typed] = field(default_factory=dict)
    aliases: Mapping[str, Typed] = field(default_factory=dict)
    ctes: Mapping[str, Relation] = field(default_factory=dict)
    parent: Scope | None = None

    def resolve(self, column: exp.Column) -> Typed:
        """Return the value that a column name stands for.

        Raises:
            QueryError: No column, or more than one, has this name.
        """
        name, table = column.name, column.table
        scope: Scope | None = self
        while scope is not None:
            found = scope._lookup(name, table)
            if len(found) > 1:
                raise QueryError(f'{place(column)}column `{name}` is ambiguous; name its table')
            if found:
                return found[0]
            scope = scope.parent
        names = [c for source in self.sources for c, _ in source.columns]
        if table:
            sources = [s for s in self.sources if s.alias.lower() == table.lower()]
            if not sources:
                aliases = [s.alias for s in self.sources]
                raise QueryError(
                    f'{place(column)}unknown table `{table}` before `.{name}`'
                    f'{suggest(table, aliases)}; tables here: {", ".join(aliases) or "none"}'
                )
            names = [c for source in sources for c, _ in source.columns]
        raise QueryError(
            f'{place(column)}unknown column `{name}`{suggest(name, names)};'
            f' columns here: {", ".join(names) or "none"}'
        )

    def _lookup(self, name: str, table: str) -> list[Typed]:
        if not table:
            if name.lower() in self.aliases:
                return [self.aliases[name.lower()]]
            if any(s.alias.lower() == name.lower() and not s.is_value for s in self.sources):
                raise QueryError(
                    f'`{name}` alone is the table of that name and not a column; write'
                    f' `{name}.{name}`, or give the table another alias'
                )
            if name.lower() in self.merged:
                return [self.merged[name.lower()]]
        return [
            value
            for source in self.sources
            if not table or source.alias.lower() == table.lower()
            for value in source.find(name)
        ]


def place(node: exp.Expr) -> str:
    """Return `SQL line L, column C: ` for the first token of `node` that knows its place."""
    for part in node.walk():
        if 'line' in part.meta:
            column = part.meta['col'] - (part.meta['end'] - part.meta['start'])
            return f'SQL line {part.meta["line"]}, column {column}: '
    return ''


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean X?)` for the nearest of `known`, or nothing."""
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f' (did you mean `{by_lower[near[0]]}`?)' if near else ''
