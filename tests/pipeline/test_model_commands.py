"""`sluice serve`, `versions` and `rollback` as they are typed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main

REPOSITORY = str(Path(__file__).parents[2])


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pushed models, in the folder where a run would push them; graphs of no worth."""
    for version in ('births/1', 'births/2', 'census/1'):
        (tmp_path / 'serving_models' / version).mkdir(parents=True)
        (tmp_path / 'serving_models' / version / 'saved_model.pb').write_bytes(b'')
    monkeypatch.chdir(tmp_path)
    return tmp_path / 'serving_models'


def sluice(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_versions(models: Path) -> None:
    sluice('rollback', 'births')
    shown = sluice('versions', 'births')
    assert shown.exit_code == 0
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert ['1', 'served'] in [line[:2] for line in lines]
    assert ['2', 'withdrawn'] in [line[:2] for line in lines]
    assert 'rolled back' in shown.stdout
    found = json.loads(sluice('versions', 'births', '--json').stdout)
    assert [(v['version'], v['state']) for v in found['versions']] == [
        (2, 'withdrawn'),
        (1, 'served'),
    ]
    assert found['versions'][0]['path'] == 'serving_models/births/withdrawn/2'


def test_rollback(models: Path) -> None:
    done = sluice('rollback', 'births')
    assert done.exit_code == 0
    assert done.stdout == (
        'births: version 1 is served; it was 2\n'
        'Withdrawn: 2. To undo: sluice rollback births --to 2\n'
    )
    undone = json.loads(sluice('rollback', 'births', '--to', '2', '--json').stdout)
    assert (undone['model'], undone['now'], undone['restored']) == ('births', 2, True)
    assert sluice('rollback', './serving_models/births').exit_code == 0


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['rollback', 'census'], 'serving_models/census: version 1 is the only one'),
        (['rollback', 'birth'], 'serving_models/birth: no such folder'),
        (
            ['rollback', 'births', '--to', '9'],
            'serving_models/births: no version 9; versions: 1, 2',
        ),
        (['rollback', 'birth', '--endpoint'], "no recipe named 'birth'; did you mean"),
        (['rollback', 'births', '--set', 'name=x'], '--set is for --endpoint'),
        (
            ['rollback', 'births', '--endpoint', '--set', 'push.endpoint={}'],
            'vertex.project: is re',
        ),
        (['rollback', 'census', '--endpoint'], 'census.yaml: push.endpoint: is not set'),
        (['versions', 'birth'], 'serving_models/birth: no version of a model here'),
        (['serve', 'birth'], "serving_models/birth: no such model; did you mean 'births'?"),
        (['serve', '--models', 'gone'], 'gone: no pushed model in it'),
        (['serve', 'births', 'births'], "two models are called 'births'; give one a name"),
        (['serve', '--port', '70000'], 'is not in the range'),
        (['serve', '--token-file', 'empty'], 'empty: expected one line of ASCII'),
    ],
)
def test_what_is_wrong_is_said_in_a_line(models: Path, arguments: list[str], says: str) -> None:
    Path('empty').write_text('')
    done = sluice(*arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert 'Traceback' not in done.stderr


def test_a_folder_that_is_read_only(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, 'Permission denied', str(self))

    monkeypatch.setattr(Path, 'rename', refuse)
    done = sluice('rollback', 'births')
    assert done.exit_code == 1
    assert done.stderr == 'serving_models/births/2: cannot be changed: Permission denied\n'


@pytest.fixture(scope='module')
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    """`sluice serve` in a process of its own, on a free port; a client, and the log."""
    from tests.serving.small_models import write_table_model

    folder = tmp_path_factory.mktemp('project')
    write_table_model(folder / 'serving_models/table/5', base=5)
    log = folder / 'log'
    with log.open('w') as file:
        command = [sys.executable, '-m', 'pipeline', 'serve', '--port', '0']
        environment = os.environ | {'PYTHONPATH': REPOSITORY}
        server = subprocess.Popen(command, cwd=folder, env=environment, stderr=file, stdout=file)
    try:
        with httpx.Client(base_url=_address(server, log), timeout=20) as client:
            yield client, log
        server.send_signal(signal.SIGINT)
        server.wait(30)
    finally:
        server.kill()
        server.wait()


def _address(server: subprocess.Popen, log: Path) -> str:
    from tests.serving.conftest import wait_until

    def is_loaded() -> bool:
        assert server.poll() is None, log.read_text()
        return 'version 5 answers' in log.read_text()

    wait_until(is_loaded, seconds=120)
    (line,) = [line for line in log.read_text().splitlines() if 'running on ' in line]
    return line.partition('running on ')[2].split()[0]


def test_a_process_serves_on_loopback(process: tuple[httpx.Client, Path]) -> None:
    client, _ = process
    assert client.base_url.host == '127.0.0.1'
    answer = client.post('/v1/models/table:predict', json={'instances': [{'age': 1}]})
    assert answer.json() == {'predictions': [{'prediction': [6.0], 'label': ['none']}]}
    assert client.get('/readyz').json() == {'status': 'ready'}


def test_the_port_is_taken(process: tuple[httpx.Client, Path], models: Path) -> None:
    client, _ = process
    port = str(client.base_url.port)
    done = subprocess.run(
        [sys.executable, '-m', 'pipeline', 'serve', '--port', port],
        env=os.environ | {'PYTHONPATH': REPOSITORY},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert f'127.0.0.1:{port}: cannot listen here: Address already in use' in done.stderr
    assert 'Traceback' not in done.stderr


def test_the_server_does_not_import_the_pipeline_s_libraries() -> None:
    code = 'import sys, serving.server; print(not {"tfx", "apache_beam", "kfp"} & set(sys.modules))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=120)
    assert done.stdout == 'True\n', done.stderr
