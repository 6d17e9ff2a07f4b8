"""Runs of the whole DAG on a small table, one after the other on one store."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import show
from tests.pipeline.conftest import Project, cached, states

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

STEPS = [
    'QueryExampleGen',
    'StatisticsGen',
    'SchemaGen',
    'ExampleValidator',
    'DataGate',
    'Transform',
    'Trainer',
    'Evaluator',
    'ServingGate',
    'Pusher',
    'Report',
]
AFTER_TRANSFORM = ['Trainer', 'Evaluator', 'ServingGate', 'Pusher', 'Report']


def test_first_run_is_blessed_and_pushed(shared_project: Project) -> None:
    run = shared_project.run()
    assert (run.state, run.error, run.reasons) == ('done', None, [])
    assert run.blessed
    assert states(run) == dict.fromkeys(STEPS, 'done')
    assert sum(run.rows.values()) == 1500
    assert run.pushed and Path(run.pushed).is_dir()
    beside = {p.name for p in Path(run.pushed, 'assets.extra').iterdir()}
    assert beside == {
        'evaluation.json',
        'model.keras',
        'model_card.html',
        'model_card.md',
        'sluice.json',
        'training.json',
    }
    assert 'over HTTP as evaluated' in run.step('ServingGate').note
    assert {s.name for s in run.steps if not s.artifacts} == set()
    whole, *towns = run.metrics['test']
    assert whole['slice'] == {}
    assert whole['examples'] == run.rows['test'] == sum(t['examples'] for t in towns)
    assert {t['slice']['town'] for t in towns} == {'Aalen', 'Brugge', 'Cork', '(missing)'}
    assert whole['metrics']['rmse']['candidate'] < 12


def test_its_report_is_whole(shared_project: Project) -> None:
    run = shared_project.run()
    assert run.report
    page = Path(run.report).read_text(encoding='utf-8')
    assert run.run in page
    (numbers,) = re.findall(r'type="application/json" id="report">(.*?)</script>', page)
    report = json.loads(numbers)
    assert report['left_out'] == {}
    assert report['kept']['rows'] == run.rows['test']
    assert report['importance']['candidate']['columns']
    assert {b['name'] for b in report['learnt']['buckets']} <= {'rooms'}
    assert report['run']['steps'][0]['fingerprint']
    whole = report['metrics'][0]
    value = whole['metrics']['rmse']['candidate']
    assert value['value'] == pytest.approx(run.metrics['test'][0]['metrics']['rmse']['candidate'])
    assert value['interval'][0] < value['value'] < value['interval'][1]


def test_unchanged_run_is_all_cached(shared_project: Project) -> None:
    served = shared_project.served()
    run = shared_project.run()
    assert cached(run) == STEPS
    assert run.blessed
    assert shared_project.served() == served


def test_other_epochs_train_again_and_nothing_before(shared_project: Project) -> None:
    run = shared_project.run('train.epochs=7')
    assert cached(run) == [s for s in STEPS if s not in AFTER_TRANSFORM]
    whole = run.metrics['test'][0]['metrics']['rmse']
    assert whole['baseline'] is not None
    assert run.blessed
    assert len(shared_project.served()) == 2


def test_worse_model_is_not_blessed_and_the_last_stays(shared_project: Project) -> None:
    served = shared_project.served()
    run = shared_project.run('train.epochs=1', 'train.learning_rate=1e-7')
    assert run.state == 'done'
    assert run.blessed is False
    assert states(run)['ServingGate'] == states(run)['Pusher'] == 'skipped'
    assert run.pushed is None
    assert shared_project.served() == served
    worst = run.reasons[0]
    assert worst['metric'] == 'rmse'
    assert worst['candidate'] > 12
    assert worst['bound'] == 12
    assert worst['examples'] == run.rows['test']
    assert 'above the max of 12' in worst['text']
    assert {r['kind'] for r in run.reasons} == {'max', 'no_worse_than_baseline_by'}


def test_changed_table_starts_over(shared_project: Project) -> None:
    with shared_project.table.open('a') as table:
        table.write('70.5,100.0,2,Cork\n')
    run = shared_project.run()
    assert cached(run) == []
    assert sum(run.rows.values()) == 1501


BATCH = (
    'batch={query: "SELECT area, rooms, town FROM `city.sales.houses` WHERE rooms = 2", '
    'output: predictions/houses.parquet}'
)


def test_rows_without_a_label_are_predicted_in_the_pipeline(shared_project: Project) -> None:
    output = shared_project.folder / 'predictions' / 'houses.parquet'
    run = shared_project.run(BATCH)
    assert states(run)['BulkInferrer'] == 'done'
    rows = pq.read_table(output).to_pylist()
    assert run.step('PredictionTable').note.startswith(f'{len(rows):,} rows in')
    assert len(rows) > 200
    assert rows[0].keys() == {'area', 'rooms', 'town', 'prediction'}
    assert {row['rooms'] for row in rows} == {2}
    cork = [r['prediction'] for r in rows if r['town'] == 'Cork']
    brugge = [r['prediction'] for r in rows if r['town'] == 'Brugge']
    assert sum(cork) / len(cork) > sum(brugge) / len(brugge) + 3

    output.unlink()
    again = shared_project.run(BATCH)
    assert states(again)['BulkInferrer'] == 'cached'
    assert pq.read_table(output).num_rows == len(rows)


def test_a_model_that_is_not_served_as_evaluated_is_not_pushed(
    shared_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = shared_project.served()
    monkeypatch.setattr(
        'components.serving_gate.executor.find_fault', lambda *_: 'row 3 (area=50): prediction …'
    )
    run = shared_project.run('train.epochs=8')
    assert run.state == 'done'
    assert run.blessed is False
    assert [r['text'] for r in run.reasons] == ['ServingGate: row 3 (area=50): prediction …']
    assert states(run)['Pusher'] == 'skipped'
    assert shared_project.served() == served
    assert 'ServingGate: row 3' in show.outcome(run).plain


def test_killed_run_goes_on_where_it_was(project: Project) -> None:
    command = [sys.executable, '-m', 'pipeline', 'run', str(project.recipe), '-v']
    environment = os.environ | {'PYTHONPATH': str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if 'Component Trainer is running' in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    done = subprocess.run(
        [*command[:-1], '--json'], env=environment, capture_output=True, text=True, check=True
    )
    run = json.loads(done.stdout)
    assert run['blessed'] is True
    assert 'Component Trainer is finished' in Path(run['log']).read_text()
    state = {s['name']: s['state'] for s in run['steps']}
    assert state['Transform'] == 'cached'
    assert state['Trainer'] == 'done'
    listed = subprocess.run(
        [sys.executable, '-m', 'pipeline', 'runs', '--json'],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [r['state'] for r in json.loads(listed.stdout)['runs']] == ['done', 'interrupted']


OWN_CODE = """
import keras
import tensorflow as tf
import tensorflow_transform as tft
from models.inputs import keras_inputs


