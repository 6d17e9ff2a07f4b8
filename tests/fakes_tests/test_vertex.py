from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1
from google.protobuf.field_mask_pb2 import FieldMask

from tests.fakes.universe import Universe
from tests.fakes.vertex.service import Vertex

PARENT = 'projects/rehearsal/locations/us-central1'
HOST = {'api_endpoint': 'us-central1-aiplatform.googleapis.com'}


def deployed_model(model: str, machine: str = 'n1-standard-2') -> v1.DeployedModel:
    resources = v1.DedicatedResources(
        machine_spec=v1.MachineSpec(machine_type=machine), min_replica_count=1
    )
    return v1.DeployedModel(model=model, dedicated_resources=resources)


class Clients:
    """The two clients, and the calls that most tests begin with."""

    def __init__(self, universe: Universe) -> None:
        self.models = v1.ModelServiceClient(client_options=HOST)
        self.endpoints = v1.EndpointServiceClient(client_options=HOST)
        self.predictions = v1.PredictionServiceClient(client_options=HOST)
        self.vertex: Vertex = universe.services['Vertex']
        self._buckets = universe.world.buckets

    def upload(self, parent: str = '', answer: float = 1.0, **more: Any) -> str:
        uri = f'gs://bucket/model-{answer}'
        folder = self._buckets / uri.removeprefix('gs://')
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'saved_model.pb').write_bytes(b'')
        self.vertex.predictions.answers[uri] = lambda instances: [answer] * len(instances)
        spec = {'image_uri': 'image:1', 'predict_route': '/predict'}
        model = {'display_name': 'births', 'artifact_uri': uri, 'container_spec': spec} | more
        request = {'parent': PARENT, 'parent_model': parent, 'model': model}
        done = self.models.upload_model(request).result()
        return f'{done.model}@{done.model_version_id}'

    def endpoint(self) -> str:
        made = self.endpoints.create_endpoint(
            parent=PARENT, endpoint=v1.Endpoint(display_name='births')
        )
        return made.result().name

    def deploy(
        self, endpoint: str, model: str, split: dict[str, int], machine: str = 'n1-standard-2'
    ):
        deployed = deployed_model(model, machine)
        operation = self.endpoints.deploy_model(
            endpoint=endpoint, deployed_model=deployed, traffic_split=split
        )
        return operation.result().deployed_model.id


@pytest.fixture
def clients(universe: Universe) -> Iterator[Clients]:
    yield Clients(universe)


def test_versions_lie_under_one_model_and_aliases_move(clients: Clients):
    first = clients.upload(version_aliases=['live'], labels={'run': 'a'})
    base, _, number = first.partition('@')
    assert number == '1'
    assert clients.models.get_model(name=base).version_aliases == ['default', 'live']
    second = clients.upload(base, version_aliases=['live'])
    assert second == f'{base}@2'
    assert clients.models.get_model(name=f'{base}@live').version_id == '2'
    assert clients.models.get_model(name=base).version_id == '1'
    clients.models.merge_version_aliases(name=second, version_aliases=['default', '-live'])
    assert clients.models.get_model(name=base).version_aliases == ['default']
    listed = clients.models.list_model_versions(name=base)
    assert [(m.version_id, list(m.version_aliases)) for m in listed] == [
        ('1', []), ('2', ['default']),
    ]  # fmt: skip
    found = clients.models.list_models(request={'parent': PARENT, 'filter': 'labels.run=a'})
    assert list(found) == []
    named = {'parent': PARENT, 'filter': 'display_name="births"'}
    assert [m.version_id for m in clients.models.list_models(request=named)] == ['2']


