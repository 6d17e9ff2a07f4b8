import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from models import dataset
from models.dataset import Split
from models.frozen import FeatureStore, Frozen, OutOfTimeError, cut
from models.target import LabelStatistics

PIXELS = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
INPUTS = {'image': PIXELS}
SPLIT = Split(
    10, LabelStatistics(counts=(10,)), ({'image': tf.constant(PIXELS)}, tf.range(10)), None
)


def network():
    """Return a network with a way round its second layer, and dropout in the part before."""
    given = keras.Input((4,), name='image')
    first = layers.Dropout(0.5, name='drop')(layers.Dense(5, name='first')(given))
    second = layers.Dense(5, name='second')(first)
    joined = layers.Add(name='joined')([first, second])
    return keras.Model({'image': given}, layers.Dense(2, name='last')(joined))


@pytest.mark.parametrize(
    ('learning', 'features'), [(['last'], 1), (['second', 'last'], 1), (['first', 'last'], 1)]
)
def test_the_parts_of_a_cut_do_together_what_the_whole_does(learning, features):
    model = network()
    frozen, rest = cut(model, [model.get_layer(name) for name in learning])
    found = frozen(INPUTS)
    assert len(found) == features
    np.testing.assert_allclose(rest(found), model(INPUTS), rtol=1e-6)
    assert not {layer.name for layer in frozen.layers} & set(learning)


def test_a_cut_may_go_through_several_ways():
    model = network()
    frozen, rest = cut(model, [model.get_layer(name) for name in ('joined', 'last')])
    assert len(frozen.output) == 2
    np.testing.assert_allclose(rest(frozen(INPUTS)), model(INPUTS), rtol=1e-6)
    inner, last = cut(rest, [model.get_layer('last')])
    np.testing.assert_allclose(last(inner(frozen(INPUTS))), model(INPUTS), rtol=1e-6)


def test_frozen_layers_do_not_change_where_others_learn():
    model = network()
    frozen, rest = cut(model, [model.get_layer('last')])
    for name in ('first', 'second'):
        model.get_layer(name).trainable = False
    whole = keras.Model(model.input, rest(Frozen(frozen)(model.input)))
    np.testing.assert_allclose(whole(INPUTS, training=True), model(INPUTS), rtol=1e-6)
    assert {w.path for w in whole.trainable_weights} == {'last/kernel', 'last/bias'}


@pytest.mark.parametrize('on_disk', [False, True])
def test_features_are_those_of_the_rows_in_memory_and_on_disk(monkeypatch, on_disk):
    monkeypatch.setattr(dataset, 'MEMORY_LIMIT', 16 if on_disk else 2**20)
    model = network()
    frozen, rest = cut(model, [model.get_layer('last')])
    split = FeatureStore().of('key', frozen, SPLIT)
    assert isinstance(split.columns[0]['features_0'], np.memmap) == on_disk
    for seed in (None, 3):
        inputs, label = next(iter(split.batches(10, inputs=rest.input, seed=seed)))
        expected = model({'image': PIXELS[label.numpy()[:, 0]]})
        np.testing.assert_allclose(rest(inputs), expected, rtol=1e-5)


def test_epochs_take_turns_with_copies():
    given = keras.Input((4,), name='image')
    frozen = keras.Model({'image': given}, {'same': layers.Identity()(given)})
    changing = Split(
        10, SPLIT.labels, SPLIT.columns, None, lambda inputs, seed: {'image': inputs['image'] + 1}
    )
    doubled = FeatureStore().of('key', frozen, changing, copies=2)
    columns = {'same': doubled.columns[0]['same'].copy()}
    columns['same'][10:] += 100  # to tell the second copy from the first
    split = Split(10, SPLIT.labels, (columns, doubled.columns[1]), None, copies=2)
    batches = split.batches(10, inputs=['same'], seed=1)
    first, second = (
        {int(y): bool(x[0] > 50) for x, y in zip(inputs['same'], label[:, 0], strict=True)}
        for inputs, label in batches.take(2)
    )
    assert first.keys() == second.keys() == set(range(10))
    assert all(first[row] != second[row] for row in first)


def test_old_features_go_when_there_are_too_many(monkeypatch):
    model = network()
    frozen, _ = cut(model, [model.get_layer('last')])
    monkeypatch.setattr(dataset, 'MEMORY_LIMIT', 10 * 5 * 4)
    store = FeatureStore()
    first = store.of('first', frozen, SPLIT)
    assert store.of('first', frozen, SPLIT) is first
    store.of('second', frozen, SPLIT)
    assert store.of('first', frozen, SPLIT) is not first


def test_features_are_not_begun_after_the_deadline():
    model = network()
    frozen, _ = cut(model, [model.get_layer('last')])
    store = FeatureStore()
    store.deadline = time.monotonic() - 1
    with pytest.raises(OutOfTimeError):
        store.of('key', frozen, SPLIT)
