"""Pictures of a folder, or of a table that names their files, as a model takes them."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from pipeline.batch.errors import BatchError
from pipeline.batch.rows import Batch, Fault
from pipeline.batch.tables import TableSource
from serving.errors import RequestError
from serving.pictures import prepare
from serving.settings import Limits

SUFFIXES = frozenset(
    ('.jpg', '.jpeg', '.png', '.webp', '.gif', '.bmp', '.tif', '.tiff', '.avif', '.jfif')
)
"""Endings of files in a folder that are taken for pictures."""

COLUMNS = ('path', 'file', 'image', 'picture', 'filename', 'image_path')
"""Columns of a manifest that may name a picture's file; the first that is there does."""

ROWS = 64
"""Pictures of a batch: decoded they are about a thousand times a row's size."""


class PictureSource:
    """Pictures by path; a context manager, as tables are."""

    def __init__(self, files: Sequence[Path], kept: pa.Table, name: str) -> None:
        """Take the pictures.

        Args:
            files: the pictures' files.
            kept: `[rows]`, columns to be written again.
            name: the model's input.
        """
        self.total: int | None = len(files)
        self._files = files
        self._kept = kept
        self._name = name
        self._reading = ThreadPoolExecutor(os.cpu_count() or 1)
        self._decoding = ThreadPoolExecutor(os.cpu_count() or 1)

    def __enter__(self) -> 'PictureSource':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._reading.shutdown()
        self._decoding.shutdown()

    def batches(self) -> Iterator[Batch]:
        """Yield the pictures in their order, each checked by decoding it."""
        for start in range(0, len(self._files), ROWS):
            files = self._files[start : start + ROWS]
            read = list(self._reading.map(self._picture, files))
            kept = self._kept.slice(start, len(files))
            good = np.array([isinstance(picture, bytes) for picture in read])
            faults = [
                Fault(start + i + 1, str(reason), row)
                for i, (reason, row) in enumerate(zip(read, kept.to_pylist(), strict=True))
                if not isinstance(reason, bytes)
            ]
            pictures = np.empty(int(good.sum()), object)
            pictures[:] = [picture for picture in read if isinstance(picture, bytes)]
            numbers = np.arange(start + 1, start + 1 + len(files))[good]
            yield Batch(kept.filter(pa.array(good)), {self._name: pictures}, numbers, faults)

    def late_faults(self) -> list[Fault]:
        """Return nothing: each picture is looked at as it comes."""
        return []

    def _picture(self, file: Path) -> bytes | str:
        """Return a picture that the model can decode, or why there is none."""
        try:
            encoded = np.array([file.read_bytes()], object)
        except OSError as error:
            return f'{file}: cannot be read: {error.strerror}'
        most = Limits().picture_pixels
        try:
            picture: bytes = prepare(encoded, most, most, lambda _: str(file), self._decoding)[0]
        except RequestError as error:
            return error.message
        return picture


def pictures_in(path: str, name: str) -> PictureSource:
    """Open a folder of pictures (with those below it), a picture, a glob, or a manifest.

    Args:
        path: where they are; a manifest is a table with a column `path`, taken from its folder.
        name: the model's input.

    Raises:
        BatchError: There is none.
    """
    given = Path(path)
    if given.is_file() and given.suffix.lower() not in SUFFIXES:
        return _manifest(path, name)
    if given.is_dir():
        files = sorted(f for f in given.rglob('*') if f.suffix.lower() in SUFFIXES)
        shown = [str(f.relative_to(given)) for f in files]
    else:
        pattern = given.relative_to(given.anchor)
        found = [given] if given.is_file() else Path(given.anchor or '.').glob(str(pattern))
        files = sorted(f for f in found if f.suffix.lower() in SUFFIXES)
        shown = [str(f) for f in files]
    if not files:
        what = 'no such file' if not given.exists() else 'no picture is in it'
        raise BatchError(f'{path}: {what}; expected {", ".join(sorted(SUFFIXES))} files')
    return PictureSource(files, pa.table({'path': shown}), name)


def _manifest(path: str, name: str) -> PictureSource:
    with TableSource(path, {}, typed=False) as source:
        tables = [batch.kept for batch in source.batches()]
    kept = pa.concat_tables(tables)
    column = next((c for c in COLUMNS if c in kept.column_names), None)
    if column is None:
        raise BatchError(
            f'{path}: has no column path, which names the pictures; it has '
            f'{", ".join(kept.column_names)}'
        )
    files = [Path(path).parent / (value or '') for value in kept.column(column).to_pylist()]
    return PictureSource(files, kept, name)
