"""Tables written batch by batch, in the format that a file's name says; all of it or nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from pipeline.batch.errors import BatchError
from pipeline.batch.rows import Fault


class _Writer(Protocol):
    def write(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class _JsonLines:
    """JSON lines by DuckDB, which makes them some ten times as fast as Python does."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open('wb')
        self._connection = duckdb.connect()

    def write(self, table: pa.Table) -> None:
        self._connection.register('rows', table)
        lines = self._connection.sql('SELECT to_json(rows)::VARCHAR AS line FROM rows')
        for batch in lines.to_arrow_reader(65_536):
            self._file.write('\n'.join([*batch.column('line').to_pylist(), '']).encode())

    def close(self) -> None:
        self._file.close()
        self._connection.close()


FORMATS: dict[str, Callable[[Path, pa.Schema], _Writer]] = {
    '.csv': pyarrow.csv.CSVWriter,
    '.parquet': pyarrow.parquet.ParquetWriter,
    '.jsonl': _JsonLines,
    '.ndjson': _JsonLines,
}
"""File ending -> writer."""


class Output:
    """A file of predictions; a context manager. It gets its name once all is in it."""

    def __init__(self, path: Path) -> None:
        """Take the place of the file.

        Raises:
            BatchError: Its name says no format, or its folder can't be written to.
        """
        if path.suffix.lower() not in FORMATS:
            raise BatchError(
                f'{path}: the name says no format; expected one that ends in {", ".join(FORMATS)}'
            )
        self.path = path
        self.errors = path.with_name(f'{path.name}.errors.jsonl')
        self._part = path.with_name(f'.{path.name}.part')
        self._make = FORMATS[path.suffix.lower()]
        self._writer: _Writer | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._part.touch()
        except OSError as error:
            raise BatchError(f'{path}: cannot be written: {error.strerror}') from None

    @property
    def is_typed(self) -> bool:
        """Whether the format tells numbers from texts."""
        return self.path.suffix.lower() != '.csv'

    def write(self, table: pa.Table) -> None:
        """Append rows; all tables have the first one's columns.

        Raises:
            BatchError: The disk is full, or the like.
        """
        try:
            if self._writer is None:
                self._writer = self._make(self._part, table.schema)
            self._writer.write(table)
        except OSError as error:
            raise BatchError(f'{self.path}: cannot be written: {error}') from None

    def finish(self, faults: list[Fault]) -> None:
        """Give the file its name, and list the rows that are not in it beside it.

        Raises:
            BatchError: The disk is full, or the like.
        """
        try:
            self._close()
            self._part.replace(self.path)
            self.errors.unlink(missing_ok=True)
            if faults:
                lines = (
                    json.dumps({'row': f.row, 'error': f.reason, 'given': f.given}, default=str)
                    for f in faults
                )
                self.errors.write_text('\n'.join([*lines, '']), encoding='utf-8')
        except OSError as error:
            raise BatchError(f'{self.path}: cannot be written: {error}') from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()
        self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
