"""What the values of a table's columns tell about them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from components.query_example_gen.duckdb_text import identifier

LARGEST_FLOAT = 3.4e38
"""Numbers beyond this are infinite to the float32 that a model sees."""

ISO_SHARE = 0.95
"""Share of the texts that must read as dates for a column to be one; the others are missing."""

DATE_FORMATS = ('%Y/%m/%d', '%d/%m/%Y', '%m/%d/%Y', '%d.%m.%Y', '%d-%m-%Y', '%m-%d-%Y')
"""Ways to write a date, besides ISO 8601, that BigQuery SQL can put into that order."""

ISO, COMPACT_DATE, TIME = 'iso', '%Y%m%d', 'time'

_DATE_WAYS = (ISO, COMPACT_DATE, TIME, *DATE_FORMATS)

NUMBER = r'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?'

ISO_DATE = (
    r'\d{4}-\d{2}-\d{2}'
    r'([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?'
)
"""What Transform reads as a date, in RE2 syntax."""

_TIME = r'([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?'

NUMBER_TEXTS = {
    'plain': (NUMBER, None),
    'thousands': (r'[+-]?\d{1,3}(,\d{3})*(\.\d+)?', ''),
    'decimal comma': (r'[+-]?\d+(,\d+)?', '.'),
}
"""Ways to write a number as text -> pattern, and what stands for the comma in SQL."""


@dataclass(frozen=True)
class Column:
    """One column of a table, as its values are.

    Attributes:
      name: As in the source.
      type: BigQuery type: INT64, STRING, DATE, …
      rows: Rows looked at.
      present: Rows with a value: not NULL, not '', not NaN or infinite.
      distinct: Different values.
      low: Smallest number; None if these are no numbers, as with the two that follow.
      high: Largest number.
      deviation: Standard deviation.
      skew: Skewness, 0 for a symmetric distribution.
      whole: Whether all numbers are whole.
      not_finite: Rows with NaN or an infinite number.
      blank: Rows with ''.
      written: How texts that are all numbers are written, a key of `NUMBER_TEXTS`.
      date_format: How the values are written if they are dates, `ISO` or a strptime format, or
        `TIME` if they are times of the day.
      timed: Whether dates come with times of the day.
    """

    name: str
    type: str
    rows: int
    present: int
    distinct: int
    low: float | None = None
    high: float | None = None
    deviation: float | None = None
    skew: float = 0.0
    whole: bool = False
    not_finite: int = 0
    blank: int = 0
    written: str | None = None
    date_format: str | None = None
    timed: bool = False

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return self.rows - self.present


def profile(
    connection: duckdb.DuckDBPyConnection, table: str, types: Mapping[str, str]
) -> list[Column]:
    """Look at every column of a DuckDB table.

    Args:
      connection: Where the table is.
      table: Its name, quoted if need be.
      types: Column -> BigQuery type.
    """
    return [_profile(connection, table, name, type_) for name, type_ in types.items()]


def _profile(connection: duckdb.DuckDBPyConnection, table: str, name: str, type_: str) -> Column:
    x = identifier(name)
    found = _measured(connection, table, {'rows': 'count(*)'} | _measures(x, type_))
    dated = {way: found.pop(way) or 0.0 for way in _DATE_WAYS if way in found}
    numbers = {way: found.pop(way) for way in NUMBER_TEXTS if way in found}
    column = Column(name, type_, **{m: value for m, value in found.items() if value is not None})
    date_format = max(dated, key=lambda way: dated[way], default=None)
    if date_format and dated[date_format] >= ISO_SHARE:
        return replace(column, date_format=date_format)
    if written := next((way for way, all_so in numbers.items() if all_so), None):
        number = f'TRY_CAST({number_text(x, written)} AS DOUBLE)'
        return replace(
            column, written=written, **_measured(connection, table, _distribution(number))
        )
    return column


def number_text(x: str, written: str) -> str:
    """Return the expression that writes a number, given as text, as SQL does."""
    comma = NUMBER_TEXTS[written][1]
    return x if comma is None else f"REPLACE({x}, ',', '{comma}')"


def _measured(
    connection: duckdb.DuckDBPyConnection, table: str, measures: Mapping[str, str]
) -> dict[str, Any]:
    row = connection.execute(f'SELECT {", ".join(measures.values())} FROM {table}').fetchone()
    assert row is not None
    return dict(zip(measures, row, strict=True))


def _measures(x: str, type_: str) -> dict[str, str]:
    """Return what to compute of a column, as DuckDB SQL."""
    match type_:
        case 'INT64':
            dated = f'{x} BETWEEN 19000101 AND 21001231 AND {_reads(x, COMPACT_DATE)}'
            return _numbers(x) | {COMPACT_DATE: f'avg(CAST({dated} AS INT))'}
        case 'FLOAT64' | 'NUMERIC':
            return _numbers(x)
        case 'STRING':
            return _texts(x)
        case 'DATE' | 'DATETIME' | 'TIMESTAMP':
            timed = f"bool_or({x} <> date_trunc('day', {x}))" if type_ != 'DATE' else 'false'
            return _counts(x, 'true') | {'timed': timed, ISO: '1'}
        case 'BOOL':
            return _counts(x, 'true')
        case _:
            return {'present': f'count({x})', 'distinct': '0'}


def _counts(x: str, present: str) -> dict[str, str]:
    return {
        'present': f'count({x}) FILTER ({present})',
        'distinct': f'count(DISTINCT {x}) FILTER ({present})',
    }


def _numbers(x: str) -> dict[str, str]:
    finite = _is_finite(x)
    infinite = {'not_finite': f'count({x}) FILTER (NOT {finite})'}
    return _counts(x, finite) | infinite | _distribution(x)


def _is_finite(x: str) -> str:
    """Return the condition for a number; NaN sorts above all of them."""
    return f'abs({x}) <= {LARGEST_FLOAT}'


def _distribution(x: str) -> dict[str, str]:
    number, finite = f'CAST({x} AS DOUBLE)', _is_finite(x)
    return {
        'low': f'min({number}) FILTER ({finite})',
        'high': f'max({number}) FILTER ({finite})',
        'deviation': f'coalesce(stddev_pop({number}) FILTER ({finite}), 0)',
        'skew': f'coalesce(skewness({number}) FILTER ({finite}), 0)',
        'whole': f'coalesce(bool_and({number} = trunc({number})) FILTER ({finite}), false)',
    }


def _texts(x: str) -> dict[str, str]:
    present = f"{x} <> ''"
    dated = {TIME: f"regexp_full_match({x}, '{_TIME}')"}
    dated |= {ISO: f"regexp_full_match({x}, '{ISO_DATE}') AND {_is_day(f'substr({x}, 1, 10)')}"} | {
        way: f"regexp_full_match({x}, '{_shape(way)}') AND {_reads(x, way)}" for way in DATE_FORMATS
    }
    # Codes have leading zeros, numbers don't.
    numbers = {
        way: f"regexp_full_match(trim({x}), '{pattern}') "
        rf"AND NOT regexp_matches(trim({x}), '^[+-]?0\d')"
        for way, (pattern, _) in NUMBER_TEXTS.items()
    }
    return (
        _counts(x, present)
        | {
            'blank': f"count(*) FILTER ({x} = '')",
            'timed': f"bool_or(regexp_matches({x}, '[T ](0[1-9]|[12]|00:(0[1-9]|[1-9]))'))",
        }
        | {way: f'avg(CAST({one} AS INT)) FILTER ({present})' for way, one in dated.items()}
        | {way: f'bool_and({one}) FILTER ({present})' for way, one in numbers.items()}
    )


def _shape(written: str) -> str:
    """Return the pattern of a date format; `strptime` alone takes years of two digits."""
    pattern = written.replace('.', r'\.').replace('%Y', r'\d{4}')
    return pattern.replace('%m', r'\d{1,2}').replace('%d', r'\d{1,2}')


def _is_day(text: str) -> str:
    return f'TRY_CAST({text} AS DATE) IS NOT NULL'


def _reads(x: str, written: str) -> str:
    return f"try_strptime(CAST({x} AS VARCHAR), '{written}') IS NOT NULL"
