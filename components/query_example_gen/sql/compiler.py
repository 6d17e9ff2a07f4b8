"""The core of the translator: what compiles which kind of node, and how refusals read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import types
from components.query_example_gen.sql.scope import Relation, Scope, place
from components.query_example_gen.sql.types import Typed

Handler = Callable[['Compiler', Any, Scope], Typed]
Specific = TypeVar('Specific', bound=Handler)
_HANDLERS: dict[type[exp.Expr], Handler] = {}


def handles(*kinds: type[exp.Expr]) -> Callable[[Specific], Specific]:
    """Register a function as the one that compiles these kinds of expression."""

    def register(handler: Specific) -> Specific:
        _HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


@dataclass(frozen=True)
class Compiler:
    """Compiles BigQuery expressions and queries to DuckDB text.

    Attributes:
        compile_query: Compiles a query inside the scope of another.
    """

    compile_query: Callable[[Compiler, exp.Query, Scope], Relation]

    def query(self, node: exp.Query, scope: Scope) -> Relation:
        """Return the DuckDB text and the columns of a query inside `scope`."""
        return self.compile_query(self, node, scope)

    def expression(self, node: exp.Expr, scope: Scope) -> Typed:
        """Return the DuckDB text and the BigQuery type of an expression.

        Raises:
            QueryError: A name is unknown, types do not fit, or something is not known to mean the
                same locally as on BigQuery.
        """
        handler = _HANDLERS.get(type(node))
        with placed(node):
            if handler is None:
                raise refusal(node)
            return handler(self, node, scope)

    def typed(self, node: exp.Expr, scope: Scope, to: str) -> str:
        """Return the DuckDB text of an expression that must have type `to`.

        Raises:
            QueryError: As `expression`, or the type is another.
        """
        value = self.expression(node, scope)
        coerced = types.coerce(value, to)
        if coerced is None:
            with placed(node):
                raise QueryError(f'`{show(node)}` must be {to}, it is {value.type}')
        return coerced.text


@contextmanager
def placed(node: exp.Expr) -> Iterator[None]:
    """Put the place of `node` in the query before every `QueryError` that does not name one yet."""
    try:
        yield
    except QueryError as error:
        where = '' if str(error).startswith('SQL line') else place(node)
        if not where:
            raise
        raise QueryError(f'{where}{error}') from None


def refusal(node: exp.Expr, detail: str = '') -> QueryError:
    """Return the error for something that is not on the allow-list."""
    if isinstance(node, exp.Parameter | exp.Placeholder | exp.SessionParameter):
        return QueryError(
            f'query parameter `{show(node)}` has no value here; name it in data.parameters, or '
            'write the value itself'
        )
    return QueryError(
        f'`{show(node)}`{detail} is not known to mean the same locally as on BigQuery;'
        ' write it another way'
    )


def show(node: exp.Expr) -> str:
    """Return the BigQuery text of a node, shortened to fit a message."""
    # sqlglot writes AT TIME ZONE as calls, which are not what the user wrote.
    dialect = None if isinstance(node, exp.AtTimeZone) else 'bigquery'
    text = ' '.join(node.sql(dialect).split())
    return text if len(text) <= 60 else f'{text[:57]}...'
