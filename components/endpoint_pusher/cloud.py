"""The calls to Vertex that a push makes; each waits until what it starts is over."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from google.api_core import exceptions
from google.api_core.operation import Operation
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import aiplatform_v1 as v1
from google.longrunning import operations_pb2
from google.protobuf import json_format, struct_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from components.endpoint_pusher.errors import CloudError
from components.endpoint_pusher.settings import EndpointTerms

CALL_SECONDS = 60.0
SHORT_SECONDS = 900.0
"""Time for operations that bring up no machine."""

POLL_SECONDS = 5.0
PORT = 8080
TRIES = 5
"""Of what must be done to put things back."""

LIVE, DEFAULT = 'live', 'default'
"""Aliases of the version that serves; the second is Vertex's own."""

NEW = '0'
"""What a split calls the model that is just being deployed."""

Split = Mapping[str, int]


class Cloud:
    """Vertex, as far as one recipe's model and endpoint go."""

    def __init__(
        self,
        terms: EndpointTerms,
        call_seconds: float = CALL_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        deploy_seconds: float | None = None,
    ) -> None:
        """Make the clients; nothing is called yet.

        Args:
            terms: name project, region, model and endpoint.
            call_seconds: time for a call.
            poll_seconds: time between two looks at an operation.
            deploy_seconds: time for a deployment; by default as the terms say.

        Raises:
            CloudError: There are no credentials.
        """
        host = {'api_endpoint': f'{terms.region}-aiplatform.googleapis.com'}
        with _told('credentials'):
            self._models = v1.ModelServiceClient(client_options=host)
            self._endpoints = v1.EndpointServiceClient(client_options=host)
            self._predictions = v1.PredictionServiceClient(client_options=host)
        self._terms = terms
        self._poll, self._deploy_seconds = poll_seconds, deploy_seconds
        self._once: dict[str, Any] = {'timeout': call_seconds, 'retry': None}
        # What only reads is asked again while the service is away.
        again = Retry(
            if_exception_type(exceptions.ServiceUnavailable), initial=0.2, timeout=call_seconds
        )
        self._read: dict[str, Any] = {'timeout': call_seconds, 'retry': again}
        self.parent = f'projects/{terms.project}/locations/{terms.region}'
        self.model = f'{self.parent}/models/{terms.name}'

    def versions(self) -> list[v1.Model]:
        """Return the model's versions, oldest first; none if there is no such model."""
        with _told('ListModelVersions'):
            try:
                found = list(self._models.list_model_versions(name=self.model, **self._read))
            except exceptions.NotFound:
                return []
        return sorted(found, key=lambda version: int(version.version_id))

    def upload(self, uri: str, labels: Mapping[str, str], first: bool) -> str:
        """Upload a version, which no one uses yet; return its id.

        Args:
            uri: folder of the SavedModel.
            labels: say whose it is.
            first: whether there is no model yet that it is a version of.
        """
        terms = self._terms
        container = v1.ModelContainerSpec(
            image_uri=terms.image,
            command=['python', '-m', 'serving'],
            ports=[v1.Port(container_port=PORT)],
            predict_route='/predict',
            health_route='/health',
        )
        model = v1.Model(
            display_name=terms.name, artifact_uri=uri, container_spec=container, labels=labels
        )
        if terms.encryption_key:
            model.encryption_spec = v1.EncryptionSpec(kms_key_name=terms.encryption_key)
        request = v1.UploadModelRequest(parent=self.parent, model=model)
        if first:
            request.model_id = terms.name
        else:
            request.parent_model = self.model
        with _told('UploadModel'):
            operation = self._models.upload_model(request, **self._once)
            response = self._result(operation, SHORT_SECONDS)
        return str(v1.UploadModelResponse.deserialize(response).model_version_id)

    def name(self, version: str, *aliases: str) -> None:
        """Give names to a version, which others lose; one that begins with - is taken away."""
        with _told('MergeVersionAliases'):
            self._models.merge_version_aliases(
                name=f'{self.model}@{version}', version_aliases=list(aliases), **self._once
            )

    def label(self, version: str, labels: Mapping[str, str]) -> None:
        """Replace a version's labels."""
        model = v1.Model(name=f'{self.model}@{version}', labels=labels)
        with _told('UpdateModel'):
            self._models.update_model(
                model=model, update_mask=FieldMask(paths=['labels']), **self._once
            )

    def delete_version(self, version: str) -> None:
        """Delete a version that is not deployed; with the last one, the model goes."""
        versions = {v.version_id: v for v in self.versions()}
        if len(versions) > 1:
            if DEFAULT in versions[version].version_aliases:
                self.name(max(versions.keys() - {version}, key=int), DEFAULT)
            with _told('DeleteModelVersion'):
                name = f'{self.model}@{version}'
                operation = self._models.delete_model_version(name=name, **self._once)
                self._result(operation, SHORT_SECONDS)
        else:
            with _told('DeleteModel'):
                operation = self._models.delete_model(name=self.model, **self._once)
                self._result(operation, SHORT_SECONDS)

    def endpoint(self) -> v1.Endpoint | None:
        """Find the endpoint, by its id or its display name; None: it is not there.

        Raises:
            CloudError: Several have the display name.
        """
        name = self._terms.endpoint_name
        with _told('GetEndpoint'):
            try:
                return self._endpoints.get_endpoint(
                    name=f'{self.parent}/endpoints/{name}', **self._read
                )
            except exceptions.NotFound:
                pass
        with _told('ListEndpoints'):
            request = v1.ListEndpointsRequest(parent=self.parent, filter=f'display_name="{name}"')
            found = list(self._endpoints.list_endpoints(request, **self._read))
        if len(found) > 1:
            ids = ', '.join(endpoint.name.rpartition('/')[2] for endpoint in found)
            raise CloudError(f'{len(found)} endpoints are called {name!r}: {ids}; name one by id')
        return found[0] if found else None

    def create_endpoint(self, labels: Mapping[str, str]) -> None:
        """Make the endpoint, under an id by which it is found again."""
        name = self._terms.endpoint_name
        endpoint = v1.Endpoint(display_name=name, labels=labels)
        if self._terms.encryption_key:
            endpoint.encryption_spec = v1.EncryptionSpec(kms_key_name=self._terms.encryption_key)
        request = v1.CreateEndpointRequest(
            parent=self.parent,
            endpoint=endpoint,
            endpoint_id=name if name[0].isalpha() and name[-1].isalnum() else '',
        )
        with _told('CreateEndpoint'):
            operation = self._endpoints.create_endpoint(request, **self._once)
            self._result(operation, SHORT_SECONDS)

    def delete_endpoint(self, endpoint: str) -> None:
        """Delete an endpoint that has nothing deployed."""
        with _told('DeleteEndpoint'):
            operation = self._endpoints.delete_endpoint(name=endpoint, **self._once)
            self._result(operation, SHORT_SECONDS)

    def deploy(self, endpoint: str, version: str, split: Split) -> None:
        """Deploy a version; `NEW` in the split is its share."""
        asked = self._terms.endpoint
        machine = v1.MachineSpec(machine_type=asked.machine)
        if asked.accelerator:
            machine.accelerator_type = getattr(v1.AcceleratorType, asked.accelerator.type)
            machine.accelerator_count = asked.accelerator.count
        deployed = v1.DeployedModel(
            model=f'{self.model}@{version}',
            display_name=f'{self._terms.name}-{version}',
            service_account=self._terms.service_account or '',
            dedicated_resources=v1.DedicatedResources(
                machine_spec=machine,
                min_replica_count=asked.min_replicas,
                max_replica_count=asked.max_replicas or asked.min_replicas,
            ),
        )
        seconds = self._deploy_seconds or 60.0 * asked.deploy_minutes
        with _told('DeployModel'):
            operation = self._endpoints.deploy_model(
                endpoint=endpoint, deployed_model=deployed, traffic_split=dict(split), **self._once
            )
            self._result(operation, seconds)

    def split(self, endpoint: str, split: Split) -> None:
        """Split the traffic."""
        changed = v1.Endpoint(name=endpoint, traffic_split=dict(split))
        with _told('UpdateEndpoint'):
            self._endpoints.update_endpoint(
                endpoint=changed, update_mask=FieldMask(paths=['traffic_split']), **self._once
            )

    def undeploy(self, endpoint: str, deployed: str) -> None:
        """Undeploy what gets no traffic."""
        with _told('UndeployModel'):
            operation = self._endpoints.undeploy_model(
                endpoint=endpoint, deployed_model_id=deployed, **self._once
            )
            self._result(operation, SHORT_SECONDS)

    def predict(
        self, endpoint: str, instances: Sequence[Mapping[str, Any]]
    ) -> tuple[str, list[Any]]:
        """Ask for predictions; return the id of the deployed model that answered, and what."""
        values = [json_format.ParseDict(i, struct_pb2.Value()) for i in instances]
        with _told('Predict'):
            answer = self._predictions.predict(endpoint=endpoint, instances=values, **self._once)
        pb = v1.PredictResponse.pb(answer)
        return answer.deployed_model_id, [json_format.MessageToDict(p) for p in pb.predictions]

    def settle(self, endpoint: str | None, cancel: bool) -> None:
        """Wait for operations that another try has left running, its answer lost.

        Args:
            endpoint: its name; None: it is not there, or not yet.
            cancel: whether to end them, or to let them end by themselves.
        """
        made = f'{self.parent}/endpoints/{self._terms.endpoint_name}'
        for name in (self.model, endpoint or made):
            with _told('ListOperations'):
                running = self._running(name)
            for operation in running:
                if cancel:
                    with suppress(exceptions.GoogleAPICallError):
                        self._endpoints.cancel_operation(
                            operations_pb2.CancelOperationRequest(name=operation), **self._once
                        )
                with _told('GetOperation'):
                    self._ended(operation, self._deploy_seconds or SHORT_SECONDS)

    def insist(self, action: Callable[[], object]) -> None:
        """Do what must be done, again and again for a while.

        Raises:
            CloudError: It can't be done.
        """
        for tried in range(TRIES):
            try:
                action()
                return
            except CloudError:
                if tried == TRIES - 1:
                    raise
                time.sleep(self._poll * 2**tried)

    def _running(self, name: str) -> list[str]:
        request = operations_pb2.ListOperationsRequest(name=name)
        try:
            listed = self._endpoints.list_operations(request, **self._read)
        except exceptions.NotFound:  # the model is not there yet
            return []
        return [operation.name for operation in listed.operations if not operation.done]

    def _ended(self, operation: str, seconds: float) -> operations_pb2.Operation:
        until = time.monotonic() + seconds
        request = operations_pb2.GetOperationRequest(name=operation)
        while not (found := self._endpoints.get_operation(request, **self._read)).done:
            if time.monotonic() > until:
                raise TimeoutError(f'was not done within {seconds:g} s')
            time.sleep(self._poll)
        return found

    def _result(self, started: Operation, seconds: float) -> bytes:
        """Wait for an operation, and return its response, serialized.

        Not by the client's own waiting, whose calls have no time limit.
        """
        operation = started.operation
        if not operation.done:
            operation = self._ended(operation.name, seconds)
        if operation.HasField('error'):
            error = operation.error
            raise exceptions.from_grpc_status(error.code, error.message)
        return bytes(operation.response.value)


@contextmanager
def _told(call: str) -> Iterator[None]:
    """Say in one line which call went wrong, and how."""
    try:
        yield
    except exceptions.GoogleAPICallError as error:
        status = error.grpc_status_code.name if error.grpc_status_code else error.code
        raise CloudError(f'{call}: {status}: {error.message}') from error
    except (exceptions.GoogleAPIError, GoogleAuthError, TimeoutError) as error:
        raise CloudError(f'{call}: {error}') from error
