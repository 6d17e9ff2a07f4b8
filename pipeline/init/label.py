"""What is predicted: which column, as which task, and what a useless model would reach."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import duckdb

from components.query_example_gen.duckdb_text import identifier as quoted
from pipeline.init.errors import InitError
from pipeline.init.names import can_be_queried, identifier, literal
from pipeline.init.profile import Column, number_text
from pipeline.init.split import is_split_name
from pipeline.suggest import nearest

Task = Literal['regression', 'binary', 'multiclass']

NUMBERS = ('INT64', 'FLOAT64', 'NUMERIC')

LABEL_NAMES = (
    *('label', 'target', 'class', 'outcome', 'y', 'response', 'species', 'category', 'price'),
    *('income', 'churn', 'churned', 'survived', 'diagnosis', 'salary', 'quality', 'sales'),
)
"""Names that tables commonly give to what is predicted, the likeliest first."""

RARE_ROWS = 10
"""A class with fewer rows can be missing from the train split or from the one that is judged."""

MOST_CLASSES = 100

MOST_NUMBERED_CLASSES = 10
"""Whole numbers with no more values than this are classes, if they are also small."""

LARGEST_NUMBERED_CLASS = 20

NEGATIVE_OF = {
    **{'1': ('0', '-1'), '+1': ('-1', '0'), '+': ('-',), 'true': ('false',), 'yes': ('no',)},
    **{'t': ('f',), 'y': ('n',), 'on': ('off',), 'positive': ('negative',), 'pos': ('neg',)},
}
"""Answer that is the positive one of two -> what the other may be."""


@dataclass(frozen=True)
class Label:
    """What is predicted.

    Attributes:
      column: The column.
      task: Kind of prediction.
      sql: Expression of the query.
      conditions: What the query asks of a row; the last one drops the rare classes, if any are.
      counts: Class -> rows, the most frequent first; empty for a regression.
      classes: Names of the two classes, the positive one second; None if not binary.
      sure: Whether the positive class is clear from its name.
      dropped: Class -> rows, of the classes that are too rare.
    """

    column: Column
    task: Task
    sql: str
    conditions: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    classes: tuple[str, str] | None = None
    sure: bool = True
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def majority(self) -> float:
        """Share of the most frequent class."""
        return majority_of(self.counts)

    @property
    def entropy(self) -> float:
        """Log loss in nats of always answering the shares of the classes."""
        return entropy_of(self.counts)


def majority_of(counts: Mapping[str, int]) -> float:
    """Return the share of the most frequent class."""
    return max(counts.values()) / sum(counts.values())


def entropy_of(counts: Mapping[str, int]) -> float:
    """Return the entropy of the classes' shares, in nats."""
    rows = sum(counts.values())
    return -sum(n / rows * math.log(n / rows) for n in counts.values())


def choose_label(columns: Sequence[Column], asked: str | None) -> tuple[Column, str]:
    """Return the column to predict, and why it is that one.

    Args:
      columns: Columns of the table.
      asked: Name of one; None to guess.

    Raises:
      InitError: There is no such column, or none that could be predicted.
    """
    if asked is not None:
        found = [c for c in columns if c.name == asked]
        found = found or [c for c in columns if c.name.casefold() == asked.casefold()]
        if not found:
            raise InitError(f'no column {asked!r} for a label; {nearest(asked, _names(columns))}')
        return found[0], 'as asked'
    likely = [c for c in columns if _can_be_predicted(c)]
    if not likely:
        raise InitError(
            'no column looks like something to predict (each has one value, another in every row '
            f'or a type that is not learnt); name one with --label: {", ".join(_names(columns))}'
        )
    named = {c.name.casefold(): c for c in likely}
    for name in LABEL_NAMES:
        if name in named:
            return named[name], 'guessed from its name; --label COLUMN for another'
    return likely[-1], 'guessed: the last column; --label COLUMN for another'


def _names(columns: Sequence[Column]) -> list[str]:
    return [c.name for c in columns]


