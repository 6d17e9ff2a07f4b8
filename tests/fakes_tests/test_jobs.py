"""CustomJobs, through Google's own client."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1

from tests.fakes.universe import Universe

PARENT = 'projects/rehearsal/locations/us-central1'
ENDED = ('JOB_STATE_SUCCEEDED', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED')


@pytest.fixture(params=['grpc', 'rest'])
def client(request: pytest.FixtureRequest, universe: Universe) -> v1.JobServiceClient:
    options = {'api_endpoint': 'us-central1-aiplatform.googleapis.com'}
    return v1.JobServiceClient(client_options=options, transport=request.param)


def pool(code: str, replicas: int = 1, **more: Any) -> dict[str, Any]:
    return {
        'machine_spec': {'machine_type': 'n1-standard-4'},
        'replica_count': replicas,
        'container_spec': {'image_uri': 'image', 'command': ['python', '-c', code]},
        **more,
    }


def job(*pools: Any, **spec: Any) -> dict[str, Any]:
    return {'display_name': 'a job', 'job_spec': {'worker_pool_specs': list(pools), **spec}}


def ended(client: v1.JobServiceClient, name: str) -> v1.CustomJob:
    until = time.monotonic() + 30
    while (found := client.get_custom_job(name=name)).state.name not in ENDED:
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def made(client: v1.JobServiceClient, *pools: Any, **spec: Any) -> v1.CustomJob:
    return client.create_custom_job(parent=PARENT, custom_job=v1.CustomJob(job(*pools, **spec)))


TELL = 'import os; print(os.environ["CLUSTER_SPEC"]); print(os.environ.get("TF_CONFIG"))'


def test_replicas_are_told_of_each_other(client: v1.JobServiceClient, universe: Universe) -> None:
    wait = 'import time; time.sleep(1)\n'
    found = ended(client, made(client, pool(wait + TELL), pool(TELL, replicas=2)).name)
    assert found.state.name == 'JOB_STATE_SUCCEEDED'
    assert found.start_time <= found.end_time
    logs = universe.world.root / 'vertex' / 'logs' / found.name.rpartition('/')[2]
    told = {p.stem: list(map(json.loads, p.read_text().splitlines())) for p in logs.iterdir()}
    assert sorted(told) == ['workerpool0-0', 'workerpool1-0', 'workerpool1-1']
    spec, config = told['workerpool1-1']
    assert spec['task'] == {'type': 'workerpool1', 'index': 1, 'trial': ''}
    assert config['task'] == {'type': 'worker', 'index': 1}
    assert config['cluster']['chief'] == spec['cluster']['workerpool0']
    assert len({*config['cluster']['chief'], *config['cluster']['worker']}) == 3
    assert told['workerpool0-0'][1]['cluster'] == config['cluster']


def test_one_alone_has_no_cluster(client: v1.JobServiceClient, universe: Universe) -> None:
    found = ended(client, made(client, pool(TELL)).name)
    (log,) = (universe.world.root / 'vertex' / 'logs').glob('*/*.log')
    assert log.read_text().splitlines()[1] == 'None'
    assert found.state.name == 'JOB_STATE_SUCCEEDED'


def test_a_worker_that_fails_fails_the_job(client: v1.JobServiceClient) -> None:
    waits = pool('import time; time.sleep(60)')
    found = ended(client, made(client, waits, pool('raise SystemExit(3)')).name)
    assert found.state.name == 'JOB_STATE_FAILED'
    assert 'The replica workerpool1-0 exited with a non-zero status of 3.' in found.error.message
    log = Path(found.error.message.rpartition(': ')[2])
    assert log.is_file()


def test_a_job_that_is_cancelled_leaves_no_process(
    client: v1.JobServiceClient, universe: Universe
) -> None:
    code = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'
    name = made(client, pool(code)).name
    until = time.monotonic() + 20
    logs = universe.world.root / 'vertex' / 'logs'
    while not (said := ''.join(p.read_text() for p in logs.glob('*/*.log'))):
        assert time.monotonic() < until
        time.sleep(0.05)
    client.cancel_custom_job(name=name)
    assert client.get_custom_job(name=name).state.name == 'JOB_STATE_CANCELLED'
    assert not Path(f'/proc/{int(said)}').exists()
    client.delete_custom_job(name=name).result(timeout=20)
    with pytest.raises(exceptions.NotFound):
        client.get_custom_job(name=name)


def test_a_job_that_takes_too_long_fails(client: v1.JobServiceClient) -> None:
    waits = pool('import time; time.sleep(60)')
    found = ended(client, made(client, waits, scheduling={'timeout': '1s'}).name)
    assert found.state.name == 'JOB_STATE_FAILED'
    assert 'longer than its timeout of 1 s' in found.error.message


@pytest.mark.parametrize(
    ('wrong', 'told'),
    [
        (job(), 'at least one is needed'),
        (job(pool('', replicas=2)), 'replica_count of the first worker pool must be 1, not 2'),
        (job(pool('', machine_spec={'machine_type': 'large'})), 'Machine type "large"'),
        (
            job(pool('', machine_spec={'machine_type': 'n1-standard-4', 'accelerator_count': 1})),
            'must be set together',
        ),
        (job(pool('', container_spec={'command': ['x']})), 'container_spec and python_package'),
        ({'job_spec': job(pool(''))['job_spec']}, 'display_name is required'),
    ],
)
def test_what_vertex_refuses_is_refused(
    client: v1.JobServiceClient, wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(exceptions.BadRequest, match=told):
        client.create_custom_job(parent=PARENT, custom_job=v1.CustomJob(wrong))
    assert not list(client.list_custom_jobs(parent=PARENT))


def test_jobs_are_listed_by_what_is_said_of_them(client: v1.JobServiceClient) -> None:
    name = made(client, pool('')).name
    ended(client, name)
    found = client.list_custom_jobs(request={'parent': PARENT, 'filter': 'display_name="a job"'})
    assert [j.name for j in found] == [name]
    with pytest.raises(exceptions.NotFound):
        client.get_custom_job(name=f'{PARENT}/customJobs/1')
