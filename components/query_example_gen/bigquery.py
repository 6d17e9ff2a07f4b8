"""A query's rows, run by BigQuery and read through Storage Read as Arrow batches.

The client honours BIGQUERY_EMULATOR_HOST and proxies. It is slow to import, so that only who asks
BigQuery does.
"""

import hashlib
import logging
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from google.api_core.exceptions import ServiceUnavailable
from google.api_core.retry import Retry, if_exception_type
from google.cloud.bigquery import (
    ArrayQueryParameter,
    Client,
    QueryJob,
    QueryJobConfig,
    ScalarQueryParameter,
    SchemaField,
    TableReference,
)
from google.cloud.bigquery.retry import DEFAULT_RETRY
from google.cloud.bigquery_storage_v1 import BigQueryReadClient
from google.cloud.bigquery_storage_v1.types import DataFormat, ReadSession

from components.query_example_gen.batches import ROWS, cut, rebatched
from components.query_example_gen.bigquery_errors import FAULTS, explain, readable
from components.query_example_gen.column_types import checked_type
from components.query_example_gen.errors import QueryError
from components.query_example_gen.parameters import QueryParameter
from components.query_example_gen.settings import Data

LABEL = {'made-by': 'sluice'}
"""Label of every query job."""

PATIENCE = 600.0
"""Seconds for which a step tries again what fails in passing."""

_ONCE: Any = None
"""No second try, where a person waits."""

_QUICK: Any = (3.0, 30.0)
"""Seconds to connect and to answer, as requests takes them, where a person waits."""

_STREAM_RETRY = Retry(predicate=if_exception_type(ServiceUnavailable), timeout=PATIENCE)
"""Storage Read's own goes on for a day."""

_CHANGING = re.compile(
    r'\b(RAND|GENERATE_UUID|CURRENT_(DATE|DATETIME|TIME|TIMESTAMP))\b', re.IGNORECASE
)
"""Functions with which a query gives other rows, though the tables are as they were."""

_SQL_NAMES = {'INTEGER': 'INT64', 'FLOAT': 'FLOAT64', 'BOOLEAN': 'BOOL', 'RECORD': 'STRUCT'}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DryRun:
    """What BigQuery says of a query without running it.

    Attributes:
        bytes: Bytes that it would scan.
        columns: name -> BigQuery type as SQL names it, such as `INT64` or `ARRAY<STRING>`.
        tables: `project.dataset.table` of all that it would read.
    """

    bytes: int
    columns: Mapping[str, str]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class BigQueryQuery:
    """A query that BigQuery has checked, ready to be run and read.

    Attributes:
        columns: name -> INTEGER, FLOAT, BOOLEAN or STRING, `REPEATED` before it for arrays.
    """

    columns: Mapping[str, str]
    _client: Client
    _text: str
    _data: Data

    def batches(self, rows: int = ROWS) -> Iterator[pa.RecordBatch]:
        """Run the query and yield its rows, int64, float64, bool or string, or lists of them.

        They come in one stream, so in the order of the query's ORDER BY if it has one: encoding
        them takes longer than reading them.

        Args:
            rows: Rows of a batch; the last one may be shorter.

        Raises:
            QueryError: BigQuery refuses the query, or its rows can't be read.
        """
        with told():
            table = self._run()
            for batch in rebatched(self._read(table), rows):
                yield from cut(batch)

    def _run(self) -> TableReference:
        """Run the query, and return the table that holds its rows for a day."""
        config = _config(self._data, maximum_bytes_billed=self._data.max_bytes_billed)
        job = self._client.query(self._text, job_config=config)
        logger.info('BigQuery runs %s', job.job_id)
        with cancelled_on_failure(job):
            job.result()
        billed, cached = job.total_bytes_billed or 0, job.cache_hit
        logger.info('BigQuery scanned %s%s', readable(billed), ' (cached)' if cached else '')
        return job.destination

    def _read(self, table: TableReference) -> Iterator[pa.RecordBatch]:
        reader = BigQueryReadClient()
        session = reader.create_read_session(
            parent=f'projects/{self._client.project}',
            read_session=ReadSession(
                table=table.path.removeprefix('/'), data_format=DataFormat.ARROW
            ),
            max_stream_count=1,
        )
        if not session.streams:  # there are no rows
            return
        schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        for stream in session.streams:
            # It goes on where it was if the connection breaks.
            for message in reader.read_rows(stream.name, retry=_STREAM_RETRY):
                batch = pa.py_buffer(message.arrow_record_batch.serialized_record_batch)
                yield pa.ipc.read_record_batch(batch, schema)


