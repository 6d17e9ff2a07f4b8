import keras
import numpy as np
import pytest

from models.inputs import ModelInput
from models.settings import WideDeep
from models.target import LabelStatistics, Target
from models.wide_deep import build, embedding_width

INPUTS = (ModelInput('colour', 4), ModelInput('size'), ModelInput('pair', shape=(2,)))
BATCH = {
    'colour': np.array([0, 1, 3], np.int32),
    'size': np.array([0.5, -1, 2], np.float32),
    'pair': np.ones([3, 2], np.float32),
}
NUMBER = Target('regression', 'y')
BINARY = Target('binary', 'y', ('no', 'yes'))
MULTI = Target('multiclass', 'y', ('a', 'b', 'c'))


def names(model):
    return {layer.name for layer in model.layers}


@pytest.mark.parametrize('config', [{}, {'hidden': []}, {'wide': False}, {'dropout': 0.5}])
@pytest.mark.parametrize('target', [NUMBER, BINARY, MULTI])
def test_shapes_of_every_variant(config, target):
    labels = LabelStatistics(counts=(1,) * len(target.classes))
    model = build(INPUTS, WideDeep.model_validate(config), target, labels)
    output = model(BATCH).numpy()
    assert output.shape == (3, target.units)
    assert output.dtype == np.float32
    assert model.output_shape == (None, target.units)
    if target is MULTI:
        np.testing.assert_allclose(output.sum(axis=1), 1, rtol=1e-6)


def test_a_linear_model_has_no_dense_part_and_a_dense_one_no_wide_part():
    labels = LabelStatistics()
    linear = names(build(INPUTS, WideDeep(hidden=()), NUMBER, labels))
    dense = names(build(INPUTS, WideDeep(wide=False), NUMBER, labels))
    assert {n for n in linear if n.startswith(('deep.', 'net.hidden'))} == set()
    assert {n for n in dense if n.startswith('wide.')} == set()
    assert {'wide.colour', 'net.linear'} <= linear
    assert {'deep.colour', 'net.hidden_1', 'net.hidden_2', 'net.output'} <= dense


def test_before_training_a_linear_model_predicts_the_mean_or_the_shares():
    linear = WideDeep(hidden=())
    number = build(INPUTS, linear, NUMBER, LabelStatistics(mean=7.5, deviation=2.0))
    np.testing.assert_allclose(number(BATCH), np.full([3, 1], 7.5), rtol=1e-6)
    binary = build(INPUTS, linear, BINARY, LabelStatistics(counts=(74, 24)))
    np.testing.assert_allclose(binary(BATCH), np.full([3, 1], 0.25), rtol=1e-5)
    multi = build(INPUTS, linear, MULTI, LabelStatistics(counts=(19, 29, 49)))
    np.testing.assert_allclose(multi(BATCH), [[0.2, 0.3, 0.5]] * 3, rtol=1e-5)


def test_the_wide_part_is_a_one_hot_linear_model():
    model = build(INPUTS[:2], WideDeep(hidden=()), NUMBER, LabelStatistics())
    weights = np.array([[1.0], [2.0], [4.0], [8.0]])
    model.get_layer('wide.colour').set_weights([weights])
    model.get_layer('net.linear').set_weights([np.array([[10.0]]), np.array([0.5])])
    one_hot = np.eye(4)[BATCH['colour']]
    expected = one_hot @ weights + 10 * BATCH['size'][:, None] + 0.5
    np.testing.assert_allclose(model({k: BATCH[k] for k in ('colour', 'size')}), expected)


def test_categories_of_several_ids_are_averaged():
    model = build((ModelInput('tags', 3, (2,)),), WideDeep(hidden=()), NUMBER, LabelStatistics())
    model.get_layer('wide.tags').set_weights([np.array([[0.0], [2.0], [6.0]])])
    np.testing.assert_allclose(model({'tags': np.array([[1, 2], [0, 0]])}), [[4.0], [0.0]])


def test_embedding_widths():
    assert [embedding_width(n, 8) for n in (1, 3, 5, 16, 1000)] == [1, 1, 2, 8, 8]


def test_columns_may_have_any_name(tmp_path):
    names = ['total', 'numbers', 'deep', 'prediction', 'logits', 'wide_total', 'a b', 'größe']
    inputs = tuple(ModelInput(n, 3 if i % 2 else None) for i, n in enumerate(names))
    model = build(inputs, WideDeep(), NUMBER, LabelStatistics())
    assert set(model.input) == set(names)
    model.save(tmp_path / 'model.keras')
    again = keras.saving.load_model(tmp_path / 'model.keras')
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
