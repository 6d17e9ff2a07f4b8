"""Generated requests: whatever they are, the answer is one, it is no 5xx, and the server lives."""

import base64
import io
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

from tests.serving.malformed import Malformed, malformed, signatures_of
from tests.serving.process import server_process

MODELS = ('table', 'pictures')


def check(client: httpx.Client, count: int, start: int = 0) -> None:
    """Send a number of generated requests, and now and then a good one."""
    models = {
        name: signatures_of(client.get(f'/v1/models/{name}/metadata').json()) for name in MODELS
    }
    sent = {'all': 0, 'refused': 0}

    @seed(start)
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(request=malformed(models), probe=st.booleans())
    def send(request: Malformed, probe: bool) -> None:
        answer = client.post(request.path, content=request.body, headers=request.headers)
        assert answer.status_code < 500, (request, answer.text)
        if answer.status_code == 200:
            assert set(answer.json()) <= {'predictions', 'outputs'}
        else:
            assert set(answer.json()) == {'error'}
            assert len(answer.json()['error']) < 2000
        sent['all'] += 1
        sent['refused'] += answer.status_code >= 400
        if probe:
            assert_answers(client)

    send()
    assert_answers(client)
    assert sent['all'] >= count
    assert sent['refused'] > count / 2


def assert_answers(client: httpx.Client) -> None:
    row = client.post('/v1/models/table:predict', json={'instances': [{'age': 1}]})
    assert row.json()['predictions'][0]['prediction'] == [101.0]


def test_malformed_requests(client: TestClient) -> None:
    check(client, 1000)


@pytest.fixture(scope='module')
def process(table_versions: Path, picture_versions: Path) -> Iterator[httpx.Client]:
    """A server in a process of its own."""
    with server_process(table=table_versions, pictures=picture_versions) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize('start', [1, 2, 3, 4])
def test_ten_thousand_malformed_requests_over_http(process: httpx.Client, start: int) -> None:
    check(process, 2500, start)


HEAD = b'POST /v1/models/table:predict HTTP/1.1\r\nHost: x\r\n'


@pytest.mark.parametrize(
    'sent',
    [
        b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
        b'GET\r\n\r\n',
        HEAD + b'Content-Length: -1\r\n\r\n',
        HEAD + b'Content-Length: x\r\n\r\n',
        HEAD + b'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
        HEAD + b'Content-Length: 99999999999999999999999\r\n\r\n',
        HEAD + b'Content-Length: 99999999\r\n\r\n',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nZZ\r\n',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\nhel',
        HEAD + b'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        HEAD + b'Content-Length: 50\r\n\r\n{"insta',
        HEAD + b'X: ' + b'x' * 3_000_000 + b'\r\n\r\n',
        HEAD + b'A: b\r\n' * 200_000 + b'\r\n',
        b'POST /' + b'x' * 3_000_000 + b' HTTP/1.1\r\nHost: x\r\n\r\n',
        b'POST /v1/models/table:predict HTTP/9.9\r\nHost: x\r\n\r\n',
        b'\0' * 1000,
    ],
)
def test_what_is_no_http(process: httpx.Client, sent: bytes) -> None:
    at = (process.base_url.host, process.base_url.port)
    with socket.create_connection(at, timeout=20) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.makefile('rb').read()
        except OSError:  # the server has closed the connection
            answer = b''
    assert answer.split(b' ')[1:2] in ([], [b'400'], [b'404'], [b'413'], [b'405'])
    assert_answers(process)


def test_a_head_without_end_is_not_kept(process: httpx.Client) -> None:
    at = (process.base_url.host, process.base_url.port)
    sent = 0
    with socket.create_connection(at, timeout=20) as connection:
        connection.sendall(b'GET / HTTP/1.1\r\nX: ')
        with pytest.raises(OSError, match=r'reset|pipe'):
            while sent < 200:
                connection.sendall(b'x' * 2**20)
                sent += 1
    assert sent < 200
    assert_answers(process)


def large_noise(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((2000, 1500), 90).save(buffer, kind)
    return buffer.getvalue()


def test_large_pictures_do_not_keep_others_waiting_for_long(process: httpx.Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    text = base64.b64encode(large_noise('PNG')).decode()

    def send(_: int) -> int:
        payload = {'instances': [{'b64': text}]}
        return process.post('/v1/models/pictures:predict', json=payload).status_code

    with ThreadPoolExecutor(3) as pool:
        pictures = [pool.submit(send, i) for i in range(6)]
        while not all(picture.done() for picture in pictures):
            assert_answers(process)
    assert [picture.result() for picture in pictures] == [200] * 6
