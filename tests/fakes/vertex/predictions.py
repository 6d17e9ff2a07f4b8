"""Vertex's predictions: what the deployed model's own container answers."""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import Request, build_opener

from google.api import httpbody_pb2
from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1
from google.protobuf import json_format

from tests.fakes.vertex.endpoints import Endpoints
from tests.fakes.world import World

ROOT = Path(__file__).parents[3]
START_SECONDS, STOP_SECONDS, ANSWER_SECONDS = 180, 10, 120
MOST_BYTES = 1_500_000
"""Of a request or an answer, as Vertex has it for public endpoints."""

_open = build_opener().open


class Container:
    """A serving container as a process: `python -m serving`, told what Vertex tells it."""

    def __init__(self, model: v1.Model, env: Mapping[str, str]) -> None:
        """Start it, whatever its image is called.

        Args:
            model: names the SavedModel and the routes.
            env: environment of the process.
        """
        spec = model.container_spec
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port: int = probe.getsockname()[1]
        self.predict_route = spec.predict_route or '/predict'
        self.health_route = spec.health_route or '/health'
        self._log: IO[bytes] = TemporaryFile()  # noqa: SIM115 (closed when it is stopped)
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH', '')]))
        told = {e.name: e.value for e in spec.env} | {
            'AIP_STORAGE_URI': model.artifact_uri,
            'AIP_HTTP_PORT': str(self.port),
            'AIP_HEALTH_ROUTE': self.health_route,
            'AIP_PREDICT_ROUTE': self.predict_route,
            'SLUICE_HOST': '127.0.0.1',
            'PYTHONPATH': path,
        }
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'serving'],
            env={**env, **told},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until it is healthy.

        Raises:
            FailedPrecondition: It has ended, or takes too long.
        """
        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            try:
                if self.ask(self.health_route)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self._log.seek(0)
        said = self._log.read()[-500:].decode(errors='replace')
        raise exceptions.FailedPrecondition(
            f'Model server never became ready. Please validate that your model file or container '
            f'configuration are valid. It said: {said}'
        )

    def ask(self, route: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Ask it over HTTP; return the status and the answer."""
        asked = Request(
            f'http://127.0.0.1:{self.port}{route}',
            data=body,
            headers={'Content-Type': 'application/json'},
        )
        try:
            with _open(asked, timeout=ANSWER_SECONDS) as response:
                return response.status, response.read()
        except HTTPError as error:
            return error.code, error.read()

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class Predictions:
    """Asks the container of a model that the split chooses.

    Attributes:
        answers: Python functions in place of containers, by artifact URI, for tests that are about
            something else: they get instances and return predictions.
        running: containers by id of the deployed model; they start when the model is deployed.
    """

    NAME = 'PredictionService'

    def __init__(self, world: World, endpoints: Endpoints) -> None:
        """Have no containers yet.

        Args:
            world: has what containers need to know.
            endpoints: say what is deployed.
        """
        self._world, self._endpoints = world, endpoints
        self.answers: dict[str, Any] = {}
        self.running: dict[str, Container] = {}
        self._lock = threading.Lock()
        self._choose = random.Random(0)
        endpoints.starts, endpoints.stops = self._deploy, self._undeploy

    def Predict(self, request: v1.PredictRequest) -> v1.PredictResponse:
        """Return a prediction for each instance."""
        if request._pb.ByteSize() > MOST_BYTES:
            raise exceptions.InvalidArgument('Request payload size exceeds the limit: 1.5 MB.')
        model, deployed = self._chosen(request.endpoint)
        instances = [json_format.MessageToDict(i) for i in request._pb.instances]
        asked: dict[str, Any] = {'instances': instances}
        if request._pb.HasField('parameters'):
            asked['parameters'] = json_format.MessageToDict(request._pb.parameters)
        status, text = self._ask(model, deployed, json.dumps(asked).encode())
        if status != 200:
            raise exceptions.from_http_status(status, text.decode(errors='replace'))
        answer = v1.PredictResponse(
            deployed_model_id=deployed.id, model=model.name, model_version_id=model.version_id,
            model_display_name=model.display_name,
        )  # fmt: skip
        for prediction in json.loads(text)['predictions']:
            json_format.ParseDict(prediction, answer._pb.predictions.add())
        return answer

    def RawPredict(self, request: v1.RawPredictRequest) -> httpbody_pb2.HttpBody:
        """Pass a body on as it is."""
        model, deployed = self._chosen(request.endpoint)
        status, text = self._ask(model, deployed, request.http_body.data)
        if status != 200:
            raise exceptions.from_http_status(status, text.decode(errors='replace'))
        return httpbody_pb2.HttpBody(content_type='application/json', data=text)

    def stop(self) -> None:
        """End all containers."""
        for deployed in list(self.running):
            self._undeploy(deployed)

    def _chosen(self, name: str) -> tuple[v1.Model, v1.DeployedModel]:
        endpoint = self._endpoints.endpoint(name)
        split = dict(endpoint.traffic_split)
        if not split:
            raise exceptions.FailedPrecondition(f"Endpoint {name} doesn't have traffic_split.")
        (wanted,) = self._choose.choices(list(split), list(split.values()))
        deployed = next(d for d in endpoint.deployed_models if d.id == wanted)
        model = self._endpoints.model(deployed)
        return model, deployed

    def _ask(self, model: v1.Model, deployed: v1.DeployedModel, body: bytes) -> tuple[int, bytes]:
        if function := self.answers.get(model.artifact_uri):
            predictions = function(json.loads(body)['instances'])
            return 200, json.dumps({'predictions': predictions}).encode()
        with self._lock:
            if deployed.id not in self.running:  # the stand-ins were started again since
                self._start(model, deployed.id)
        container = self.running[deployed.id]
        return container.ask(container.predict_route, body)

    def _deploy(self, model: v1.Model, deployed: str) -> Callable[[], None] | None:
        if model.artifact_uri in self.answers:
            return None
        return lambda: self._start(model, deployed)

    def _start(self, model: v1.Model, deployed: str) -> None:
        container = Container(model, {**os.environ, **self._world.env})
        self.running[deployed] = container
        try:
            container.wait()
        except BaseException:
            self._undeploy(deployed)
            raise

    def _undeploy(self, deployed: str) -> None:
        if container := self.running.pop(deployed, None):
            container.stop()
