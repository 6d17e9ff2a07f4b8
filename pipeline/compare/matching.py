"""Which rows of two evaluations are the same."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from components.evaluator.predictions import LABEL, raw_columns


@dataclass(frozen=True)
class Match:
    """Rows that two tables have in common.

    Attributes:
        columns: What they were matched by: the raw columns of both, and the label.
        first: [matched] places in the first table.
        second: [matched] places in the second.
        rows: Rows of each table.
    """

    columns: tuple[str, ...]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    rows: tuple[int, int]

    @property
    def complete(self) -> bool:
        """Whether all rows are in both."""
        return self.rows == (len(self.first), len(self.second)) and self.rows[0] > 0


def match_rows(first: pa.Table, second: pa.Table) -> Match:
    """Pair the rows of two tables by their content.

    Rows that are equal in all columns are paired in their order; it makes no difference which is
    paired with which, as long as the models see no other columns.

    Args:
        first: Kept predictions.
        second: Those of another run.
    """
    shared = [n for n in raw_columns(first.schema) if n in raw_columns(second.schema)]
    columns = [*shared, LABEL]
    keys = [_keys(table.select(columns)) for table in (first, second)]
    joined = keys[0].merge(keys[1], on=['content', 'nth'], suffixes=('_1', '_2'))
    joined = joined.sort_values('place_1')
    return Match(
        columns=tuple(shared),
        first=joined['place_1'].to_numpy(),
        second=joined['place_2'].to_numpy(),
        rows=(len(first), len(second)),
    )


def _keys(table: pa.Table) -> pd.DataFrame:
    """Return a hash of each row's content, and how many rows before it have the same."""
    frame = pd.DataFrame({name: _plain(table.column(name)) for name in table.column_names})
    content = pd.util.hash_pandas_object(frame, index=False)
    keys = pd.DataFrame({'content': content, 'place': np.arange(len(table))})
    keys['nth'] = keys.groupby('content').cumcount()
    return keys


def _plain(column: pa.ChunkedArray) -> pd.Series:
    """Return a column so that equal values hash alike: numbers as floats, no value as such."""
    series = column.to_pandas()
    kind = column.type
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), ''), dtype=object)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return series.astype(np.float64) + 0.0  # -0.0 is 0.0
    if pa.types.is_string(kind):
        return series.fillna('')
    return series.map(str)
