"""Ingest: the rows of a query, encoded, split and written."""

import logging
import time
from pathlib import Path

from components.query_example_gen.errors import QueryError
from components.query_example_gen.examples import encode
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
    """
    reported = time.monotonic()
    left_out = [data.split.column] if data.split.column else []
    with open_query(data) as query, SplitWriter(folder, data.split.names) as writer:
        for name in data.split.columns:
            if name not in query.columns:
                raise QueryError(
                    f'data.split: {name} is no column of the query; it has '
                    f'{", ".join(query.columns)}'
                )
        for batch in query.batches():
            writer.write(encode(batch.drop_columns(left_out)), assign(batch, data.split))
            if (now := time.monotonic()) - reported > PROGRESS_SECONDS:
                reported = now
                _report(sum(writer.rows.values()))
    _report(sum(writer.rows.values()))
    return dict(writer.rows)


def _report(rows: int) -> None:
    counted = {'done': rows, 'total': None, 'unit': 'rows'}
    progress.info('%s rows', f'{rows:,}', extra={'progress': counted})
