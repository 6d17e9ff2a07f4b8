"""Date and time functions whose arguments name a part or hold an interval.

BigQuery counts part boundaries in `DATE_DIFF` and `DATETIME_DIFF` but whole units in
`TIMESTAMP_DIFF`; weeks start on Sunday unless `WEEK(MONDAY)` or `ISOWEEK` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlglot import exp

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import types
from components.query_example_gen.sql.types import Typed

Compile = Callable[[exp.Expr], Typed]
_V = TypeVar('_V', str, int)

_WEEKDAYS = ('MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY')
_MICROSECONDS = {
    'MICROSECOND': 1,
    'MILLISECOND': 1_000,
    'SECOND': 1_000_000,
    'MINUTE': 60_000_000,
    'HOUR': 3_600_000_000,
    'DAY': 86_400_000_000,
}
_MONTHS = {'MONTH': 1, 'QUARTER': 3, 'YEAR': 12}
_DAYS = {'DAY': 1, 'WEEK': 7}
_WEEKS = ('WEEK', 'ISOWEEK', *(f'WEEK({day})' for day in _WEEKDAYS))
_TIMES = ('MICROSECOND', 'MILLISECOND', 'SECOND', 'MINUTE', 'HOUR')

_EXTRACT = {
    'YEAR': 'year({})',
    'QUARTER': 'quarter({})',
    'MONTH': 'month({})',
    'DAY': 'day({})',
    'DAYOFYEAR': 'dayofyear({})',
    'DAYOFWEEK': '(dayofweek({}) + 1)',
    'ISOWEEK': 'weekofyear({})',
    'WEEK': 'bq_week({}, 7)',
    **{f'WEEK({day})': f'bq_week({{}}, {i})' for i, day in enumerate(_WEEKDAYS, start=1)},
    'ISOYEAR': 'isoyear({})',
}
_EXTRACT_TIME = {
    'HOUR': 'hour({})',
    'MINUTE': 'minute({})',
    'SECOND': 'second({})',
    'MILLISECOND': '(millisecond({}) % 1000)',
    'MICROSECOND': '(microsecond({}) % 1000000)',
}


def part_of(node: exp.Expr) -> str:
    """Return the date part that an argument names, such as `MONTH` or `WEEK(MONDAY)`.

    Raises:
        QueryError: The argument is not a name.
    """
    if isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
        return f'{node.name}({node.expressions[0].name})'.upper()
    if isinstance(node, exp.Column | exp.Var | exp.Identifier) and node.name:
        return node.name.upper()
    raise QueryError(f'`{node.sql("bigquery")}` is not a date part such as DAY or MONTH')


def compile_extract(node: exp.Extract, compile_: Compile) -> Typed:
    """Compile `EXTRACT(part FROM value)`.

    Raises:
        QueryError: The part does not exist for the value's type, or is not supported.
    """
    part = part_of(node.this)
    value = compile_(node.expression)
    templates = dict(_EXTRACT)
    if value.type in (types.DATETIME, types.TIMESTAMP):
        templates |= _EXTRACT_TIME | {'DATE': 'CAST({} AS DATE)'}
    elif value.type != types.DATE:
        raise QueryError(f'EXTRACT takes a DATE, DATETIME or TIMESTAMP, not {value.type}')
    template = _pick(templates, part, f'EXTRACT from {value.type}')
    return Typed(template.format(_naive(value)), types.DATE if part == 'DATE' else types.INT64)


def compile_call(name: str, args: Sequence[exp.Expr], compile_: Compile) -> Typed:
    """Compile one of `FUNCTIONS`.

    Args:
        name: BigQuery's name of the function, in upper case.
        args: Its arguments as parsed.
        compile_: Compiles one argument.

    Raises:
        QueryError: Wrong number or type of arguments, or a part that is not supported.
    """
    kind, _, verb = name.rpartition('_')
    if name == 'LAST_DAY':
        return _last_day(args, compile_)
    if verb in ('ADD', 'SUB'):
        return _shift(kind, verb, args, compile_)
    return (_diff if verb == 'DIFF' else _trunc)(kind, args, compile_)


FUNCTIONS = (
    *(
        f'{k}_{v}'
        for k in ('DATE', 'DATETIME', 'TIMESTAMP')
        for v in ('ADD', 'SUB', 'DIFF', 'TRUNC')
    ),
    'LAST_DAY',
)


def _shift(kind: str, verb: str, args: Sequence[exp.Expr], compile_: Compile) -> Typed:
    value = _operand(f'{kind}_{verb}', kind, args, 2, compile_)
    interval = args[1]
    if not isinstance(interval, exp.Interval) or not interval.args.get('unit'):
        raise QueryError(f'{kind}_{verb} takes INTERVAL n PART as its second argument')
    part = part_of(interval.args['unit'])
    count = interval.this
    if isinstance(count, exp.Literal) and count.is_string:
        count = exp.Literal.number(count.name)
    amount = types.coerce(compile_(count), types.INT64)
    if amount is None:
        raise QueryError(f'INTERVAL takes an INT64, got `{count.sql("bigquery")}`')
    n = amount.text if verb == 'ADD' else f'-({amount.text})'
    steps: dict[str, str] = {}
    if kind == 'DATE':
        steps |= {p: f'bq_date_add_days({{0}}, {{1}} * {days})' for p, days in _DAYS.items()}
        steps |= {p: f'bq_date_add_months({{0}}, {{1}} * {m})' for p, m in _MONTHS.items()}
    else:
        steps |= {p: f'({{0}} + to_microseconds({{1}} * {us}))' for p, us in _MICROSECONDS.items()}
    if kind == 'DATETIME':
        steps['WEEK'] = f'({{0}} + to_microseconds({{1}} * {7 * _MICROSECONDS["DAY"]}))'
        steps |= {
            p: f'({{0}} + to_months(CAST({{1}} * {m} AS INTEGER)))' for p, m in _MONTHS.items()
        }
    return Typed(_pick(steps, part, f'{kind}_{verb}').format(value.text, n), kind)


def _diff(kind: str, args: Sequence[exp.Expr], compile_: Compile) -> Typed:
    name = f'{kind}_DIFF'
    a = _operand(name, kind, args, 3, compile_)
    b = _operand(name, kind, args[1:], 2, compile_)
    part = part_of(args[2])
    if kind == 'TIMESTAMP':
        size = _pick(_MICROSECONDS, part, name)
        return Typed(f'((epoch_us({a.text}) - epoch_us({b.text})) // {size})', types.INT64)
    counts = {p: f"date_diff('{p}', {{1}}, {{0}})" for p in ('DAY', *_MONTHS)}
    for week in _WEEKS:
        counts[week] = f"(date_diff('day', {_week('{1}', week)}, {_week('{0}', week)}) // 7)"
    counts['ISOYEAR'] = '(isoyear({0}) - isoyear({1}))'
    if kind == 'DATETIME':
        counts |= {p: f"date_diff('{p}', {{1}}, {{0}})" for p in _TIMES}
    return Typed(_pick(counts, part, name).format(a.text, b.text), types.INT64)


def _trunc(kind: str, args: Sequence[exp.Expr], compile_: Compile) -> Typed:
    name = f'{kind}_TRUNC'
    value = _operand(name, kind, args, 2, compile_)
    starts = {p: f"date_trunc('{p}', {{}})" for p in ('DAY', *_MONTHS, 'ISOYEAR')}
    starts |= {week: _week('{}', week) for week in _WEEKS}
    if kind != 'DATE':
        starts |= {p: f"date_trunc('{p}', {{}})" for p in _TIMES}
    text = _pick(starts, part_of(args[1]), name).format(_naive(value))
    return Typed(f'CAST({text} AS {types.TO_DUCKDB[kind]})', kind)


def _last_day(args: Sequence[exp.Expr], compile_: Compile) -> Typed:
    value = _operand('LAST_DAY', 'DATE', args, len(args), compile_)
    part = part_of(args[1]) if len(args) > 1 else 'MONTH'
    months = _pick(_MONTHS, part, 'LAST_DAY')
    return Typed(
        f"CAST(date_trunc('{part}', {value.text}) + to_months({months}) - INTERVAL 1 DAY AS DATE)",
        types.DATE,
    )


def _operand(
    name: str, kind: str, args: Sequence[exp.Expr], count: int, compile_: Compile
) -> Typed:
    if len(args) != count or not args:
        raise QueryError(f'{name} takes {count} arguments')
    value = compile_(args[0])
    coerced = types.coerce(value, kind)
    if coerced is None:
        raise QueryError(
            f'{name} takes a {kind}, got {value.type} `{args[0].sql("bigquery")}`;'
            f' CAST it AS {kind}'
        )
    return coerced


def _naive(value: Typed) -> str:
    """Return the DuckDB text of a DATE or of a TIMESTAMP without its zone, which is UTC."""
    if value.type == types.TIMESTAMP:
        return f'CAST({value.text} AS TIMESTAMP)'
    return value.text


def _week(text: str, part: str) -> str:
    """Return the first day of the week that `text` lies in; DuckDB's own weeks start on Monday."""
    day = {'WEEK': 'SUNDAY', 'ISOWEEK': 'MONDAY'}.get(part, part[5:-1])
    shift = _WEEKDAYS.index(day)
    return f"(date_trunc('week', {text} - INTERVAL {shift} DAY) + INTERVAL {shift} DAY)"


def _pick(known: Mapping[str, _V], part: str, name: str) -> _V:
    try:
        return known[part]
    except KeyError:
        raise QueryError(
            f'{name}: the part {part} is not known to mean the same locally as on BigQuery;'
            f' known: {", ".join(known)}'
        ) from None
