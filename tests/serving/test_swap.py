"""Versions that come, fail and go while a server answers."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from components.pusher.versions import push, roll_back
from serving.settings import ModelSource, ServerSettings
from tests.serving.conftest import serving, wait_until
from tests.serving.process import server_process
from tests.serving.small_models import write_table_model


@pytest.fixture(scope='module')
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Exports of models whose predictions are their numbers."""
    folder = tmp_path_factory.mktemp('exports')
    return {base: write_table_model(folder / str(base), base) for base in (1, 2, 3)}


@pytest.fixture
def served(tmp_path: Path, models: dict[int, Path]) -> Path:
    shutil.copytree(models[1], tmp_path / 'served/1')
    return tmp_path / 'served'


@pytest.fixture
def client(served: Path) -> Iterator[TestClient]:
    source = ModelSource(name='table', path=str(served))
    with serving(ServerSettings(models=(source,), poll_seconds=0.05)) as client:
        yield client


def states(client: httpx.Client) -> dict[str, str]:
    status = client.get('/v1/models/table').json()['model_version_status']
    return {version['version']: version['state'] for version in status}


def answered(client: TestClient, at: str = '') -> tuple[float, int]:
    """Return the prediction, which tells the model, and the version that the answer names."""
    answer = client.post(f'/v1/models/table{at}:predict', json={'instances': [{}]})
    assert answer.status_code == 200, answer.text
    return answer.json()['predictions'][0]['prediction'][0], int(answer.headers['x-model-version'])


def is_available(client: httpx.Client, *versions: int) -> Callable[[], bool]:
    """Whether just these versions are there, with nothing under way."""
    return lambda: states(client) == {str(version): 'AVAILABLE' for version in versions}


def test_a_newer_version_takes_over_and_the_older_is_freed(
    client: TestClient, served: Path, models: dict[int, Path]
) -> None:
    assert answered(client) == (1, 1)
    version = int(push(models[2], served).name)
    wait_until(is_available(client, version))
    assert answered(client) == (2, version)
    gone = client.post('/v1/models/table/versions/1:predict', json={'instances': [{}]})
    assert gone.status_code == 404


def test_a_rollback_is_followed_and_so_is_its_undoing(
    client: TestClient, served: Path, models: dict[int, Path]
) -> None:
    version = int(push(models[2], served).name)
    wait_until(is_available(client, version))
    roll_back(served)
    wait_until(is_available(client, 1))
    assert answered(client) == (1, 1)
    roll_back(served, version)
    wait_until(is_available(client, version))
    assert answered(client) == (2, version)


