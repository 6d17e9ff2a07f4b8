"""The tables that there are: files by name, and what queries made."""

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from google.api_core import exceptions
from pydantic import TypeAdapter

from components.query_example_gen.settings import LocalTable, LocalTables
from tests.fakes.bigquery.values import BYTES, schema_field, table_id

LOCATION = 'US'
"""Where all is."""

ANONYMOUS = '_anonymous'
"""Dataset of the results that were given no table."""


@dataclass(frozen=True)
class Made:
    """A table that a query made.

    Attributes:
        rows: Its rows.
        columns: name -> type as SQL names it.
        made: When, in ms since 1970.
    """

    rows: pa.Table
    columns: dict[str, str]
    made: int = field(default_factory=lambda: int(time.time() * 1000))


@dataclass
class Tables:
    """Datasets and tables by name.

    `bigquery/tables.json` under the root names files as a recipe's `data.local` does; it is read
    anew when it changes, so that another process may write it.
    """

    root: Path
    made: dict[str, Made] = field(default_factory=dict)
    datasets: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _added: dict[str, LocalTable] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def listing(self) -> Path:
        """The file that names files."""
        return self.root / 'bigquery' / 'tables.json'

    def add(self, name: str, table: object) -> None:
        """Let files stand for a table.

        Args:
            name: `project.dataset.table`.
            table: As a recipe's `data.local` has it: a path, or settings.
        """
        self._added |= TypeAdapter(LocalTables).validate_python({name: table})

    def files(self) -> dict[str, LocalTable]:
        """Return the tables that files stand for."""
        if not self.listing.exists():
            return dict(self._added)
        listed = json.loads(self.listing.read_text(encoding='utf-8'))
        return TypeAdapter(LocalTables).validate_python(listed) | self._added

    def has_dataset(self, project: str, dataset: str) -> bool:
        """Return whether there is a dataset."""
        known = {tuple(name.split('.')[:2]) for name in self.files()}
        return dataset == ANONYMOUS or (project, dataset) in known | self.datasets.keys()

    def check_dataset(self, project: str, dataset: str) -> None:
        """Find a dataset.

        Raises:
            NotFound: There is none.
        """
        if not self.has_dataset(project, dataset):
            raise not_found(f'Dataset {project}:{dataset}')

    def make(self, name: str, table: Made, disposition: str) -> None:
        """Put the result of a query into a table.

        Args:
            name: `project.dataset.table`.
            table: The result.
            disposition: WRITE_EMPTY, WRITE_TRUNCATE or WRITE_APPEND.

        Raises:
            NotFound: There is no such dataset.
            Conflict: There is such a table with rows, and it is to be empty.
            MethodNotImplemented: Rows are to be appended.
        """
        project, dataset, _ = name.rsplit('.', 2)
        self.check_dataset(project, dataset)
        with self._lock:
            found = self.made.get(name)
            if found and len(found.rows) and disposition != 'WRITE_TRUNCATE':
                if disposition == 'WRITE_APPEND':
                    raise exceptions.MethodNotImplemented('this stand-in appends to no table')
                raise exceptions.Conflict(
                    f'Already Exists: Table {_shown(name)}', errors=[{'reason': 'duplicate'}]
                )
            self.made[name] = table

    def resource(self, name: str) -> dict[str, Any]:
        """Return a table as the API has it.

        Raises:
            NotFound: There is none.
        """
        found = self.made.get(name)
        if found is None:
            if name not in self.files():
                raise not_found(f'Table {_shown(name)}')
            return _resource(name, {'lastModifiedTime': str(self._changed(name))})
        size = sum(logical_bytes(found.rows[c], t) for c, t in found.columns.items())
        return _resource(
            name,
            {
                'schema': {'fields': [schema_field(n, t) for n, t in found.columns.items()]},
                'numRows': str(len(found.rows)),
                'numBytes': str(size),
                'creationTime': str(found.made),
                'lastModifiedTime': str(found.made),
            },
        )

    def _changed(self, name: str) -> int:
        """Return when the newest file of a table changed, in ms since 1970."""
        from components.query_example_gen.local_tables import resolve_files

        files = resolve_files(self.files()[name])
        return max(file.stat().st_mtime_ns for file in files) // 10**6


def logical_bytes(column: pa.ChunkedArray, type_: str) -> int:
    """Return the size of a column as BigQuery bills it: NULL is 0 bytes, a text 2 more than it."""
    import pyarrow.compute as pc

    if type_.startswith('ARRAY<'):
        return logical_bytes(pc.list_flatten(column), type_[6:-1])
    present = len(column) - column.null_count
    if type_ in ('STRING', 'BYTES'):
        return 2 * present + (pc.sum(pc.binary_length(column)).as_py() or 0)
    return BYTES[type_] * present


def not_found(what: str) -> exceptions.NotFound:
    """Return the error for something that is not there."""
    return exceptions.NotFound(
        f'Not found: {what} was not found in location {LOCATION}', errors=[{'reason': 'notFound'}]
    )


def _shown(name: str) -> str:
    project, dataset, table = name.rsplit('.', 2)
    return f'{project}:{dataset}.{table}'


def _resource(name: str, more: dict[str, Any]) -> dict[str, Any]:
    reference = table_id(name)
    return {
        'kind': 'bigquery#table',
        'id': _shown(name),
        'etag': f'{more["lastModifiedTime"]}',
        'tableReference': reference,
        'type': 'TABLE',
        'location': LOCATION,
        **more,
    }
