"""Small models, and clients of a server that has them."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from serving.settings import ModelSource, ServerSettings

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

Predict = Callable[..., httpx.Response]


@pytest.fixture(scope='session')
def table_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with version 7 of a table model."""
    from tests.serving.small_models import write_table_model

    folder = tmp_path_factory.mktemp('served') / 'table'
    write_table_model(folder / '7', base=100)
    return folder


@pytest.fixture(scope='session')
def picture_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with version 3 of a picture model."""
    from tests.serving.small_models import write_picture_model

    folder = tmp_path_factory.mktemp('served') / 'pictures'
    write_picture_model(folder / '3')
    return folder


@pytest.fixture(scope='session')
def client(table_versions: Path, picture_versions: Path) -> Iterator[TestClient]:
    """A client of a server, in this process, with both models."""
    models = (
        ModelSource(name='table', path=str(table_versions)),
        ModelSource(name='pictures', path=str(picture_versions)),
    )
    with serving(ServerSettings(models=models)) as client:
        yield client


@pytest.fixture(scope='session')
def predict(client: TestClient) -> Predict:
    """Posts keys of a request to `table`, or to `model`."""

    def post(model: str = 'table', **payload: Any) -> httpx.Response:
        return client.post(f'/v1/models/{model}:predict', json=payload)

    return post


class serving(TestClient):  # noqa: N801
    """A client of a server in this process, which is up and has loaded its models."""

    def __init__(self, settings: ServerSettings) -> None:
        from serving.app import create_app

        super().__init__(create_app(settings))

    def __enter__(self) -> 'serving':
        super().__enter__()
        wait_until(lambda: self.get('/readyz').status_code == 200)
        return self


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so; fail if it never is."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.02)