@pytest.mark.parametrize('what', ['saved_model.pb', 'variables/variables.data-00000-of-00001'])
def test_a_broken_version_leaves_the_old_one_answering_and_says_so(
    client: TestClient, served: Path, models: dict[int, Path], what: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    broken = served / '.5.partial'
    shutil.copytree(models[2], broken)
    (broken / what).write_bytes(b'\xffbroken')
    broken.rename(served / '5')
    wait_until(lambda: states(client) == {'5': 'END', '1': 'AVAILABLE'})
    assert answered(client) == (1, 1)
    newest, _ = client.get('/v1/models/table').json()['model_version_status']
    assert newest['status']['error_code'] == 'UNKNOWN'
    assert newest['status']['error_message'].startswith('5: cannot be loaded: ')
    assert str(served) not in newest['status']['error_message']
    assert 'version 5: cannot be loaded' in caplog.text
    assert 'version 1 goes on' in caplog.text
    text = client.get('/metrics').text
    assert 'sluice_model_loads_total{model="table",outcome="failed"} 1.0' in text
    assert 'sluice_model_broken_versions{model="table"} 1.0' in text
    good = int(push(models[3], served).name)
    wait_until(lambda: states(client) == {str(good): 'AVAILABLE', '5': 'END'})
    assert answered(client) == (3, good)


def test_a_version_that_is_replaced_under_its_number_is_loaded_again(
    client: TestClient, served: Path, models: dict[int, Path]
) -> None:
    shutil.copytree(models[2], served / '.new')
    (served / '1').rename(served / '.old')
    (served / '.new').rename(served / '1')
    wait_until(lambda: answered(client) == (2, 1))


def test_without_any_version_the_last_one_goes_on(
    client: TestClient, served: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(served / '1')
    wait_until(lambda: 'no version in it' in caplog.text)
    assert answered(client) == (1, 1)


def test_at_the_start_a_broken_newest_version_is_passed_over(
    served: Path, models: dict[int, Path]
) -> None:
    (served / '9').mkdir()
    (served / '9/saved_model.pb').write_bytes(b'\xff')
    source = ModelSource(name='table', path=str(served))
    with serving(ServerSettings(models=(source,))) as client:
        assert answered(client) == (1, 1)
        assert states(client) == {'9': 'END', '1': 'AVAILABLE'}


def test_a_model_without_a_version_that_loads_is_not_ready(tmp_path: Path) -> None:
    from serving.app import create_app

    (tmp_path / '9').mkdir()
    (tmp_path / '9/saved_model.pb').write_bytes(b'\xff')
    source = ModelSource(name='table', path=str(tmp_path))
    with TestClient(create_app(ServerSettings(models=(source,)))) as client:
        wait_until(lambda: states(client) == {'9': 'END'})
        assert client.get('/healthz').status_code == 200
        ready = client.get('/readyz')
        assert (ready.status_code, ready.json()['models']) == (503, ['table'])
        answer = client.post('/v1/models/table:predict', json={'instances': [{}]})
        assert answer.status_code == 503


def test_labels_keep_versions_loaded(
    client: TestClient, served: Path, models: dict[int, Path]
) -> None:
    shutil.copytree(models[3], served / '.8')
    (served / '.8').rename(served / '8')
    wait_until(is_available(client, 8))
    (served / 'labels.json').write_text(json.dumps({'before': 1, 'canary': 8}))
    wait_until(is_available(client, 8, 1))
    wait_until(
        lambda: (
            client.get('/v1/models').json()['models'][0]['labels'] == {'before': '1', 'canary': '8'}
        )
    )
    assert answered(client, '/labels/before') == (1, 1)
    assert answered(client, '/labels/canary') == answered(client, '/labels/stable') == (3, 8)
    (served / 'labels.json').write_text('{}')
    wait_until(is_available(client, 8))


def test_under_load_no_request_is_lost_and_none_gets_an_old_answer(
    client: TestClient, served: Path, models: dict[int, Path]
) -> None:
    with asking(client) as asked:
        for number in range(2, 6):
            swap(client, served, models, number, asked)


@pytest.mark.slow
def test_twenty_swaps_under_load_lose_no_request_and_no_memory(
    served: Path, models: dict[int, Path]
) -> None:
    memory = []
    with server_process('--poll', '0.2', table=served) as client, asking(client) as asked:
        for number in range(2, 26):
            if number == 15:
                (served / '15').mkdir()
                (served / '15/saved_model.pb').write_bytes(b'broken')
                wait_until(lambda: states(client) == {'15': 'END', '14': 'AVAILABLE'})
                shutil.rmtree(served / '15')
                continue
            swap(client, served, models, number, asked)
            memory.append(resident(client.pid))  # type: ignore[attr-defined]
    settled = memory[3:]
    middle = sorted(settled)[len(settled) // 2]
    assert len(settled) == 20
    assert max(abs(size - middle) for size in settled) < 0.05 * middle, memory


@dataclass
class Asked:
    """What clients are told, and what they found.

    Attributes:
        oldest: the version that the status has said to be the one.
        predicts: version -> what its model predicts.
        answers: how many came.
        faults: what was wrong with some.
    """

    oldest: int = 1
    predicts: dict[int, float] = field(default_factory=lambda: {1: 1.0})
    answers: int = 0
    faults: list[str] = field(default_factory=list)


@contextmanager
def asking(client: httpx.Client) -> Iterator[Asked]:
    """Ask without a pause, from four threads; at the end, all answers must have been right."""
    asked, done = Asked(), threading.Event()

    def ask() -> None:
        while not done.is_set():
            oldest = asked.oldest
            answer = client.post('/v1/models/table:predict', json={'instances': [{}]})
            asked.answers += 1
            if answer.status_code != 200:
                asked.faults.append(answer.text)
                continue
            version = int(answer.headers['x-model-version'])
            value = answer.json()['predictions'][0]['prediction'][0]
            if version < oldest:
                asked.faults.append(f'version {version} after {oldest} was reported')
            if value != asked.predicts[version]:
                asked.faults.append(f'version {version} predicts {value}')

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    assert not asked.faults
    assert asked.answers > 10 * len(asked.predicts)


def swap(
    client: httpx.Client, served: Path, models: dict[int, Path], number: int, asked: Asked
) -> None:
    """Put a newer version into the folder, wait until it is the only one, drop the older."""
    base = 2 + number % 2
    older = max(asked.predicts)
    asked.predicts[number] = base
    shutil.copytree(models[base], served / f'.{number}')
    (served / f'.{number}').rename(served / str(number))
    wait_until(is_available(client, number))
    asked.oldest = number
    shutil.rmtree(served / str(older))


def resident(pid: int) -> int:
    """Return the memory of a process, in pages."""
    return int(Path(f'/proc/{pid}/statm').read_text().split()[1])
