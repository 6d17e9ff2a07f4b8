"""Whole rehearsals through the command line, and their numbers held against local runs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.rehearsal.standins import HERE
from tests.pipeline.conftest import RECIPE, write_houses
from tests.pipeline.rehearsal.test_containers import alive, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

QUICK = ['--set', 'train.epochs=2', '--set', 'gate.metrics.accuracy.min=0.2']
STEPS = {
    'ImageExampleGen', 'StatisticsGen', 'SchemaGen', 'ExampleValidator', 'DataGate', 'Transform',
    'Trainer', 'Evaluator', 'ServingGate', 'Report',
}  # fmt: skip


def sluice(folder: Path, *words: str, code: int = 0) -> Any:
    """Run a command in a folder, and return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, '-m', 'pipeline', *words, '--json'],
        cwd=folder,
        env=os.environ | {'PYTHONPATH': str(HERE)},
        capture_output=True,
        text=True,
        timeout=540,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('digits')


@pytest.fixture(scope='module')
def first(folder: Path) -> Any:
    return sluice(folder, 'rehearse', 'digits', *QUICK)


def metric(run: Any, which: str = 'candidate') -> float:
    (whole,) = [s for s in run['metrics']['test'] if not s['slice']]
    value: float = whole['metrics']['accuracy'][which]
    return value


def test_digits_run_from_the_compiled_pipeline(folder: Path, first: Any) -> None:
    states = {s['name']: s['state'] for s in first['steps']}
    assert {name: states[name] for name in STEPS} == dict.fromkeys(STEPS, 'done')
    assert first['state'] == 'done'
    assert first['blessed'] is True
    assert sum(first['rows'].values()) == 1797
    buckets = folder / '.sluice' / 'cloud' / 'buckets'
    for step in first['steps']:
        for uris in step['artifacts'].values():
            assert all(Path(folder, uri).is_relative_to(buckets) for uri in uris)
    assert Path(folder, first['model'], 'saved_model.pb').is_file()
    assert first['run'] in Path(folder, first['report']).read_text(encoding='utf-8')
    logs = folder / '.sluice' / 'logs' / first['run']
    assert (logs / 'Trainer.log').is_file()
    assert json.loads((logs / 'pipeline.json').read_text())['pipelineSpec']


def test_the_second_run_reuses_what_is_unchanged_and_has_a_baseline(
    folder: Path, first: Any
) -> None:
    second = sluice(folder, 'rehearse', 'digits', *QUICK)
    states = {s['name']: s['state'] for s in second['steps']}
    assert states['Trainer'] == states['Transform'] == 'cached'
    assert states['Evaluator'] == 'done'
    assert metric(second, 'baseline') == metric(first) == metric(second)


def test_the_numbers_are_those_of_a_local_run(folder: Path, first: Any) -> None:
    local = sluice(folder, 'run', 'digits', *QUICK)
    assert metric(local) == metric(first)
    assert local['rows'] == first['rows']
    assert local['metrics'] == first['metrics']


def test_a_step_that_fails_leaves_what_was_there(folder: Path, first: Any) -> None:
    failed = sluice(
        folder, 'rehearse', 'digits', *QUICK, '--set', 'train.optimizer=sgd',
        '--set', 'train.learning_rate=1e30', code=1,
    )  # fmt: skip
    assert failed['state'] == 'failed'
    states = {s['name']: s['state'] for s in failed['steps']}
    assert (states['Transform'], states['Trainer']) == ('cached', 'failed')
    assert '\n' not in failed['error']
    assert failed['log'].endswith('/Trainer.log')
    assert Path(folder, first['model'], 'saved_model.pb').is_file()