def prepared(text: str, data: Data, patient: bool) -> BigQueryQuery:
    """Have BigQuery check a query, and hold what it would scan against what it may.

    Args:
        text: The query.
        data: Its parameters, and how BigQuery is asked.
        patient: Whether to try again for minutes if BigQuery can't be reached.

    Raises:
        QueryError: BigQuery can't be asked or refuses the query, it would scan too much, or a
            column has a type that tf.Example can't hold.
    """
    with told():
        client = client_for(data)
        found = _dry_run(client, text, data, patient)
    columns = {name: checked_type(name, type_) for name, type_ in found.columns.items()}
    check_bytes(found.bytes, data)
    return BigQueryQuery(columns, client, text, data)


def dry_run(text: str, data: Data, patient: bool = False) -> DryRun:
    """Ask BigQuery what a query would scan and return, without running it.

    Args:
        text: The query.
        data: Its parameters, and how BigQuery is asked.
        patient: Whether to try again for minutes if BigQuery can't be reached.

    Raises:
        QueryError: BigQuery can't be asked, or refuses the query.
    """
    with told():
        return _dry_run(client_for(data), text, data, patient)


def fingerprint(text: str, data: Data, patient: bool = False) -> str:
    """Return a digest that changes when a table that a query reads does, or the query.

    It is another one each time if the query gives other rows each time.

    Args:
        text: The query.
        data: Its parameters, and how BigQuery is asked.
        patient: Whether to try again for minutes if BigQuery can't be reached.

    Raises:
        QueryError: BigQuery can't be asked, or refuses the query.
    """
    asked: Any = {} if patient else {'retry': _ONCE, 'timeout': _QUICK}
    with told():
        client = client_for(data)
        digest = hashlib.sha256(text.encode())
        if _CHANGING.search(text):
            digest.update(uuid.uuid4().bytes)
        for name in _dry_run(client, text, data, patient).tables:
            table = client.get_table(name, **asked)
            digest.update(f'{name}\0{table.modified}\0{table.etag}\n'.encode())
        return digest.hexdigest()


def check_bytes(found: int, data: Data) -> None:
    """Hold the bytes that a query would scan against those that it may.

    Raises:
        QueryError: It would scan more.
    """
    allowed = data.max_bytes_billed
    if found <= allowed:
        return
    numbers = readable(found), readable(allowed)
    if numbers[0] == numbers[1]:
        numbers = f'{found:,} bytes', f'{allowed:,} bytes'
    raise QueryError(
        f'data.query: BigQuery would scan {numbers[0]}, data.max_bytes_billed allows '
        f'{numbers[1]}; read fewer columns or days, or raise data.max_bytes_billed'
    )


def client_for(data: Data) -> Client:
    """Return the client for a recipe's project and location."""
    return Client(project=data.project, location=data.location)


@contextmanager
def told() -> Iterator[None]:
    """Say what BigQuery's client raises in one line.

    Raises:
        QueryError: BigQuery can't be asked, or refuses.
    """
    try:
        yield
    except QueryError:
        raise
    except FAULTS as error:
        raise QueryError(explain(error)) from error


@contextmanager
def cancelled_on_failure(job: QueryJob) -> Iterator[None]:
    """Cancel a job that nobody waits for any more: it would go on and cost."""
    try:
        yield
    except BaseException:
        try:
            job.cancel(retry=_ONCE, timeout=_QUICK)
        except FAULTS as error:
            logger.info('%s could not be cancelled: %s', job.job_id, error)
        raise


def _dry_run(client: Client, text: str, data: Data, patient: bool) -> DryRun:
    config = _config(data, dry_run=True, use_query_cache=False)
    if patient:
        job = client.query(text, job_config=config, retry=DEFAULT_RETRY.with_timeout(PATIENCE))
    else:
        job = client.query(text, job_config=config, retry=_ONCE, timeout=_QUICK)
    tables = [f'{t.project}.{t.dataset_id}.{t.table_id}' for t in job.referenced_tables]
    columns = {field.name: _sql_type(field) for field in job.schema or ()}
    return DryRun(int(job.total_bytes_processed or 0), columns, tuple(tables))


def _config(data: Data, **more: object) -> QueryJobConfig:
    parameters = [_parameter(name, value) for name, value in data.parameters.items()]
    return QueryJobConfig(query_parameters=parameters, labels=LABEL | data.labels, **more)


def _parameter(name: str, parameter: QueryParameter) -> ScalarQueryParameter | ArrayQueryParameter:
    if isinstance(parameter.value, tuple):
        return ArrayQueryParameter(name, parameter.type, list(parameter.value))
    return ScalarQueryParameter(name, parameter.type, parameter.value)


def _sql_type(field: SchemaField) -> str:
    name = _SQL_NAMES.get(field.field_type, field.field_type)
    return f'ARRAY<{name}>' if field.mode == 'REPEATED' else name
