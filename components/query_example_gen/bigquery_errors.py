"""What BigQuery's client raises, in one line that says what to do."""

import re

from google.api_core.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    GoogleAPICallError,
    GoogleAPIError,
    NotFound,
    RetryError,
    TooManyRequests,
    Unauthorized,
)
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from pydantic import ByteSize
from requests.exceptions import RequestException

FAULTS = (GoogleAPIError, GoogleAuthError, RequestException, OSError)
"""What the client raises: OSError when it finds no project, or no network."""

_REQUEST = re.compile(r'^(GET|POST|PUT|PATCH|DELETE) \S+: ')
_PLACE = re.compile(r' at \[(\d+):(\d+)\]')

_LIMITS = {
    'quotaExceeded': 'wait until the quota is filled again, or ask for a larger one',
    'rateLimitExceeded': 'wait a little and try again',
    'RESOURCE_EXHAUSTED': 'wait a little and try again',
    'billingNotEnabled': 'enable billing for the project, or set data.project',
    'bytesBilledLimitExceeded': 'BigQuery bills at least 10 MB a table; raise '
    'data.max_bytes_billed',
    'responseTooLarge': 'a result without a table of its own is at most 10 GB; set data.engine: '
    'stock',
    'resourcesExceeded': 'sort or join less at once; an ORDER BY of all rows is done by one worker',
}
"""Reason of an error -> what to do."""


def explain(error: Exception) -> str:
    """Say what the client raised in one line, its key path first."""
    if isinstance(error, RetryError) and isinstance(error.cause, Exception):
        error = error.cause
    if isinstance(error, DefaultCredentialsError):
        return (
            'data.query: BigQuery cannot be asked: there are no Google Cloud credentials; run '
            '`gcloud auth application-default login`, or name local files in data.local'
        )
    if isinstance(error, RefreshError | Unauthorized):
        return (
            f'data.query: BigQuery cannot be asked: the credentials are refused: {_text(error)}; '
            'run `gcloud auth application-default login`'
        )
    if type(error) is OSError and 'Project' in str(error):
        return (
            'data.project: BigQuery cannot be asked: no project is known; set data.project, or '
            'GOOGLE_CLOUD_PROJECT'
        )
    if isinstance(error, GoogleAPICallError):
        return f'data.query: {_refused(error)}'
    return f'data.query: BigQuery cannot be reached: {_text(error)}; check the network'


def readable(count: int) -> str:
    """Return a number of bytes as people write it: `1.2 TB`."""
    return ByteSize(count).human_readable(decimal=True, separator=' ')


def _refused(error: GoogleAPICallError) -> str:
    text, reason = _text(error), _reason(error)
    if (fix := _LIMITS.get(reason)) is not None:
        return f'BigQuery stops at a limit: {text}; {fix}'
    match error:
        case NotFound():
            return f'BigQuery does not find it: {text}; check names, data.project and data.location'
        case Forbidden():
            return (
                f'BigQuery does not allow it: {text}; grant roles/bigquery.jobUser on the project '
                'and roles/bigquery.dataViewer on the tables, and roles/bigquery.readSessionUser'
            )
        case TooManyRequests():
            return f'BigQuery stops at a limit: {text}; {_LIMITS["rateLimitExceeded"]}'
        case BadRequest() | Conflict():
            if found := _PLACE.search(text):
                place = f'SQL line {found[1]}, column {found[2]}: '
                return f'{place}{_PLACE.sub("", text)}'
            return f'BigQuery refuses the query: {text}'
        case _:
            return f'BigQuery cannot be reached: {text}; try again later'


def _reason(error: GoogleAPICallError) -> str:
    for detail in error.errors or ():
        if isinstance(detail, dict) and (reason := detail.get('reason')):
            return str(reason)
    status = getattr(error, 'grpc_status_code', None)
    return status.name if status else ''


def _text(error: Exception) -> str:
    """Return the first line of what an error says, without the request that was sent."""
    told = error.message if isinstance(error, GoogleAPICallError) else str(error)
    lines = [line.strip() for line in str(told).splitlines() if line.strip()]
    first = _REQUEST.sub('', lines[0]) if lines else type(error).__name__
    return first.rstrip('.')[:300]
