import json
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.trainer import run_fn
from models.warm_start import KERAS_FILE
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
    assert list((tmp_path / 'run').glob('train/events*'))

    predicted = signatures['serving_examples'](examples=as_examples(made.eval_rows))['prediction']
    truth = signatures['labels'](examples=as_examples(made.eval_rows))['label']
    rmse = float(np.sqrt(np.mean((predicted - truth) ** 2)))
    assert rmse == pytest.approx(epochs[history['best_epoch'] - 1]['val_rmse'], rel=1e-3)

    done = [r.progress['done'] for r in caplog.records if hasattr(r, 'progress')]
    assert done[-1] == 3
    assert keras.config.dtype_policy().name == 'float32'


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
