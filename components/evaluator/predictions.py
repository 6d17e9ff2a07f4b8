"""Row-level predictions of a split: a Parquet file in the folder of the evaluation artifact.

`predictions/Split-<name>.parquet` has the raw columns as in the examples, without pictures, and

- `row`: int64, position in the split, ascending;
- `label`: a number, or the class as text;
- `prediction` (regression), `probability` of the second class (binary), or `probabilities`, a list
  of float32 in the order of the classes (multiclass); `predicted`, the class, if there are any;
- the same of the baseline, if there is one, ending in `_baseline`.

A raw column of one of these names is called `raw_<name>`; null, NaN and '' are missing values. The
file's `About` is JSON under the key `sluice` of its schema's metadata.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.evaluator.confusion import UNKNOWN_CLASS

FOLDER = 'predictions'
ROW = 'row'
LABEL = 'label'
PREDICTED = 'predicted'
BASELINE_SUFFIX = '_baseline'
ANSWERS = {
    'regression': 'prediction',
    'binary': 'probability',
    'multiclass': 'probabilities',
}
"""Column of what a model answered, by task."""

RENAMED = 'raw_{}'
"""Name of a raw column whose own name means something else here."""

OWN_COLUMNS = frozenset(
    {ROW, LABEL}
    | {name + suffix for name in (*ANSWERS.values(), PREDICTED) for suffix in ('', BASELINE_SUFFIX)}
)

_METADATA = b'sluice'


@dataclass(frozen=True)
class About:
    """What the columns of a file mean.

    Attributes:
        task: regression, binary or multiclass.
        label: Name of the raw column that holds the label.
        split: Name of the split.
        rows: Rows in the split.
        kept: Rows in the file.
        classes: Class names in the order of the candidate's outputs.
        classes_baseline: The same of the baseline; empty without one.
        left_out: Raw columns that are not in the file: pictures and what else is no text.
    """

    task: Literal['regression', 'binary', 'multiclass']
    label: str
    split: str
    rows: int
    kept: int
    classes: tuple[str, ...] = ()
    classes_baseline: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def put_into(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema with this in its metadata."""
        return schema.with_metadata({_METADATA: json.dumps(asdict(self)).encode()})

    @classmethod
    def of(cls, schema: pa.Schema) -> Self:
        """Read what `put_into` wrote.

        Raises:
            ValueError: If there is nothing.
        """
        metadata = schema.metadata or {}
        if _METADATA not in metadata:
            raise ValueError('it has no metadata of Sluice, so these are no kept predictions')
        plain: dict[str, Any] = json.loads(metadata[_METADATA])
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()
        }
        return cls(**values)


def file_name(split: str) -> str:
    """Return a split's file, below the folder of the evaluation artifact."""
    return f'{FOLDER}/Split-{split}.parquet'


def read(source: Path | pa.Buffer, columns: Sequence[str] | None = None) -> tuple[pa.Table, About]:
    """Read a split's file.

    Args:
        source: Where it is, or what is in it.
        columns: Raw columns to read, of those there are; the others always are. None: all.

    Raises:
        ValueError: If it was not written by the Evaluator.
    """
    file = pq.ParquetFile(source if isinstance(source, Path) else pa.BufferReader(source))
    about = About.of(file.schema_arrow)
    known = file.schema_arrow.names
    wanted = known if columns is None else OWN_COLUMNS.union(columns)
    return file.read([n for n in known if n in wanted]), about


def raw_columns(schema: pa.Schema) -> list[str]:
    """Return the columns that are the examples' own."""
    return [name for name in schema.names if name not in OWN_COLUMNS]


def has_baseline(schema: pa.Schema) -> bool:
    """Whether a baseline was evaluated beside the candidate."""
    return any(name + BASELINE_SUFFIX in schema.names for name in ANSWERS.values())


def labels_and_answers(
    table: pa.Table, about: About, baseline: bool = False
) -> tuple[NDArray, NDArray]:
    """Return what accumulators and intervals take.

    Args:
        table: Rows of a file; needs only the columns of labels and answers.
        about: Of the same file.
        baseline: Whether to take the baseline's answers, and its ids of the classes.

    Returns:
        Labels [rows]: float values, or class ids, -1 where the model knows no such class. Answers:
        float32 [rows], or [rows, classes].
    """
    suffix = BASELINE_SUFFIX if baseline else ''
    column = _whole(table.column(ANSWERS[about.task] + suffix))
    labels = _whole(table.column(LABEL))
    if about.task == 'regression':
        return labels.to_numpy(zero_copy_only=False), column.to_numpy(zero_copy_only=False)
    ids = class_ids(labels, about.classes_baseline if baseline else about.classes)
    if about.task == 'binary':
        return ids, column.to_numpy(zero_copy_only=False)
    values = column.flatten().to_numpy(zero_copy_only=False)
    return ids, values.reshape(len(column), -1)


def class_ids(names: pa.Array, classes: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each name among the classes, -1 where it is not among them."""
    found = pc.index_in(names, value_set=pa.array(classes, pa.string()))
    return pc.fill_null(found, UNKNOWN_CLASS).to_numpy(zero_copy_only=False).astype(np.int64)


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
