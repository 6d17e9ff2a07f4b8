"""Whole rehearsals through the command line, and their numbers held against local runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.rehearsal.standins import HERE
from tests.pipeline.rehearsal.test_containers import alive

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


def test_no_process_is_left(folder: Path, first: Any) -> None:
    marks = [str(folder).encode(), b'pipeline.rehearsal.host']
    found = [
        process.name
        for process in Path('/proc').iterdir()
        if process.name.isdecimal()
        and process.name != str(os.getpid())
        and alive(int(process.name))
        and any(mark in _command(process) for mark in marks[:1])
    ]
    assert found == []


def _command(process: Path) -> bytes:
    try:
        return (process / 'cmdline').read_bytes()
    except OSError:
        return b''
