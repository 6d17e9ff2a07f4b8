"""The service of credentials: whether the machine's account is held to some regions; it is not."""

import re

from google.api_core import exceptions

from tests.fakes.http import Request, Response
from tests.fakes.world import World

PLACES = re.compile(r'/v1/projects/-/serviceAccounts/[^/]+/allowedLocations')


class Credentials:
    """Answers what Google's clients ask beside a token."""

    hosts = ('iamcredentials.googleapis.com',)
    open = False

    def __init__(self, world: World) -> None:
        """Stand in.

        Args:
            world: has the faults.
        """
        self._faults = world.faults

    def handle(self, request: Request) -> Response:
        """Say that all regions are allowed."""
        if not PLACES.fullmatch(request.path):
            raise exceptions.NotFound(f'{request.method} {request.path}: not of this stand-in')
        answer = Response({'encodedLocations': '0x0'})
        return self._faults.call('iam.allowedLocations', request.path, lambda _: answer)
