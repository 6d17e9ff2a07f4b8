"""BigQuery's types as the translator knows them, and the coercions BigQuery makes unasked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

INT64 = 'INT64'
FLOAT64 = 'FLOAT64'
BOOL = 'BOOL'
STRING = 'STRING'
DATE = 'DATE'
DATETIME = 'DATETIME'
TIMESTAMP = 'TIMESTAMP'
NULL = 'NULL'
"""The type of a literal NULL, which takes any other type."""

TO_DUCKDB = {
    INT64: 'BIGINT',
    FLOAT64: 'DOUBLE',
    BOOL: 'BOOLEAN',
    STRING: 'VARCHAR',
    DATE: 'DATE',
    DATETIME: 'TIMESTAMP',
    TIMESTAMP: 'TIMESTAMPTZ',
    'NUMERIC': 'DECIMAL(38, 9)',
    'BYTES': 'BLOB',
    'TIME': 'TIME',
}

SCALARS = (INT64, FLOAT64, BOOL, STRING, DATE, DATETIME, TIMESTAMP)
"""The types that expressions may compute with; a column of any other type can only be cast."""

_FROM_DUCKDB = {
    **dict.fromkeys(
        ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER'), INT64
    ),
    'UBIGINT': INT64,
    'HUGEINT': INT64,
    'FLOAT': FLOAT64,
    'DOUBLE': FLOAT64,
    'BOOLEAN': BOOL,
    'VARCHAR': STRING,
    'DATE': DATE,
    'TIMESTAMP': DATETIME,
    'TIMESTAMP_S': DATETIME,
    'TIMESTAMP_MS': DATETIME,
    'TIMESTAMP_NS': DATETIME,
    'TIMESTAMP WITH TIME ZONE': TIMESTAMP,
    'BLOB': 'BYTES',
    'TIME': 'TIME',
}


@dataclass(frozen=True)
class Typed:
    """DuckDB text of one expression, and the BigQuery type of its value.

    Attributes:
        text: DuckDB SQL; safe to put inside any larger expression.
        type: BigQuery type, such as `INT64` or `ARRAY<STRING>`.
        literal: Whether this is a literal, which BigQuery coerces more freely.
    """

    text: str
    type: str
    literal: bool = False


def array_of(element: str) -> str:
    """Return the type of an array of `element`."""
    return f'ARRAY<{element}>'


def element_of(type_: str) -> str | None:
    """Return the element type of an array type; None for every other type."""
    return type_[6:-1] if type_.startswith('ARRAY<') else None


def from_duckdb(type_: str) -> str:
    """Return the BigQuery type of a DuckDB type; one it has no name for is returned as it is."""
    if type_.endswith('[]'):
        return array_of(from_duckdb(type_[:-2]))
    if type_.startswith('DECIMAL'):
        return 'NUMERIC'
    if type_.startswith('ENUM'):
        return STRING
    return _FROM_DUCKDB.get(type_, re.sub(r'\(.*', '', type_, flags=re.DOTALL))


def to_duckdb(type_: str) -> str:
    """Return the DuckDB type that stands for a BigQuery type."""
    element = element_of(type_)
    return f'{TO_DUCKDB[element]}[]' if element else TO_DUCKDB[type_]


def coerce(value: Typed, to: str) -> Typed | None:
    """Return `value` as type `to` where BigQuery does so unasked, else None.

    The rules are the "coercion" column of BigQuery's conversion table: INT64 to FLOAT64, DATE to
    DATETIME, a string literal to a date or time, and NULL to anything.
    """
    if value.type == to:
        return value
    if value.type == NULL:
        return Typed(f'CAST(NULL AS {to_duckdb(to)})', to, literal=True)
    if (value.type, to) in ((INT64, FLOAT64), (DATE, DATETIME)):
        return Typed(f'CAST({value.text} AS {TO_DUCKDB[to]})', to, value.literal)
    if value.literal and value.type == STRING and to in (DATE, DATETIME, TIMESTAMP):
        return moment(value, to)
    return None


def moment(text: Typed, to: str) -> Typed:
    """Return a string literal as a DATE, DATETIME or TIMESTAMP.

    In the usual form it becomes a DuckDB literal, which is not computed anew for each row.
    """
    with suppress(ValueError):
        usual = r"'(\d{4}-\d\d-\d\d)( \d\d:\d\d:\d\d)?'"
        if (match := re.fullmatch(usual, text.text)) and not (to == DATE and match[2]):
            datetime.fromisoformat(text.text[1:-1])
            zone = '+00' if to == TIMESTAMP and match[2] else ''
            return Typed(f"{TO_DUCKDB[to]} '{text.text[1:-1]}{zone}'", to)
    return Typed(f'bq_to_{to.lower()}({text.text})', to)


def supertype(values: Iterable[Typed]) -> str | None:
    """Return the one type that all `values` coerce to, or None when there is none."""
    values = list(values)
    for candidate in dict.fromkeys(v.type for v in values if v.type != NULL):
        if all(coerce(v, candidate) for v in values):
            return candidate
    return None if any(v.type != NULL for v in values) else NULL
