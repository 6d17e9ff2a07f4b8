"""Which split each row goes to.

By key columns, in BigQuery SQL for the columns `a` and `b` and shares that add up to n:

    MOD(MOD(FARM_FINGERPRINT(CONCAT(key(a), key(b))), n) + n, n)
    where key(x) is IFNULL(CONCAT(CAST(LENGTH(CAST(x AS STRING)) AS STRING), ':',
                                  CAST(x AS STRING)), '-')

The number is held against the running sums of the shares. Rows that agree in the columns stay
together, and a row never moves when others come or go. The length in front keeps ('a', 'bc')
apart from ('ab', 'c').
"""

import math
from collections.abc import Sequence
from itertools import accumulate

import farmhash
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import Split


def assign(batch: pa.RecordBatch, split: Split) -> np.ndarray:
    """Return the index in `split.names` of each row's split, int `[rows]`.

    Raises:
        QueryError: A row's split column names no split, or a key column is an array.
    """
    if split.column:
        return _by_column(batch.column(split.column), split)
    return _by_key(batch, split.by or _scalars(batch.schema), split)


def fingerprints(strings: pa.Array) -> np.ndarray:
    """Return BigQuery's FARM_FINGERPRINT of each string, int64 `[rows]`; no string may be NULL."""
    distinct = strings.dictionary_encode()
    values = (farmhash.fingerprint64(s) for s in distinct.dictionary.to_pylist())
    hashed = np.fromiter(values, np.uint64, len(distinct.dictionary)).view(np.int64)
    return hashed[distinct.indices.to_numpy()]


def farm_fingerprint(strings: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return `fingerprints` as DuckDB, which leaves out NULLs, calls it on a column."""
    array = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    return pa.array(fingerprints(array))


def texts(column: pa.Array) -> pa.Array:
    """Return what BigQuery's `CAST(x AS STRING)` gives for int64, float64, bool or string."""
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    distinct = column.dictionary_encode()
    shown = pa.array([_float_text(x) for x in distinct.dictionary.to_pylist()], pa.string())
    return shown.take(distinct.indices)


def _by_key(batch: pa.RecordBatch, columns: Sequence[str], split: Split) -> np.ndarray:
    parts = [_key(name, batch.column(name)) for name in columns]
    keys = pc.binary_join_element_wise(*parts, '')
    ends = np.array(list(accumulate(split.into.values())))
    return np.searchsorted(ends, np.mod(fingerprints(keys), ends[-1]), side='right')


def _scalars(schema: pa.Schema) -> list[str]:
    return sorted(field.name for field in schema if not pa.types.is_list(field.type))


def _key(name: str, column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        raise QueryError(f'data.split.by: {name} is an array; choose a column of single values')
    text = texts(column)
    length = pc.utf8_length(text).cast(pa.string())
    return pc.binary_join_element_wise(length, text, ':').fill_null('-')


def _float_text(x: float) -> str:
    if x == 0:
        return '0'
    if not math.isfinite(x):
        return str(x)
    short = f'{x:.15g}'
    return short if float(short) == x else f'{x:.17g}'


def _by_column(column: pa.Array, split: Split) -> np.ndarray:
    values = split.values or {name: (name,) for name in split.names}
    index = {v: i for i, name in enumerate(split.names) for v in values[name]}
    distinct = texts(column).dictionary_encode()
    known = [index.get(v, -1) for v in distinct.dictionary.to_pylist()]
    assigned = pa.array(known, pa.int64()).take(distinct.indices).fill_null(-1).to_numpy()
    if (unknown := assigned < 0).any():
        value = distinct[int(unknown.argmax())].as_py()
        rows = distinct.to_pylist().count(value)
        raise QueryError(
            f'data.split.column: {split.column} holds {"NULL" if value is None else repr(value)} '
            f'in at least {rows:,} rows, which names no split; known: {", ".join(index)}. Map it '
            'under data.split.values, or leave such rows out'
        )
    return assigned
