"""Faults and calls over HTTP, for processes other than the one that has the stand-ins."""

from dataclasses import asdict

from google.api_core import exceptions

from tests.fakes.http import Request, Response
from tests.fakes.metadata import Metadata
from tests.fakes.world import World

PREFIX = '/fakes/'


class Control:
    """`/fakes/faults` (GET, POST a `Fault`, DELETE) and `/fakes/calls` (GET).

    On the port of the metadata server, which gets all other requests: `SLUICE_FAKES` names it.
    """

    hosts = Metadata.hosts
    open = True

    def __init__(self, world: World) -> None:
        """Stand in.

        Args:
            world: has the faults.
        """
        self._faults = world.faults
        self._metadata = Metadata(world)

    def handle(self, request: Request) -> Response:
        """Set, list or forget faults; list calls."""
        if not request.path.startswith(PREFIX):
            return self._metadata.handle(request)
        match request.method, request.path.removeprefix(PREFIX):
            case 'GET', 'faults':
                return Response({'faults': self._faults.listed()})
            case 'POST', 'faults':
                try:
                    return Response(asdict(self._faults.add(**request.json())))
                except (TypeError, ValueError) as error:
                    raise exceptions.BadRequest(str(error)) from None
            case 'DELETE', 'faults':
                self._faults.clear()
                return Response({})
            case 'GET', 'calls':
                named = self._faults.named(request.query.get('method', '*'))
                return Response({'calls': [asdict(call) for call in named]})
        raise exceptions.NotFound(f'{request.method} {request.path}: known are faults and calls')
