import logging

import keras
import numpy as np
import pytest

from models import progress
from models.callbacks import BestWeights, StopOnFailure, TrainingError
from models.phases import phases
from models.progress import Progress
from models.settings import TrainerConfig
from transforms.image_settings import ImageInput


class Losses(keras.callbacks.Callback):
    """Sets the weight to the epoch's number, and its loss to a given one."""

    def __init__(self, losses):
        super().__init__()
        self.losses = losses

    def on_epoch_end(self, epoch, logs=None):
        self.model.set_weights([np.array([[float(epoch)]])])
        logs['val_loss'] = self.losses[epoch]


def fit(losses, callbacks):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile('sgd', 'mse')
    x = np.zeros([8, 1])
    model.fit(x, x, epochs=len(losses), verbose=0, callbacks=[Losses(losses), *callbacks])
    return float(model.get_weights()[0][0, 0])


@pytest.mark.parametrize(
    ('losses', 'best'),
    [
        ([3, 2, 1], 2),
        ([1, 2, 3], 0),
        ([3, 1, 2], 1),
        ([2, 1.9999, 3], 1),
        ([1, 1, 1], 0),
    ],
)
def test_the_best_weights_are_put_back_whenever_training_ends(losses, best):
    keeper = BestWeights()
    assert fit(losses, [keeper]) == best
    assert keeper.epoch == best


def test_the_best_weights_are_put_back_after_early_stopping_too():
    stopping = keras.callbacks.EarlyStopping(patience=2, min_delta=0.5)
    assert fit([2, 1.9, 1.8, 0, 0], [BestWeights(), stopping]) == 2


def test_a_loss_that_is_no_number_names_the_epoch_and_the_way_out():
    with pytest.raises(TrainingError, match=r'val_loss became nan in epoch 2 .*learning_rate'):
        fit([1, float('nan'), 1], [StopOnFailure()])


CONFIG = TrainerConfig.model_validate(
    {'task': 'regression', 'label': 'y', 'model': {}, 'train': {'batch_size': 8}, 'tune': {}}
)


def test_progress_is_told_per_epoch(caplog, monkeypatch):
    monkeypatch.setattr(progress, 'PROGRESS_INTERVAL', 1e9)  # on a busy machine too
    with caplog.at_level(logging.INFO, 'sluice.progress'):
        fit([3, 2], [Progress(CONFIG)])
    told = [r.progress for r in caplog.records if r.progress['metrics'].get('val_loss')]
    assert [(t['done'], t['total']) for t in told] == [(1, 2), (2, 2)]
    assert {t['unit'] for t in told} == {'epochs'}
    assert told[-1]['metrics']['val_loss'] == 2
    assert told[-1]['seconds_left'] == 0
    assert told[0]['seconds_left'] > 0
    assert told[0]['rate'] > 0
    assert {t['rate_unit'] for t in told} == {'rows'}
    assert {t['stage'] for t in told} == {None}
    assert caplog.records[-1].getMessage().startswith('epoch 2/2: loss ')


def test_progress_of_phases_names_this_one_and_the_next(caplog):
    model = {'kind': 'transfer', 'fine_tune': {'epochs': 7}}
    config = CONFIG.model_copy(update={'task': 'multiclass', 'image': ImageInput()})
    config = TrainerConfig.model_validate(config.model_dump() | {'model': model})
    told = []
    for phase in phases(config):
        shown = Progress(config)
        shown.on_phase_begin(phase)
        caplog.clear()
        with caplog.at_level(logging.INFO, 'sluice.progress'):
            fit([3, 2], [shown])
        told.append(caplog.records[-1].progress)
    assert [t['stage'] for t in told] == ['head', 'fine-tune']
    assert [t['then'] for t in told] == ['fine-tune (7 epochs)', None]
    assert {t['rate_unit'] for t in told} == {'pictures'}
