import json

import pytest

from models.search_space import check_space, decoded, encoded, is_whole, with_values
from models.settings import (
    Cnn,
    Dense,
    Linear,
    Model,
    OwnModel,
    Range,
    TrainerConfig,
    Training,
    Transfer,
    Tuning,
    WideDeep,
)


def trainer(model: Model, space: dict) -> TrainerConfig:
    return TrainerConfig(
        task='regression',
        label='y',
        model=model,
        train=Training(),
        tune=Tuning(trials=2, space=space),
    )


def test_values_become_settings_and_the_searcher_s_notes_are_ignored():
    space = {'learning_rate': [1e-4, 1e-2, 'log'], 'hidden': [[32], [64, 32]]}
    config = trainer(WideDeep(dropout=0.2), space | {'batch_size': [64, 128]})
    values = {
        'learning_rate': 0.005,
        'hidden': '[64, 32]',
        'batch_size': 128,
        'tuner/epochs': 3,
        'tuner/trial_id': '0001',
    }
    found = with_values(config, values)
    assert found.train == Training(learning_rate=0.005, batch_size=128)
    assert found.model == WideDeep(hidden=(64, 32), dropout=0.2)


def test_values_for_an_own_model_are_its_options():
    config = trainer(OwnModel(kind='a.b', options={'depth': 1, 'width': 2}), {'depth': [1, 3]})
    found = with_values(config, {'depth': 3})
    assert found.model.options == {'depth': 3, 'width': 2}


@pytest.mark.parametrize(
    'choices',
    [[1, 2], [0.1, 1], ['adam', 'sgd'], [True, False], [[32], [64, 32]], [None, 'x'], [[], [1]]],
)
def test_choices_come_back_from_scalars_of_one_type(choices):
    stand_ins = list(encoded(choices))
    assert len({type(s) for s in stand_ins}) == 1
    assert [decoded(choices, s) for s in stand_ins] == choices


def test_the_space_survives_json():
    config = trainer(WideDeep(), {'dropout': [0, 0.5, 'linear'], 'hidden': [[32], []]})
    again = TrainerConfig.model_validate(json.loads(config.model_dump_json()))
    assert again == config
    assert isinstance(again.tune.space['dropout'], Range)


@pytest.mark.parametrize(
    ('name', 'low', 'high', 'whole'),
    [
        ('batch_size', 32, 512, True),
        ('dropout', 0, 1, False),
        ('depth', 1, 4, True),
        ('depth', 1.0, 4.0, False),
    ],
)
def test_whole_ranges(name, low, high, whole):
    assert is_whole(name, Range(min=low, max=high)) is whole


@pytest.mark.parametrize(
    ('space', 'message'),
    [
        ({'drop_out': [0, 0.5, 'linear']}, "'drop_out' cannot be searched; did you mean 'dropout'"),
        ({'epochs': [1, 2]}, "'epochs' cannot be searched; settings that can: learning_rate"),
        ({'dropout': [0.1, 1.5, 'linear']}, 'dropout: 1.5 is no value for it: .*less than 1'),
        ({'hidden': [32, 64]}, 'hidden: 32 is no value for it'),
        ({'optimizer': ['adam', 'adagrad']}, "optimizer: 'adagrad' is no value for it"),
        ({'batch_size': [0.5, 64, 'linear']}, 'batch_size: 0.5 is no value'),
    ],
)
def test_a_space_that_does_not_fit(space, message):
    with pytest.raises(ValueError, match=message) as error:
        check_space(WideDeep(), Training(), Tuning(space=space))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('model', 'space'),
    [
        (Cnn(), {'filters': [[8], [8, 16]], 'residual': [True, False], 'dropout': [0.0, 0.5]}),
        (Dense(), {'hidden': [[8], [8, 16]]}),
        (Transfer(), {'backbone': ['MobileNetV2', 'ResNet50'], 'hidden': [[], [64]]}),
        (Linear(), {'learning_rate': [1e-4, 1e-2, 'log']}),
    ],
)
def test_spaces_of_models_of_pictures(model, space):
    check_space(model, Training(), Tuning(space=space))


@pytest.mark.parametrize(
    ('model', 'space', 'message'),
    [
        (Linear(), {'hidden': [[1], [2]]}, "'hidden' cannot be searched; settings that can: learn"),
        (Cnn(), {'filter': [[8], [16]]}, "'filter' cannot be searched; did you mean 'filters'"),
        (Cnn(), {'filters': [[8], []]}, r'filters: \[\] is no value for it'),
        (Transfer(), {'backbone': ['MobileNetV2', 'ResNet5']}, "'ResNet5' is not in keras.appl"),
        (
            Transfer(weights='some.h5'),
            {'backbone': ['MobileNetV2', 'ResNet50']},
            'backbone: the weights some.h5 fit one only',
        ),
    ],
)
def test_spaces_that_do_not_fit_a_model_of_pictures(model, space, message):
    with pytest.raises(ValueError, match=message):
        check_space(model, Training(), Tuning(space=space))


def test_any_option_of_an_own_model_can_be_searched():
    check_space(OwnModel(kind='a.b'), Training(), Tuning(space={'depth': [1, 2]}))
