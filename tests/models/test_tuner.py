import json
import logging
from types import SimpleNamespace

import keras
import pytest

from models import frozen, training, tuner
from models.phases import phases
from models.search_space import with_values


def searched(made, directory, config):
    result = tuner.tuner_fn(made.fn_args(directory, config))
    result.tuner.search(**result.fit_kwargs)
    return result.tuner


def config(made, **tune):
    space = {'learning_rate': [1e-6, 0.05], 'hidden': [[4], [6, 5]], 'batch_size': [32, 64, 'log']}
    settings = {'trials': 2, 'epochs': 2, 'space': space} | tune
    return made.config(tune=settings, train={'batch_size': 100, 'seed': 3})


@pytest.mark.parametrize('algorithm', ['random', 'bayesian', 'hyperband'])
def test_a_search_finds_settings_that_the_trainer_understands(
    artifacts, tmp_path, caplog, algorithm
):
    made = artifacts('regression')
    settings = config(made, algorithm=algorithm, epochs=2)
    with caplog.at_level(logging.INFO, 'sluice.progress'):
        search = searched(made, tmp_path, settings)
    trials = search.oracle.get_best_trials(10)
    assert 1 <= len(trials) <= 2
    best = json.loads(json.dumps(search.get_best_hyperparameters()[0].get_config()))
    assert best.keys() == {'space', 'values'}

    found = with_values(settings, best['values'])
    assert found.train.learning_rate in (1e-6, 0.05)
    assert 32 <= found.train.batch_size <= 64
    assert found.model.hidden in ((4,), (6, 5))
    assert trials[0].score == min(t.score for t in trials)

    told = [r.progress for r in caplog.records if hasattr(r, 'progress')]
    assert [t['done'] for t in told] == list(range(1, len(trials) + 1))
    assert {(t['unit'], t['total']) for t in told} == {('trials', 2)}
    assert told[-1]['metrics']['best_val_loss'] == pytest.approx(trials[0].score)


def test_an_earlier_search_in_the_same_place_is_forgotten(artifacts, tmp_path):
    made = artifacts('regression')
    for choices in ([0.0, 0.1], [0.2, 0.3]):
        settings = config(made, space={'dropout': choices}, trials=1, epochs=1)
        trials = searched(made, tmp_path, settings).oracle.get_best_trials(5)
        assert len(trials) == 1
        assert trials[0].hyperparameters.values['dropout'] in choices


def test_a_searched_batch_size_is_that_of_the_batches(artifacts, tmp_path, monkeypatch):
    made = artifacts('regression')
    seen = []

    def fit(model, config, data, *args, **kwargs):
        seen.append(config.train.batch_size)
        return training.fit(model, config, data, *args, **kwargs)

    monkeypatch.setattr(tuner, 'fit', fit)
    searched(made, tmp_path, config(made, space={'batch_size': [20, 400]}, trials=2, epochs=1))
    assert sorted(seen) == [20, 400]


def test_a_trial_of_a_transfer_trains_the_head_only(pictures, tmp_path, monkeypatch):
    made = pictures('multiclass')
    seen = []

    def fit(model, config, data, *args, **kwargs):
        seen.append([phase.name for phase in phases(config)])
        return {'val_loss': [1.0]}

    monkeypatch.setattr(tuner, 'fit', fit)
    monkeypatch.setattr(tuner, 'build_model', lambda *_: keras.Sequential([keras.layers.Dense(1)]))
    settings = made.config(
        model={'kind': 'transfer', 'fine_tune': {'epochs': 3}},
        image={'size': 32},
        tune={'trials': 1, 'epochs': 1, 'space': {'dropout': [0.1, 0.2]}},
    )
    searched(made, tmp_path, settings)
    assert seen == [['head']]


@pytest.mark.parametrize('algorithm', ['random', 'hyperband'])
def test_a_search_ends_when_its_minutes_are_over_with_the_best_found(
    artifacts, tmp_path, monkeypatch, algorithm
):
    made = artifacts('regression')
    settings = config(made, trials=50, epochs=4, minutes=1, algorithm=algorithm)
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(tuner.time, 'monotonic', lambda: clock.now)
    built = []

    def build(*arguments):
        clock.now += 25  # so that the time is over within the third trial
        built.append(clock.now)
        return training.build_model(*arguments)

    monkeypatch.setattr(tuner, 'build_model', build)
    search = searched(made, tmp_path, settings)
    assert 1 <= len(built) <= 5
    assert search.get_best_hyperparameters()[0].values['learning_rate'] in (1e-6, 0.05)


def test_the_first_trial_is_one_also_if_it_takes_all_the_time(artifacts, tmp_path):
    made = artifacts('regression')
    search = searched(made, tmp_path, config(made, trials=50, epochs=1000, minutes=1e-6))
    (trial,) = search.oracle.get_best_trials(5)
    assert trial.score > 0


def test_features_of_a_backbone_serve_all_trials(pictures, tmp_path, monkeypatch):
    made = pictures('multiclass')
    keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.35
    ).save_weights(tmp_path / 'some.weights.h5')
    runs = []
    run = frozen._run
    monkeypatch.setattr(frozen, '_run', lambda *args: runs.append(args) or run(*args))
    settings = made.config(
        model={
            'kind': 'transfer',
            'options': {'alpha': 0.35},
            'weights': str(tmp_path / 'some.weights.h5'),
        },
        image={'size': 32},
        tune={'trials': 3, 'epochs': 1, 'space': {'dropout': [0.1, 0.2, 0.3]}},
    )
    search = searched(made, tmp_path, settings)
    assert len(search.oracle.get_best_trials(5)) == 3
    assert len(runs) == 2  # train and eval


@pytest.mark.slow
def test_processes_find_what_a_trainer_understands(artifacts, tmp_path):
    """Each builds and fits the models of its trials, as one process would."""
    from components.tuner import parallel

    made = artifacts('regression')
    settings = config(made, trials=3, epochs=1, space={'hidden': [[4], [6, 5], [8]]})
    fn_args = made.fn_args(tmp_path, settings)
    (tmp_path / 'work').mkdir()
    search = tuner.tuner_fn(fn_args).tuner
    parallel.search(search, 'models.tuner.tuner_fn', vars(fn_args), 2, tmp_path / 'work')
    trials = search.oracle.get_best_trials(3)
    assert [trial.status for trial in trials] == ['COMPLETED'] * 3
    found = with_values(settings, search.get_best_hyperparameters()[0].values)
    assert found.model.hidden in ((4,), (6, 5), (8,))
