"""What kind of feature a column seems to be, and why."""

import math
import re
from dataclasses import dataclass

from pipeline.init.names import can_be_queried, identifier
from pipeline.init.profile import ISO, TIME, Column, number_text
from transforms.features import Categorical, Date, Feature, Hashed, Numeric

FEW_VALUES = 20
"""Whole numbers with no more values than this are taken as categories."""

ROWS_PER_VALUE = 20
"""Rows that each value of such a category must have on average."""

LARGEST_VOCABULARY = 1000
"""Values of a category that are learnt one by one; with more, they are hashed."""

MOST_HASH_BUCKETS = 50_000
"""Beyond this an embedding table costs more than it tells."""

IDENTIFYING = 0.9
"""Texts of which this share is different are names of rows: few share what is learnt of one."""

ROWS_PER_TEXT = 5
"""With fewer rows per value on average, those seen once are taken together."""

HEAVY_TAIL = 3.0
"""Skewness above which a number is scaled by its logarithm (an exponential distribution has 2)."""

ROWS_FOR_BUCKETS = 5_000
"""Rows from which numbers are also cut into buckets, each with enough rows to learn from."""

BUCKETS = 10

_IDENTIFIER = re.compile(r'(^|_)(id|ids|uuid|guid|key|index|rownum|row|unnamed_0)$')
_CODE = re.compile(r'(^|_)(id|code|zip|zipcode|postcode|postal|sku|isbn|phone|fips)$')


@dataclass(frozen=True)
class Guess:
    """What becomes of a column.

    Attributes:
      column: The column.
      feature: What it is learnt as; None: it is left out.
      why: The reason, for people.
      sql: Expression of the query.
    """

    column: Column
    feature: Feature | None
    why: str
    sql: str = ''


def guess_kind(column: Column) -> Guess:
    """Say how a column is best learnt from, or why it is left out."""
    if not can_be_queried(column.name):
        return Guess(column, None, 'BigQuery takes no such name; rename it')
    if not column.present:
        return Guess(column, None, 'no value in any row')
    if column.type not in _GUESSES:
        return Guess(column, None, f'{column.type} is no type of a feature')
    if column.distinct == 1 and not column.missing:
        return Guess(column, None, 'the same value in every row')
    if column.distinct == column.rows and _IDENTIFIER.search(_snake_case(column.name)):
        return Guess(column, None, 'another value in every row')
    guess = _GUESSES[column.type](column)
    why = guess.why
    if guess.feature and column.missing:
        why += f'; {max(1, round(100 * column.missing / column.rows))}% missing'
    return Guess(column, guess.feature, why, guess.sql or identifier(column.name))


def is_group(guess: Guess) -> bool:
    """Whether rows that share a value of this column seem to be about one and the same thing."""
    named = _IDENTIFIER.search(_snake_case(guess.column.name)) is not None
    return named and guess.feature is not None and guess.column.distinct > FEW_VALUES


def _snake_case(name: str) -> str:
    words = re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', name)
    return re.sub(r'\W+', '_', words).strip('_').lower()


def _integer(column: Column) -> Guess:
    if column.date_format:
        return _date(column)
    span = (column.high or 0) - (column.low or 0) + 1
    if column.distinct == column.present > FEW_VALUES and span == column.distinct:
        return Guess(column, None, 'numbers the rows')
    if _CODE.search(_snake_case(column.name)):
        return _category(column)
    if _is_few(column):
        return Guess(column, Categorical(), f'{column.distinct} whole numbers')
    return _number(column)


def _is_few(column: Column) -> bool:
    """Whether whole numbers are better learnt one by one."""
    few = column.distinct <= FEW_VALUES and column.present >= ROWS_PER_VALUE * column.distinct
    return few or column.distinct <= 2


def _float(column: Column) -> Guess:
    x = identifier(column.name)
    if column.whole and _is_few(column):
        cast = 'SAFE_CAST' if column.not_finite else 'CAST'
        why = f'{column.distinct} whole numbers'
        return Guess(column, Categorical(), why, f'{cast}({x} AS INT64)')
    return _number(column, '' if column.type == 'FLOAT64' else f'CAST({x} AS FLOAT64)')


