"""tf.Examples on disk as Arrow record batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import tensorflow as tf
from tfx.types import Artifact, artifact_utils
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.tfrecords import ahead, read_records

ROWS = 65_536
"""Rows of a batch: large enough to make Python's share of the work small, about 10 MB."""

BYTES = 64 << 20
"""Bytes of a batch at most, as a few pictures may have more than thousands of rows."""

_SAMPLE = 64


def example_files(examples: Artifact, split: str) -> list[str]:
    """List the TFRecord files of a split."""
    uri = artifact_utils.get_split_uri([examples], split)
    return sorted(tf.io.gfile.glob(f'{uri}/*'))


def read_batches(files: Sequence[str], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the examples of TFRecord files; each column is a list array, null if absent."""
    decoder = ExamplesToRecordBatchDecoder()
    records = read_records(files, min(rows, rows_that_fit(files)))
    return ahead(decoder.DecodeBatch(batch) for batch in records)


def rows_that_fit(files: Sequence[str]) -> int:
    """Return how many rows a batch may have, by the size of the first ones: `ROWS` at most."""
    first = next(read_records(files, _SAMPLE), [])
    fitting = BYTES * len(first) // max(sum(map(len, first)), 1)
    return min(max(fitting, 1), ROWS) if first else ROWS


def bytes_on_disk(files: Sequence[str]) -> int:
    """Return the size of files, local or remote."""
    if all(Path(f).exists() for f in files):
        return sum(Path(f).stat().st_size for f in files)
    return sum(tf.io.gfile.stat(f).length for f in files)
