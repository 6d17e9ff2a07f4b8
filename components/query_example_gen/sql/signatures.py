"""Signatures of functions: which arguments fit, and the DuckDB text of a call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import casts, types
from components.query_example_gen.sql.types import Typed


class _Joined(list[str]):
    """A list whose format spec is the separator: `f"{_Joined('ab'):, }"` is `a, b`."""

    def __format__(self, separator: str) -> str:
        return separator.join(self)


@dataclass(frozen=True)
class Signature:
    """One line of the allow-list.

    Attributes:
        name: BigQuery's name, or the operator.
        params: Parameter types, in order.
        variadic: Whether the last parameter repeats.
        returns: Result type; `T` is the type that the arguments share.
        template: DuckDB text.
    """

    name: str
    params: tuple[str, ...]
    variadic: bool
    returns: str
    template: str

    def bind(self, args: Sequence[Typed]) -> tuple[int, list[Typed], str] | None:
        """Coerce `args` to this signature.

        Returns:
            Number of arguments coerced, the arguments, and the result type; None if they don't fit.
        """
        params = self.params
        if self.variadic:
            params += params[-1:] * (len(args) - len(params))
        if len(args) != len(params):
            return None
        shared = types.supertype(a for a, p in zip(args, params, strict=True) if p == 'T')
        if shared == types.NULL:
            shared = types.INT64
        if shared not in types.SCALARS:
            return None
        named = [shared if param == 'T' else param for param in params]
        bound = [b for a, p in zip(args, named, strict=True) if (b := _fit(a, p))]
        if len(bound) < len(args):
            return None
        cost = sum(a.type not in (b.type, types.NULL) for a, b in zip(args, bound, strict=True))
        return cost, bound, shared if self.returns == 'T' else self.returns

    def describe(self) -> str:
        """Return the signature as in BigQuery's reference, without the name."""
        return f'({", ".join(self.params)}{", ..." if self.variadic else ""})'


def _fit(arg: Typed, param: str) -> Typed | None:
    if param == 'ANY':
        return arg
    if param == 'ARRAY<T>':
        return arg if types.element_of(arg.type) else None
    if param == 'TEXT':
        return casts.cast(arg, types.STRING)
    return types.coerce(arg, param)


Table = Mapping[str, tuple[Signature, ...]]


def parse_table(table: str) -> Table:
    """Read a table of signatures, one per line: `NAME(PARAMS) -> TYPE  template`."""
    signatures: dict[str, tuple[Signature, ...]] = {}
    for line in filter(None, table.splitlines()):
        match = re.fullmatch(r'(\S+?)\((.*?)\) -> (\S+)\s+(.+)', line)
        assert match, line
        name, params, returns, template = match.groups()
        variadic = params.endswith('...')
        names = tuple(filter(None, params.removesuffix('...').split(', ')))
        signature = Signature(name, names, variadic, returns, template)
        signatures[name] = (*signatures.get(name, ()), signature)
    return signatures


def call(
    table: Table,
    name: str,
    args: Sequence[Typed],
    *,
    distinct: str = '',
    nulls: str = '',
    over: str = '',
) -> Typed:
    """Return a call of `name` by the signature that needs the fewest coercions.

    Args:
        table: One of the tables in `functions.py`; it must have `name`.
        name: BigQuery's name, in upper case, or the operator.
        args: The arguments.
        distinct: Text that goes before the arguments of an aggregate.
        nulls: Text that goes after the arguments of a window function.
        over: Text that goes after an aggregate or window function.

    Raises:
        QueryError: No signature takes these arguments.
    """
    bound = [(b, s) for s in table[name] if (b := s.bind(args))]
    if not bound:
        got = ', '.join(a.type for a in args)
        if not name[0].isalpha() or name in ('LIKE', 'AND', 'OR', 'NOT'):
            raise QueryError(f'`{name}` cannot take ({got}); CAST to types that go together')
        takes = ' or '.join(s.describe() for s in table[name])
        raise QueryError(f'{name} takes {takes}, got ({got})')
    (_, fitted, returns), signature = min(bound, key=lambda pair: pair[0][0])
    texts = [arg.text for arg in fitted]
    text = signature.template.format(
        *texts, all=_Joined(texts), distinct=distinct, nulls=nulls, over=over
    )
    return Typed(text, returns)


def unknown(name: str) -> QueryError:
    """Return the error for a function that is not on the allow-list."""
    return QueryError(
        f'`{name}` is not known to mean the same locally as on BigQuery; write it another way'
    )
