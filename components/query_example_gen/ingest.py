"""Ingest: the rows of a query, encoded, split and written."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from components.query_example_gen.errors import NoNewDataError, QueryError
from components.query_example_gen.examples import encode
from components.query_example_gen.parameters import WINDOW_END, WINDOW_START
from components.query_example_gen.reader import open_query
from components.query_example_gen.settings import Data
from components.query_example_gen.splits import assign
from components.query_example_gen.writer import SplitWriter

PROGRESS_SECONDS = 0.25
"""Shortest time between two reports."""

progress = logging.getLogger('sluice.progress')


def write_examples(data: Data, folder: Path) -> dict[str, int]:
    """Run a query, and write its rows to `Split-<name>` under a folder.

    Memory is bounded by a batch of rows. A column that only names the split is left out: it would
    tell the splits apart.

    Returns:
        Number of rows by split.

    Raises:
        QueryError: The query or its data is not usable; nothing is left of what was written.
        NoNewDataError: There are no rows in the window.
    """
    reported = time.monotonic()
    left_out = [data.split.column] if data.split.column else []
    with open_query(data) as query, SplitWriter(folder, data.split.names) as writer:
        check_split_columns(data, query.columns)
        for batch in query.batches():
            writer.write(encode(batch.drop_columns(left_out)), assign(batch, data.split))
            if (now := time.monotonic()) - reported > PROGRESS_SECONDS:
                reported = now
                _report(sum(writer.rows.values()))
        check_new(data, sum(writer.rows.values()))
    _report(sum(writer.rows.values()))
    return dict(writer.rows)


def check_split_columns(data: Data, columns: Mapping[str, str]) -> None:
    """Hold the columns that the split needs against those of the query.

    Raises:
        QueryError: One is not there.
    """
    for name in data.split.columns:
        if name not in columns:
            raise QueryError(
                f'data.split: {name} is no column of the query; it has {", ".join(columns)}'
            )


def check_new(data: Data, rows: int) -> None:
    """Tell a window that has no rows from a query that has none.

    Raises:
        NoNewDataError: There are no rows, and the query is of a window.
    """
    window = [data.parameters.get(name) for name in (WINDOW_START, WINDOW_END)]
    if rows or None in window:
        return
    start, end = (parameter.value for parameter in window if parameter)
    raise NoNewDataError(
        f'data.window: no new data: the query returned no rows from {start} until before {end}'
    )


def _report(rows: int) -> None:
    counted = {'done': rows, 'total': None, 'unit': 'rows'}
    progress.info('%s rows', f'{rows:,}', extra={'progress': counted})
