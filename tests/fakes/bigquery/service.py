"""BigQuery's REST API, and Storage Read beside it."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from google.api_core import exceptions

from tests.fakes.bigquery.jobs import Jobs
from tests.fakes.bigquery.messages import check
from tests.fakes.bigquery.read import StorageRead
from tests.fakes.bigquery.tables import LOCATION, Tables, not_found
from tests.fakes.bigquery.values import json_value, name_of, schema_field, table_id
from tests.fakes.http import Request, Response
from tests.fakes.storage.objects import Buckets
from tests.fakes.world import World

PREFIX = '/bigquery/v2/projects/'

PAGE_ROWS = 10_000

REASONS = {
    400: 'invalid', 401: 'authError', 403: 'accessDenied', 404: 'notFound', 409: 'duplicate',
    429: 'rateLimitExceeded', 500: 'internalError', 501: 'notImplemented', 503: 'backendError',
}  # fmt: skip
"""Status -> reason that clients look at; they try `backendError` again."""

_ROUTES = (
    ('jobs.insert', 'POST', '{}/jobs'),
    ('jobs.get', 'GET', '{}/jobs/{}'),
    ('jobs.cancel', 'POST', '{}/jobs/{}/cancel'),
    ('jobs.query', 'POST', '{}/queries'),
    ('jobs.getQueryResults', 'GET', '{}/queries/{}'),
    ('datasets.list', 'GET', '{}/datasets'),
    ('datasets.insert', 'POST', '{}/datasets'),
    ('datasets.get', 'GET', '{}/datasets/{}'),
    ('datasets.delete', 'DELETE', '{}/datasets/{}'),
    ('tables.list', 'GET', '{}/datasets/{}/tables'),
    ('tables.get', 'GET', '{}/datasets/{}/tables/{}'),
    ('tables.delete', 'DELETE', '{}/datasets/{}/tables/{}'),
    ('tabledata.list', 'GET', '{}/datasets/{}/tables/{}/data'),
)

_NAMED_REASON = re.compile(r'([a-z]+[A-Z][A-Za-z]+): (.*)')


class BigQuery:
    """BigQuery over files; methods are named as the API does: `bigquery.jobs.insert`.

    A fault whose message begins with one of BigQuery's reasons (`quotaExceeded: …`) has it.
    """

    hosts = ('bigquery.googleapis.com', 'bigquerystorage.googleapis.com')
    open = False

    def __init__(self, world: World) -> None:
        """Stand in.

        Args:
            world: has the folders; `bigquery/tables.json` under its root names files for tables.
        """
        self.faults = world.faults
        self.tables = Tables(world.root)
        buckets = Buckets(world.root)
        self._jobs = Jobs(self.tables, buckets.write)
        self._read = StorageRead(self.tables, world.faults)
        self.methods = self._read.methods
        self._routes = [
            (name, method, re.compile(PREFIX + path.replace('{}', '([^/]+)')))
            for name, method, path in _ROUTES
        ]

    def handle(self, request: Request) -> Response:
        """Answer a request, or refuse it as the service does."""
        for name, method, pattern in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                method_of_api: Callable[..., Response] = getattr(self, name.replace('.', '_'))
                action = partial(_ignoring_fault, method_of_api, request, *match.groups())
                told = {'names': match.groups(), 'query': dict(request.query)}
                if request.body:
                    told['body'] = request.json()
                try:
                    return self.faults.call(f'bigquery.{name}', told, action)
                except exceptions.GoogleAPICallError as error:
                    raise _with_reason(error) from None
        raise exceptions.NotFound(f'{request.method} {request.path}: not of this stand-in')

    def jobs_insert(self, request: Request, project: str) -> Response:
        """Do a job."""
        asked = request.json()
        check('Job', asked)
        return Response(self._jobs.insert(project, asked))

    def jobs_get(self, request: Request, project: str, job: str) -> Response:
        """Return a job."""
        return Response(self._jobs.get(job))

    def jobs_cancel(self, request: Request, project: str, job: str) -> Response:
        """Cancel a job: it is done already."""
        return Response({'kind': 'bigquery#jobCancelResponse', 'job': self._jobs.get(job)})

    def jobs_query(self, request: Request, project: str) -> Response:
        """Run a query, and return its first rows."""
        asked = request.json()
        check('QueryRequest', asked)
        configuration: dict[str, Any] = {
            'query': {
                key: asked[key]
                for key in ('query', 'useLegacySql', 'queryParameters', 'parameterMode',
                            'maximumBytesBilled', 'useQueryCache', 'defaultDataset')
                if key in asked
            },
        }  # fmt: skip
        configuration |= {key: asked[key] for key in ('labels', 'dryRun') if key in asked}
        location = asked.get('location', LOCATION)
        job = self._jobs.insert(
            project, {'configuration': configuration, 'jobReference': {'location': location}}
        )
        if asked.get('dryRun'):
            statistics = job['statistics']
            return Response(
                {
                    'kind': 'bigquery#queryResponse',
                    'jobComplete': True,
                    'jobReference': {'projectId': project, 'location': LOCATION},
                    'schema': statistics['query']['schema'],
                    'totalBytesProcessed': statistics['totalBytesProcessed'],
                }
            )
        return self._rows(job['jobReference']['jobId'], asked, 'bigquery#queryResponse')

    def jobs_getQueryResults(self, request: Request, project: str, job: str) -> Response:
        """Return rows of a query job."""
        return self._rows(job, dict(request.query), 'bigquery#getQueryResultsResponse')

    def _rows(self, job_id: str, asked: dict[str, Any], kind: str) -> Response:
        start = int(asked.get('pageToken') or asked.get('startIndex') or 0)
        most = min(int(asked.get('maxResults', PAGE_ROWS)), PAGE_ROWS)
        job, made, rows = self._jobs.results(job_id, start, most)
        statistics = job['statistics']['query']
        answer = {
            'kind': kind,
            'jobComplete': True,
            'jobReference': job['jobReference'],
            'schema': {'fields': [schema_field(n, t) for n, t in made.columns.items()]},
            'totalRows': str(len(made.rows)),
            'totalBytesProcessed': statistics['totalBytesProcessed'],
            'cacheHit': False,
        }
        return Response(answer | _page(rows, start, len(made.rows)))

    def datasets_list(self, request: Request, project: str) -> Response:
        """List the datasets that were made."""
        found = [about for (owner, _), about in self.tables.datasets.items() if owner == project]
        return Response({'kind': 'bigquery#datasetList', 'datasets': found})

    def datasets_insert(self, request: Request, project: str) -> Response:
        """Make a dataset."""
        asked = request.json()
        check('Dataset', asked)
        name = asked['datasetReference']['datasetId']
        if self.tables.has_dataset(project, name):
            raise exceptions.Conflict(f'Already Exists: Dataset {project}:{name}')
        made = {'kind': 'bigquery#dataset', 'id': f'{project}:{name}', 'location': LOCATION} | asked
        self.tables.datasets[project, name] = made
        return Response(made)

    def datasets_get(self, request: Request, project: str, dataset: str) -> Response:
        """Return a dataset."""
        self.tables.check_dataset(project, dataset)
        plain = {
            'kind': 'bigquery#dataset',
            'id': f'{project}:{dataset}',
            'datasetReference': {'projectId': project, 'datasetId': dataset},
            'location': LOCATION,
        }
        return Response(self.tables.datasets.get((project, dataset), plain))

    def datasets_delete(self, request: Request, project: str, dataset: str) -> Response:
        """Remove a dataset that was made."""
        if (project, dataset) not in self.tables.datasets:
            raise not_found(f'Dataset {project}:{dataset}')
        held = [n for n in self.tables.made if n.startswith(f'{project}.{dataset}.')]
        if held and request.query.get('deleteContents', '').lower() != 'true':
            raise exceptions.BadRequest(
                f'Dataset {project}:{dataset} is still in use', errors=[{'reason': 'resourceInUse'}]
            )
        for name in held:
            del self.tables.made[name]
        del self.tables.datasets[project, dataset]
        return Response(status=204)

    def tables_list(self, request: Request, project: str, dataset: str) -> Response:
        """List the tables of a dataset."""
        self.tables.check_dataset(project, dataset)
        names = [*self.tables.files(), *self.tables.made]
        found = [
            {'kind': 'bigquery#table', 'tableReference': table_id(n), 'type': 'TABLE'}
            for n in names
            if n.startswith(f'{project}.{dataset}.')
        ]
        listed = {'kind': 'bigquery#tableList', 'tables': found, 'totalItems': len(found)}
        return Response(listed)

    def tables_get(self, request: Request, project: str, dataset: str, table: str) -> Response:
        """Return a table."""
        return Response(self.tables.resource(f'{project}.{dataset}.{table}'))

    def tables_delete(self, request: Request, project: str, dataset: str, table: str) -> Response:
        """Remove a table that a query made."""
        name = f'{project}.{dataset}.{table}'
        if name not in self.tables.made:
            raise not_found(f'Table {project}:{dataset}.{table}')
        del self.tables.made[name]
        return Response(status=204)

    def tabledata_list(self, request: Request, project: str, dataset: str, table: str) -> Response:
        """Return rows of a table that a query made."""
        name = name_of({'projectId': project, 'datasetId': dataset, 'tableId': table})
        if name not in self.tables.made:
            raise not_found(f'Table {project}:{dataset}.{table}')
        rows = self.tables.made[name].rows
        start = int(request.query.get('pageToken') or request.query.get('startIndex') or 0)
        most = min(int(request.query.get('maxResults', PAGE_ROWS)), PAGE_ROWS)
        listed = {'kind': 'bigquery#tableDataList', 'totalRows': str(len(rows))}
        return Response(listed | _page(rows.slice(start, most).to_pylist(), start, len(rows)))


def _ignoring_fault(action: Callable[..., Response], request: Request, *rest: Any) -> Response:
    *names, _ = rest
    return action(request, *names)


def _page(rows: list[dict[str, Any]], start: int, total: int) -> dict[str, Any]:
    page: dict[str, Any] = {
        'rows': [{'f': [{'v': json_value(value)} for value in row.values()]} for row in rows]
    }
    if rows and start + len(rows) < total:
        page['pageToken'] = str(start + len(rows))
    return page


def _with_reason(error: exceptions.GoogleAPICallError) -> exceptions.GoogleAPICallError:
    if error.errors:
        return error
    if match := _NAMED_REASON.match(error.message):
        reason, message = match.groups()
        code = error.code if reason in ('backendError', 'internalError') else 403
        return exceptions.from_http_status(int(code or 403), message, errors=[{'reason': reason}])
    code = int(error.code or 500)
    reason = REASONS.get(code, 'invalid')
    return exceptions.from_http_status(code, error.message, errors=[{'reason': reason}])
