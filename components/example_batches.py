"""tf.Examples on disk as Arrow record batches."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx.types import Artifact, artifact_utils
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

ROWS = 65_536
"""Rows of a batch: large enough to make Python's share of the work small, about 10 MB."""

BYTES = 64 << 20
"""Bytes of a batch at most, as a few pictures may have more than thousands of rows."""

_SAMPLE = 64


def example_files(examples: Artifact, split: str) -> list[str]:
    """List the TFRecord files of a split."""
    uri = artifact_utils.get_split_uri([examples], split)
    return sorted(tf.io.gfile.glob(f'{uri}/*'))


def records(files: Sequence[str]) -> tf.data.TFRecordDataset:
    """Return the serialized examples of TFRecord files, gzipped if they end in `.gz`."""
    gzipped = all(file.endswith('.gz') for file in files)
    return tf.data.TFRecordDataset(
        files, compression_type='GZIP' if gzipped else '', buffer_size=4 << 20
    )


def read_records(files: Sequence[str], rows: int = ROWS) -> Iterator[np.ndarray]:
    """Yield serialized examples, `[rows]` bytes at most."""
    rows = min(rows, rows_that_fit(files))
    yield from records(files).batch(rows).prefetch(1).as_numpy_iterator()


def read_batches(files: Sequence[str], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the examples of TFRecord files; each column is a list array, null if absent."""
    decoder = ExamplesToRecordBatchDecoder()
    for batch in read_records(files, rows):
        yield decoder.DecodeBatch(batch.tolist())


def rows_that_fit(files: Sequence[str]) -> int:
    """Return how many rows a batch may have, by the size of the first ones: `ROWS` at most."""
    sizes = [len(record) for record in islice(records(files).as_numpy_iterator(), _SAMPLE)]
    return max(1, min(ROWS, BYTES * len(sizes) // max(sum(sizes), 1))) if sizes else ROWS


def bytes_on_disk(files: Sequence[str]) -> int:
    """Return the size of files, local or remote."""
    if all(Path(f).exists() for f in files):
        return sum(Path(f).stat().st_size for f in files)
    return sum(tf.io.gfile.stat(f).length for f in files)
