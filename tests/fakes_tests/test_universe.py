import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import google.auth
import google.auth.transport.requests
import psutil
import pytest
import requests
from google.api_core import exceptions
from google.cloud.storage import Client

from tests.fakes.universe import Universe

ROOT = Path(__file__).parents[2]


def test_clients_find_the_project_and_a_token_by_themselves(universe: Universe):
    credentials, project = google.auth.default(['https://www.googleapis.com/auth/cloud-platform'])
    credentials.refresh(google.auth.transport.requests.Request())
    account = getattr(credentials, 'service_account_email', None)
    assert (project, credentials.token) == ('rehearsal', 'stand-in-token')
    assert account == 'stand-in@rehearsal.iam.gserviceaccount.com'


def test_the_metadata_server_wants_its_header(universe: Universe):
    address = f'http://{universe.env["GCE_METADATA_HOST"]}/computeMetadata/v1/project/project-id'
    assert requests.get(address).status_code == 403
    assert requests.get(address, headers={'Metadata-Flavor': 'Google'}).text == 'rehearsal'


def test_no_other_host_is_reached(universe: Universe):
    with pytest.raises(requests.exceptions.ProxyError):
        requests.get('https://example.com')
    assert universe.refused == ['example.com']


@pytest.mark.parametrize(
    ('code', 'error'),
    [('PERMISSION_DENIED', exceptions.Forbidden), ('FAILED_PRECONDITION', exceptions.BadRequest)],
)
def test_a_method_fails_as_often_as_is_asked(universe: Universe, code: str, error: type[Exception]):
    universe.faults.add('storage.buckets.get', code=code, times=2)
    client = Client()
    client.create_bucket('a-bucket')
    for _ in range(2):
        with pytest.raises(error, match='a fault on demand'):
            client.get_bucket('a-bucket')
    assert client.get_bucket('a-bucket').name == 'a-bucket'
    assert [c.fault for c in universe.faults.named('storage.buckets.get')] == [True, True, False]


def test_a_dropped_connection_and_a_late_answer(universe: Universe):
    bucket = Client().create_bucket('a-bucket')
    universe.faults.add('storage.objects.insert', drop=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        bucket.blob('x').upload_from_string('1', retry=None)
    assert not bucket.blob('x').exists()
    universe.faults.add('storage.objects.insert', delay=60)
    with pytest.raises(requests.exceptions.ReadTimeout):
        bucket.blob('x').upload_from_string('1', retry=None, timeout=0.2)
    universe.faults.add('storage.objects.insert', after=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        bucket.blob('y').upload_from_string('1', retry=None)
    assert bucket.blob('y').exists()


def test_a_fault_that_is_none_is_refused(universe: Universe):
    with pytest.raises(ValueError, match=r"code: 'UNAVAILBLE' is no gRPC status; known: OK, .*"):
        universe.faults.add('GetModel', code='UNAVAILBLE')


def test_faults_are_set_over_http_too(universe: Universe):
    control = universe.env['SLUICE_FAKES'] + '/fakes'
    wrong = requests.post(f'{control}/faults', json={'method': 'x', 'cod': 'INTERNAL'})
    assert wrong.status_code == 400
    fault: dict[str, str | int] = {'method': 'storage.buckets.*', 'code': 'INTERNAL', 'times': 3}
    assert requests.post(f'{control}/faults', json={**fault}).json()['code'] == 'INTERNAL'
    assert [f['times'] for f in requests.get(f'{control}/faults').json()['faults']] == [3]
    requests.delete(f'{control}/faults')
    Client().create_bucket('a-bucket')
    calls = requests.get(f'{control}/calls?method=storage.*').json()['calls']
    assert [call['method'] for call in calls] == ['storage.buckets.insert']


def test_a_closed_universe_leaves_no_thread(tmp_path: Path):
    before = set(threading.enumerate())
    with Universe(tmp_path) as opened:
        opened.faults.add('metadata.get', delay=60)
        asked = threading.Thread(
            target=requests.get,
            args=[
                f'http://{opened.env["GCE_METADATA_HOST"]}/computeMetadata/v1/project/project-id'
            ],
            kwargs={'headers': {'Metadata-Flavor': 'Google'}},
        )
        asked.start()
        _wait(lambda: bool(opened.faults.calls))
    asked.join()
    _wait(lambda: set(threading.enumerate()) <= before)


@pytest.mark.parametrize('end', ['stdin', 'sigterm'])
def test_the_command_says_its_environment_and_leaves_no_process(tmp_path: Path, end: str):
    command = [sys.executable, '-m', 'tests.fakes', '--root', str(tmp_path), '--bucket', 'mine']
    started = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdin
    assert started.stdout
    env = json.loads(started.stdout.readline())
    listing = 'from google.cloud import storage as s; print([*s.Client().list_buckets()])'
    asked = subprocess.run(
        [sys.executable, '-c', listing], env=os.environ | env, capture_output=True, text=True
    )
    assert asked.stdout == '[<Bucket: mine>]\n', asked.stderr
    children = psutil.Process(started.pid).children(recursive=True)
    if end == 'stdin':
        started.stdin.close()
    else:
        started.terminate()
    assert started.wait(20) == 0
    assert not any(child.is_running() for child in children)


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(200):
        if until():
            return
        time.sleep(0.05)
    raise AssertionError('waited too long')
