"""Compile queries: WITH, SELECT, FROM, JOIN, GROUP BY, set operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import types
from components.query_example_gen.sql.calls import window_text
from components.query_example_gen.sql.clauses import Item, group_key, items_of, limit_of, order_of
from components.query_example_gen.sql.compiler import Compiler, placed, refusal, show
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.sql.scope import Relation, Scope, Source
from components.query_example_gen.sql.types import Typed

_SET_OPERATIONS = {
    (exp.Union, False): 'UNION ALL',
    (exp.Union, True): 'UNION',
    (exp.Intersect, True): 'INTERSECT',
    (exp.Except, True): 'EXCEPT',
}


@dataclass(frozen=True)
class Queries:
    """Compiles queries over the tables that `find_table` knows.

    Attributes:
        find_table: Returns the DuckDB name and the columns of a BigQuery table.
        numbers: Numbers the queries in FROM that have no alias.
    """

    find_table: Callable[[exp.Table], Source]
    numbers: Iterator[int] = field(default_factory=count)

    def compile(self, compiler: Compiler, node: exp.Query, parent: Scope) -> Relation:
        """Return the DuckDB text and columns of a query.

        Args:
            compiler: Compiles the expressions in it.
            node: The query.
            parent: Scope that the query stands in.

        Raises:
            QueryError: A table or column is unknown, types do not fit, or something is not known
                to mean the same locally as on BigQuery.
        """
        with placed(node):
            scope, prefix = self._with(compiler, node, parent)
            if isinstance(node, exp.Select):
                relation = self._select(compiler, node, scope)
            elif isinstance(node, exp.SetOperation):
                relation = self._set_operation(compiler, node, scope)
            elif isinstance(node, exp.Subquery) and not node.alias:
                inner = self.compile(compiler, node.this, scope)
                relation = replace(inner, text=f'({inner.text})')
                if set(node.args) & {'order', 'limit'}:
                    relation = self._sorted(compiler, node, relation)
            else:
                raise refusal(node)
            return replace(relation, text=prefix + relation.text)

    def _with(self, compiler: Compiler, node: exp.Query, parent: Scope) -> tuple[Scope, str]:
        scope = Scope(ctes=parent.ctes, parent=parent)
        with_ = node.args.get('with_')
        if with_ is None:
            return scope, ''
        texts = []
        for cte in with_.expressions:
            relation = finished(cte.this, self.compile(compiler, cte.this, scope))
            texts.append(f'{identifier(cte.alias)} AS ({relation.text})')
            scope = replace(scope, ctes={**scope.ctes, cte.alias.lower(): relation})
        return scope, f'WITH {", ".join(texts)} '

    def _select(self, compiler: Compiler, node: exp.Select, scope: Scope) -> Relation:
        clauses = []
        if from_ := node.args.get('from_'):
            text, scope = self._from(compiler, from_, node.args.get('joins') or (), scope)
            clauses.append(f'FROM {text}')
        items = items_of(compiler, node.expressions, scope)
        if where := node.args.get('where'):
            clauses.append(f'WHERE {compiler.typed(where.this, scope, types.BOOL)}')
        aliases = {i.name.lower(): i.value for i in items if i.explicit and i.name}
        # GROUP BY, HAVING, QUALIFY and ORDER BY see the select list before the tables.
        aliased = replace(scope, aliases=aliases)
        if group := node.args.get('group'):
            keys = [group_key(compiler, key, items, aliased) for key in group.expressions]
            clauses.append(f'GROUP BY {", ".join(keys)}')
        if having := node.args.get('having'):
            clauses.append(f'HAVING {compiler.typed(having.this, aliased, types.BOOL)}')
        if windows := node.args.get('windows'):
            named = (f'{identifier(w.name)} AS {window_text(compiler, w, scope)}' for w in windows)
            clauses.append(f'WINDOW {", ".join(named)}')
        if qualify := node.args.get('qualify'):
            clauses.append(f'QUALIFY {compiler.typed(qualify.this, aliased, types.BOOL)}')
        distinct = 'DISTINCT ' if node.args.get('distinct') else ''
        if (order := node.args.get('order')) and not distinct:
            keys = [order_of(compiler, item, items, aliased) for item in order.expressions]
            clauses.append(f'ORDER BY {", ".join(keys)}')
        if not distinct:
            clauses += limit_of(compiler, node)
        columns = [(item.name or f'f{i}_', item.value) for i, item in enumerate(items)]
        listed = ', '.join(f'{value.text} AS {identifier(name)}' for name, value in columns)
        relation = Relation(
            f'SELECT {distinct}{listed} {" ".join(clauses)}'.rstrip(),
            tuple((name, value.type) for name, value in columns),
            unnamed=tuple(i for i, item in enumerate(items) if item.name is None),
        )
        return self._sorted(compiler, node, relation) if distinct else relation

    def _set_operation(self, compiler: Compiler, node: exp.SetOperation, scope: Scope) -> Relation:
        key = (type(node), bool(node.args.get('distinct')))
        word = _SET_OPERATIONS.get(key)
        left_node = node.left
        nested = isinstance(left_node, exp.SetOperation)
        if word is None or (
            nested and key != (type(left_node), bool(left_node.args.get('distinct')))
        ):
            raise QueryError(f'`{show(node)}`: put the inner set operation in parentheses')
        left, right = (self.compile(compiler, n, scope) for n in (left_node, node.right))
        if len(left.columns) != len(right.columns):
            raise QueryError(
                f'{word} of {len(left.columns)} and {len(right.columns)} columns;'
                ' both sides need as many'
            )
        shared = []
        for (name, a), (_, b) in zip(left.columns, right.columns, strict=True):
            type_ = types.supertype((Typed('', a), Typed('', b)))
            if type_ is None:
                raise QueryError(f'{word}: column `{name}` is {a} on one side and {b} on the other')
            shared.append((name, type_))
        texts = [_recast(side, shared) for side in (left, right)]
        relation = Relation(f' {word} '.join(texts), tuple(shared), unnamed=left.unnamed)
        return self._sorted(compiler, node, relation)

    def _sorted(self, compiler: Compiler, node: exp.Query, relation: Relation) -> Relation:
        """Add an ORDER BY and LIMIT that see only the columns of the result."""
        clauses = [relation.text]
        if order := node.args.get('order'):
            source = Source('', tuple((n, Typed(identifier(n), t)) for n, t in relation.columns))
            items = [Item(name, value) for name, value in source.columns]
            scope = Scope(sources=(source,))
            keys = [order_of(compiler, item, items, scope) for item in order.expressions]
            clauses = [f'SELECT * FROM ({relation.text}) ORDER BY {", ".join(keys)}']
        clauses += limit_of(compiler, node)
        return replace(relation, text=' '.join(clauses))

    def _from(
        self,
        compiler: Compiler,
        from_: exp.From,
        joins: Sequence[exp.Join],
        scope: Scope,
    ) -> tuple[str, Scope]:
        text, source = self._source(compiler, from_.this, scope)
        sources, merged = [source], dict[str, Typed]()
        for join in joins:
            with placed(join):
                visible = replace(scope, sources=tuple(sources), merged=merged)
                right, source = self._source(compiler, join.this, visible)
                if source.alias.lower() in {s.alias.lower() for s in sources}:
                    raise QueryError(f'two tables are called `{source.alias}`; give one an alias')
                joined = replace(scope, sources=(*sources, source), merged=merged)
                side = join.side or ('CROSS' if join.kind == 'CROSS' else 'INNER')
                text += f' {side} JOIN {right}'
                if on := join.args.get('on'):
                    text += f' ON {compiler.typed(on, joined, types.BOOL)}'
                elif using := join.args.get('using'):
                    condition, keys = _using(using, visible, source, side)
                    text += f' ON {condition}'
                    merged |= keys
                elif side != 'CROSS':
                    raise QueryError(f'`{show(join)}` needs ON or USING')
                sources.append(source)
        return text, replace(scope, sources=tuple(sources), merged=merged)

    def _source(self, compiler: Compiler, node: exp.Expr, scope: Scope) -> tuple[str, Source]:
        if isinstance(node, exp.Table):
            relation = scope.ctes.get(node.name.lower()) if not node.db else None
            if relation:
                name, columns = node.name, relation.columns
            else:
                table = self.find_table(node)
                name, columns = table.alias, tuple((n, v.type) for n, v in table.columns)
            alias = node.alias or node.name.rsplit('.', 1)[-1]
            return f'{identifier(name)} AS {identifier(alias)}', Source.of(alias, columns)
        if isinstance(node, exp.Subquery):
            # A query in FROM sees the WITH of the query around it, but not its tables.
            relation = self.compile(compiler, node.this, Scope(ctes=scope.ctes))
            relation = finished(node.this, relation)
            alias = node.alias or f'_{next(self.numbers)}'
            return f'({relation.text}) AS {identifier(alias)}', Source.of(alias, relation.columns)
        if isinstance(node, exp.Unnest):
            array = compiler.expression(node.expressions[0], scope)
            element = types.element_of(array.type)
            names = [column.name for column in getattr(node.args.get('alias'), 'columns', ())]
            if element is None or len(node.expressions) != 1 or len(names) != 1:
                raise refusal(node)
            alias = names[0]
            source = replace(Source.of(alias, [(alias, element)]), is_value=True)
            return f'UNNEST({array.text}) AS {identifier(alias)}({identifier(alias)})', source
        raise refusal(node)


def _using(
    names: Sequence[exp.Identifier], left: Scope, right: Source, side: str
) -> tuple[str, dict[str, Typed]]:
    conditions, keys = [], {}
    for name in names:
        a = left.resolve(exp.column(name.copy()))
        b = replace(left, sources=(right,), merged={}, parent=None).resolve(exp.column(name.copy()))
        if a.type != b.type:
            raise QueryError(f'USING ({name.name}): {a.type} on one side and {b.type} on the other')
        conditions.append(f'{a.text} = {b.text}')
        kept = {'RIGHT': b.text, 'FULL': f'coalesce({a.text}, {b.text})'}.get(side, a.text)
        keys[name.name.lower()] = Typed(kept, a.type)
    return ' AND '.join(conditions), keys


def _recast(side: Relation, columns: Sequence[tuple[str, str]]) -> str:
    """Return one side of a set operation, its columns cast to the types of the result."""
    if [t for _, t in side.columns] == [t for _, t in columns]:
        return f'({side.text})'
    names = [identifier(f'c{i}') for i in range(len(columns))]
    values = [
        'NULL' if is_ == types.NULL else name
        for name, (_, is_) in zip(names, side.columns, strict=True)
    ]
    listed = ', '.join(
        f'CAST({value} AS {types.to_duckdb(to)}) AS {identifier(column)}'
        for value, (column, to) in zip(values, columns, strict=True)
    )
    return f'(SELECT {listed} FROM ({side.text}) AS s({", ".join(names)}))'


def finished(node: exp.Expr, relation: Relation) -> Relation:
    """Return a relation whose columns can be named and read.

    Raises:
        QueryError: A computed column has no name; BigQuery and DuckDB would give it different ones.
    """
    if relation.unnamed:
        with placed(node):
            at = relation.unnamed[0] + 1
            raise QueryError(f'column {at} of `{show(node)}` has no name; write `… AS name`')
    if all(type_ != types.NULL for _, type_ in relation.columns):
        return relation
    # BigQuery gives a bare NULL the type INT64.
    columns = tuple(
        (name, types.INT64 if type_ == types.NULL else type_) for name, type_ in relation.columns
    )
    return Relation(_recast(relation, columns), columns)
