"""EndpointPusher's executor: a real model, and the real server behind Vertex's API."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from google.cloud import aiplatform_v1 as v1

from components.endpoint_pusher.kept import kept_smoke
from tests.components.endpoint_pusher.conftest import Place

ROOT = Path(__file__).parents[3]


def push(place: Place, blessed: bool = True, answered: float = 2.0, model: int = 0) -> Any:
    """Push a model that doubles ages; the Evaluator has seen `answered` times the age."""
    (place.universe.world.buckets / 'bucket').mkdir(exist_ok=True)
    terms = place.terms.model_dump_json()
    arguments = [terms, str(blessed), str(answered), str(model)]
    ran = subprocess.run(
        [sys.executable, '-m', 'tests.components.endpoint_pusher.child', *arguments],
        env=place.universe.environ(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_a_model_that_is_not_blessed_touches_nothing(place: Place):
    assert push(place, blessed=False)['pushed'] == 0
    assert place.state() == {'endpoints': {}, 'versions': {}}
    others = [c.method for c in place.faults.calls if not c.method.startswith(('storage', 'meta'))]
    assert not others


@pytest.mark.slow
def test_a_blessed_model_serves_on_the_endpoint_and_answers_as_evaluated(place: Place):
    place.vertex.operations.seconds = 0
    pushed = push(place)
    assert (pushed['pushed'], pushed['version']) == (1, '1')
    assert place.state()['endpoints'] == {'births': {'deployed': ['1'], 'split': {'1': 100}}}
    smoke = kept_smoke(pushed['uri'])
    assert len(smoke.instances) == 20
    assert any(row['age'] is None for row in smoke.instances)
    client = v1.PredictionServiceClient(
        client_options={'api_endpoint': 'us-central1-aiplatform.googleapis.com'}
    )
    instances: list[Any] = [{'age': 21, 'name': 'né'}]
    answer = client.predict(endpoint=pushed['destination'], instances=instances, timeout=60)
    assert json.loads(v1.PredictResponse.to_json(answer))['predictions'] == [
        {'prediction': [42.0], 'label': ['Né']}
    ]
    error = push(place, answered=3.0, model=1)['error']
    assert 'from the endpoint and' in error
    assert error.endswith('as evaluated; version 1 serves on')
    assert place.state()['endpoints'] == {'births': {'deployed': ['1'], 'split': {'1': 100}}}
    (container,) = place.vertex.predictions.running.values()
    process = psutil.Process(container.pid)
    assert 'serving' in process.cmdline()
    place.vertex.stop()
    assert not process.is_running()
