"""Which rows of a table of predictions belong together by their values in some columns."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.evaluator.measured import SliceKey

MISSING = '(missing)'
"""Value of rows that have none in the column."""


def group_rows(table: pa.Table, columns: Sequence[str]) -> tuple[list[SliceKey], NDArray[np.intp]]:
    """Group rows, as the Evaluator does the rows of its slices.

    Args:
        table: Rows with plain columns; null, '' and NaN are missing values.
        columns: What to group by; none keeps the rows together.

    Returns:
        What the rows of each group have in the columns, numbers before texts, ascending; and for
        each row the place of its group, [rows].
    """
    if not columns or not len(table):
        return [{}], np.zeros(len(table), np.intp)
    values, codes = zip(*(_encode(table.column(c)) for c in columns), strict=True)
    shape = [len(v) for v in values]
    combined, place = np.unique(np.ravel_multi_index(codes, shape), return_inverse=True)
    own = [
        [v[i] for i in at] for v, at in zip(values, np.unravel_index(combined, shape), strict=True)
    ]
    return [dict(zip(columns, v, strict=True)) for v in zip(*own, strict=True)], place


def _encode(column: pa.ChunkedArray) -> tuple[list[str | int | float], NDArray[np.intp]]:
    """Return the values of a column in order, the last one for missing, and each row's place."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_null(array.type):
        return [MISSING], np.zeros(len(array), np.intp)
    encoded = array.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    given = [v for v in values if v is not None and v == v and v != '']
    order = {v: i for i, v in enumerate(sorted(given, key=lambda v: (isinstance(v, str), v)))}
    places = np.array([order.get(v, len(order)) for v in values] + [len(order)], np.intp)
    indices = pc.fill_null(encoded.indices, len(values)).to_numpy(zero_copy_only=False)
    return [*order, MISSING], places[indices]
