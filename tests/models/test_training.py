import keras
import numpy as np
import pytest

from models.callbacks import TrainingError
from models.hardware import precision
from models.target import TargetError
from models.training import build_model, fit


def predicted(model, split):
    return model.predict(split.batches(1000, inputs=model.input), verbose=0)


def trained(made, **settings):
    config = made.config(**settings)
    keras.utils.set_random_seed(config.train.seed)
    model = build_model(config, made.data)
    history = fit(model, config, made.data)
    return model, history


def test_a_regression_learns_what_made_the_data(artifacts):
    made = artifacts('regression')
    train = {'epochs': 20, 'batch_size': 32, 'learning_rate': 0.03}
    model, history = trained(made, train=train, model={'hidden': [16]})
    assert min(history['val_rmse']) < 0.5 * made.data.evaluation.labels.deviation
    found = model.evaluate(made.data.evaluation.batches(50, inputs=model.input), return_dict=True)
    assert found['loss'] == pytest.approx(min(history['val_loss']), rel=1e-5)
    assert found['rmse'] == pytest.approx(min(history['val_rmse']), rel=1e-4)


class Spoiled(keras.callbacks.Callback):
    """Ruins the weights before the third epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            self.model.set_weights([100 * w for w in self.model.get_weights()])


@pytest.mark.parametrize('early_stopping', [None, {'patience': 1}])
def test_the_best_weights_are_kept_when_later_epochs_are_worse(artifacts, early_stopping):
    made = artifacts('regression')
    config = made.config(train={'epochs': 4, 'early_stopping': early_stopping})
    model = build_model(config, made.data)
    losses = fit(model, config, made.data, [Spoiled()])['val_loss']
    assert len(losses) == (3 if early_stopping else 4)
    assert losses[-1] > 10 * min(losses)
    found = model.evaluate(made.data.evaluation.batches(150, inputs=model.input), return_dict=True)
    assert found['loss'] == pytest.approx(losses[1], rel=1e-5)


def test_the_same_seed_gives_the_same_model(artifacts):
    made = artifacts('regression')
    once, again = (
        predicted(trained(made, train={'epochs': 1})[0], made.data.evaluation) for _ in range(2)
    )
    np.testing.assert_allclose(once, again, rtol=1e-5)


def test_class_weights_move_predictions_to_the_class_that_weighs_more(artifacts):
    made = artifacts('binary')
    train = {'epochs': 3, 'batch_size': 64, 'learning_rate': 0.01}
    plain, weighted = (
        predicted(trained(made, train=train | {'class_weights': weights})[0], made.data.evaluation)
        for weights in (None, {'1': 10.0})
    )
    assert plain.mean() + 0.2 < weighted.mean()


def test_the_batch_size_sets_the_number_of_steps(artifacts):
    model, _ = trained(artifacts('regression'), train={'epochs': 2, 'batch_size': 150})
    assert int(model.optimizer.iterations) == 2 * 3


def test_an_unknown_class_in_the_weights(artifacts):
    made = artifacts('multiclass')
    with pytest.raises(TargetError, match="'tpo' is no class of 'kind'; known: 'low', 'mid'"):
        build_model(made.config(train={'class_weights': {'tpo': 2}}), made.data)


def test_a_learning_rate_that_is_too_high_is_named(artifacts):
    made = artifacts('regression')
    train = {'epochs': 3, 'learning_rate': 1e30, 'optimizer': 'sgd'}
    with pytest.raises(TrainingError, match=r'loss became (nan|inf) in epoch 1 at learning rate'):
        trained(made, train=train)


@pytest.mark.parametrize('optimizer', ['adam', 'adamw', 'sgd', 'rmsprop'])
def test_optimizers_and_schedules_reach_the_model(artifacts, optimizer):
    made = artifacts('binary')
    train = {'epochs': 2, 'batch_size': 100, 'optimizer': optimizer, 'schedule': 'one_cycle'}
    config = made.config(train=train)
    model = build_model(config, made.data)
    fit(model, config, made.data)
    assert type(model.optimizer).__name__.lower() == optimizer
    assert model.optimizer._learning_rate.steps == 8


def test_mixed_precision_keeps_answers_in_float32_and_ends_with_the_model(artifacts):
    made = artifacts('multiclass')
    with precision('mixed_bfloat16'):
        model = build_model(made.config(), made.data)
    assert model.get_layer('net.hidden_1').compute_dtype == 'bfloat16'
    assert model.output.dtype == 'float32'
    assert keras.config.dtype_policy().name == 'float32'
    assert predicted(model, made.data.evaluation).dtype == np.float32


@pytest.mark.parametrize('policy', ['mixed_bfloat16', 'mixed_float16'])
def test_mixed_precision_trains(artifacts, policy):
    made = artifacts('regression')
    with precision(policy):
        model = build_model(made.config(), made.data)
    losses = fit(model, made.config(), made.data)['val_loss']
    assert losses[1] < losses[0]


def test_gradients_are_clipped_to_the_norm_of_the_recipe(artifacts):
    made = artifacts('regression')
    steps = {}
    for norm in (None, 1e-6):
        train = {'epochs': 1, 'optimizer': 'sgd', 'learning_rate': 1.0, 'clip_norm': norm}
        config = made.config(train=train)
        keras.utils.set_random_seed(1)
        model = build_model(config, made.data)
        before = [w.numpy() for w in model.trainable_variables]
        fit(model, config, made.data)
        after = [w.numpy() for w in model.trainable_variables]
        steps[norm] = sum(float(np.abs(a - b).sum()) for a, b in zip(after, before, strict=True))
    assert 0 < steps[1e-6] < 1e-3 < steps[None]


@pytest.mark.parametrize('policy', ['mixed_bfloat16', 'mixed_float16'])
@pytest.mark.parametrize('augment', [{}, {'flip': 'horizontal', 'rotate': 5}])
def test_mixed_precision_trains_on_pictures(pictures, policy, augment):
    made = pictures('multiclass')
    settings = made.config(
        model={'kind': 'cnn', 'filters': [4], 'residual': True, 'hidden': [4]},
        image={'size': 8, 'augment': augment},
        train={'epochs': 4, 'batch_size': 8, 'learning_rate': 0.02},
    )
    data = made.load(settings)
    with precision(policy):
        model = build_model(settings, data)
    losses = fit(model, settings, data)['val_loss']
    assert min(losses) < losses[0]
    assert model.output.dtype == 'float32'
