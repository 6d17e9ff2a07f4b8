import logging
import os
import time

import keras
import numpy as np
import pytest

from models import checkpoints as module
from models import training
from models.callbacks import EpochLog
from models.checkpoints import Checkpoint, Checkpoints, SaveEpochs, training_key
from models.phases import Phase
from models.training import build_model, fit

TRAIN = {'epochs': 5, 'batch_size': 64, 'learning_rate': 0.02, 'schedule': 'one_cycle'}
MODEL = {'hidden': [8], 'dropout': 0.3}
TWO = (Phase('head', 3, 0.02), Phase('fine_tune', 4, 0.01))


class Killed(BaseException):
    """Stands for a kill: nothing that ends training in order comes after it."""


class Kill(keras.callbacks.Callback):
    """Ends training at the beginning of an epoch, counted over all phases from 0."""

    def __init__(self, at):
        super().__init__()
        self.left = at

    def on_epoch_begin(self, epoch, logs=None):
        if not self.left:
            raise Killed
        self.left -= 1


@pytest.fixture
def made(artifacts, monkeypatch):
    monkeypatch.setattr(module, 'ALWAYS_QUICK', 60.0)  # on a busy machine too
    return artifacts('binary')


def settings(made, **train):
    return made.config(train=TRAIN | train, model=MODEL)


def trained(made, config, checkpoints=None, kill_at=None):
    """Train anew, as a new process would; return the model, its log and whether it was killed."""
    keras.utils.set_random_seed(config.train.seed)
    model, log = build_model(config, made.data), EpochLog()
    callbacks = [log] if kill_at is None else [log, Kill(kill_at)]
    try:
        fit(model, config, made.data, callbacks, checkpoints)
    except Killed:
        return model, log, True
    return model, log, False


def numbers(entries):
    return [{k: v for k, v in e.items() if k not in ('seconds', 'phase')} for e in entries]


