"""A project and a region of Google Cloud, and the clients that talk to it.

Clients are imported and made only once the host is known to be there: so a command without a
network ends in seconds. They speak REST, which goes through any proxy.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.cloud.errors import CloudError, explain, faults
from pipeline.cloud.reach import check_reachable, known_project, within

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient
    from google.cloud.aiplatform_v1.services.schedule_service import ScheduleServiceClient

T = TypeVar('T')

SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
CREDENTIALS_SECONDS = 2.0
"""For credentials to be found and a token to be had."""

CALL_SECONDS = 30.0
"""For one call."""


@dataclass(frozen=True)
class Connection:
    """Credentials for a project, and a region of Vertex.

    Attributes:
      project: Id of the project.
      region: Region of Vertex.
      credentials: Google's.
    """

    project: str
    region: str
    credentials: Any

    @property
    def parent(self) -> str:
        """What runs and schedules are in."""
        return f'projects/{self.project}/locations/{self.region}'

    @cached_property
    def pipelines(self) -> 'PipelineServiceClient':
        """The client for runs."""
        from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient

        return PipelineServiceClient(**self._of_vertex)

    @cached_property
    def schedules(self) -> 'ScheduleServiceClient':
        """The client for schedules."""
        from google.cloud.aiplatform_v1.services.schedule_service import ScheduleServiceClient

        return ScheduleServiceClient(**self._of_vertex)

    @cached_property
    def session(self) -> 'AuthorizedSession':
        """A session for services that no client is installed for."""
        from google.auth.transport.requests import AuthorizedSession

        return AuthorizedSession(self.credentials)

    @property
    def _of_vertex(self) -> dict[str, Any]:
        from google.api_core.client_options import ClientOptions

        options = ClientOptions(api_endpoint=vertex_host(self.region))
        return {'credentials': self.credentials, 'transport': 'rest', 'client_options': options}

    def call(self, doing: str, method: Callable[..., T], request: object) -> T:
        """Call a method of a client once.

        Args:
          doing: What it does, for the error: `start the run`.
          method: The method.
          request: What it gets.

        Raises:
          CloudError: Google refuses, or can't be reached.
        """
        with told(doing):
            return method(request=request, timeout=CALL_SECONDS, retry=None)

    def get(self, doing: str, url: str, body: object = None) -> dict[str, Any]:
        """Ask a service over plain REST.

        Args:
          doing: What it does, for the error.
          url: Of the method.
          body: JSON that is posted; None: it is a GET.

        Raises:
          CloudError: Google refuses, or can't be reached.
        """
        from google.api_core import exceptions

        with told(doing):
            verb = 'GET' if body is None else 'POST'
            answer = self.session.request(verb, url, json=body, timeout=CALL_SECONDS)
            if not answer.ok:
                raise exceptions.from_http_response(answer)
            found: dict[str, Any] = answer.json()
            return found


def connect(doing: str, project: str | None, region: str) -> Connection:
    """Find credentials, and see that Vertex can be reached, in a few seconds.

    Args:
      doing: What for, for the error.
      project: Id of the project; None: that of the environment or the credentials.
      region: Region of Vertex.

    Raises:
      CloudError: There is no network, no credentials, or no project.
    """
    try:
        check_reachable(vertex_host(region))
    except CloudError as error:
        raise CloudError(f'cannot {doing}: {error}') from None
    with told(doing):
        credentials, found = _credentials()
    project = project or known_project() or found
    if not project:
        raise CloudError(f'cannot {doing}: no project is known; set vertex.project or --project')
    return Connection(project, region, credentials)


def _credentials() -> tuple[Any, str | None]:
    """Return credentials with a token, and the project that they are of.

    Raises:
      DefaultCredentialsError: There are none.
      RefreshError: There are, and no token is given for them.
    """
    from google.auth import default
    from google.auth.exceptions import DefaultCredentialsError, RefreshError
    from google.auth.transport.requests import Request

    try:
        credentials, project = within(CREDENTIALS_SECONDS, lambda: default(scopes=[SCOPE]))
    except TimeoutError:
        # It asks for a metadata server last, which is there in Google Cloud only.
        raise DefaultCredentialsError('none were found') from None
    try:
        within(CREDENTIALS_SECONDS, lambda: credentials.refresh(Request()))
    except TimeoutError:
        raise RefreshError('no token in time') from None
    return credentials, project


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Say what Google's clients raise in one line.

    Raises:
      CloudError: They raised something.
    """
    try:
        yield
    except CloudError:
        raise
    except faults() as error:
        raise CloudError(explain(error, doing)) from error


def vertex_host(region: str) -> str:
    """Return the name of the host that has Vertex in a region."""
    return f'{region}-aiplatform.googleapis.com'
