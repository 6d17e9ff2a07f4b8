import json

import keras
import numpy as np
import pytest

from models.callbacks import EpochLog
from models.curves import draw_curves, draw_search
from models.rate_finder import HIGHEST, LOWEST, STEPS, Ramp, RateSearch, smoothed
from models.training import build_model, fit

RATES = np.geomspace(LOWEST, HIGHEST, STEPS)


def losses(rates, noise=0.0, seed=0):
    """A loss that falls round 1e-3, is lowest at 1e-1, and then rises without end."""
    fall = 2 - 1.5 / (1 + (1e-3 / rates))
    return fall + (rates / 0.5) ** 2 + np.random.default_rng(seed).normal(0, noise, len(rates))


@pytest.mark.parametrize('seed', range(5))
def test_the_suggestion_is_below_the_lowest_loss_whatever_the_noise(seed):
    found = RateSearch.of(RATES, losses(RATES, noise=0.1, seed=seed))
    lowest = RATES[losses(RATES).argmin()]
    # The loss has fallen by half at 1e-3, and is within the noise of the lowest from 1e-2 on.
    assert 5e-4 < found.suggestion < lowest / 4


def test_losses_that_do_not_fall_suggest_nothing():
    noise = np.random.default_rng(1).normal(2, 0.2, STEPS)
    rising = RateSearch.of(RATES, noise + np.linspace(0, 1, STEPS))
    assert rising.suggestion is None
    assert rising.text == 'no learning rate made the loss fall'
    assert RateSearch.of(RATES[:1], [float('nan')]).suggestion is None


def test_what_comes_after_a_loss_that_is_no_number_does_not_count():
    curve = losses(RATES)
    curve[90:] = [float('nan'), *[-100.0] * 9]
    found = RateSearch.of(RATES, curve)
    assert found == RateSearch.of(RATES[:90], losses(RATES)[:90])


def test_smoothing_has_no_lag_and_keeps_a_constant():
    np.testing.assert_allclose(smoothed(np.full(9, 3.0)), 3.0)
    valley = np.abs(np.linspace(-1, 1, 101))
    assert smoothed(valley).argmin() == 50


def test_the_ramp_rises_by_one_factor():
    ramp = Ramp(1e-4, 1.0, 5)
    np.testing.assert_allclose(
        [float(ramp(i)) for i in range(5)], np.geomspace(1e-4, 1, 5), rtol=1e-4
    )
    assert Ramp(**ramp.get_config()).get_config() == ramp.get_config()


def trained(made, **train):
    config = made.config(
        train={'epochs': 2, 'batch_size': 32} | train, model={'hidden': [8], 'dropout': 0.3}
    )
    keras.utils.set_random_seed(config.train.seed)
    model, log = build_model(config, made.data), EpochLog()
    fit(model, config, made.data, [log])
    return model, log


def test_a_search_changes_nothing_and_is_the_same_each_time(artifacts):
    made = artifacts('binary')
    plain, _ = trained(made)
    searched, log = trained(made, find_rate='show')
    for one, other in zip(plain.get_weights(), searched.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert int(searched.optimizer.iterations) == int(plain.optimizer.iterations)
    _, again = trained(made, find_rate='show')
    assert log.rate_search.suggestion == pytest.approx(again.rate_search.suggestion, rel=1e-3)
    assert 1e-3 < log.rate_search.suggestion < 1
    assert json.loads(log.to_json())['suggested_learning_rate'] == log.rate_search.suggestion


def test_the_rate_found_is_used_when_asked(artifacts):
    made = artifacts('binary')
    _, log = trained(made, find_rate='use', learning_rate=1e-6)
    assert log.epochs[0]['learning_rate'] == pytest.approx(log.rate_search.suggestion)
    assert log.epochs[-1]['val_loss'] < 0.9 * log.epochs[0]['loss']


PNG = b'\x89PNG\r\n\x1a\n'


def test_pictures_of_a_search_and_of_a_training():
    assert draw_search(RateSearch.of(RATES, losses(RATES, 0.1))).startswith(PNG)
    assert draw_search(RateSearch.of([], [])).startswith(PNG)
    epochs = [
        {'epoch': i, 'phase': 'head' if i < 3 else 'fine_tune', 'learning_rate': 0.1 / i}
        | {'loss': 1 / i, 'val_loss': 2 / i, 'rmse': 1, 'val_rmse': 2.0, 'seconds': 1.0}
        for i in range(1, 5)
    ]
    assert draw_curves(epochs, 4, 'regression').startswith(PNG)
    assert draw_curves(epochs[:1], 1, 'regression').startswith(PNG)
