"""Compile the select list, and what names mean in GROUP BY, ORDER BY and LIMIT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import types
from components.query_example_gen.sql.calls import order_key, order_text
from components.query_example_gen.sql.compiler import Compiler, placed, show
from components.query_example_gen.sql.scope import Scope
from components.query_example_gen.sql.types import Typed


@dataclass(frozen=True)
class Item:
    """One column of a select list.

    Attributes:
        name: Name in the result; None where the query gives none.
        value: What it holds.
        explicit: Whether the name was given with AS.
    """

    name: str | None
    value: Typed
    explicit: bool = False


def items_of(compiler: Compiler, nodes: Sequence[exp.Expr], scope: Scope) -> list[Item]:
    """Compile a select list, its stars written out.

    Raises:
        QueryError: As `Compiler.expression`, or a star leaves out a column that is not there.
    """
    items: list[Item] = []
    for node in nodes:
        with placed(node):
            if isinstance(node, exp.Star):
                items += _star(compiler, node, '', scope)
            elif isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
                items += _star(compiler, node.this, node.table, scope)
            elif isinstance(node, exp.Alias):
                value = compiler.expression(node.this, scope)
                items.append(Item(node.alias, value, explicit=True))
            else:
                name = node.name if isinstance(node, exp.Column) else None
                items.append(Item(name, compiler.expression(node, scope)))
    return items


def _star(compiler: Compiler, star: exp.Star, table: str, scope: Scope) -> list[Item]:
    if table:
        sources = [s for s in scope.sources if s.alias.lower() == table.lower()]
        items = [Item(name, value) for s in sources for name, value in s.columns]
    else:
        sources = list(scope.sources)
        columns = [column for source in sources for column in source.columns]
        written = {name.lower(): name for name, _ in reversed(columns)}
        items = [Item(written[name], value) for name, value in scope.merged.items()]
        items += [Item(n, value) for n, value in columns if n.lower() not in scope.merged]
    if not sources:
        raise QueryError(f'`{table}.*`: unknown table' if table else '`*` needs a FROM clause')
    dropped = {c.name.lower() for c in star.args.get('except_') or ()}
    changed = {
        a.alias.lower(): compiler.expression(a.this, scope) for a in star.args.get('replace') or ()
    }
    known = {item.name.lower() for item in items if item.name}
    if missing := (dropped | changed.keys()) - known:
        raise QueryError(f'`{show(star)}`: there is no column `{min(missing)}`')
    return [
        replace(item, value=changed.get(item.name.lower(), item.value))
        for item in items
        if item.name and item.name.lower() not in dropped
    ]


def group_key(compiler: Compiler, key: exp.Expr, items: Sequence[Item], scope: Scope) -> str:
    """Return the DuckDB text of one GROUP BY item.

    Raises:
        QueryError: As `Compiler.expression`, or the type cannot be grouped by.
    """
    value = _positional(key, items) or compiler.expression(key, scope)
    if value.type not in types.SCALARS:
        raise QueryError(f'GROUP BY cannot take {value.type} `{show(key)}`')
    return value.text


def order_of(compiler: Compiler, ordered: exp.Expr, items: Sequence[Item], scope: Scope) -> str:
    """Return the DuckDB text of one ORDER BY item.

    Raises:
        QueryError: As `Compiler.expression`, or the type has no order.
    """
    value = _positional(ordered.this, items)
    if value is None:
        return order_text(compiler, [ordered], scope)
    return order_key(value, ordered)


def _positional(key: exp.Expr, items: Sequence[Item]) -> Typed | None:
    """Return the column that `GROUP BY 1` or `ORDER BY 1` means."""
    if not (isinstance(key, exp.Literal) and key.name.isdigit() and not key.is_string):
        return None
    if not 1 <= int(key.name) <= len(items):
        raise QueryError(f'there is no column {key.name}; the query has {len(items)}')
    return items[int(key.name) - 1].value


def limit_of(compiler: Compiler, node: exp.Query) -> list[str]:
    """Return the LIMIT and OFFSET clauses of a query.

    Raises:
        QueryError: There is one, but no ORDER BY that says which rows it leaves.
    """
    limit, offset = node.args.get('limit'), node.args.get('offset')
    none = limit and isinstance(limit.expression, exp.Literal) and limit.expression.name == '0'
    if (limit or offset) and not node.args.get('order') and not none:
        raise QueryError(
            'LIMIT without ORDER BY may give other rows on every run; add ORDER BY, or sample with'
            ' WHERE MOD(ABS(FARM_FINGERPRINT(key)), 100) < 10'
        )
    return [
        f'{word} {compiler.typed(clause.expression, Scope(), types.INT64)}'
        for word, clause in (('LIMIT', limit), ('OFFSET', offset))
        if clause
    ]