def test_versions_that_are_needed_stay(clients: Clients):
    first = clients.upload()
    base = first.partition('@')[0]
    with pytest.raises(exceptions.FailedPrecondition, match='only version'):
        clients.models.delete_model_version(name=first)
    second = clients.upload(base)
    with pytest.raises(exceptions.FailedPrecondition, match='default version'):
        clients.models.delete_model_version(name=first)
    endpoint = clients.endpoint()
    deployed = clients.deploy(endpoint, second, {'0': 100})
    with pytest.raises(exceptions.FailedPrecondition, match='is deployed'):
        clients.models.delete_model_version(name=second)
    with pytest.raises(exceptions.FailedPrecondition, match='is deployed'):
        clients.models.delete_model(name=base)
    with pytest.raises(exceptions.FailedPrecondition, match='has deployed models'):
        clients.endpoints.delete_endpoint(name=endpoint)
    clients.endpoints.undeploy_model(endpoint=endpoint, deployed_model_id=deployed).result()
    clients.models.delete_model_version(name=second).result()
    clients.models.delete_model(name=base).result()
    clients.endpoints.delete_endpoint(name=endpoint).result()
    with pytest.raises(exceptions.NotFound):
        clients.models.get_model(name=base)
    with pytest.raises(exceptions.NotFound):
        clients.endpoints.get_endpoint(name=endpoint)


def test_traffic_is_split_among_what_is_deployed(clients: Clients):
    old, new = clients.upload(answer=1), clients.upload(answer=2)
    endpoint = clients.endpoint()
    with pytest.raises(exceptions.FailedPrecondition, match="doesn't have traffic_split"):
        clients.predictions.predict(endpoint=endpoint, instances=[{}])
    one = clients.deploy(endpoint, old, {'0': 100})
    with pytest.raises(exceptions.InvalidArgument, match='add up to 100, not 90'):
        clients.deploy(endpoint, new, {'0': 10, one: 80})
    with pytest.raises(exceptions.InvalidArgument, match='not of the Endpoint'):
        clients.deploy(endpoint, new, {'0': 10, '77': 90})
    two = clients.deploy(endpoint, new, {'0': 30, one: 70})
    assert dict(clients.endpoints.get_endpoint(name=endpoint).traffic_split) == {one: 70, two: 30}
    answers = [
        clients.predictions.predict(endpoint=endpoint, instances=[{'x': 1}]) for _ in range(100)
    ]
    share = [a.deployed_model_id for a in answers].count(two)
    assert 15 < share < 45
    assert {(a.deployed_model_id, *a.predictions) for a in answers} == {(one, 1.0), (two, 2.0)}
    with pytest.raises(exceptions.FailedPrecondition, match='70 % of the traffic'):
        clients.endpoints.undeploy_model(endpoint=endpoint, deployed_model_id=one)
    clients.endpoints.update_endpoint(
        endpoint=v1.Endpoint(name=endpoint, traffic_split={two: 100}),
        update_mask=FieldMask(paths=['traffic_split']),
    )
    clients.endpoints.undeploy_model(endpoint=endpoint, deployed_model_id=one).result()
    left = clients.endpoints.get_endpoint(name=endpoint)
    assert ([d.id for d in left.deployed_models], dict(left.traffic_split)) == ([two], {two: 100})


@pytest.mark.parametrize(
    ('machine', 'message'), [('n1-standard-3', 'not supported for prediction'), ('', 'required')]
)
def test_machines_that_there_are_not_are_refused(clients: Clients, machine: str, message: str):
    model, endpoint = clients.upload(), clients.endpoint()
    with pytest.raises(exceptions.InvalidArgument, match=message):
        clients.deploy(endpoint, model, {'0': 100}, machine)


