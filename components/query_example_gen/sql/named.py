"""Query parameters: where a query names them, and their values as GoogleSQL literals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import TokenError
from sqlglot.tokens import TokenType

from components.query_example_gen.errors import QueryError
from components.query_example_gen.parameters import QueryParameter, Scalar

_ESCAPES = {'\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r', '\0': '\\x00'}


def names_in(sql: str) -> list[str]:
    """Return the names of the parameters of a query, as written, in order, each once.

    Raises:
        QueryError: The text can't be read.
    """
    return list(dict.fromkeys(name for name, _, _ in _named(sql)))


def checked(sql: str, parameters: Mapping[str, QueryParameter]) -> None:
    """Hold the parameters that a query names against those that have a value.

    Raises:
        QueryError: One has no value, or a value is not used.
    """
    named = names_in(sql)
    known = {name.lower() for name in parameters}
    for name in named:
        if name.lower() not in known:
            listed = ', '.join(f'@{n}' for n in parameters) or 'none'
            raise QueryError(
                f'data.query: the query parameter @{name} has no value; give it in '
                f'data.parameters, or data.window for @window_start and @window_end; '
                f'known: {listed}'
            )
    used = {name.lower() for name in named}
    for name in parameters:
        if name.lower() not in used:
            raise QueryError(
                f'data.parameters: {name} has no effect: the query does not name @{name}; leave '
                'it out, or use it'
            )


def inlined(sql: str, parameters: Mapping[str, QueryParameter]) -> str:
    """Return a query with literals in place of its parameters.

    For who can't pass parameters on. BigQuery makes the same of both, but where a literal number
    would mean a column (`ORDER BY @n`), which BigQuery refuses with a parameter.

    Raises:
        QueryError: A parameter has no value, or the text can't be read.
    """
    checked(sql, parameters)
    values = {name.lower(): parameter for name, parameter in parameters.items()}
    pieces, end = [], 0
    for name, first, last in _named(sql):
        pieces += [sql[end:first], literal_of(values[name.lower()])]
        end = last
    return ''.join([*pieces, sql[end:]])


def literal_of(parameter: QueryParameter) -> str:
    """Return a parameter's value as a GoogleSQL literal."""
    if isinstance(parameter.value, tuple):
        return f'[{", ".join(_literal(value, parameter.type) for value in parameter.value)}]'
    return _literal(parameter.value, parameter.type)


def _literal(value: Scalar | None, type_: str) -> str:
    if value is None:
        return f'CAST(NULL AS {type_})'
    match type_:
        case 'BOOL':
            return str(value).upper()
        case 'INT64':
            return f'({value})' if int(value) < 0 else str(value)
        case 'FLOAT64':
            return f'({value!r})' if float(value) < 0 else repr(value)
        case 'STRING':
            return f"'{''.join(_ESCAPES.get(c, c) for c in str(value))}'"
        case _:
            return f"{type_} '{value}'"


def _named(sql: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, first and last place of each parameter."""
    try:
        tokens = BigQuery().tokenize(sql)
    except TokenError as error:
        raise QueryError(f'data.query: a string or comment is not closed ({error})') from None
    before = None
    for i, token in enumerate(tokens[:-1]):
        following = tokens[i + 1]
        if (
            token.token_type == TokenType.PARAMETER
            and before != TokenType.PARAMETER
            and following.token_type != TokenType.PARAMETER
        ):
            yield following.text, token.start, following.end + 1
        before = token.token_type
