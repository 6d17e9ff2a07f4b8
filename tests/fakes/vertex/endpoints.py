"""Vertex's endpoints: what is deployed there, and who gets the traffic."""

import re
from collections.abc import Callable, Mapping

from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from tests.fakes.vertex.labels import check_labels
from tests.fakes.vertex.machines import check_machine
from tests.fakes.vertex.models import Models
from tests.fakes.vertex.operations import Operations
from tests.fakes.vertex.resources import Resources, page
from tests.fakes.world import World

NEW = '0'
"""What a split calls the model that is just being deployed."""


class Endpoints:
    """Endpoints; a model is deployed, or undeployed, by an operation."""

    NAME = 'EndpointService'

    def __init__(self, world: World, operations: Operations, models: Models) -> None:
        """Use those that are there.

        Args:
            world: has the folders.
            operations: get those that are started.
            models: can be deployed.
        """
        self._operations, self._models = operations, models
        self._endpoints: Resources[v1.Endpoint] = Resources(world, 'endpoints', v1.Endpoint)
        self.starts: Callable[[v1.Model, str], Callable[[], None] | None] = lambda model, id_: None
        """Returns what starts a model's container, and raises if it can't; gets the id."""
        self.stops: Callable[[str], None] = lambda deployed: None
        """Ends the container of a deployed model, by its id."""
        models.deployed = self._places

    def endpoint(self, name: str) -> v1.Endpoint:
        """Return an endpoint.

        Raises:
            NotFound: There is none of the name.
        """
        self._operations.settle()
        return self._endpoints.get(name)

    def all(self) -> list[v1.Endpoint]:
        """Return all endpoints."""
        self._operations.settle()
        return self._endpoints.all()

    def model(self, deployed: v1.DeployedModel) -> v1.Model:
        """Return the version that is deployed."""
        return self._models.version(f'{deployed.model}@{deployed.model_version_id}')

    def CreateEndpoint(self, request: v1.CreateEndpointRequest) -> operations_pb2.Operation:
        """Make an endpoint, with nothing deployed."""
        endpoint = v1.Endpoint(request.endpoint)
        if not endpoint.display_name:
            raise exceptions.InvalidArgument('Endpoint.display_name is required.')
        if endpoint.deployed_models or endpoint.traffic_split:
            raise exceptions.InvalidArgument(
                'deployed_models and traffic_split cannot be set when an Endpoint is created.'
            )
        check_labels(endpoint.labels)
        name = self._endpoints.new_name(request.parent, request.endpoint_id)

        def finish() -> v1.Endpoint:
            endpoint.name = name
            endpoint.create_time = endpoint.update_time = _now()
            return self._put(endpoint)

        return self._operations.start(name, v1.CreateEndpointOperationMetadata(), finish)

    def GetEndpoint(self, request: v1.GetEndpointRequest) -> v1.Endpoint:
        """Return an endpoint."""
        return self.endpoint(request.name)

    def ListEndpoints(self, request: v1.ListEndpointsRequest) -> v1.ListEndpointsResponse:
        """List endpoints."""
        self._operations.settle()
        fields = ('name', 'display_name', 'endpoint')
        found, token = page(self._endpoints.all(request.parent), request, fields)
        return v1.ListEndpointsResponse(endpoints=found, next_page_token=token)

    def UpdateEndpoint(self, request: v1.UpdateEndpointRequest) -> v1.Endpoint:
        """Change the split, or what is said of an endpoint."""
        endpoint = self.endpoint(request.endpoint.name)
        if not request.update_mask.paths:
            raise exceptions.InvalidArgument('update_mask is required.')
        if request.endpoint.etag and request.endpoint.etag != endpoint.etag:
            raise exceptions.Aborted('The etag does not match the Endpoint; it was changed since.')
        for path in request.update_mask.paths:
            if path not in ('display_name', 'description', 'labels', 'traffic_split'):
                raise exceptions.InvalidArgument(f'Field {path!r} of an Endpoint is not updated.')
            setattr(endpoint, path, getattr(request.endpoint, path))
        check_labels(endpoint.labels)
        if 'traffic_split' in request.update_mask.paths:
            _check_split(endpoint, dict(endpoint.traffic_split))
        return self._put(endpoint)

    def DeleteEndpoint(self, request: v1.DeleteEndpointRequest) -> operations_pb2.Operation:
        """Remove an endpoint that has nothing deployed."""
        _refuse_used(self.endpoint(request.name))

        def finish() -> empty_pb2.Empty:
            _refuse_used(self._endpoints.get(request.name))
            self._endpoints.remove(request.name)
            return empty_pb2.Empty()

        return self._operations.start(request.name, v1.DeleteOperationMetadata(), finish)

    def DeployModel(self, request: v1.DeployModelRequest) -> operations_pb2.Operation:
        """Deploy a model's version, and split the traffic."""
        endpoint = self.endpoint(request.endpoint)
        deployed = v1.DeployedModel(request.deployed_model)
        if not deployed.model:
            raise exceptions.InvalidArgument('DeployedModel.model is required.')
        model = self._models.version(deployed.model)
        resources = deployed.dedicated_resources
        if not resources.machine_spec.machine_type:
            raise exceptions.InvalidArgument(
                'dedicated_resources.machine_spec.machine_type is required: the Model does not '
                'support automatic resources.'
            )
        check_machine(resources.machine_spec)
        if resources.min_replica_count < 1:
            raise exceptions.InvalidArgument('min_replica_count must be at least 1.')
        resources.max_replica_count = resources.max_replica_count or resources.min_replica_count
        if resources.max_replica_count < resources.min_replica_count:
            raise exceptions.InvalidArgument('max_replica_count is below min_replica_count.')
        ids = {d.id for d in endpoint.deployed_models}
        if deployed.id in ids or (deployed.id and not re.fullmatch('[0-9]{1,10}', deployed.id)):
            raise exceptions.InvalidArgument(f'Invalid or used deployed model ID: {deployed.id!r}')
        asked = dict(request.traffic_split)
        own = deployed.id or _new_id(endpoint)
        _check_split(endpoint, {k: v for k, v in asked.items() if k not in (NEW, own)}, asked)
        deployed.id = own
        deployed.model, deployed.model_version_id = model.name, model.version_id

        def finish() -> v1.DeployModelResponse:
            now = self._endpoints.get(request.endpoint)
            self._models.version(f'{model.name}@{model.version_id}')
            split = {own if k == NEW else k: v for k, v in asked.items()}
            others = {k: v for k, v in split.items() if k != own}
            _check_split(now, others, split)
            deployed.create_time = _now()
            now.deployed_models.append(deployed)
            if split:
                now.traffic_split = _positive(split)
            self._put(now)
            return v1.DeployModelResponse(deployed_model=deployed)

        metadata = v1.DeployModelOperationMetadata()
        work = self.starts(model, own)
        return self._operations.start(request.endpoint, metadata, finish, work)

    def UndeployModel(self, request: v1.UndeployModelRequest) -> operations_pb2.Operation:
        """Undeploy what gets no traffic, or the last one."""
        endpoint, gone = self.endpoint(request.endpoint), request.deployed_model_id
        _after_undeploy(endpoint, gone, dict(request.traffic_split))

        def finish() -> v1.UndeployModelResponse:
            now = self._endpoints.get(request.endpoint)
            split = _after_undeploy(now, gone, dict(request.traffic_split))
            now.deployed_models = [d for d in now.deployed_models if d.id != gone]
            now.traffic_split = split
            self._put(now)
            self.stops(gone)
            return v1.UndeployModelResponse()

        metadata = v1.UndeployModelOperationMetadata()
        return self._operations.start(request.endpoint, metadata, finish)

    def _put(self, endpoint: v1.Endpoint) -> v1.Endpoint:
        endpoint.update_time = at = _now()
        endpoint.etag = str(at.ToNanoseconds())
        endpoint.traffic_split = _positive(dict(endpoint.traffic_split))
        return self._endpoints.put(endpoint)

    def _places(self, model: str, version: str) -> list[v1.DeployedModelRef]:
        return [
            v1.DeployedModelRef(endpoint=endpoint.name, deployed_model_id=deployed.id)
            for endpoint in self._endpoints.all()
            for deployed in endpoint.deployed_models
            if (deployed.model, deployed.model_version_id) == (model, version)
        ]


