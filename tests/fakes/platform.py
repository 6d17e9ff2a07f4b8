"""What is asked of a project before anything is run: APIs, permissions, images, quota, logs."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from google.api_core import exceptions

from tests.fakes.http import Request, Response
from tests.fakes.world import World


class Platform:
    """Service Usage, Resource Manager, Artifact Registry and Cloud Logging, as far as asked.

    Attributes:
        disabled: APIs that are not enabled.
        denied: permissions that the caller doesn't have.
        images: `project/repository/image` -> digests and tags.
        limits: region -> accelerators that may be used.
        logged: job -> lines, oldest first.
    """

    hosts = (
        'serviceusage.googleapis.com',
        'cloudresourcemanager.googleapis.com',
        'logging.googleapis.com',
        '*-docker.pkg.dev',
    )
    open = False

    def __init__(self, world: World) -> None:
        """Stand in.

        Args:
            world: has the faults.
        """
        self._faults = world.faults
        self.disabled: set[str] = set()
        self.denied: set[str] = set()
        self.images: dict[str, set[str]] = {}
        self.limits: dict[str, int] = {}
        self.logged: dict[str, list[str]] = {}

    def handle(self, request: Request) -> Response:
        """Answer a call."""
        routes: dict[str, Callable[..., Any]] = {
            r'/v1/projects/[^/]+/services:batchGet': self._services,
            r'/v1/projects/[^/]+:testIamPermissions': self._permissions,
            r'/v2/entries:list': self._entries,
            r'/v2/(.+)/manifests/([^/]+)': self._manifest,
            r'/v1beta1/projects/[^/]+/services/[^/]+/consumerQuotaMetrics/(.+)': self._quota,
        }
        for pattern, answer in routes.items():
            if match := re.fullmatch(pattern, request.path):
                name = answer.__name__.strip('_')
                done = partial(answer, request, *match.groups())
                return self._faults.call(f'platform.{name}', request.path, partial(_answered, done))
        raise exceptions.NotFound(f'{request.method} {request.path}: not of this stand-in')

    def _services(self, request: Request) -> dict[str, Any]:
        from pipeline.cloud.errors import APIS

        states = {api: 'DISABLED' if api in self.disabled else 'ENABLED' for api in APIS}
        return {'services': [{'name': f'x/services/{a}', 'state': s} for a, s in states.items()]}

    def _permissions(self, request: Request) -> dict[str, Any]:
        asked = request.json()['permissions']
        return {'permissions': [p for p in asked if p not in self.denied]}

    def _entries(self, request: Request) -> dict[str, Any]:
        asked = request.json()
        if not asked.get('resourceNames'):
            raise exceptions.InvalidArgument('At least one resource name is required.')
        jobs = re.findall(r'"(\d+)"', asked['filter'])
        lines = [line for job in jobs for line in self.logged.get(job, [])]
        entries = [
            {'timestamp': f'2026-01-31T03:00:{n:02}Z', 'severity': 'ERROR', 'textPayload': line}
            for n, line in enumerate(lines)
        ]
        return {'entries': entries[::-1][: asked['pageSize']]}

    def _manifest(self, request: Request, image: str, reference: str) -> dict[str, Any]:
        if reference not in self.images.get(image, ()):
            raise exceptions.NotFound(f'manifest unknown: {image}:{reference}')
        return {'schemaVersion': 2}

    def _quota(self, request: Request, metric: str) -> dict[str, Any]:
        buckets = [
            {'effectiveLimit': str(limit), 'dimensions': {'region': region}}
            for region, limit in self.limits.items()
        ]
        return {'metric': metric, 'consumerQuotaLimits': [{'quotaBuckets': buckets}]}


def _answered(done: Callable[[], dict[str, Any]], fault: object) -> Response:
    return Response(done())
