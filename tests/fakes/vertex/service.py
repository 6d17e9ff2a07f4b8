"""Vertex AI: its services behind one name of a host."""

from typing import Any

from google.cloud import aiplatform_v1 as v1
from google.cloud.aiplatform_v1.services.endpoint_service.transports import (
    rest_base as endpoint_rest,
)
from google.cloud.aiplatform_v1.services.job_service.transports import rest_base as job_rest
from google.cloud.aiplatform_v1.services.model_service.transports import rest_base as model_rest
from google.cloud.aiplatform_v1.services.pipeline_service.transports import (
    rest_base as pipeline_rest,
)
from google.cloud.aiplatform_v1.services.prediction_service.transports import (
    rest_base as prediction_rest,
)
from google.cloud.aiplatform_v1.services.schedule_service.transports import (
    rest_base as schedule_rest,
)

from tests.fakes.http import Request, Response
from tests.fakes.rpc import Method, RestFace, gapic_methods
from tests.fakes.vertex.endpoints import Endpoints
from tests.fakes.vertex.jobs import Jobs
from tests.fakes.vertex.models import Models
from tests.fakes.vertex.operations import Operations
from tests.fakes.vertex.pipelines import Pipelines
from tests.fakes.vertex.predictions import Predictions
from tests.fakes.vertex.schedules import Schedules
from tests.fakes.world import World

PACKAGE = 'google.cloud.aiplatform.v1'


class Vertex:
    """All of them; each part has its methods under the names that the API gives them.

    Attributes:
        operations: those that were started.
        models: the model registry.
        endpoints: the endpoints.
        predictions: the containers.
        jobs: what is trained in worker pools.
        pipelines: the runs of pipelines.
        schedules: what starts them.
    """

    hosts = ('*aiplatform.googleapis.com',)
    open = False

    def __init__(self, world: World) -> None:
        """Stand in.

        Args:
            world: has the folders.
        """
        self.faults = world.faults
        self.operations = Operations(world)
        self.models = Models(world, self.operations)
        self.endpoints = Endpoints(world, self.operations, self.models)
        self.predictions = Predictions(world, self.endpoints)
        self.jobs = Jobs(world, self.operations)
        self.pipelines = Pipelines(world, self.operations)
        self.schedules = Schedules(world, self.operations, self.pipelines)
        self.methods: list[Method] = [
            *self.operations.methods,
            *_methods(self.models, model_rest._BaseModelServiceRestTransport),
            *_methods(self.endpoints, endpoint_rest._BaseEndpointServiceRestTransport),
            *_methods(self.jobs, job_rest._BaseJobServiceRestTransport),
            *_methods(self.pipelines, pipeline_rest._BasePipelineServiceRestTransport),
            *_methods(self.schedules, schedule_rest._BaseScheduleServiceRestTransport),
            *_methods(self.predictions, prediction_rest._BasePredictionServiceRestTransport),
        ]
        self._rest = RestFace(self.methods, self.faults)

    def handle(self, request: Request) -> Response:
        """Answer a call over REST."""
        return self._rest.handle(request)

    def stop(self) -> None:
        """End the containers and the jobs."""
        self.predictions.stop()
        self.jobs.stop()


def _methods(part: Any, transport: type) -> list[Method]:
    return gapic_methods(f'{PACKAGE}.{part.NAME}', v1, transport, part)
