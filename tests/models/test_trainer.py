import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.util import event_pb2

from models.checkpoints import Checkpoints
from models.trainer import CURVES_FILE, RATE_FILE, run_fn
from models.warm_start import KERAS_FILE
from pipeline.training_record import training_in
from tests.models.test_signatures import as_examples


def test_a_run_leaves_a_model_its_history_and_progress(artifacts, tmp_path, caplog):
    made = artifacts('regression')
    config = made.config(train={'epochs': 3, 'batch_size': 64, 'schedule': 'cosine'})
    with caplog.at_level(logging.INFO, 'sluice.progress'):
        run_fn(made.fn_args(tmp_path, config))
    signatures = tf.saved_model.load(str(tmp_path / 'model')).signatures
    expected = {'serving_default', 'serving_examples', 'preprocessing', 'labels'}
    assert set(signatures) == expected

    history = json.loads((tmp_path / 'run' / 'history.json').read_text())
    epochs = history['epochs']
    losses = [e['val_loss'] for e in epochs]
    assert [e['epoch'] for e in epochs] == [1, 2, 3]
    assert history['best_epoch'] == 1 + int(np.argmin(losses))
    assert epochs[0].keys() >= {'loss', 'val_loss', 'rmse', 'val_rmse', 'learning_rate', 'seconds'}
    assert epochs[0]['learning_rate'] > epochs[2]['learning_rate']
    assert scalars(tmp_path / 'run' / 'train')['epoch_rmse'] == pytest.approx(
        {e['epoch']: e['rmse'] for e in epochs}, rel=1e-6
    )
    assert scalars(tmp_path / 'run' / 'train').keys() >= {'epoch_loss', 'epoch_learning_rate'}
    assert scalars(tmp_path / 'run' / 'validation')['epoch_loss'] == pytest.approx(
        {e['epoch']: e['val_loss'] for e in epochs}, rel=1e-6
    )
    assert (tmp_path / 'run' / CURVES_FILE).read_bytes().startswith(b'\x89PNG')
    assert not (tmp_path / 'run' / RATE_FILE).exists()
    read = training_in(tmp_path / 'run')
    assert (read.epochs, read.best_epoch) == (3, history['best_epoch'])
    assert (read.curves, read.rate_curve) == (str(tmp_path / 'run' / CURVES_FILE), None)

    predicted = signatures['serving_examples'](examples=as_examples(made.eval_rows))['prediction']
    truth = signatures['labels'](examples=as_examples(made.eval_rows))['label']
    rmse = float(np.sqrt(np.mean((predicted - truth) ** 2)))
    assert rmse == pytest.approx(epochs[history['best_epoch'] - 1]['val_rmse'], rel=1e-3)

    done = [r.progress['done'] for r in caplog.records if hasattr(r, 'progress')]
    assert done[-1] == 3
    assert keras.config.dtype_policy().name == 'float32'


def scalars(folder):
    """Read tag -> step -> value from TensorBoard's files."""
    found = {}
    for file in folder.glob('events*'):
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = float(tf.make_ndarray(value.tensor))
    return found


def test_a_search_for_a_rate_leaves_its_curve(artifacts, tmp_path):
    made = artifacts('binary')
    train = {'epochs': 1, 'batch_size': 32, 'find_rate': 'show'}
    run_fn(made.fn_args(tmp_path, made.config(train=train)))
    found = json.loads((tmp_path / 'run' / RATE_FILE).read_text())
    assert 'lowest smoothed loss' in found['rule']
    assert len(found['rates']) == len(found['losses']) == len(found['smoothed'])
    read = training_in(tmp_path / 'run')
    assert read.suggested_learning_rate == found['suggestion']
    assert Path(read.rate_curve).read_bytes().startswith(b'\x89PNG')


