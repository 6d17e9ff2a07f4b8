"""TFRecord files read in batches of records, the next while one is worked on.

TensorFlow's own reader handles records one by one, which takes twice as long as all that
StatisticsGen then does with them. Files that it writes here are gzipped, whose checksum holds
for the records too.
"""

import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from gzip import BadGzipFile
from pathlib import Path
from typing import Any, TypeVar

import tensorflow as tf
from isal import igzip
from isal.igzip_lib import IsalError

_CHUNK = 8 << 20
_HEAD, _FOOT = 12, 4
"""Bytes before a record, which start with its length, and after it."""

T = TypeVar('T')

_FAULTS: Any = (EOFError, BadGzipFile, IsalError, tf.errors.DataLossError)
_length_at = struct.Struct('<Q').unpack_from


class DamagedError(ValueError):
    """A file that does not hold whole TFRecords; one line that names it."""


def read_records(files: Sequence[str], rows: int) -> Iterator[list[bytes]]:
    """Yield records in the order of the files, `rows` at a time or fewer.

    Args:
        files: TFRecord files, local or remote, gzipped where they end in `.gz`.
        rows: Records of a batch; the last of each file may have fewer.

    Raises:
        DamagedError: A file ends within a record, or its checksum is wrong.
    """
    return ahead(batch for file in files for batch in _read(file, rows))


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items, none of them None, the next made by a thread while one is worked on."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def dataset(files: Sequence[str]) -> tf.data.TFRecordDataset:
    """Return the records of files that are all gzipped or none."""
    gzipped = all(file.endswith('.gz') for file in files)
    return tf.data.TFRecordDataset(
        files, compression_type='GZIP' if gzipped else '', buffer_size=4 << 20
    )


def _read(file: str, rows: int) -> Iterator[list[bytes]]:
    try:
        if file.endswith('.gz') and Path(file).exists():
            yield from _inflated(file, rows)
        else:
            for batch in dataset([file]).batch(rows).as_numpy_iterator():
                yield batch.tolist()
    except _FAULTS as error:
        raise DamagedError(f'{file} is damaged: {error}') from error


def _inflated(file: str, rows: int) -> Iterator[list[bytes]]:
    records: list[bytes] = []
    rest = b''
    with igzip.open(file) as source:
        while chunk := source.read(_CHUNK):
            data, start = rest + chunk, 0
            while start + _HEAD <= len(data):
                end = start + _HEAD + _length_at(data, start)[0]
                if end + _FOOT > len(data):
                    break
                records.append(data[start + _HEAD : end])
                start = end + _FOOT
                if len(records) == rows:
                    yield records
                    records = []
            rest = data[start:]
    if rest:
        raise EOFError('it ends within a record')
    if records:
        yield records