def test_ctrl_c_leaves_no_process_and_what_was_done(folder: Path, first: Any) -> None:
    trainings = len([*folder.glob('.sluice/logs/digits-rehearsal-*/Trainer.log')])
    command = [sys.executable, '-m', 'pipeline', 'rehearse', 'digits', '--set', 'train.epochs=500']
    with subprocess.Popen(
        command, cwd=folder, env=os.environ | {'PYTHONPATH': str(HERE)}, stdout=subprocess.PIPE
    ) as process:
        logs = folder / '.sluice' / 'logs'
        wait_for(lambda: len([*logs.glob('digits-rehearsal-*/Trainer.log')]) > trainings, 120)
        wait_for(lambda: working_in(folder), 20)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert working_in(folder) == []
    last = sluice(folder, 'show', 'digits')
    states = {s['name']: s['state'] for s in last['steps']}
    assert (last['state'], states['Trainer']) == ('interrupted', 'pending')
    assert states['Transform'] in ('done', 'cached')


def working_in(folder: Path) -> list[str]:
    """Return the processes whose environment or command names a folder."""
    return [
        process.name
        for process in Path('/proc').iterdir()
        if process.name.isdecimal()
        and process.name != str(os.getpid())
        and alive(int(process.name))
        and any(str(folder).encode() in _read(process / name) for name in ('cmdline', 'environ'))
    ]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b''


def test_a_query_runs_on_bigquery_and_the_model_goes_onto_an_endpoint(tmp_path: Path) -> None:
    """Each through Google's own clients; the numbers are those of DuckDB and a folder."""
    (tmp_path / 'houses.yaml').write_text(RECIPE)
    write_houses(tmp_path / 'houses.csv')
    ask = ['--set', 'push.endpoint={}']
    run = sluice(tmp_path, 'rehearse', 'houses.yaml', *ask)
    assert run['error'] is None
    assert {s['state'] for s in run['steps']} == {'done'}
    notes = {s['name']: s['note'] for s in run['steps']}
    assert 'answered as evaluated' in notes['EndpointPusher']
    local = sluice(tmp_path, 'run', 'houses.yaml')
    assert run['rows'] == local['rows']
    assert run['metrics'] == local['metrics']

    write_houses(tmp_path / 'houses.csv', rows=1200)
    grown = sluice(tmp_path, 'rehearse', 'houses.yaml', *ask)
    assert sum(grown['rows'].values()) == 1200, 'a changed table is not taken from the cache'


def test_a_run_without_new_rows_in_its_window_trains_nothing(tmp_path: Path) -> None:
    days = [f'2024-03-{n:02d}' for n in range(1, 29)]
    rows = (f'{day},{10 * n % 97},{n % 7}' for n, day in enumerate(days * 20))
    (tmp_path / 'sales.csv').write_text('day,price,area\n' + '\n'.join(rows) + '\n')
    (tmp_path / 'sales.yaml').write_text("""
name: sales
task: regression
label: price
data:
  query: SELECT price, area FROM `a.b.sales` WHERE day >= @window_start AND day < @window_end
  local: {a.b.sales: {path: sales.csv, types: {day: DATE}}}
  window: {days: 21, lag: 1}
features: {area: numeric}
train: {epochs: 1}
gate: {metrics: {rmse: {max: 1000}}}
vertex: {root: 'gs://bucket/sluice', image: 'image:1', project: my-project}
""")
    subprocess.run(
        [sys.executable, '-m', 'pipeline', 'compile', 'sales.yaml', '--if-new-data'],
        cwd=tmp_path,
        env=os.environ | {'PYTHONPATH': str(HERE)},
        check=True,
    )

    def states(date: str) -> dict[str, str]:
        table = ('--table', 'a.b.sales=sales.csv')
        run = sluice(tmp_path, 'rehearse', 'pipeline.json', *table, '--param', f'date={date}')
        assert run['state'] == 'done', run['error']
        return {step['name']: step['state'] for step in run['steps']}

    assert set(states('2024-03-27').values()) == {'done'}
    assert states('2024-04-02')['Trainer'] == 'done'
    last = states('2024-04-10')
    assert (last.pop('NewDataGate'), set(last.values())) == ('done', {'skipped'})
