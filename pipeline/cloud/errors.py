"""What Google's clients raise, in one line that says what to do."""

import re
from typing import Any

APIS = {
    'aiplatform.googleapis.com': 'Vertex AI',
    'storage.googleapis.com': 'Cloud Storage',
    'logging.googleapis.com': 'Cloud Logging',
    'bigquery.googleapis.com': 'BigQuery',
    'artifactregistry.googleapis.com': 'Artifact Registry',
}
LOGIN = 'run `gcloud auth application-default login`'

_REQUEST = re.compile(r'^(GET|POST|PUT|PATCH|DELETE) \S+: ')
_DISABLED = re.compile(r'has not been used in project|is disabled|SERVICE_DISABLED')
_API = re.compile(r'([a-z]+\.googleapis\.com)')
_PERMISSION = re.compile(r"[Pp]ermission '?([a-z]+\.[A-Za-z.]+)'?")


class CloudError(Exception):
    """Google Cloud can't do what was asked; one line that says why, and the fix."""


def explain(error: Exception, doing: str) -> str:
    """Say in one line what a client raised.

    Args:
      error: What was raised.
      doing: What was asked, to begin with: `start the run`.
    """
    from google.api_core import exceptions
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError

    text = _text(error)
    match error:
        case DefaultCredentialsError():
            why = f'there are no Google Cloud credentials; {LOGIN}'
        case exceptions.Unauthorized() | RefreshError():
            why = f'the credentials are refused: {text}; {LOGIN}'
        case GoogleAuthError():
            why = f'no token could be had: {text}; check the network, or {LOGIN}'
        case exceptions.Forbidden() if _DISABLED.search(text):
            api = _API.search(text)
            name = api[1] if api else 'aiplatform.googleapis.com'
            why = (
                f'the API of {APIS.get(name, name)} is not enabled; '
                f'run `gcloud services enable {name}`'
            )
        case exceptions.Forbidden():
            named = _PERMISSION.search(text)
            missing = named[1].rstrip('.') if named else 'the permission'
            why = f'it is not allowed: {text}; grant {missing} (docs/permissions.md)'
        case exceptions.NotFound():
            why = f'it is not there: {text}; check project, region and name'
        case exceptions.AlreadyExists():
            why = f'it is there already: {text}'
        case exceptions.TooManyRequests():
            why = f'a quota is used up: {text}; wait, or ask for a larger one'
        case exceptions.DeadlineExceeded() | exceptions.RetryError():
            why = f'Google Cloud did not answer in time: {text}; try again'
        case exceptions.ClientError():
            why = f'Google Cloud refuses: {text}'
        case exceptions.ServerError():
            why = f'Google Cloud fails: {text}; try again later'
        case _:
            why = f'Google Cloud cannot be reached: {text}; check the network'
    return f'cannot {doing}: {why}'


def faults() -> tuple[type[Exception], ...]:
    """Return what Google's clients raise: OSError where there is no project or no network."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    return GoogleAPIError, GoogleAuthError, RequestException, OSError


def _text(error: Any) -> str:
    """Return the first line of what an error says, without the request that was sent."""
    told = getattr(error, 'message', None) or str(error)
    lines = [line.strip() for line in str(told).splitlines() if line.strip()]
    return _REQUEST.sub('', lines[0])[:300].rstrip('.') if lines else type(error).__name__
