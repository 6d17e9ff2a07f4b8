"""The casts known to mean the same locally as on BigQuery."""

from __future__ import annotations

from components.query_example_gen.sql import types
from components.query_example_gen.sql.types import Typed

_CASTS = {
    (types.INT64, types.FLOAT64): 'CAST({} AS DOUBLE)',
    (types.INT64, types.STRING): 'CAST({} AS VARCHAR)',
    (types.INT64, types.BOOL): '({} <> 0)',
    (types.FLOAT64, types.INT64): 'bq_float_to_int64({})',
    (types.FLOAT64, types.STRING): 'bq_float_to_string({})',
    (types.BOOL, types.INT64): 'CAST({} AS BIGINT)',
    (types.BOOL, types.STRING): 'CAST({} AS VARCHAR)',
    (types.STRING, types.INT64): 'bq_to_int64({})',
    (types.STRING, types.FLOAT64): 'bq_to_float64({})',
    (types.STRING, types.BOOL): 'bq_to_bool({})',
    (types.STRING, types.DATE): 'bq_to_date({})',
    (types.STRING, types.DATETIME): 'bq_to_datetime({})',
    (types.STRING, types.TIMESTAMP): 'bq_to_timestamp({})',
    (types.DATE, types.STRING): 'CAST({} AS VARCHAR)',
    (types.DATE, types.DATETIME): 'CAST({} AS TIMESTAMP)',
    (types.DATE, types.TIMESTAMP): 'CAST({} AS TIMESTAMPTZ)',
    (types.DATETIME, types.STRING): 'bq_datetime_to_string({})',
    (types.DATETIME, types.DATE): 'CAST({} AS DATE)',
    (types.DATETIME, types.TIMESTAMP): 'CAST({} AS TIMESTAMPTZ)',
    (types.TIMESTAMP, types.STRING): 'bq_timestamp_to_string({})',
    (types.TIMESTAMP, types.DATE): 'bq_timestamp_to_date({})',
    (types.TIMESTAMP, types.DATETIME): 'CAST({} AS TIMESTAMP)',
    ('NUMERIC', types.FLOAT64): 'bq_numeric_to_float64({})',
    ('NUMERIC', types.INT64): 'bq_numeric_to_int64({})',
    ('NUMERIC', types.STRING): 'bq_numeric_to_string({})',
}

_SAFE_CASTS = {
    **_CASTS,
    (types.FLOAT64, types.INT64): 'bq_try_float_to_int64({})',
    (types.STRING, types.INT64): 'bq_try_to_int64({})',
    (types.STRING, types.FLOAT64): 'bq_try_to_float64({})',
    (types.STRING, types.BOOL): 'bq_try_to_bool({})',
    (types.STRING, types.DATE): 'bq_try_to_date({})',
    (types.STRING, types.DATETIME): 'bq_try_to_datetime({})',
    (types.STRING, types.TIMESTAMP): 'bq_try_to_timestamp({})',
}

_MOMENTS = (types.DATE, types.DATETIME, types.TIMESTAMP)


def cast(value: Typed, to: str, *, safe: bool = False) -> Typed | None:
    """Return `value` cast to BigQuery type `to`, or None where no cast is known to mean the same.

    Args:
        value: What to cast.
        to: BigQuery type, one of `types.SCALARS`.
        safe: Whether a value that cannot be cast becomes NULL (SAFE_CAST) or an error (CAST).
    """
    if value.type == to:
        return Typed(value.text, to)
    if value.type == types.NULL:
        return types.coerce(value, to)
    if value.literal and value.type == types.STRING and not safe and to in _MOMENTS:
        return types.moment(value, to)
    template = (_SAFE_CASTS if safe else _CASTS).get((value.type, to))
    return Typed(template.format(value.text), to) if template else None
