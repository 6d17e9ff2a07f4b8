"""Which rows of a batch belong to which slice."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.evaluator.errors import EvaluationError

MISSING = '(missing)'
"""Slice value of rows that have no value in the column."""

MAX_SLICES = 1000
"""Most slices that the values of one column, or of columns together, may make."""

SliceValue = str | int | float
SliceKey = tuple[tuple[str, SliceValue], ...]


def split_rows(
    batch: pa.RecordBatch, columns: Sequence[str]
) -> Iterator[tuple[SliceKey, NDArray[np.intp]]]:
    """Split the rows of a batch by their values in some columns.

    Args:
        batch: Rows with list columns, as tf.Examples decode to. Empty strings and not-a-numbers
            are missing values, as they are for the models.
        columns: What to split by; none keeps the rows together.

    Yields:
        Each slice that has rows, as TFMA writes its key, and the positions of its rows.

    Raises:
        EvaluationError: If there is no such column, a row has several values in it, or there are
            too many slices.
    """
    if not columns:
        yield (), np.arange(batch.num_rows)
        return
    values, codes = zip(*(_encode(batch, c) for c in columns), strict=True)
    shape = [len(v) for v in values]
    combined = np.ravel_multi_index(codes, shape)
    present, place, counts = np.unique(combined, return_inverse=True, return_counts=True)
    check_slice_count(columns, len(present))
    groups = np.split(np.argsort(place, kind='stable'), np.cumsum(counts)[:-1])
    for code, rows in zip(present, groups, strict=True):
        own = (v[i] for v, i in zip(values, np.unravel_index(code, shape), strict=True))
        yield tuple(zip(columns, own, strict=True)), rows


def check_slice_count(columns: Sequence[str], count: int) -> None:
    """Refuse to slice by what is nearly different in every row.

    Raises:
        EvaluationError: If there are more than `MAX_SLICES`.
    """
    if count > MAX_SLICES:
        raise EvaluationError(
            f'gate.slices: {", ".join(columns)} has {count} values or more, '
            f'at most {MAX_SLICES} can be told apart; slice by a column with fewer, '
            'or put it into ranges in the query'
        )


def _encode(batch: pa.RecordBatch, column: str) -> tuple[list[SliceValue], NDArray[np.intp]]:
    """Return the values of a column, the last one for missing, and for each row which is its."""
    if column not in batch.schema.names:
        known = batch.schema.names
        close = get_close_matches(column, known, 1)
        hint = f'did you mean {close[0]}?' if close else f'they have {", ".join(known)}'
        raise EvaluationError(f'gate.slices: the examples have no column {column}; {hint}')
    lists = batch.column(column)
    codes = np.full(batch.num_rows, -1)
    if pa.types.is_null(lists.type):
        return [MISSING], codes + 1
    if (pc.max(pc.list_value_length(lists)).as_py() or 0) > 1:
        raise EvaluationError(
            f'gate.slices: {column} has several values in one row, a slice needs one; '
            'slice by a column with a single value'
        )
    encoded = lists.flatten().dictionary_encode()
    check_slice_count((column,), len(encoded.dictionary))
    codes[pc.list_parent_indices(lists)] = encoded.indices
    values = [_as_slice_value(v) for v in encoded.dictionary.to_pylist()]
    for i, value in enumerate(values):
        if value == MISSING:
            codes[codes == i] = -1
    codes[codes < 0] = len(values)
    return [*values, MISSING], codes


def _as_slice_value(value: bytes | str | float) -> SliceValue:
    if isinstance(value, bytes):
        value = value.decode(errors='backslashreplace')
    return MISSING if value == '' or value != value else value
