"""Vertex AI's contract: environment, routes, and a container's process with a stand-in bucket."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from serving.settings import ModelSource, ServerSettings, VertexRoutes
from serving.storage import StorageError, fetch
from serving.vertex_environment import settings_from
from tests.serving.conftest import serving, wait_until

ENVIRONMENT = {
    'AIP_STORAGE_URI': 'gs://bucket/models/7',
    'AIP_HTTP_PORT': '8081',
    'AIP_HEALTH_ROUTE': '/v1/endpoints/3/health',
    'AIP_PREDICT_ROUTE': '/v1/endpoints/3:predict',
}


def test_the_environment() -> None:
    settings = settings_from(ENVIRONMENT)
    assert settings.models == (ModelSource(name='model', path='gs://bucket/models/7'),)
    assert (settings.host, settings.port) == ('0.0.0.0', 8081)
    assert settings.vertex == VertexRoutes(
        health='/v1/endpoints/3/health', predict='/v1/endpoints/3:predict'
    )
    defaults = settings_from({'AIP_STORAGE_URI': '/model'})
    assert defaults.port == 8080
    assert defaults.vertex == VertexRoutes(health='/health', predict='/predict')


@pytest.mark.parametrize(
    ('variables', 'says'),
    [
        ({'AIP_STORAGE_URI': ''}, 'AIP_STORAGE_URI: is not set; expected the folder'),
        ({'AIP_HTTP_PORT': 'x'}, "AIP_HTTP_PORT: 'x' is not a port"),
        ({'AIP_HTTP_PORT': '70000'}, "AIP_HTTP_PORT: '70000' is not a port"),
        ({'AIP_HEALTH_ROUTE': 'health'}, "AIP_HEALTH_ROUTE: 'health' is not a path"),
        ({'AIP_PREDICT_ROUTE': '/{x}'}, "AIP_PREDICT_ROUTE: '/{x}' is not a path"),
    ],
)
def test_what_is_wrong_with_the_environment(variables: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match='^' + says.replace('{', r'\{')):
        settings_from(ENVIRONMENT | variables)


@pytest.fixture(scope='module')
def client(table_versions: Path) -> Iterator[TestClient]:
    source = ModelSource(name='model', path=str(table_versions))
    with serving(ServerSettings(models=(source,), vertex=VertexRoutes())) as client:
        yield client


def test_the_routes(client: TestClient) -> None:
    assert client.get('/health').status_code == 200
    rows: dict[str, Any] = {'instances': [{'age': 1}]}
    for payload in (rows, rows | {'parameters': None}, rows | {'parameters': {}}):
        answer = client.post('/predict', json=payload)
        assert answer.json() == {'predictions': [{'prediction': [101.0], 'label': ['none']}]}
    named = {'instances': [[1, 2]], 'parameters': {'signature_name': 'vectors'}}
    assert client.post('/predict', json=named).json() == {'predictions': [3.0]}


@pytest.mark.parametrize(
    ('payload', 'says'),
    [
        ({'inputs': {'age': [1]}}, "'inputs' is not known; "),
        ({'parameters': {}}, 'has no instances'),
        ({'instances': [1], 'parameters': 3}, 'parameters: is 3; only {"signature_name": "…"}'),
        ({'instances': [1], 'parameters': {'x': 1}}, 'parameters: is an object; only'),
    ],
)
def test_what_is_wrong_with_a_request(client: TestClient, payload: dict, says: str) -> None:
    answer = client.post('/predict', json=payload)
    assert answer.status_code == 400
    assert answer.json()['error'].startswith(says)


class Bucket(BaseHTTPRequestHandler):
    """A stand-in for Cloud Storage: lists and gives out the files of a folder."""

    folder: Path
    extra: tuple[str, ...] = ()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        _, _, name = url.path.partition('/b/bucket/o/')
        if name:
            self._answer((self.folder / unquote(name)).read_bytes(), 'application/octet-stream')
            return
        prefix = parse_qs(url.query).get('prefix', [''])[0]
        files = sorted(p for p in self.folder.rglob('*') if p.is_file())
        names = [str(p.relative_to(self.folder)) for p in files] + list(self.extra)
        media = f'http://{self.headers["host"]}/download/storage/v1/b/bucket/o/'
        items = [
            {
                'name': n,
                'bucket': 'bucket',
                'mediaLink': media + n.replace('/', '%2F'),
            }
            for n in names
            if n.startswith(prefix)
        ]
        self._answer(json.dumps({'items': items}).encode(), 'application/json')

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header('content-type', kind)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bucket(table_versions: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    """Stand in for a bucket that has the models of the folder."""
    handler = type('Handler', (Bucket,), {'folder': table_versions.parent})
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv('STORAGE_EMULATOR_HOST', f'http://127.0.0.1:{server.server_port}')
    yield handler
    server.shutdown()
    server.server_close()


def test_a_model_is_fetched_whole(
    bucket: type[Bucket], table_versions: Path, tmp_path: Path
) -> None:
    for uri in ('gs://bucket/table/7', 'gs://bucket/table/7/'):
        fetched = fetch(uri, tmp_path / uri[-1], emulated=True)
        for file in (table_versions / '7').rglob('*.*'):
            assert (
                fetched / file.relative_to(table_versions / '7')
            ).read_bytes() == file.read_bytes()


def test_what_is_not_in_the_bucket(bucket: type[Bucket], tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r'^gs://bucket/none: no object under it'):
        fetch('gs://bucket/none', tmp_path, emulated=True)


def test_objects_cannot_leave_the_folder(bucket: type[Bucket], tmp_path: Path) -> None:
    bucket.extra = ('table/7/../../../evil',)
    with pytest.raises(StorageError, match='which is no path in a model'):
        fetch('gs://bucket/table/7', tmp_path / 'model', emulated=True)
    assert not (tmp_path.parent / 'evil').exists()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return int(found.getsockname()[1])


def test_the_container_serves_what_the_environment_says(bucket: type[Bucket]) -> None:
    port = free_port()
    environment = os.environ | ENVIRONMENT
    environment |= {'AIP_STORAGE_URI': 'gs://bucket/table/7', 'AIP_HTTP_PORT': str(port)}
    server = subprocess.Popen(
        [sys.executable, '-m', 'serving'], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        with httpx.Client(base_url=f'http://127.0.0.1:{port}', timeout=10) as client:

            def is_healthy() -> bool:
                assert server.poll() is None
                try:
                    return client.get(ENVIRONMENT['AIP_HEALTH_ROUTE']).status_code == 200
                except httpx.TransportError:
                    return False

            wait_until(is_healthy, seconds=120)
            answer = client.post(ENVIRONMENT['AIP_PREDICT_ROUTE'], json={'instances': [{'age': 1}]})
            assert answer.json() == {'predictions': [{'prediction': [101.0], 'label': ['none']}]}
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)
        assert 'Traceback' not in log
        assert 'Finished server process' in log
    finally:
        server.kill()
        server.wait()


def test_the_container_says_what_is_wrong() -> None:
    done = subprocess.run(
        [sys.executable, '-m', 'serving'],
        env=os.environ | {'AIP_STORAGE_URI': '/gone'},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == '/gone: no such folder; expected versions of a model\n'
