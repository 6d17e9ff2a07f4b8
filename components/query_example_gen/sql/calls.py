"""Compile calls of functions, aggregates and window functions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import dates, functions, literals, types
from components.query_example_gen.sql.compiler import Compiler, handles, placed, refusal, show
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.sql.scope import Scope
from components.query_example_gen.sql.signatures import Table, call, unknown
from components.query_example_gen.sql.types import Typed


@handles(exp.Anonymous)
def _function(compiler: Compiler, node: exp.Anonymous, scope: Scope) -> Typed:
    return _call(compiler, node, scope, node.name.upper())


@handles(exp.SafeFunc)
def _safe_function(compiler: Compiler, node: exp.SafeFunc, scope: Scope) -> Typed:
    return _call(compiler, node.this, scope, f'SAFE.{node.this.name.upper()}')


@handles(exp.Window)
def _window(compiler: Compiler, node: exp.Window, scope: Scope) -> Typed:
    call = node.this
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ''
    if name in functions.WINDOWS and not (node.alias or node.args.get('order')):
        raise QueryError(
            f'{name} without ORDER BY may give other values on every run;'
            ' add ORDER BY to its OVER clause'
        )
    table = functions.WINDOWS if name in functions.WINDOWS else functions.AGGREGATES
    if name not in table:
        raise refusal(node)
    with placed(call):
        return _aggregate(
            compiler, call, scope, table, f' OVER {window_text(compiler, node, scope)}'
        )


def window_text(compiler: Compiler, node: exp.Window, scope: Scope) -> str:
    """Return the DuckDB text of a window: what OVER, or AS in a WINDOW clause, is followed by.

    Raises:
        QueryError: As `Compiler.expression`.
    """
    parts = [identifier(node.alias)] if node.alias else []
    if partition := node.args.get('partition_by'):
        keys = [compiler.expression(key, scope) for key in partition]
        for key, value in zip(partition, keys, strict=True):
            if value.type not in types.SCALARS or value.type == types.FLOAT64:
                raise QueryError(f'PARTITION BY cannot take {value.type} `{show(key)}`')
        parts.append('PARTITION BY ' + ', '.join(key.text for key in keys))
    if order := node.args.get('order'):
        parts.append('ORDER BY ' + order_text(compiler, order.expressions, scope))
    if spec := node.args.get('spec'):
        start, end = (_bound(compiler, spec, key, scope) for key in ('start', 'end'))
        parts.append(f'{spec.args["kind"]} BETWEEN {start} AND {end}')
    return f'({" ".join(parts)})'


def order_text(compiler: Compiler, items: Sequence[exp.Expr], scope: Scope) -> str:
    """Return the DuckDB text of ORDER BY items.

    Raises:
        QueryError: As `Compiler.expression`.
    """
    return ', '.join(order_key(compiler.expression(item.this, scope), item) for item in items)


def order_key(value: Typed, item: exp.Expr) -> str:
    """Return the DuckDB text that orders by `value` as the ORDER BY `item` says.

    NULL sorts below everything, and NaN just above NULL, where DuckDB has NaN above everything.

    Raises:
        QueryError: The type has no order.
    """
    if value.type not in types.SCALARS:
        raise QueryError(f'ORDER BY cannot take {value.type} `{show(item.this)}`')
    descending = bool(item.args.get('desc'))
    nulls = 'NULLS FIRST' if item.args.get('nulls_first') else 'NULLS LAST'
    key = f'{value.text} {"DESC" if descending else "ASC"} {nulls}'
    if value.type == types.FLOAT64:
        return f'isnan({value.text}) {"ASC" if descending else "DESC"} {nulls}, {key}'
    return key


def _call(compiler: Compiler, node: exp.Anonymous, scope: Scope, name: str) -> Typed:
    if name in functions.VARYING:
        raise QueryError(f'{name} {functions.VARYING[name]}')
    if name in ('STRING_AGG', 'ARRAY_AGG'):
        return _ordered_aggregate(compiler, node, scope, name)
    if name in functions.AGGREGATES:
        return _aggregate(compiler, node, scope, functions.AGGREGATES, '')
    if name in functions.WINDOWS:
        raise QueryError(f'{name} needs an OVER clause')
    if name in dates.FUNCTIONS:
        return dates.compile_call(name, node.expressions, lambda n: compiler.expression(n, scope))
    if not (name in literals.FUNCTIONS or name in functions.SCALARS):
        raise unknown(name)
    args = [compiler.expression(arg, scope) for arg in node.expressions]
    if name in literals.FUNCTIONS and not (name == 'ROUND' and len(args) == 1):
        texts = [
            arg.name if isinstance(arg, exp.Literal | exp.RawString) else None
            for arg in node.expressions
        ]
        return literals.compile_call(name, args, texts)
    return call(functions.SCALARS, name, args)


def _aggregate(
    compiler: Compiler,
    node: exp.Anonymous,
    scope: Scope,
    table: Table,
    over: str,
) -> Typed:
    name, args = node.name.upper(), list(node.expressions)
    if name == 'COUNT' and len(args) == 1 and isinstance(args[0], exp.Star):
        return Typed(f'count(*){over}', types.INT64)
    distinct = nulls = ''
    if args and isinstance(args[0], exp.Distinct):
        args, distinct = args[0].expressions, 'DISTINCT '
    elif args and isinstance(args[0], exp.IgnoreNulls):
        args, nulls = [args[0].this, *args[1:]], ' IGNORE NULLS'
    template = table[name][0].template
    if (distinct and '{distinct}' not in template) or (nulls and '{nulls}' not in template):
        raise refusal(node)
    values = [compiler.expression(arg, scope) for arg in args]
    return call(table, name, values, distinct=distinct, nulls=nulls, over=over)


def _ordered_aggregate(compiler: Compiler, node: exp.Anonymous, scope: Scope, name: str) -> Typed:
    """Compile STRING_AGG or ARRAY_AGG, whose value depends on the order of the rows."""
    args = list(node.expressions)
    limit = None
    if args and isinstance(args[-1], exp.Limit):
        limit = args[-1].expression
        args[-1] = args[-1].this
    if not (args and isinstance(args[-1], exp.Order)):
        raise QueryError(
            f'{name} without ORDER BY may give another value on every run;'
            f' write {name}(… ORDER BY …)'
        )
    keys = order_text(compiler, args[-1].expressions, scope)
    args[-1] = args[-1].this
    distinct = ignore_nulls = False
    if isinstance(args[0], exp.Distinct):
        args, distinct = args[0].expressions, True
    elif isinstance(args[0], exp.IgnoreNulls):
        args[0], ignore_nulls = args[0].this, True
    value = compiler.expression(args[0], scope)
    if name == 'STRING_AGG':
        if value.type != types.STRING or limit or ignore_nulls or len(args) > 2:
            raise refusal(node)
        separator = compiler.typed(args[1], scope, types.STRING) if len(args) > 1 else "','"
        unique = 'DISTINCT ' if distinct else ''
        text = f'string_agg({unique}{value.text}, {separator} ORDER BY {keys})'
        return Typed(text, types.STRING)
    if value.type not in types.SCALARS or distinct or len(args) > 1:
        raise refusal(node)
    text = f'list({value.text} ORDER BY {keys})'
    if ignore_nulls:
        text += f' FILTER (WHERE {value.text} IS NOT NULL)'
    if limit is not None:
        text = f'({text})[1:{compiler.typed(limit, scope, types.INT64)}]'
    return Typed(text, types.array_of(value.type))


def _bound(compiler: Compiler, spec: exp.WindowSpec, key: str, scope: Scope) -> str:
    value = spec.args.get(key) or 'CURRENT ROW'
    if isinstance(value, exp.Expr):
        value = compiler.typed(value, scope, types.INT64)
    return f'{value} {spec.args.get(f"{key}_side") or ""}'.strip()
