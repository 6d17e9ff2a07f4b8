"""Small tables, and TFDV's statistics of them."""

from collections.abc import Sequence
from typing import TypeAlias

import pyarrow as pa
from tensorflow_data_validation import StatsOptions
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.data_gate.column_stats import Split, read_split

Value: TypeAlias = int | float | str | None
Columns: TypeAlias = Sequence[Value]

TYPES = {int: pa.int64(), float: pa.float32(), str: pa.large_binary()}


def batch(**columns: Columns) -> pa.RecordBatch:
    """Make a batch as examples are read: list arrays, NULL a null list, all NULL a null array."""
    return pa.RecordBatch.from_pydict({name: _array(c) for name, c in columns.items()})


def statistics(**columns: Columns) -> DatasetFeatureStatisticsList:
    return stats_impl.generate_statistics_in_memory(batch(**columns), StatsOptions())


def split(name: str = 'train', **columns: Columns) -> Split:
    return read_split(name, statistics(**columns))


def _array(values: Columns) -> pa.Array:
    type_ = next((TYPES[type(v)] for v in values if v is not None), None)
    if type_ is None and values:
        return pa.nulls(len(values))
    lists = [None if v is None else [v.encode() if isinstance(v, str) else v] for v in values]
    return pa.array(lists, pa.large_list(type_ or pa.int64()))