def preprocessing_fn(inputs, custom_config):
    def dense(name, missing):  # one value per row, also where no row of a batch has one
        column = tft.sparse_tensor_to_dense_with_shape(inputs[name], [None, 1], missing)
        return column[:, 0]

    return {
        'rooms': tft.scale_to_z_score(tf.cast(dense('rooms', 0), tf.float32)),
        'town': tft.compute_and_apply_vocabulary(dense('town', ''), num_oov_buckets=1),
        'price': dense('price', 0.0),
    }


def build(inputs, config, units=16):
    tensors = keras_inputs(inputs)
    parts = [
        keras.layers.Embedding(i.size, 4)(tensors[i.name])
        if i.size
        else keras.layers.Reshape((1,))(tensors[i.name])
        for i in inputs
    ]
    x = keras.layers.Concatenate()(parts)
    x = keras.layers.Dense(units, activation='relu')(x)
    return keras.Model(tensors, keras.layers.Dense(1)(x))
"""
"""The functions of docs/own-code.md, for the houses."""


def test_own_functions_and_a_search(project: Project) -> None:
    (project.folder / 'own_houses.py').write_text(OWN_CODE)
    run = project.run(
        'transform=own_houses.preprocessing_fn',
        'model={kind: own_houses.build, options: {units: 8}}',
        'tune={trials: 2, epochs: 1, space: {learning_rate: [1e-3, 1e-1, log], units: [4, 8]}}',
        'gate.metrics.rmse.max=1000',
        'gate.slices=[]',
    )
    assert (run.state, run.error) == ('done', None)
    assert run.step('Tuner').state == 'done'
    assert run.blessed

    (project.folder / 'own_houses.py').write_text(OWN_CODE.replace("'relu'", "'tanh'"))
    again = project.run(*run.overrides)
    assert states(again)['StatisticsGen'] == 'cached'
    assert states(again)['Trainer'] == 'done'
