"""The metadata server of a machine on Google Cloud: who am I, in which project, and a token."""

from typing import Any

from google.api_core import exceptions

from tests.fakes.http import TOKEN, Request, Response
from tests.fakes.world import NUMBER, World

FLAVOR = {'Metadata-Flavor': 'Google'}
ACCOUNTS = 'instance/service-accounts/'
SCOPE = 'https://www.googleapis.com/auth/cloud-platform'


class Metadata:
    """Answers on a port of this machine, which `GCE_METADATA_HOST` names."""

    hosts = ('127.0.0.1', 'localhost', 'metadata.google.internal')
    open = True

    def __init__(self, world: World) -> None:
        """Stand in.

        Args:
            world: names the project.
        """
        self._world = world
        self.email = f'stand-in@{world.project}.iam.gserviceaccount.com'

    def handle(self, request: Request) -> Response:
        """Answer as the metadata server does, which wants its own header."""
        path = request.path.strip('/')
        if not path:
            return Response(b'computeMetadata/\n', headers=FLAVOR)
        if request.headers.get('metadata-flavor') != 'Google':
            raise exceptions.Forbidden('Missing Metadata-Flavor:Google header.')
        name = path.removeprefix('computeMetadata/v1').strip('/')
        call = self._world.faults.call
        return call('metadata.token' if name.endswith('/token') else 'metadata.get', name,
                    lambda _: self._answer(name, request))  # fmt: skip

    def _answer(self, name: str, request: Request) -> Response:
        plain = {
            'project/project-id': self._world.project,
            'project/numeric-project-id': NUMBER,
            'instance/zone': f'projects/{NUMBER}/zones/us-central1-a',
            'instance/region': f'projects/{NUMBER}/regions/us-central1',
            'instance/attributes/cluster-name': None,
            'universe/universe-domain': 'googleapis.com',
            'universe/universe_domain': 'googleapis.com',
            'instance/service-accounts': f'default/\n{self.email}/\n',
        }
        if value := plain.get(name):
            return Response(value.encode(), headers=FLAVOR | {'Content-Type': 'application/text'})
        account, _, wanted = name.removeprefix(ACCOUNTS).partition('/')
        if not name.startswith(ACCOUNTS) or account not in ('default', self.email):
            raise exceptions.NotFound(f'{name} is not there')
        about: dict[str, Any] = {
            'aliases': ['default'], 'email': self.email, 'scopes': [SCOPE],
        }  # fmt: skip
        match wanted:
            case '' if 'recursive' in request.query:
                return Response(about, headers=FLAVOR)
            case '':
                return Response(b'aliases\nemail\nidentity\nscopes\ntoken\n', headers=FLAVOR)
            case 'email':
                return Response(self.email.encode(), headers=FLAVOR)
            case 'scopes':
                return Response(SCOPE.encode(), headers=FLAVOR)
            case 'token':
                token = {'access_token': TOKEN, 'expires_in': 3599, 'token_type': 'Bearer'}
                return Response(token, headers=FLAVOR)
        raise exceptions.NotFound(f'{name} is not there')