def _can_be_predicted(column: Column) -> bool:
    if column.type not in (*NUMBERS, 'BOOL', 'STRING'):
        return False
    if not can_be_queried(column.name):
        return False
    if column.date_format or column.distinct < 2 or is_split_name(column.name):
        return False
    few = column.distinct <= max(MOST_CLASSES, column.present // 10)
    return column.type != 'STRING' or few or column.written is not None


def guess_label(connection: duckdb.DuckDBPyConnection, table: str, column: Column) -> Label:
    """Say which task the values of a label make.

    Args:
      connection: Where the table is.
      table: Name of a DuckDB table with all rows.
      column: The label.

    Raises:
      InitError: Nothing can be learnt from it.
    """
    if column.type not in (*NUMBERS, 'BOOL', 'STRING') or column.date_format:
        what = 'dates' if column.date_format else column.type
        raise InitError(f'label {column.name!r} holds {what}; choose a number or classes')
    if not can_be_queried(column.name):
        raise InitError(f'label {column.name!r}: BigQuery takes no such name; rename it')
    if not column.present:
        raise InitError(f'label {column.name!r} has no value in any row; choose another')
    if column.distinct == 1:
        raise InitError(
            f'label {column.name!r} has the same value in every row; nothing to learn, '
            'choose another'
        )
    x = identifier(column.name)
    present = _conditions(column)
    if column.type in NUMBERS and column.distinct > 2 and not _is_numbered(column):
        sql = f'CAST({x} AS FLOAT64)' if column.type == 'NUMERIC' else x
        return Label(column, 'regression', sql, present)
    if column.written and column.distinct > MOST_CLASSES:
        sql = f'SAFE_CAST({number_text(x, column.written)} AS FLOAT64)'
        return Label(column, 'regression', sql, (f'{sql} IS NOT NULL',))
    return _classes(column, _count_classes(connection, table, column), present)


def _is_numbered(column: Column) -> bool:
    """Whether numbers are numbers of classes."""
    assert column.low is not None and column.high is not None
    return (
        (column.type == 'INT64' or column.whole)
        and column.distinct <= MOST_NUMBERED_CLASSES
        and max(abs(column.low), abs(column.high)) <= LARGEST_NUMBERED_CLASS
    )


def _conditions(column: Column) -> tuple[str, ...]:
    x = identifier(column.name)
    return (
        f'{x} IS NOT NULL',
        *((f"{x} != ''",) if column.blank else ()),
        *((f'NOT IS_NAN({x})', f'NOT IS_INF({x})') if column.not_finite else ()),
    )


def _count_classes(
    connection: duckdb.DuckDBPyConnection, table: str, column: Column
) -> dict[str | int | float, int]:
    x = quoted(column.name)
    value = {'NUMERIC': f'CAST({x} AS DOUBLE)', 'BOOL': f'CAST({x} AS VARCHAR)'}.get(column.type, x)
    present = {'STRING': f"{x} <> ''", 'FLOAT64': f'isfinite({x})'}.get(column.type, 'true')
    rows = connection.execute(
        f'SELECT {value}, count(*) FROM {table} WHERE {x} IS NOT NULL AND {present} '
        'GROUP BY 1 ORDER BY 2 DESC, 1'
    ).fetchall()
    return {(int(v) if column.whole else v): n for v, n in rows}


def _classes(
    column: Column, counts: Mapping[str | int | float, int], present: tuple[str, ...]
) -> Label:
    kept = {value: n for value, n in counts.items() if n >= RARE_ROWS}
    rare = {value: n for value, n in counts.items() if n < RARE_ROWS}
    if len(kept) > MOST_CLASSES or 2 * sum(kept.values()) < sum(counts.values()):
        raise InitError(
            f'label {column.name!r} has {len(counts):,} different values, {len(kept):,} of them on '
            f'{RARE_ROWS} rows or more; at most {MOST_CLASSES} classes are sensible, with most '
            'rows in classes of that size: choose another label or group its values'
        )
    if len(kept) < 2:
        few = ', '.join(f'{value} ({n})' for value, n in list(rare.items())[:5])
        raise InitError(
            f'label {column.name!r}: only one class has {RARE_ROWS} rows or more; too few to '
            f'learn from: {few}'
        )
    sql = _class_sql(column)
    filtered = (_filter(sql, kept, rare),) if rare else ()
    classes, sure = _order(column, kept) if len(kept) == 2 else (None, True)
    return Label(
        column=column,
        task='binary' if len(kept) == 2 else 'multiclass',
        sql=sql,
        counts={str(value): n for value, n in kept.items()},
        classes=classes,
        sure=sure,
        conditions=present + filtered,
        dropped={str(value): n for value, n in rare.items()},
    )


def _class_sql(column: Column) -> str:
    x = identifier(column.name)
    if column.type in ('STRING', 'INT64'):
        return x
    to = 'INT64' if column.whole else 'STRING'
    return f'{"SAFE_CAST" if column.not_finite else "CAST"}({x} AS {to})'


def _filter(sql: str, kept: Iterable[Any], rare: Iterable[Any]) -> str:
    """Return the condition that drops the rare classes, in the shorter of its two forms."""
    operator, values = min(('NOT IN', list(rare)), ('IN', list(kept)), key=lambda o: len(o[1]))
    return f'{sql} {operator} ({", ".join(map(literal, values))})'


def _order(column: Column, kept: Iterable[Any]) -> tuple[tuple[str, str] | None, bool]:
    """Put the positive one of two classes second, and say whether it is clear which that is."""
    if column.type in ('FLOAT64', 'NUMERIC') and not column.whole:
        return None, False
    first, second = (str(v) for v in sorted(kept))
    if _is_positive(first, second):
        return (second, first), True
    return (first, second), _is_positive(second, first)


def _is_positive(answer: str, other: str) -> bool:
    """Whether one of two answers is the positive one."""
    answer, other = answer.strip().casefold(), other.strip().casefold()
    negations = (f'{prefix}{answer}' for prefix in ('not ', 'not_', 'non-', 'non_', 'no ', 'no_'))
    return (
        other in NEGATIVE_OF.get(answer, ())
        or other in negations
        or (answer[:1] == '>' and other[:1] == '<')
    )
