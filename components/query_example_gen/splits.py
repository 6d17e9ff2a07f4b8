"""Which split each row goes to.

By key columns: `MOD(MOD(FARM_FINGERPRINT(key), n) + n, n)` is held against the running sums of
the shares, whose total is n. The key is the columns' values as strings, in the order of the
columns, each after its length in characters and a colon, NULL as `-`; so rows that agree in the
columns stay together, and a row never moves when others come or go.
"""

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
        QueryError: A row's split column names no split.
    """
    if split.column:
        return _by_column(batch.column(split.column), split)
    return _by_key(batch, split.by or sorted(batch.schema.names), split)


def fingerprints(strings: pa.Array) -> np.ndarray:
    """Return BigQuery's FARM_FINGERPRINT of each string, int64 `[rows]`."""
    distinct = strings.dictionary_encode()
    values = (farmhash.fingerprint64(s) for s in distinct.dictionary.to_pylist())
    hashed = np.fromiter(values, np.uint64, len(distinct.dictionary)).view(np.int64)
    return hashed[distinct.indices.to_numpy()]


def _by_key(batch: pa.RecordBatch, columns: Sequence[str], split: Split) -> np.ndarray:
    parts = [_key_part(batch.column(name)) for name in columns]
    key = pc.binary_join_element_wise(*parts, '')
    ends = np.array(list(accumulate(split.into.values())))
    bucket = np.mod(fingerprints(key), ends[-1])
    return np.searchsorted(ends, bucket, side='right')


def _key_part(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        text = pa.array([None if v is None else repr(v) for v in column.to_pylist()], pa.string())
    else:
        text = column.cast(pa.string())
    length = pc.utf8_length(text).cast(pa.string())
    return pc.binary_join_element_wise(length, text, ':').fill_null('-')


def _by_column(column: pa.Array, split: Split) -> np.ndarray:
    values = split.values or {name: (name,) for name in split.names}
    index = {v: i for i, name in enumerate(split.names) for v in values[name]}
    distinct = column.cast(pa.string()).dictionary_encode()
    unknown = [v for v in distinct.dictionary.to_pylist() if v not in index]
    if column.null_count or unknown:
        value = repr(unknown[0]) if unknown else 'NULL'
        raise QueryError(
            f'data.split.column: {split.column} holds {value}, which names no split; known: '
            f'{", ".join(index)}. Map it under data.split.values, or leave such rows out'
        )
    by_value = np.array([index[v] for v in distinct.dictionary.to_pylist()], np.int64)
    return by_value[distinct.indices.to_numpy()]
