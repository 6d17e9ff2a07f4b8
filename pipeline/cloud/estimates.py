"""How long steps take and how much a query scans, from what is known on this machine."""

from dataclasses import dataclass
from datetime import date

from components.query_example_gen.settings import Data
from pipeline.records import Run

START_SECONDS = 120.0
"""For Vertex to start a container of this size, before a step begins."""

GUESSED_SECONDS = 300.0
"""Of a step that never ran here."""

VALUE_BYTES = {'BOOLEAN': 1, 'DECIMAL': 16}
"""What BigQuery counts for a value, https://cloud.google.com/bigquery/pricing#data: 8 bytes for
numbers and times, and for strings 2 and those of its text in UTF-8."""


@dataclass(frozen=True)
class Scanned:
    """What a query reads.

    Attributes:
      bytes: So many; None: not known.
      by: Where that is from, or why it is not known.
    """

    bytes: int | None
    by: str


def seconds_of(step: str, runs: list[Run]) -> tuple[float, str]:
    """Return how long a step takes, and where that is from.

    It is the time of the last run here that did the step; on Vertex it is another machine, so
    this is a guess. A run that took the step from the cache says nothing.

    Args:
      step: Name of the step.
      runs: Runs of the recipe here, oldest first.
    """
    for run in reversed(runs):
        for done in run.steps:
            if done.name == step and done.state == 'done' and done.seconds is not None:
                return done.seconds, f'{done.seconds:.0f} s here'
    return GUESSED_SECONDS, 'guessed'


def scanned_by(data: Data) -> Scanned:
    """Return what BigQuery would scan: as it says itself, or as local files of its tables say.

    The query is not run. Without a network it is the size that BigQuery would count for the
    columns, in the local files, that the query names.
    """
    from components.query_example_gen.reader import query_text
    from pipeline.cloud.errors import CloudError
    from pipeline.cloud.reach import check_reachable

    try:
        check_reachable('bigquery.googleapis.com')
        return Scanned(_dry_run(query_text(data), data.at(date.today())), 'dry run on BigQuery')
    except (CloudError, ValueError) as error:
        why = str(error)
    if not data.local:
        return Scanned(None, f'not known: {why}')
    try:
        return Scanned(
            local_bytes(data, query_text(data)), f'by the local files, as BigQuery counts; {why}'
        )
    except ValueError as error:
        return Scanned(None, f'not known: {why}; nor by the local files: {error}')


def _dry_run(text: str, data: Data) -> int:
    from components.query_example_gen.bigquery import dry_run
    from components.query_example_gen.errors import QueryError
    from pipeline.cloud.connection import CREDENTIALS_SECONDS
    from pipeline.cloud.errors import CloudError
    from pipeline.cloud.reach import within

    try:
        # Looking for credentials can take longer than a person waits.
        return within(2 * CREDENTIALS_SECONDS, lambda: dry_run(text, data).bytes)
    except TimeoutError:
        raise CloudError('BigQuery did not answer in time') from None
    except QueryError as error:
        raise CloudError(str(error)) from None


def local_bytes(data: Data, text: str) -> int:
    """Return what BigQuery would count for the columns of local tables that a query names.

    Raises:
      QueryError: A file can't be read.
    """
    import duckdb
    import sqlglot
    from sqlglot import exp

    from components.query_example_gen.engine import prepare
    from components.query_example_gen.errors import QueryError
    from components.query_example_gen.local_tables import create_view

    parsed = sqlglot.parse_one(text, dialect='bigquery')
    named = {column.name.lower() for column in parsed.find_all(exp.Column)}
    everything = any(parsed.find_all(exp.Star))
    total = 0
    with duckdb.connect() as connection:
        prepare(connection)
        for number, (name, table) in enumerate(data.local.items()):
            view = f'table_{number}'
            create_view(connection, view, table)
            reader = connection.cursor()  # looking whether it has rows left a result open
            try:
                found = reader.sql(f'SELECT * FROM {view}')
                types = dict(zip(found.columns, map(str, found.types), strict=True))
                sizes = [_size(c, t) for c, t in types.items() if everything or c.lower() in named]
                rows = reader.sql(f'SELECT {" + ".join(sizes) or 0} FROM {view}').fetchall()
            except duckdb.Error as error:
                why = str(error).splitlines()[0]
                raise QueryError(f'data.local.{name}: cannot be read: {why}') from None
            total += int(rows[0][0])
    return total


def _size(column: str, type_: str) -> str:
    """Return the SQL of what a column of a table comes to; NULLs count nothing."""
    quoted = '"' + column.replace('"', '""') + '"'
    if type_ == 'VARCHAR':
        return f'coalesce(sum(2 + strlen({quoted})), 0)'
    return f'{VALUE_BYTES.get(type_.partition("(")[0], 8)} * count({quoted})'
