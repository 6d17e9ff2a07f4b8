"""Compile literals, names, operators, conditions, casts and subqueries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import casts, dates, types
from components.query_example_gen.sql.compiler import Compiler, handles, refusal, show
from components.query_example_gen.sql.functions import SCALARS
from components.query_example_gen.sql.quoting import literal
from components.query_example_gen.sql.scope import Scope
from components.query_example_gen.sql.signatures import call
from components.query_example_gen.sql.types import Typed

_BINARY = {
    exp.Add: '+',
    exp.Sub: '-',
    exp.Mul: '*',
    exp.Div: '/',
    exp.DPipe: '||',
    exp.EQ: '=',
    exp.NEQ: '!=',
    exp.LT: '<',
    exp.LTE: '<=',
    exp.GT: '>',
    exp.GTE: '>=',
    exp.And: 'AND',
    exp.Or: 'OR',
}

_CAST_TYPES = {
    exp.DataType.Type.BIGINT: types.INT64,
    exp.DataType.Type.INT: types.INT64,
    exp.DataType.Type.DOUBLE: types.FLOAT64,
    exp.DataType.Type.BOOLEAN: types.BOOL,
    exp.DataType.Type.TEXT: types.STRING,
    exp.DataType.Type.DATE: types.DATE,
    exp.DataType.Type.TIMESTAMP: types.DATETIME,
    exp.DataType.Type.TIMESTAMPTZ: types.TIMESTAMP,
}


@handles(*_BINARY)
def _binary(compiler: Compiler, node: exp.Binary, scope: Scope) -> Typed:
    left = compiler.expression(node.left, scope)
    return call(SCALARS, _BINARY[type(node)], [left, compiler.expression(node.right, scope)])


@handles(exp.Like)
def _like(compiler: Compiler, node: exp.Like, scope: Scope) -> Typed:
    like = call(SCALARS, 'LIKE', [compiler.expression(n, scope) for n in (node.left, node.right)])
    return call(SCALARS, 'NOT', [like]) if node.args.get('negate') else like


@handles(exp.Column)
def _column(compiler: Compiler, node: exp.Column, scope: Scope) -> Typed:
    if isinstance(node.this, exp.Star):
        raise refusal(node)
    return scope.resolve(node)


@handles(exp.Literal)
def _literal(compiler: Compiler, node: exp.Literal, scope: Scope) -> Typed:
    if node.is_string:
        return Typed(literal(node.name), types.STRING, literal=True)
    if node.name.isdigit():
        return _integer(int(node.name))
    return Typed(f"CAST('{float(node.name)!r}' AS DOUBLE)", types.FLOAT64, literal=True)


@handles(exp.HexString)
def _hex(compiler: Compiler, node: exp.HexString, scope: Scope) -> Typed:
    return _integer(int(node.name, 16))


@handles(exp.RawString)
def _raw_string(compiler: Compiler, node: exp.RawString, scope: Scope) -> Typed:
    return Typed(literal(node.name), types.STRING, literal=True)


@handles(exp.Boolean)
def _boolean(compiler: Compiler, node: exp.Boolean, scope: Scope) -> Typed:
    return Typed('TRUE' if node.this else 'FALSE', types.BOOL, literal=True)


@handles(exp.Null)
def _null(compiler: Compiler, node: exp.Null, scope: Scope) -> Typed:
    return Typed('NULL', types.NULL, literal=True)


@handles(exp.Paren)
def _paren(compiler: Compiler, node: exp.Paren, scope: Scope) -> Typed:
    return compiler.expression(node.this, scope)


@handles(exp.Neg)
def _negative(compiler: Compiler, node: exp.Neg, scope: Scope) -> Typed:
    if isinstance(node.this, exp.Literal) and node.this.name.isdigit():
        return _integer(-int(node.this.name))
    value = compiler.expression(node.this, scope)
    return replace(call(SCALARS, '-', [value]), literal=value.literal)


@handles(exp.Not)
def _not(compiler: Compiler, node: exp.Not, scope: Scope) -> Typed:
    return call(SCALARS, 'NOT', [compiler.expression(node.this, scope)])


@handles(exp.Is)
def _is(compiler: Compiler, node: exp.Is, scope: Scope) -> Typed:
    if isinstance(node.expression, exp.Null):
        return Typed(f'({compiler.expression(node.this, scope).text} IS NULL)', types.BOOL)
    if not isinstance(node.expression, exp.Boolean):
        raise refusal(node)
    word = 'TRUE' if node.expression.this else 'FALSE'
    return Typed(f'({compiler.typed(node.this, scope, types.BOOL)} IS {word})', types.BOOL)


@handles(exp.NullSafeEQ, exp.NullSafeNEQ)
def _distinct_from(compiler: Compiler, node: exp.Binary, scope: Scope) -> Typed:
    values = [compiler.expression(n, scope) for n in (node.left, node.right)]
    left, right = _unify(values, node)[0]
    negation = 'NOT ' if isinstance(node, exp.NullSafeEQ) else ''
    return Typed(f'({left} IS {negation}DISTINCT FROM {right})', types.BOOL)


@handles(exp.Between)
def _between(compiler: Compiler, node: exp.Between, scope: Scope) -> Typed:
    value, low, high = (
        compiler.expression(n, scope) for n in (node.this, node.args['low'], node.args['high'])
    )
    above, below = call(SCALARS, '>=', [value, low]), call(SCALARS, '<=', [value, high])
    return Typed(f'({above.text} AND {below.text})', types.BOOL)


@handles(exp.In)
def _in(compiler: Compiler, node: exp.In, scope: Scope) -> Typed:
    value = compiler.expression(node.this, scope)
    if query := node.args.get('query'):
        column = _single(compiler, query, scope)
        # The operator's own signature decides whether the two types compare.
        call(SCALARS, '=', [replace(value, literal=False), column])
        return Typed(f'({value.text} IN ({column.text}))', types.BOOL)
    items = node.expressions
    if unnest := node.args.get('unnest'):
        array = unnest.expressions[0]
        if not isinstance(array, exp.Array):
            raise refusal(node)
        items = array.expressions
    values = [value, *(compiler.expression(item, scope) for item in items)]
    if types.FLOAT64 not in (v.type for v in values):
        (text, *listed), _ = _unify(values, node)
        return Typed(f'({text} IN ({", ".join(listed)}))', types.BOOL)
    equal = [call(SCALARS, '=', [value, item]).text for item in values[1:]]
    return Typed(f'({" OR ".join(equal)})', types.BOOL)


@handles(exp.Case)
def _case(compiler: Compiler, node: exp.Case, scope: Scope) -> Typed:
    subject = compiler.expression(node.this, scope) if node.this else None
    tests, results = [], []
    for branch in node.args['ifs']:
        if subject is None:
            tests.append(compiler.typed(branch.this, scope, types.BOOL))
        else:
            pair = [subject, compiler.expression(branch.this, scope)]
            tests.append(call(SCALARS, '=', pair).text)
        results.append(compiler.expression(branch.args['true'], scope))
    default = node.args.get('default') or exp.Null()
    results.append(compiler.expression(default, scope))
    return _choose(tests, results, node)


@handles(exp.If)
def _if(compiler: Compiler, node: exp.If, scope: Scope) -> Typed:
    if node.args.get('false') is None:
        raise QueryError('IF takes 3 arguments')
    test = compiler.typed(node.this, scope, types.BOOL)
    results = [compiler.expression(node.args[key], scope) for key in ('true', 'false')]
    return _choose([test], results, node)


@handles(exp.Cast, exp.TryCast)
def _cast(compiler: Compiler, node: exp.Cast, scope: Scope) -> Typed:
    to = _CAST_TYPES.get(node.to.this)
    if to is None or node.to.expressions:
        raise refusal(node)
    value = compiler.expression(node.this, scope)
    result = casts.cast(value, to, safe=isinstance(node, exp.TryCast))
    if result is None:
        raise QueryError(f'`{show(node)}`: no cast from {value.type} to {to}')
    return result


@handles(exp.Extract)
def _extract(compiler: Compiler, node: exp.Extract, scope: Scope) -> Typed:
    return dates.compile_extract(node, lambda n: compiler.expression(n, scope))


@handles(exp.Subquery)
def _subquery(compiler: Compiler, node: exp.Subquery, scope: Scope) -> Typed:
    column = _single(compiler, node, scope)
    return Typed(f'({column.text})', column.type)


@handles(exp.Exists)
def _exists(compiler: Compiler, node: exp.Exists, scope: Scope) -> Typed:
    return Typed(f'EXISTS ({compiler.query(node.this, scope).text})', types.BOOL)


@handles(exp.Array)
def _array(compiler: Compiler, node: exp.Array, scope: Scope) -> Typed:
    texts, shared = _unify([compiler.expression(n, scope) for n in node.expressions], node)
    return Typed(f'[{", ".join(texts)}]', types.array_of(shared))


@handles(exp.Bracket)
def _bracket(compiler: Compiler, node: exp.Bracket, scope: Scope) -> Typed:
    array = compiler.expression(node.this, scope)
    element = types.element_of(array.type)
    base = node.args.get('offset')
    if element is None or len(node.expressions) != 1 or base is None:
        raise refusal(node)
    index = compiler.typed(node.expressions[0], scope, types.INT64)
    macro = 'bq_try_element' if node.args.get('safe') else 'bq_element'
    return Typed(f'{macro}({array.text}, {index} + {1 - base})', element)


def _single(compiler: Compiler, node: exp.Subquery, scope: Scope) -> Typed:
    relation = compiler.query(node.this, scope)
    if len(relation.columns) != 1:
        raise QueryError(f'`{show(node)}`: a subquery in an expression must have one column')
    return Typed(relation.text, relation.columns[0][1])


def _integer(value: int) -> Typed:
    if not -(2**63) <= value < 2**63:
        raise QueryError(f'{value} does not fit INT64')
    return Typed(f'CAST({value} AS BIGINT)', types.INT64, literal=True)


def _choose(tests: Sequence[str], results: Sequence[Typed], node: exp.Expr) -> Typed:
    """Return a CASE over `tests`, whose last result is the default."""
    texts, shared = _unify(results, node)
    branches = ' '.join(f'WHEN {t} THEN {r}' for t, r in zip(tests, texts[:-1], strict=True))
    return Typed(f'(CASE {branches} ELSE {texts[-1]} END)', shared)


def _unify(values: Sequence[Typed], node: exp.Expr) -> tuple[list[str], str]:
    """Return the texts of `values` coerced to one type, and that type."""
    shared = types.supertype(values)
    if shared == types.NULL:
        shared = types.INT64
    if shared is None or not (shared in types.SCALARS or types.element_of(shared)):
        got = ', '.join(dict.fromkeys(v.type for v in values))
        raise QueryError(f'`{show(node)}`: {got} do not fit together; CAST them to one type')
    return [fitted.text for v in values if (fitted := types.coerce(v, shared))], shared
