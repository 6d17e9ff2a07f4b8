"""Serialized Examples into one gzipped TFRecord file per split.

TFRecord framing: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details.
"""

import shutil
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from gzip import GzipFile
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from google_crc32c import value as crc32c
from isal import igzip

from components.query_example_gen.errors import QueryError

FILE_NAME = 'data_tfrecord-00000-of-00001.gz'
_LEVEL = 1
"""isal's level 1 makes files as small as zlib's at several times the speed."""


class SplitWriter:
    """Writes `Split-<name>/data_tfrecord-00000-of-00001.gz` under a folder.

    A context manager: files get their names only when all went well, and nothing is left if not.
    """

    def __init__(self, folder: Path, names: Sequence[str], small_already: bool = False) -> None:
        """Write nothing yet.

        Args:
            folder: gets the folders of the splits.
            names: of the splits.
            small_already: whether examples are mostly of bytes that gzip can't make smaller, as of
                pictures. They are stored as they are, for it takes time to read them, too.
        """
        self.rows = dict.fromkeys(names, 0)
        self._small_already = small_already
        self._folders = [folder / f'Split-{name}' for name in names]
        self._files: list[GzipFile] = []

    def __enter__(self) -> 'SplitWriter':
        with self._told():
            for folder in self._folders:
                folder.mkdir(parents=True, exist_ok=True)
                part = folder / f'{FILE_NAME}.part'
                self._files.append(self._opened(part))
        return self

    def write(self, examples: pa.BinaryArray, splits: np.ndarray) -> None:
        """Append examples to their splits.

        Args:
            examples: `[rows]` serialized.
            splits: `[rows]` indices of the names.

        Raises:
            QueryError: The disk is full, or the folder cannot be written.
        """
        with self._told():
            for index, (name, file) in enumerate(zip(self.rows, self._files, strict=True)):
                chosen = examples.filter(pa.array(splits == index))
                file.write(_records(chosen))
                self.rows[name] += len(chosen)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            # What was written is dropped, so that it need not be flushed: the disk may be full.
            for folder in self._folders:
                shutil.rmtree(folder, ignore_errors=True)
            return
        with self._told():
            for file in self._files:
                file.close()
            check_rows(self.rows)
            for folder in self._folders:
                (folder / f'{FILE_NAME}.part').rename(folder / FILE_NAME)

    def _opened(self, part: Path) -> GzipFile:
        if self._small_already:
            return GzipFile(part, 'wb', compresslevel=0, mtime=0)
        opened: GzipFile = igzip.IGzipFile(part, 'wb', compresslevel=_LEVEL, mtime=0)
        return opened

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Leave nothing behind on any error, and say in one line why a file can't be written."""
        try:
            yield
        except BaseException as error:
            for folder in self._folders:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                parent = self._folders[0].parent
                raise QueryError(
                    f'{parent}: the examples cannot be written: {error.strerror or error}'
                ) from None
            raise


def check_rows(rows: Mapping[str, int]) -> None:
    """Hold the number of rows by split against none.

    Raises:
        QueryError: A split has no rows.
    """
    empty = [name for name, count in rows.items() if not count]
    if not any(rows.values()):
        raise QueryError('data.query: returned no rows; loosen its WHERE or check the table')
    if empty:
        counts = ', '.join(f'{name} {count:,}' for name, count in rows.items())
        raise QueryError(
            f'data.split: no rows in split {empty[0]} ({counts}); give it a larger share, '
            'choose key columns with more values, or leave it out'
        )


def _records(examples: pa.BinaryArray) -> memoryview:
    """Return examples as one run of TFRecords: length, its checksum, example, its checksum."""
    lengths = pc.binary_length(examples).dictionary_encode()
    heads = [struct.pack('<Q', length) for length in lengths.dictionary.to_pylist()]
    before = [pa.array(heads, pa.binary()), _checksums(heads)]
    records = (*(part.take(lengths.indices) for part in before), examples)
    joined = pc.binary_join_element_wise(*records, _checksums(examples.to_pylist()), b'')
    _, offsets, data = joined.buffers()
    end = np.frombuffer(offsets, np.int32)[len(joined)] if len(joined) else 0
    return memoryview(data)[:end]


def _checksums(texts: Sequence[bytes]) -> pa.BinaryArray:
    """Return CRC-32C checksums as TFRecords hold them: rotated, and moved by a constant."""
    crc = np.fromiter(map(crc32c, texts), np.uint32, len(texts))
    masked = ((crc >> 15 | crc << 17) + np.uint32(0xA282EAD8)).astype('<u4')
    buffers = [None, pa.py_buffer(masked)]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(4), len(texts), buffers).cast(pa.binary())
