import keras
import numpy as np
import pytest
from pydantic import ValidationError

from models import frozen
from models.backbones import BackboneError
from models.settings import TrainerConfig, Transfer
from models.training import build_model, fit

SMALL = {'kind': 'transfer', 'backbone': 'MobileNetV2', 'options': {'alpha': 0.35}}
IMAGE = {'size': 32}
CHANGED = IMAGE | {'augment': {'flip': 'horizontal', 'rotate': 10}}
LAYERS = 6


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Return a file of weights as a stranger to these pictures has them."""
    keras.utils.set_random_seed(0)
    network = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.35
    )
    path = tmp_path_factory.mktemp('weights') / 'small.weights.h5'
    network.save_weights(path)
    return str(path)


def config_of(made, image=IMAGE, train=None, **model) -> TrainerConfig:
    train = {'epochs': 2, 'batch_size': 16, 'early_stopping': None} | (train or {})
    return made.config(model=SMALL | model, image=image, train=train)


def fitted(config, data):
    """Train a model; return it, its weights by layer before, and what training told."""
    keras.utils.set_random_seed(config.train.seed)
    model = build_model(config, data)
    before = state(model)
    return model, before, fit(model, config, data)


def state(model):
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def changed(model, before):
    """Return the names of layers whose weights or statistics are not as they were."""
    return {
        name
        for name, values in state(model).items()
        if any((x != y).any() for x, y in zip(values, before[name], strict=True))
    }


@pytest.fixture(scope='module')
def plain(pictures):
    """Return artifacts and their data, without augmentation."""
    made = pictures('multiclass')
    return made, made.load(config_of(made))


@pytest.mark.parametrize('copies', [None, 1])
def test_of_a_frozen_backbone_only_the_head_learns(pictures, weights, copies):
    made = pictures('multiclass')
    image = IMAGE if copies else CHANGED
    config = config_of(made, image, weights=weights, copies=copies, hidden=[4])
    model, before, history = fitted(config, made.load(config))
    assert changed(model, before) == {'net.hidden_1', 'net.output'}
    assert len(history['val_loss']) == 2
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(norms) > 40


def test_fine_tuning_changes_the_last_layers_but_no_batch_normalisation(plain, weights):
    made, data = plain
    tuning = {'layers': LAYERS, 'epochs': 1, 'learning_rate': 1e-3}
    config = config_of(made, weights=weights, fine_tune=tuning)
    model, before, history = fitted(config, data)
    backbone = [
        x
        for x in model.layers
        if not x.name.startswith('net.') and not isinstance(x, keras.layers.InputLayer)
    ]
    learnt = {
        x.name
        for x in backbone[-LAYERS:]
        if x.weights and not isinstance(x, keras.layers.BatchNormalization)
    }
    assert learnt
    assert changed(model, before) == learnt | {'net.output'}
    assert len(history['val_loss']) == 2 + 1


def test_without_weights_everything_learns(plain):
    made, data = plain
    config = config_of(made, train={'epochs': 1}, weights=None)
    model, before, _ = fitted(config, data)
    assert changed(model, before) == set(before)


def test_frozen_features_are_computed_once_for_all_epochs_and_trainings(
    pictures, weights, monkeypatch
):
    made = pictures('multiclass')
    config = config_of(made, weights=weights, train={'epochs': 3})
    data = made.load(config)
    runs = []
    run = frozen._run

    def counted(network, split, *args):
        runs.append(split.rows)
        return run(network, split, *args)

    monkeypatch.setattr(frozen, '_run', counted)
    fitted(config, data)
    assert runs == [48, 21]
    fitted(config, data)
    assert runs == [48, 21]


def test_training_on_features_is_training_through_the_frozen_layers(pictures, weights):
    made = pictures('multiclass')
    once = config_of(made, weights=weights, dropout=0.0)
    data = made.load(once)
    through = made.load(once)
    unchanged = through.train
    object.__setattr__(unchanged, 'change', lambda inputs, seed: inputs)
    results = [fitted(once, d) for d in (data, through)]
    (one, _, losses), (other, _, expected) = results
    np.testing.assert_allclose(losses['loss'], expected['loss'], rtol=1e-4)
    np.testing.assert_allclose(losses['val_loss'], expected['val_loss'], rtol=1e-4)
    for x, y in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-5)


def test_copies_are_changed_versions_that_features_are_made_of_once(pictures, weights):
    made = pictures('multiclass')
    config = config_of(made, CHANGED, weights=weights, copies=3)
    data = made.load(config)
    fitted(config, data)
    train, evaluation = data.features._kept.values()
    assert (train.rows, train.copies, evaluation.copies) == (48, 3, 1)
    features, labels = train.columns
    versions = features['features_0'].reshape(3, 48, -1)
    assert (versions[0] != versions[1]).any()
    assert labels.numpy().reshape(3, 48).std(axis=0).max() == 0


def test_gray_pictures_are_taken_for_colour(pictures, weights):
    made = pictures('binary')
    config = config_of(made, IMAGE | {'channels': 'gray'}, weights=weights)
    model = build_model(config, made.load(config))
    assert model.input['image'].shape == (None, 32, 32, 1)
    assert model.output_shape == (None, 1)


def test_an_unknown_backbone_names_the_nearest():
    with pytest.raises(
        ValidationError, match=r"'MobilNetV2' is not in keras\.applications; nearest: MobileNetV2"
    ):
        Transfer(backbone='MobilNetV2')


def test_weights_that_are_not_there_or_of_another_network(plain, weights):
    made, data = plain
    with pytest.raises(BackboneError, match=r'model\.weights: there is no file /no/such\.h5'):
        build_model(config_of(made, weights='/no/such.h5'), data)
    config = config_of(made, weights=weights, options={'alpha': 0.5})
    with pytest.raises(BackboneError, match='does not hold weights of MobileNetV2 without its top'):
        build_model(config, data)
