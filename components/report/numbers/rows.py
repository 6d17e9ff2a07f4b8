"""The rows of an evaluation: labels, answers of both models and raw columns, as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.evaluator.predictions import (
    ROW,
    About,
    has_baseline,
    labels_and_answers,
    raw_columns,
)

MAX_CELLS = 64_000_000
"""Answers that are read at most (rows times classes): 256 MB. Of more, every nth row is."""

_BATCH = 65_536


@dataclass(frozen=True)
class Answers:
    """What one model said.

    Attributes:
        labels: [rows] float values, or class ids of that model, -1 for those it doesn't know.
        values: [rows] float32, or [rows, classes] probabilities.
        classes: Class names.
    """

    labels: NDArray
    values: NDArray
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """Evaluated rows.

    Attributes:
        about: What their file says of them.
        position: [rows] places within the split.
        models: `candidate`, and `baseline` where there is one.
        raw: Raw columns.
    """

    about: About
    position: NDArray[np.int64]
    models: dict[str, Answers]
    raw: pa.Table

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.position)

    @property
    def candidate(self) -> Answers:
        """The model that was judged."""
        return self.models['candidate']

    def value(self, column: str, row: int) -> Any:
        """Return one raw value, None if it is missing."""
        value = self.raw.column(column)[row].as_py()
        return None if value == '' or value != value else value


def read_rows(source: Any, max_cells: int = MAX_CELLS) -> Rows:
    """Read kept predictions.

    Args:
        source: Path of a Parquet file, or an open file.
        max_cells: Answers to hold at most.
    """
    file = pq.ParquetFile(source)
    about = About.of(file.schema_arrow)
    classes = len(about.classes) if about.task == 'multiclass' else 1
    every = -(-file.metadata.num_rows * max(classes, 1) // max_cells)
    table = file.read() if every <= 1 else pa.concat_tables(_thinned(file, every))
    return rows_of(table.combine_chunks(), about)


def rows_of(table: pa.Table, about: About) -> Rows:
    """Take apart a table of kept predictions."""
    models = {}
    for name in ('candidate', 'baseline') if has_baseline(table.schema) else ('candidate',):
        is_baseline = name == 'baseline'
        labels, values = labels_and_answers(table, about, is_baseline)
        models[name] = Answers(
            labels, values, about.classes_baseline if is_baseline else about.classes
        )
    position = table.column(ROW).to_numpy()
    return Rows(about, position, models, table.select(raw_columns(table.schema)))


def _thinned(file: pq.ParquetFile, every: int) -> Iterator[pa.Table]:
    start = 0
    for batch in file.iter_batches(_BATCH):
        yield pa.Table.from_batches([batch]).take(
            pa.array(np.arange(-start % every, len(batch), every))
        )
        start += len(batch)


def as_numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[np.float64] | None:
    """Return a column of numbers, NaN for missing; None if it holds something else."""
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    return (
        column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        if isinstance(column, pa.Array)
        else column.cast(pa.float64(), safe=False).to_numpy()
    )


def as_codes(column: pa.ChunkedArray | pa.Array) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return the distinct values of a column, and which of them each row has; -1 is missing.

    Returns:
        None if a row has several values.
    """
    if pa.types.is_null(column.type):
        return [], np.full(len(column), -1)
    if pa.types.is_nested(column.type):
        return None
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = whole.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    missing = [i for i, v in enumerate(values) if v == '' or v != v]
    if missing:
        codes[np.isin(codes, missing)] = -1
    return values, codes