def assert_same_training(unbroken, resumed):
    for one, other in zip(unbroken[0].get_weights(), resumed[0].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    pairs = list(zip(numbers(unbroken[1].epochs), numbers(resumed[1].epochs), strict=True))
    assert pairs
    for one, other in pairs:
        assert one == pytest.approx(other, rel=1e-4)


def test_a_killed_training_ends_as_if_it_had_not_been(made, tmp_path):
    config = settings(made)
    checkpoints = Checkpoints(str(tmp_path / 'deep' / 'folder'), 'key')
    unbroken = trained(made, config)
    assert trained(made, config, checkpoints, kill_at=2)[2]
    assert trained(made, config, checkpoints, kill_at=1)[2]
    resumed = trained(made, config, checkpoints)
    assert resumed[1].resumed == 3
    assert_same_training(unbroken, resumed)


@pytest.mark.parametrize('kill_at', [2, 3, 5])
def test_a_training_killed_in_either_phase_goes_on_there(made, tmp_path, monkeypatch, kill_at):
    monkeypatch.setattr(training, 'phases', lambda config: TWO)
    config = settings(made)
    checkpoints = Checkpoints(str(tmp_path), 'key')
    unbroken = trained(made, config)
    assert trained(made, config, checkpoints, kill_at=kill_at)[2]
    resumed = trained(made, config, checkpoints)
    assert resumed[1].resumed == kill_at
    assert [e['phase'] for e in resumed[1].epochs] == ['head'] * 3 + ['fine_tune'] * 4
    assert_same_training(unbroken, resumed)


def test_a_training_that_had_stopped_early_is_over(made, tmp_path):
    stopping = {'patience': 1, 'min_delta': 1e6}
    config = settings(made, early_stopping=stopping)
    checkpoints = Checkpoints(str(tmp_path), 'key')
    once = trained(made, config, checkpoints)
    assert len(once[1].epochs) == 2
    again = trained(made, config, checkpoints)
    assert len(again[1].epochs) == again[1].resumed == 2
    assert_same_training(once, again)


def test_patience_and_the_best_weights_are_remembered(made, tmp_path):
    config = settings(made, early_stopping={'patience': 3, 'min_delta': 1e6}, epochs=9)
    checkpoints = Checkpoints(str(tmp_path), 'key')
    trained(made, config, checkpoints, kill_at=2)
    resumed = trained(made, config, checkpoints)
    assert len(resumed[1].epochs) == 4
    assert_same_training(trained(made, config), resumed)


@pytest.mark.parametrize('content', [b'', b'garbage', b'PK\x03\x04 half'])
def test_a_file_that_cannot_be_read_is_left_out_with_a_warning(tmp_path, caplog, content):
    (tmp_path / 'key.npz').write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert Checkpoints(str(tmp_path), 'key').load() is None
    assert 'cannot be read' in caplog.text


def test_training_begins_anew_where_nothing_can_be_read(made, tmp_path, caplog):
    config = settings(made, epochs=1)
    checkpoints = Checkpoints(str(tmp_path), 'key')
    (tmp_path / 'key.npz').write_bytes(b'PK\x03\x04 half')
    with caplog.at_level(logging.WARNING):
        _, log, _ = trained(made, config, checkpoints)
    assert (len(log.epochs), log.resumed) == (1, 0)
    assert 'cannot be read' in caplog.text


def checkpoint(epoch=1):
    state = {'best': float('inf'), 'weights': [np.ones(2)], 'none': None}
    return Checkpoint('train', epoch, False, [np.arange(6.0).reshape(2, 3), np.int64(7)], [state])


def test_a_checkpoint_survives_its_file(tmp_path):
    checkpoints = Checkpoints(str(tmp_path), 'key')
    assert checkpoints.load() is None
    checkpoints.save(checkpoint(1))
    checkpoints.save(checkpoint(2))
    found = checkpoints.load()
    assert (found.phase, found.epoch, found.stopped, found.rate_search) == ('train', 2, False, None)
    np.testing.assert_array_equal(found.variables[0], np.arange(6.0).reshape(2, 3))
    assert found.variables[1] == 7
    assert found.callbacks[0]['best'] == float('inf')
    assert found.callbacks[0]['none'] is None
    np.testing.assert_array_equal(found.callbacks[0]['weights'][0], np.ones(2))
    assert [p.name for p in tmp_path.iterdir()] == ['key.npz']


def test_what_is_over_is_removed_and_what_was_left_long_ago(tmp_path):
    ours, other, old = (Checkpoints(str(tmp_path), key) for key in ('ours', 'other', 'old'))
    for checkpoints in (ours, other, old):
        checkpoints.save(checkpoint())
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(tmp_path / 'old.npz', (long_ago, long_ago))
    (tmp_path / 'ours.npz.part').touch()
    ours.remove()
    assert [p.name for p in tmp_path.iterdir()] == ['other.npz']


def test_saving_that_takes_long_is_not_done_after_each_quick_epoch(monkeypatch, tmp_path):
    saved = []
    monkeypatch.setattr(module, 'ALWAYS_QUICK', 0.05)

    class Slow(Checkpoints):
        def save(self, checkpoint):
            time.sleep(0.1)
            saved.append(checkpoint.epoch)

    saver = SaveEpochs(Slow(str(tmp_path), 'key'), 'train', [], [], None, None)
    saver.set_model(keras.Sequential())
    saver.model.stop_training = False
    for epoch in range(3):
        saver.on_epoch_end(epoch)
    saver.model.stop_training = True
    saver.on_epoch_end(3)
    assert saved == [1, 4]


def test_the_key_is_of_settings_inputs_and_model(made):
    config = settings(made)
    model = build_model(config, made.data)
    key = training_key(config, model, ['a', 'b'])
    assert key == training_key(config, build_model(config, made.data), ['a', 'b'])
    wider = settings(made).model_copy(
        update={'model': config.model.model_copy(update={'hidden': (9,)})}
    )
    others = [
        training_key(settings(made, epochs=6), model, ['a', 'b']),
        training_key(config, model, ['a', 'c']),
        training_key(config, model, ['a']),
        training_key(config, build_model(wider, made.data), ['a', 'b']),
    ]
    assert len({key, *others}) == 5
