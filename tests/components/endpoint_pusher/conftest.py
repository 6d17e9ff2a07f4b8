"""An endpoint in a universe of stand-ins, and pushes to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.endpoint_pusher.cloud import Cloud
from components.endpoint_pusher.rollout import Outcome, Rollout
from components.endpoint_pusher.settings import EndpointPush, EndpointTerms
from components.endpoint_pusher.smoke import Smoke
from tests.fakes.universe import Universe
from tests.fakes.vertex.service import Vertex

PATIENT, HASTY = 30.0, 0.7
"""Seconds that a call may take; the second where one is to take too long."""


class Place:
    """A project with stand-ins, and what is done there."""

    def __init__(self, universe: Universe, **endpoint: Any) -> None:
        self.universe, self.faults = universe, universe.faults
        self.vertex: Vertex = universe.services['Vertex']
        self.vertex.operations.seconds = 0.02
        self.terms = EndpointTerms(
            name='births',
            task='regression',
            split='eval',
            project='rehearsal',
            region='us-central1',
            image='image:1',
            labels={'team': 'growth'},
            endpoint=EndpointPush(keep_versions=2, canary_percent=50, **endpoint),
        )
        self.said: list[str] = []
        self.call_seconds = PATIENT

    def rollout(self) -> Rollout:
        cloud = Cloud(self.terms, self.call_seconds, poll_seconds=0.02)
        return Rollout(cloud, self.terms, self.said.append)

    def model(self, number: int, answers: float | None = None) -> str:
        """Make a model that answers with its number; return its folder."""
        uri = f'gs://bucket/model-{number}'
        folder = self.universe.world.buckets / uri.removeprefix('gs://')
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'saved_model.pb').write_bytes(b'')
        given = number if answers is None else answers
        self.vertex.predictions.answers[uri] = lambda rows: [{'prediction': [given]} for _ in rows]
        return uri

    def smoke(self, number: int) -> Smoke:
        return Smoke('prediction', ({'x': 1},) * 3, (float(number),) * 3, 1e-4)

    def push(self, number: int, answers: float | None = None) -> Outcome:
        """Push the model of a number."""
        uri = self.model(number, answers)
        return self.rollout().push(uri, f'key-{number}', self.smoke(number))

    def back(self, to: str | None = None) -> Outcome:
        """Roll back."""

        def smoke_of(uri: str) -> Smoke:
            return self.smoke(int(uri.rpartition('-')[2]))

        return self.rollout().back(to, smoke_of)

    def state(self) -> dict[str, Any]:
        """Return all that there is: endpoints with what they serve, and versions."""
        self.vertex.operations.settle()
        endpoints = {}
        for endpoint in self.vertex.endpoints.all():
            deployed = {d.id: d.model_version_id for d in endpoint.deployed_models}
            split = {deployed[i]: p for i, p in endpoint.traffic_split.items()}
            name = endpoint.name.rpartition('/')[2]
            endpoints[name] = {'deployed': sorted(deployed.values()), 'split': split}
        return {'endpoints': endpoints, 'versions': self.versions()}

    def versions(self) -> dict[str, dict[str, Any]]:
        return {
            m.version_id: {'aliases': list(m.version_aliases), 'labels': dict(m.labels)}
            for m in sorted(self.vertex.models.all(), key=lambda m: int(m.version_id))
        }


@pytest.fixture
def universe(tmp_path: Path) -> Iterator[Universe]:
    with Universe(tmp_path / 'cloud') as opened, opened.here():
        yield opened


@pytest.fixture
def place(universe: Universe) -> Place:
    return Place(universe)
