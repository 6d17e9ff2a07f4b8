"""How long steps take and how much a query scans, from what is known on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.query_example_gen.settings import Data
from pipeline.records import Run

START_SECONDS = 120.0
"""For Vertex to start a container of this size, before a step begins."""

GUESSED_SECONDS = 300.0
"""Of a step that never ran here."""

SCALAR_BYTES = {'BOOLEAN': 1}
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
        return Scanned(_dry_run(query_text(data), data), 'dry run on BigQuery')
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
    import sqlglot
    from sqlglot import exp

    parsed = sqlglot.parse_one(text, dialect='bigquery')
    named = {column.name.lower() for column in parsed.find_all(exp.Column)}
    everything = parsed.find(exp.Star) is not None
    total = 0
    for name in data.local:
        columns = _columns(data, name)
        read = [c for c in columns if everything or c.lower() in named]
        total += _counted(data, name, {c: columns[c] for c in read})
    return total


def _columns(data: Data, table: str) -> Mapping[str, str]:
    from components.query_example_gen.reader import columns_of

    return columns_of(_query(data, f'SELECT * FROM `{table}`'))


def _counted(data: Data, table: str, columns: Mapping[str, str]) -> int:
    from components.query_example_gen.reader import open_query

    if not columns:
        return 0
    sizes = [
        f'IFNULL(SUM(IF(`{name}` IS NULL, 0, {_size(name, type_)})), 0)'
        for name, type_ in columns.items()
    ]
    text = f'SELECT {" + ".join(sizes)} AS bytes FROM `{table}`'
    with open_query(_query(data, text)) as query:
        return sum(int(batch.column(0)[0].as_py()) for batch in query.batches())


def _size(name: str, type_: str) -> str:
    if type_ == 'STRING':
        return f'2 + BYTE_LENGTH(`{name}`)'
    return str(SCALAR_BYTES.get(type_, 8))


def _query(data: Data, text: str) -> Data:
    return Data(query=text, local=data.local)
