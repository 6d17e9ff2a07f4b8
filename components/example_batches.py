"""tf.Examples on disk as Arrow record batches."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx.types import Artifact, artifact_utils
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

ROWS = 65_536
"""Rows of a batch: large enough to make Python's share of the work small, about 10 MB."""

BYTES = 64 * 2**20
"""Size that batches of large records, such as pictures, are kept to, about."""

PROBED = 16
"""Records that tell how large the others are."""


def example_files(examples: Artifact, split: str) -> list[str]:
    """List the TFRecord files of a split."""
    uri = artifact_utils.get_split_uri([examples], split)
    return sorted(tf.io.gfile.glob(f'{uri}/*'))


def read_records(files: list[str], rows: int) -> Iterator[np.ndarray]:
    """Yield serialized examples, `[rows]` bytes, fewer a batch where they are large.

    The files are gzipped if they end in `.gz`.
    """
    gzipped = all(file.endswith('.gz') for file in files)
    records = tf.data.TFRecordDataset(
        files, compression_type='GZIP' if gzipped else '', buffer_size=4 << 20
    )
    sizes = [len(record) for record in records.take(PROBED).as_numpy_iterator()]
    rows = min(rows, max(1, BYTES * len(sizes) // max(sum(sizes), 1)))
    yield from records.batch(rows).prefetch(1).as_numpy_iterator()


def read_batches(files: list[str], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the examples of TFRecord files; each column is a list array, null if absent."""
    decoder = ExamplesToRecordBatchDecoder()
    for batch in read_records(files, rows):
        yield decoder.DecodeBatch(batch.tolist())


def bytes_on_disk(files: list[str]) -> int:
    """Return the size of files, local or remote."""
    if all(Path(f).exists() for f in files):
        return sum(Path(f).stat().st_size for f in files)
    return sum(tf.io.gfile.stat(f).length for f in files)