def _check_split(
    endpoint: v1.Endpoint, split: Mapping[str, int], whole: Mapping[str, int] | None = None
) -> None:
    """Refuse a split that names what is not deployed, or that isn't 100 % together."""
    whole = split if whole is None else whole
    unknown = set(split) - {d.id for d in endpoint.deployed_models}
    if unknown:
        raise exceptions.InvalidArgument(
            f'Traffic split names deployed models that are not of the Endpoint: {sorted(unknown)}'
        )
    if whole and (sum(whole.values()) != 100 or min(whole.values()) < 0):
        raise exceptions.InvalidArgument(
            f'The traffic percentages must add up to 100, not {sum(whole.values())}.'
        )


def _after_undeploy(endpoint: v1.Endpoint, gone: str, asked: Mapping[str, int]) -> dict[str, int]:
    """Return the split that is left once a model is gone."""
    left = {d.id for d in endpoint.deployed_models} - {gone}
    if len(left) == len(endpoint.deployed_models):
        raise exceptions.NotFound(f'DeployedModel {gone} is not found in {endpoint.name}')
    if not left:
        return {}
    if asked:
        _check_split(endpoint, asked)
    split = _positive(dict(asked or endpoint.traffic_split))
    if gone in split:
        raise exceptions.FailedPrecondition(
            f'DeployedModel {gone} has {split[gone]} % of the traffic; give it to others first.'
        )
    return split


def _positive(split: Mapping[str, int]) -> dict[str, int]:
    return {k: v for k, v in split.items() if v}


def _refuse_used(endpoint: v1.Endpoint) -> None:
    if endpoint.deployed_models:
        raise exceptions.FailedPrecondition(
            f'Endpoint {endpoint.name} has deployed models; undeploy them first.'
        )


def _new_id(endpoint: v1.Endpoint) -> str:
    return str(_now().ToNanoseconds() + len(endpoint.deployed_models))


def _now() -> Timestamp:
    at = Timestamp()
    at.GetCurrentTime()
    return at
