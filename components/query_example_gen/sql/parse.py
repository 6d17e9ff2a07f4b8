"""Parse BigQuery SQL and refuse whatever is not on the allow-list of syntax.

Function calls are left as a name and arguments, so that what decides about them is the
allow-list in `functions.py` and not another dialect's idea of what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.bigquery import BigQueryParser

from components.query_example_gen.errors import QueryError
from components.query_example_gen.parameters import QueryParameter
from components.query_example_gen.sql.compiler import placed, refusal, show
from components.query_example_gen.sql.named import literal_of


class _Parser(BigQueryParser):
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = {
        name: BigQueryParser.FUNCTION_PARSERS[name] for name in ('CAST', 'SAFE_CAST', 'EXTRACT')
    }
    NO_PAREN_FUNCTIONS: ClassVar = {}


_BINARY = {'this', 'expression'}
_QUERY = {'with_', 'order', 'limit', 'offset'}

_SYNTAX: dict[type[exp.Expr], set[str]] = {
    exp.Select: {
        *_QUERY,
        *('expressions', 'from_', 'joins', 'where', 'group', 'having'),
        *('windows', 'qualify', 'distinct'),
    },
    exp.Union: _QUERY | _BINARY | {'distinct'},
    exp.Intersect: _QUERY | _BINARY | {'distinct'},
    exp.Except: _QUERY | _BINARY | {'distinct'},
    exp.Subquery: _QUERY | {'this', 'alias'},
    exp.With: {'expressions'},
    exp.CTE: {'this', 'alias'},
    exp.From: {'this'},
    exp.Join: {'this', 'side', 'kind', 'on', 'using'},
    exp.Table: {'this', 'db', 'catalog', 'alias'},
    exp.TableAlias: {'this', 'columns'},
    exp.Unnest: {'expressions', 'alias'},
    exp.Where: {'this'},
    exp.Group: {'expressions'},
    exp.Having: {'this'},
    exp.Qualify: {'this'},
    exp.Order: {'this', 'expressions'},
    exp.Ordered: {'this', 'desc', 'nulls_first'},
    exp.Limit: {'this', 'expression'},
    exp.Offset: {'expression'},
    exp.Distinct: {'expressions'},
    exp.Star: {'except_', 'replace'},
    exp.Alias: {'this', 'alias'},
    exp.Identifier: {'this', 'quoted'},
    exp.Column: {'this', 'table'},
    exp.Var: {'this'},
    exp.Literal: {'this', 'is_string'},
    exp.RawString: {'this'},
    exp.HexString: {'this', 'is_integer'},
    exp.Boolean: {'this'},
    exp.Null: set(),
    exp.Paren: {'this'},
    exp.Neg: {'this'},
    exp.Not: {'this'},
    exp.DPipe: _BINARY | {'safe'},
    exp.Like: _BINARY | {'negate'},
    exp.Is: _BINARY,
    exp.Between: {'this', 'low', 'high'},
    exp.In: {'this', 'expressions', 'query', 'unnest'},
    exp.Case: {'this', 'ifs', 'default'},
    exp.If: {'this', 'true', 'false'},
    exp.Cast: {'this', 'to'},
    exp.TryCast: {'this', 'to', 'safe'},
    exp.DataType: {'this', 'expressions', 'nested'},
    exp.DataTypeParam: {'this'},
    exp.Extract: {'this', 'expression'},
    exp.Interval: {'this', 'unit'},
    exp.Exists: {'this'},
    exp.Array: {'expressions', 'struct_name_inheritance'},
    exp.Bracket: {'this', 'expressions', 'offset', 'safe'},
    exp.Anonymous: {'this', 'expressions'},
    exp.SafeFunc: {'this'},
    exp.IgnoreNulls: {'this'},
    exp.Window: {'this', 'partition_by', 'order', 'spec', 'alias', 'over'},
    exp.WindowSpec: {'kind', 'start', 'start_side', 'end', 'end_side'},
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.And, exp.Or), _BINARY),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _BINARY),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), _BINARY),
}
"""Kinds of node, each with the arguments that it may have."""


def parse(sql: str, parameters: Mapping[str, QueryParameter]) -> exp.Query:
    """Parse one BigQuery SELECT whose syntax is all on the allow-list.

    Args:
        sql: The query.
        parameters: Values of the parameters that it names; they take their place.

    Raises:
        QueryError: It does not parse, is not one SELECT, has syntax that is not on the list, or
            a parameter has no value.
    """
    dialect = BigQuery()
    try:
        statements = _Parser(dialect=dialect).parse(dialect.tokenize(sql), sql)
    except ParseError as error:
        raise QueryError(_describe(error)) from None
    except TokenError as error:
        raise QueryError(f'SQL: a string or comment is not closed ({error})') from None
    queries = [statement for statement in statements if statement is not None]
    if len(queries) != 1 or not isinstance(queries[0], exp.Query):
        found = ', '.join(show(q) for q in queries) or 'nothing'
        raise QueryError(f'the query must be exactly one SELECT, found {found}')
    query = _with_values(queries[0], parameters)
    _check(query)
    return query


def _with_values(query: exp.Query, parameters: Mapping[str, QueryParameter]) -> exp.Query:
    """Put the values of parameters in their places."""
    values = {name.lower(): parameter for name, parameter in parameters.items()}
    for node in list(query.find_all(exp.Parameter)):
        with placed(node):
            parameter = values.get(node.name.lower())
            # A number there would be taken for the position of a column.
            if parameter is None or isinstance(node.parent, exp.Ordered | exp.Group):
                raise refusal(node)
            value = _value(literal_of(parameter))
            for part in value.walk():
                part.meta.update(node.this.meta)
            node.replace(value)
    return query


def _value(literal: str) -> exp.Expr:
    dialect = BigQuery()
    (statement,) = _Parser(dialect=dialect).parse(dialect.tokenize(f'SELECT {literal}'), literal)
    assert isinstance(statement, exp.Select)
    return statement.expressions[0].pop()


def _check(query: exp.Query) -> None:
    for node in query.walk():
        with placed(node):
            if isinstance(node, exp.Concat):
                raise QueryError(
                    f"`{show(node)}`: two string literals side by side; write \\' for a quote"
                )
            allowed = _SYNTAX.get(type(node))
            if allowed is None:
                raise refusal(node)
            for key, value in node.args.items():
                if key not in allowed and value not in (None, False, [], ''):
                    word = key.strip('_').replace('_', ' ').upper()
                    raise refusal(node, f' with {word}')


def _describe(error: ParseError) -> str:
    fault = error.errors[0] if error.errors else {}
    if 'line' not in fault:
        return f'SQL: {error}'
    text = fault['highlight'] or 'the end'
    column = fault['col'] - len(text) + 1
    return f'SQL line {fault["line"]}, column {column}: cannot read on at `{text}`'
