import numpy as np
import pytest

from models.own import OwnModelError, build
from models.settings import OwnModel
from models.target import Target
from models.training import build_model, fit

HERE = 'tests.models.own_models'


def own(made, name, **options):
    model = OwnModel(kind=f'{HERE}.{name}', options=options)
    config = made.config(model=model.model_dump())
    return build(made.data.graph.inputs, model, config, made.data.target)


@pytest.mark.parametrize('task', ['regression', 'binary', 'multiclass'])
def test_an_own_model_gets_inputs_classes_and_options(artifacts, task):
    made = artifacts(task)
    model = own(made, 'linear', units=7)
    assert model.get_layer('inner').units == 7
    assert model.output_shape == (None, made.data.target.units)


def test_an_own_model_is_trained_like_any_other(artifacts):
    made = artifacts('regression')
    train = {'epochs': 2, 'batch_size': 64, 'learning_rate': 1.0}
    config = made.config(model={'kind': f'{HERE}.linear'}, train=train)
    model = build_model(config, made.data)
    history = fit(model, config, made.data)
    assert history['val_loss'][-1] < history['val_loss'][0]
    assert np.isfinite(history['val_loss']).all()


@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        ('no_such_package.build', "cannot import 'no_such_package'"),
        (f'{HERE}.missing', f"'{HERE}' has no function 'missing'"),
        (f'{HERE}.no_model', 'must return a keras.Model, got str'),
        (f'{HERE}.two_outputs', r'output of shape \(None, 1\) .* got \(None, 2\)'),
        (f'{HERE}.unknown_input', "takes an input 'weight' that the transform does not make"),
        (f'{HERE}.unnamed_inputs', 'inputs are a dict by name'),
    ],
)
def test_own_functions_that_do_not_fit(artifacts, kind, message):
    made = artifacts('regression')
    config = made.config(model={'kind': kind})
    with pytest.raises(OwnModelError, match=message) as error:
        build(made.data.graph.inputs, config.model, config, Target('regression', 'y'))
    assert '\n' not in str(error.value)


def test_options_that_the_function_does_not_take(artifacts):
    with pytest.raises(OwnModelError, match=r"options \{'deep': 3\}: got an unexpected keyword"):
        own(artifacts('regression'), 'linear', deep=3)