def test_what_is_not_there_is_refused(clients: Clients):
    endpoint = clients.endpoint()
    with pytest.raises(exceptions.NotFound, match='Model does not exist'):
        clients.deploy(endpoint, f'{PARENT}/models/7', {'0': 100})
    with pytest.raises(exceptions.InvalidArgument, match='No object is found'):
        clients.upload(artifact_uri='gs://bucket/nothing')
    with pytest.raises(exceptions.InvalidArgument, match='display_name is required'):
        clients.upload(display_name='')
    with pytest.raises(exceptions.InvalidArgument, match='Invalid label'):
        clients.upload(labels={'Run': 'x'})
    with pytest.raises(exceptions.InvalidArgument, match='Invalid version alias'):
        clients.upload(version_aliases=['7'])
    with pytest.raises(exceptions.InvalidArgument, match='Invalid filter'):
        clients.endpoints.list_endpoints(request={'parent': PARENT, 'filter': 'colour=red'})
    with pytest.raises(exceptions.NotFound):
        clients.endpoints.undeploy_model(endpoint=endpoint, deployed_model_id='7')


def test_the_same_over_rest_and_unknown_fields_are_refused(universe: Universe, clients: Clients):
    import requests

    from tests.fakes.http import TOKEN

    host = f'https://us-central1-aiplatform.googleapis.com/v1/{PARENT}'
    token = {'Authorization': f'Bearer {TOKEN}'}
    rest = v1.EndpointServiceClient(transport='rest', client_options=HOST)
    name = rest.create_endpoint(parent=PARENT, endpoint=v1.Endpoint(display_name='a')).result().name
    assert clients.endpoints.get_endpoint(name=name).display_name == 'a'
    wrong = requests.post(f'{host}/endpoints', json={'displayNam': 'x'}, headers=token)
    assert wrong.status_code == 400
    assert 'displayNam' in wrong.json()['error']['message']
    wrong = requests.post(f'{host}/endpoints', json={'displayName': 7}, headers=token)
    assert wrong.json()['error']['status'] == 'INVALID_ARGUMENT'
    assert requests.get(f'{host}/nonsense', headers=token).status_code == 404
    assert requests.get(f'{host}/endpoints').status_code == 401


def test_an_operation_takes_its_time_fails_and_is_cancelled(universe: Universe, clients: Clients):
    model, endpoint = clients.upload(), clients.endpoint()
    universe.faults.add('DeployModel', code='RESOURCE_EXHAUSTED', in_operation=True)
    with pytest.raises(exceptions.ResourceExhausted):
        clients.deploy(endpoint, model, {'0': 100})
    assert not clients.endpoints.get_endpoint(name=endpoint).deployed_models
    clients.vertex.operations.seconds = 60
    deployed = deployed_model(model)
    operation = clients.endpoints.deploy_model(endpoint=endpoint, deployed_model=deployed)
    assert not operation.done()
    operation.cancel()
    with pytest.raises(exceptions.Cancelled):
        operation.result()
    assert not clients.endpoints.get_endpoint(name=endpoint).deployed_models


def test_models_and_endpoints_outlive_the_stand_ins(tmp_path: Path):
    found = []
    for turn in range(2):
        with Universe(tmp_path) as opened, opened.here():
            clients = Clients(opened)
            if not turn:
                clients.deploy(clients.endpoint(), clients.upload(labels={'a': 'b'}), {'0': 100})
            (endpoint,) = clients.endpoints.list_endpoints(parent=PARENT)
            (model,) = clients.models.list_models(parent=PARENT)
            found.append((endpoint, model))
    assert found[0] == found[1]


def test_the_sdk_uploads_deploys_predicts_and_undeploys(clients: Clients):
    from google.cloud import aiplatform

    clients.upload(answer=3)
    aiplatform.init(project='rehearsal', location='us-central1')
    model = aiplatform.Model.upload(
        display_name='a', artifact_uri='gs://bucket/model-3', serving_container_image_uri='i:1',
        serving_container_predict_route='/predict', serving_container_health_route='/health',
    )  # fmt: skip
    endpoint = aiplatform.Endpoint.create(display_name='e')
    model.deploy(endpoint=endpoint, machine_type='n1-standard-2', traffic_percentage=100)
    assert endpoint.predict(instances=[{'x': 1}]).predictions == [3]
    endpoint.undeploy_all()
    endpoint.delete()
    model.delete()
