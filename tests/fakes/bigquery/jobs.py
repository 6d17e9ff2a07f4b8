"""Jobs: queries and extracts, done before their insertion is answered."""

import io
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import fastavro
from google.api_core import exceptions

from tests.fakes.bigquery.queries import Checked, Engine, parameters_of, references
from tests.fakes.bigquery.tables import ANONYMOUS, LOCATION, Tables, not_found
from tests.fakes.bigquery.values import avro_schema, avro_value, name_of, schema_field, table_id

MEGABYTE = 2**20

Job = dict[str, Any]
Write = Callable[[str, str, bytes], object]
"""Writes an object: bucket, name, content."""


@dataclass
class Jobs:
    """The jobs that there were.

    Attributes:
        tables: What they read and make.
        write: Writes an object of Cloud Storage, for extracts.
    """

    tables: Tables
    write: Write
    known: dict[str, Job] = field(default_factory=dict)

    def insert(self, project: str, asked: Job) -> Job:
        """Do a job.

        Raises:
            Conflict: There is a job of this id.
            BadRequest: It is no job that this stand-in knows, or the query is not valid.
            NotFound: It reads or makes what is not there.
            Forbidden: It would bill more than it may.
        """
        configuration = asked['configuration']
        reference = {**asked.get('jobReference', {}), 'projectId': project}
        reference.setdefault('jobId', f'job_{uuid.uuid4().hex}')
        if reference.setdefault('location', LOCATION).upper() != LOCATION:
            place = reference['location']
            raise exceptions.NotFound(
                f'Not found: there are no tables in location {place}',
                errors=[{'reason': 'notFound'}],
            )
        if reference['jobId'] in self.known:
            raise exceptions.Conflict(
                f'Already Exists: Job {project}:{LOCATION}.{reference["jobId"]}',
                errors=[{'reason': 'duplicate'}],
            )
        job: Job = {
            'kind': 'bigquery#job',
            'id': f'{project}:{LOCATION}.{reference["jobId"]}',
            'etag': uuid.uuid4().hex,
            'jobReference': reference,
            'configuration': configuration,
            'status': {'state': 'DONE'},
            'statistics': {'creationTime': _now(), 'startTime': _now()},
        }
        if 'query' in configuration:
            configuration['jobType'] = 'QUERY'
            self._query(project, configuration, job)
        elif 'extract' in configuration:
            configuration['jobType'] = 'EXTRACT'
            self._extract(configuration['extract'])
        else:
            raise exceptions.BadRequest('this stand-in does queries and extracts only')
        job['statistics']['endTime'] = _now()
        if not configuration.get('dryRun'):
            self.known[reference['jobId']] = job
        return job

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            NotFound: There is none.
        """
        if job_id not in self.known:
            raise exceptions.NotFound(
                f'Not found: Job {LOCATION}.{job_id}', errors=[{'reason': 'notFound'}]
            )
        return self.known[job_id]

    def _query(self, project: str, configuration: dict[str, Any], job: Job) -> None:
        query = configuration['query']
        if query.get('useLegacySql', True):
            raise exceptions.BadRequest('this stand-in knows no legacy SQL')
        engine, parameters = Engine(self.tables), parameters_of(query)
        statistics = job['statistics']
        if configuration.get('dryRun'):
            checked = engine.check(query['query'], parameters)
            statistics |= _statistics(checked)
            statistics['query']['schema'] = {'fields': _fields(checked)}
            return
        checked = engine.check(query['query'], parameters)
        billed = _billed(checked)
        if (most := int(query.get('maximumBytesBilled', billed))) < billed:
            raise exceptions.BadRequest(
                f'Query exceeded limit for bytes billed: {most}. {billed} or higher required.',
                errors=[{'reason': 'bytesBilledLimitExceeded'}],
            )
        destination = query.get('destinationTable') or table_id(
            f'{project}.{ANONYMOUS}.anon{uuid.uuid4().hex}'
        )
        query['destinationTable'] = destination
        statistics |= _statistics(checked)
        statistics['query'] |= {
            'cacheHit': False,
            'totalBytesBilled': str(billed),
            'schema': {'fields': _fields(checked)},
        }
        try:
            _, made = engine.run(query['query'], parameters)
        except exceptions.BadRequest as error:
            # What goes wrong in a row is told of the job, and not of its insertion.
            fault = {'reason': 'invalidQuery', 'message': error.message, 'location': 'query'}
            job['status'] |= {'errorResult': fault, 'errors': [fault]}
            return
        disposition = query.get('writeDisposition', 'WRITE_EMPTY')
        self.tables.make(name_of(destination), made, disposition)

    def _extract(self, extract: dict[str, Any]) -> None:
        if extract.get('destinationFormat') != 'AVRO':
            raise exceptions.BadRequest('this stand-in extracts to AVRO only')
        table = Engine(self.tables).read(name_of(extract['sourceTable']))
        schema = fastavro.parse_schema(avro_schema(table.columns))
        rows = ({k: avro_value(v) for k, v in row.items()} for row in table.rows.to_pylist())
        content = io.BytesIO()
        fastavro.writer(content, schema, rows, codec='deflate')
        for uri in extract['destinationUris']:
            bucket, _, name = uri.removeprefix('gs://').partition('/')
            self.write(bucket, name.replace('*', '000000000000'), content.getvalue())

    def results(self, job_id: str, start: int, most: int) -> tuple[Job, Any, list[Any]]:
        """Return a query job, its columns, and some of its rows.

        Raises:
            NotFound: There is no such job, or its table is gone.
            BadRequest: It ended with an error.
        """
        job = self.get(job_id)
        if fault := job['status'].get('errorResult'):
            raise exceptions.BadRequest(fault['message'], errors=[fault])
        name = name_of(job['configuration']['query']['destinationTable'])
        if name not in self.tables.made:
            raise not_found(f'Table {name}')
        made = self.tables.made[name]
        return job, made, made.rows.slice(start, most).to_pylist()


def _fields(checked: Checked) -> list[dict[str, str]]:
    return [schema_field(name, type_) for name, type_ in checked.columns.items()]


def _statistics(checked: Checked) -> dict[str, Any]:
    size = str(checked.bytes)
    query = {
        'totalBytesProcessed': size,
        'referencedTables': references(checked.tables),
        'statementType': 'SELECT',
    }
    return {'totalBytesProcessed': size, 'query': query}


def _billed(checked: Checked) -> int:
    """Return the bytes on the bill: whole megabytes, at least ten for each table."""
    least = 10 * MEGABYTE * len(checked.tables)
    return max(least, -(-checked.bytes // MEGABYTE) * MEGABYTE)


def _now() -> str:
    return str(int(time.time() * 1000))