TRAINED_IN_A_PROCESS = """
import json, sys
from types import SimpleNamespace
from models.trainer import run_fn
run_fn(SimpleNamespace(**json.loads(sys.argv[1])))
"""


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_last_epoch(artifacts, tmp_path, caplog):
    made = artifacts('regression')
    config = made.config(train={'epochs': 200, 'batch_size': 64, 'early_stopping': None})
    settings = {'trainer': config.model_dump(mode='json'), 'checkpoints': str(tmp_path / 'saved')}
    fn_args = made.fn_args(tmp_path / 'first', config, custom_config=settings)
    arguments = [sys.executable, '-c', TRAINED_IN_A_PROCESS, json.dumps(vars(fn_args))]
    process = subprocess.Popen(arguments)
    try:
        while not list(tmp_path.glob('saved/*.npz')):
            assert process.poll() is None
            time.sleep(0.1)
    finally:
        process.kill()
        process.wait()
    (saved,) = tmp_path.glob('saved/*.npz')
    done = Checkpoints(str(saved.parent), saved.stem).load().epoch
    assert 0 < done < 200

    with caplog.at_level(logging.INFO, 'sluice.progress'):
        run_fn(made.fn_args(tmp_path / 'second', config, custom_config=settings))
    assert f'resumed at epoch {done + 1}/200' in caplog.text
    history = json.loads((tmp_path / 'second' / 'run' / 'history.json').read_text())
    assert history['resumed_after_epoch'] == done
    assert [e['epoch'] for e in history['epochs']] == list(range(1, 201))
    assert len(scalars(tmp_path / 'second' / 'run' / 'train')['epoch_loss']) == 200
    assert not list(saved.parent.iterdir())


def test_hyperparameters_found_by_a_search_are_used(artifacts, tmp_path):
    made = artifacts('regression')
    config = made.config(tune={'trials': 2, 'space': {'hidden': [[3], [5, 4]]}})
    found = {'space': [], 'values': {'hidden': '[5, 4]', 'tuner/epochs': 2}}
    run_fn(made.fn_args(tmp_path, config, hyperparameters=found))
    model = keras.saving.load_model(tmp_path / 'model' / KERAS_FILE, compile=False)
    assert [model.get_layer(f'net.hidden_{n}').units for n in (1, 2)] == [5, 4]


def test_a_warm_start_begins_where_the_last_model_ended(artifacts, tmp_path):
    made = artifacts('regression')
    train = {'epochs': 8, 'batch_size': 32, 'learning_rate': 0.02}
    run_fn(made.fn_args(tmp_path / 'first', made.config(train=train)))
    almost_still = made.config(train=train | {'epochs': 1, 'learning_rate': 1e-6})
    base = str(tmp_path / 'first' / 'model')
    run_fn(made.fn_args(tmp_path / 'second', almost_still, base_model=base))
    first, second = (
        [e['val_loss'] for e in json.loads((tmp_path / path).read_text())['epochs']]
        for path in ('first/run/history.json', 'second/run/history.json')
    )
    assert second[0] == pytest.approx(min(first), rel=0.05)
    assert first[0] > 3 * second[0]


def test_an_own_model_is_exported_with_its_transform(artifacts, tmp_path):
    made = artifacts('multiclass')
    config = made.config(model={'kind': 'tests.models.own_models.linear', 'options': {'units': 2}})
    run_fn(made.fn_args(tmp_path, config))
    signatures = tf.saved_model.load(str(tmp_path / 'model')).signatures
    found = signatures['serving_examples'](examples=as_examples(made.eval_rows[:7]))
    assert found['probabilities'].shape == (7, 3)


def test_a_run_may_have_other_epochs_than_the_settings(artifacts, tmp_path):
    made = artifacts('regression')
    fn_args = made.fn_args(tmp_path, made.config(train={'epochs': 1, 'batch_size': 64}))
    fn_args.custom_config['epochs'] = 2
    run_fn(fn_args)
    assert len(json.loads((tmp_path / 'run' / 'history.json').read_text())['epochs']) == 2
    fn_args.custom_config['epochs'] = 0
    with pytest.raises(ValueError, match='epochs: 0 is too few'):
        run_fn(fn_args)
