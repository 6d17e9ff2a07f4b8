"""What keeps one client from taking the server from the others."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from serving.settings import Batching, Limits, ModelSource, ServerSettings
from tests.serving.conftest import serving, wait_until

PREDICT = '/v1/models/table:predict'
ROWS = {'instances': [{'age': 1}]}


@pytest.fixture
def source(table_versions: Path) -> ModelSource:
    return ModelSource(name='table', path=str(table_versions))


def test_the_size_of_a_body(source: ModelSource) -> None:
    with serving(ServerSettings(models=(source,), limits=Limits(body_bytes=1000))) as client:
        assert client.post(PREDICT, json=ROWS).status_code == 200
        refused = client.post(PREDICT, content=b' ' * 1001)
        assert refused.status_code == 413
        assert refused.json() == {'error': 'the body is larger than the 1,000 bytes allowed'}
        parts = (b' ' * 100 for _ in range(11))
        assert client.post(PREDICT, content=parts).status_code == 413
        assert client.post(PREDICT, json=ROWS).status_code == 200


def test_the_number_of_instances(source: ModelSource) -> None:
    with serving(ServerSettings(models=(source,), limits=Limits(instances=3))) as client:
        assert client.post(PREDICT, json={'instances': [{}] * 3}).status_code == 200
        for payload, place in (
            ({'instances': [{}] * 4}, 'instances'),
            ({'inputs': {'age': [1] * 4}}, 'inputs.age'),
        ):
            refused = client.post(PREDICT, json=payload)
            assert refused.status_code == 413
            assert refused.json() == {'error': f'{place}: has 4; at most 3 are allowed'}


def test_a_token(source: ModelSource) -> None:
    with serving(ServerSettings(models=(source,), token='s3cret')) as client:
        for headers in ({}, {'authorization': 'Bearer s3cre'}, {'authorization': 'Basic s3cret'}):
            for answer in (
                client.post(PREDICT, json=ROWS, headers=headers),
                client.get('/v1/models/table', headers=headers),
                client.get('/metrics', headers=headers),
                client.get('/openapi.json', headers=headers),
            ):
                assert answer.status_code == 401
                assert answer.headers['www-authenticate'] == 'Bearer'
        known = {'authorization': 'bearer s3cret'}
        assert client.post(PREDICT, json=ROWS, headers=known).status_code == 200
        assert client.get('/readyz').status_code == 200


class Stuck:
    """Makes a model's calls wait until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from serving.saved_model import LoadedModel

        self.calls = 0
        self.let_go = threading.Event()
        predict = LoadedModel.predict

        def waiting(*arguments: Any) -> Any:
            self.calls += 1
            assert self.let_go.wait(30)
            return predict(*arguments)

        monkeypatch.setattr(LoadedModel, 'predict', waiting)


def test_a_server_that_is_too_slow_says_504(
    source: ModelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(ServerSettings(models=(source,), limits=Limits(answer_seconds=0.2))) as client:
        stuck = Stuck(monkeypatch)
        answer = client.post(PREDICT, json=ROWS)
        assert answer.status_code == 504
        assert answer.json()['error'] == 'the server is too busy to answer within 0.2 s'
        stuck.let_go.set()
        wait_until(lambda: client.post(PREDICT, json=ROWS).status_code == 200)


def test_more_requests_than_may_wait_get_503(
    source: ModelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(ServerSettings(models=(source,), limits=Limits(waiting=3))) as client:
        stuck = Stuck(monkeypatch)
        statuses: list[int] = []

        def ask() -> None:
            answer = client.post(PREDICT, json=ROWS)
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda: 'sluice_open_requests 3.0' in client.get('/metrics').text)
        refused = client.post(PREDICT, json=ROWS)
        assert (refused.status_code, refused.headers['retry-after']) == (503, '1')
        stuck.let_go.set()
        for thread in threads:
            thread.join(30)
        assert statuses == [200, 200, 200]


def test_requests_that_wait_are_put_together(
    source: ModelSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServerSettings(models=(source,), batching=Batching(rows=8, call_ms=60_000))
    with serving(settings) as client:
        stuck = Stuck(monkeypatch)
        found: dict[int, float] = {}

        def ask(age: int) -> None:
            answer = client.post(PREDICT, json={'instances': [{'age': age}, {'age': -age}]})
            found[age] = answer.json()['predictions'][0]['prediction'][0]

        threads = [threading.Thread(target=ask, args=(age,)) for age in range(13)]
        for thread in threads:
            thread.start()
        wait_until(lambda: 'sluice_open_requests 13.0' in client.get('/metrics').text)
        stuck.let_go.set()
        for thread in threads:
            thread.join(30)
        assert found == {age: 100 + age for age in range(13)}
        assert stuck.calls <= 5  # 1 to 4 requests of 2 rows in the first, 4 in those that follow


def test_a_client_that_sends_slowly_gets_408(source: ModelSource) -> None:
    from serving.app import create_app

    app = create_app(ServerSettings(models=(source,), limits=Limits(body_seconds=0.1)))
    sent = []

    async def never() -> dict[str, object]:
        await asyncio.sleep(30)
        return {}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {'type': 'http', 'method': 'POST', 'path': PREDICT, 'headers': [], 'query_string': b''}
    asyncio.run(app(scope, never, send))  # type: ignore[arg-type]
    assert sent[0]['status'] == 408
