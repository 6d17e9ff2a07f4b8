import keras
import numpy as np
import pytest

from models.inputs import ModelInput
from models.pixel_networks import build
from models.settings import Cnn, Dense, Linear
from models.target import LabelStatistics, Target

INPUTS = [ModelInput('image', None, (8, 10, 3))]
THREE = Target('multiclass', 'label', ('a', 'b', 'c'))
TWO = Target('binary', 'label', ('a', 'b'))
PIXELS = {'image': np.random.default_rng(1).uniform(0, 255, (5, 8, 10, 3)).astype(np.float32)}


@pytest.mark.parametrize('config', [Linear(), Dense(hidden=(4,)), Cnn(filters=(4, 6))])
def test_classes_have_probabilities(config):
    found = build(INPUTS, config, THREE, LabelStatistics(counts=(5, 3, 1)))(PIXELS).numpy()
    assert found.shape == (5, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    of_two = build(INPUTS, config, TWO, LabelStatistics(counts=(5, 3)))(PIXELS).numpy()
    assert of_two.shape == (5, 1)
    assert ((of_two > 0) & (of_two < 1)).all()


def test_a_linear_model_begins_with_the_shares_of_the_classes():
    model = build(INPUTS, Linear(), THREE, LabelStatistics(counts=(5, 3, 1)))
    np.testing.assert_allclose(model(PIXELS)[0], np.array([6, 4, 2]) / 12, rtol=1e-5)


@pytest.mark.parametrize('batch_norm', [True, False])
@pytest.mark.parametrize('residual', [True, False])
def test_blocks_are_as_the_settings_say(batch_norm, residual):
    config = Cnn(filters=(4, 6), batch_norm=batch_norm, residual=residual, hidden=())
    model = build(INPUTS, config, THREE, LabelStatistics(counts=(1, 1, 1)))
    kinds = [type(layer) for layer in model.layers]
    assert kinds.count(keras.layers.BatchNormalization) == (4 if batch_norm else 0)
    assert kinds.count(keras.layers.Add) == (2 if residual else 0)
    assert model.get_layer('net.block_1.conv_1').use_bias is not batch_norm
    assert model.get_layer('net.block_2.half').output.shape == (None, 2, 3, 6)
