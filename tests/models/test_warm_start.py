import keras
import numpy as np

from models.inputs import ModelInput
from models.settings import WideDeep
from models.target import LabelStatistics, Target
from models.warm_start import save_model, warm_start
from models.wide_deep import build


def model(colours=4, hidden=(8, 4)):
    inputs = (ModelInput('colour', colours), ModelInput('size'))
    return build(inputs, WideDeep(hidden=hidden), Target('regression', 'y'), LabelStatistics())


def weights(of, layer):
    return of.get_layer(layer).get_weights()[0]


def test_weights_come_back_layer_by_layer(tmp_path):
    earlier, later = model(), model()
    save_model(earlier, str(tmp_path))
    assert (tmp_path / 'assets.extra' / 'model.keras').exists()
    assert warm_start(later, str(tmp_path)) == 6
    for old, new in zip(earlier.get_weights(), later.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_layers_of_another_shape_keep_their_own_weights(tmp_path):
    earlier, later = model(colours=4), model(colours=5)
    save_model(earlier, str(tmp_path))
    own = weights(later, 'deep.colour')
    assert warm_start(later, str(tmp_path)) == 4
    np.testing.assert_array_equal(weights(later, 'deep.colour'), own)
    np.testing.assert_array_equal(weights(later, 'net.hidden_2'), weights(earlier, 'net.hidden_2'))


def test_a_model_with_nothing_in_common_is_named_in_the_log(tmp_path, caplog):
    x = keras.Input((3,))
    save_model(keras.Model(x, keras.layers.Dense(7)(x)), str(tmp_path))
    assert warm_start(model(), str(tmp_path)) == 0
    assert 'has no layer in common; training from scratch' in caplog.text


def test_a_model_without_a_keras_file(tmp_path, caplog):
    assert warm_start(model(), str(tmp_path)) == 0
    assert 'is not there; training from scratch' in caplog.text