def _minutes(x: str) -> str:
    """Return the expression that counts the minutes of a time of day, written `12:30`."""
    hours, minutes = (f"SAFE_CAST(SPLIT({x}, ':')[SAFE_OFFSET({i})] AS INT64)" for i in (0, 1))
    return f'{hours} * 60 + {minutes}'


def _number(column: Column, sql: str = '', why: str = '') -> Guess:
    heavy = abs(column.skew) > HEAVY_TAIL
    cut = column.rows >= ROWS_FOR_BUCKETS and column.distinct > FEW_VALUES
    feature = Numeric(scale='log' if heavy else 'zscore', buckets=BUCKETS if cut else None)
    why = why or f'{column.low:,.6g} to {column.high:,.6g}'
    return Guess(column, feature, f'{why}, skewness {column.skew:.1f}' if heavy else why, sql)


def _boolean(column: Column) -> Guess:
    return Guess(column, Categorical(), 'true or false')


def _text(column: Column) -> Guess:
    if column.date_format == TIME:
        return _number(column, _minutes(identifier(column.name)), 'time of day in minutes')
    if column.date_format:
        return _date(column)
    if column.written and column.distinct > FEW_VALUES:
        text = number_text(identifier(column.name), column.written)
        return _number(column, f'SAFE_CAST({text} AS FLOAT64)')
    return _category(column)


def _category(column: Column) -> Guess:
    values = f'{column.distinct:,} values'
    if column.distinct > max(FEW_VALUES, IDENTIFYING * column.present):
        return Guess(column, None, f'{values} in {column.present:,} rows, so few rows share one')
    if column.distinct <= LARGEST_VOCABULARY:
        sparse = column.distinct > FEW_VALUES and column.present < ROWS_PER_TEXT * column.distinct
        return Guess(column, Categorical(min_count=2 if sparse else 1), values)
    return Guess(column, Hashed(hash_buckets=_hash_buckets(column.distinct)), values)


def _hash_buckets(distinct: int) -> int:
    """Return about two buckets per value, so that few share one, as a round number."""
    digit = 10 ** int(math.log10(2 * distinct))
    return min(math.ceil(2 * distinct / digit) * digit, MOST_HASH_BUCKETS)


def _date(column: Column) -> Guess:
    feature = Date(parts=('days', 'month', 'weekday', 'hour')) if column.timed else Date()
    written = '' if column.date_format == ISO else f', written {column.date_format}'
    why = f'{column.distinct:,} {"times" if column.timed else "dates"}{written}'
    return Guess(column, feature, why, _iso_sql(column))


def _iso_sql(column: Column) -> str:
    """Return the expression that writes a date in ISO 8601 order, as text."""
    x = identifier(column.name)
    if column.date_format == ISO:
        return x if column.type == 'STRING' else f'CAST({x} AS STRING)'
    if column.type == 'INT64':
        text = f'CAST({x} AS STRING)'
        year, month, day = (
            f'SUBSTR({text}, {start}, {length})' for start, length in ((1, 4), (5, 2), (7, 2))
        )
        return f"CONCAT({year}, '-', {month}, '-', {day})"
    written = column.date_format or ''
    order = re.findall('%([Ymd])', written)
    year, month, day = (
        f"SPLIT({x}, '{written[2]}')[SAFE_OFFSET({order.index(part)})]" for part in 'Ymd'
    )
    return f"CONCAT({year}, '-', LPAD({month}, 2, '0'), '-', LPAD({day}, 2, '0'))"


_GUESSES = {
    'INT64': _integer,
    'FLOAT64': _float,
    'NUMERIC': _float,
    'BOOL': _boolean,
    'STRING': _text,
    'DATE': _date,
    'DATETIME': _date,
    'TIMESTAMP': _date,
}
