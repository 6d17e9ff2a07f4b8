import json
import logging

import pytest

from models.search_space import with_values
from models.tuner import tuner_fn


def searched(made, directory, config):
    result = tuner_fn(made.fn_args(directory, config))
    result.tuner.search(**result.fit_kwargs)
    return result.tuner


def config(made, **tune):
    space = {'learning_rate': [1e-6, 0.05], 'hidden': [[4], [6, 5]], 'batch_size': [32, 64, 'log']}
    settings = {'trials': 3, 'epochs': 2, 'space': space} | tune
    return made.config(tune=settings, train={'batch_size': 100, 'seed': 3})


@pytest.mark.parametrize('algorithm', ['random', 'bayesian', 'hyperband'])
def test_a_search_finds_settings_that_the_trainer_understands(
    artifacts, tmp_path, caplog, algorithm
):
    made = artifacts('regression')
    settings = config(made, algorithm=algorithm, epochs=3)
    with caplog.at_level(logging.INFO, 'sluice.progress'):
        tuner = searched(made, tmp_path, settings)
    trials = tuner.oracle.get_best_trials(10)
    assert 1 <= len(trials) <= 3
    best = json.loads(json.dumps(tuner.get_best_hyperparameters()[0].get_config()))
    assert best.keys() == {'space', 'values'}

    found = with_values(settings, best['values'])
    assert found.train.learning_rate in (1e-6, 0.05)
    assert 32 <= found.train.batch_size <= 64
    assert found.model.hidden in ((4,), (6, 5))
    assert trials[0].score == min(t.score for t in trials)

    told = [r.progress for r in caplog.records if hasattr(r, 'progress')]
    assert [t['done'] for t in told] == list(range(1, len(trials) + 1))
    assert {(t['unit'], t['total']) for t in told} == {('trials', 3)}
    assert told[-1]['metrics']['best_val_loss'] == pytest.approx(trials[0].score)


def test_a_searched_batch_size_sets_the_number_of_steps(artifacts, tmp_path):
    made = artifacts('regression')
    settings = config(made, space={'batch_size': [20, 400]}, trials=2, epochs=1)
    tuner = searched(made, tmp_path, settings)
    steps = {
        t.hyperparameters.values['batch_size']: int(tuner.load_model(t).optimizer.iterations)
        for t in tuner.oracle.get_best_trials(2)
    }
    assert steps == {20: 20, 400: 1}


def test_an_earlier_search_in_the_same_place_is_forgotten(artifacts, tmp_path):
    made = artifacts('regression')
    searched(made, tmp_path, config(made, space={'dropout': [0.0, 0.1]}, trials=1, epochs=1))
    tuner = searched(made, tmp_path, config(made, space={'dropout': [0.2, 0.3]}, trials=1, epochs=1))
    values = [t.hyperparameters.values['dropout'] for t in tuner.oracle.get_best_trials(5)]
    assert len(values) == 1
    assert values[0] in (0.2, 0.3)
