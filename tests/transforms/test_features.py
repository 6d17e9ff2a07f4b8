import pytest
from pydantic import ValidationError

from transforms.features import (
    Categorical,
    Cross,
    Date,
    Numeric,
    TransformConfig,
    output_names,
)


def config(features, crosses=(), label='y'):
    return TransformConfig(features=features, crosses=crosses, label=label, task='regression')


def test_short_forms():
    made = config({'a': 'categorical', 'b': {'kind': 'categorical', 'oov': 2}}, [['a', 'b']])
    assert made.features == {'a': Categorical(), 'b': Categorical(oov=2)}
    assert made.crosses == (Cross(of=('a', 'b')),)


def test_the_config_survives_json():
    made = config({'a': {'kind': 'numeric', 'boundaries': [1, 2.5]}, 'd': 'date'}, [])
    assert TransformConfig.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ('feature', 'names'),
    [
        (Numeric(), ('x', 'x_missing')),
        (Numeric(buckets=5), ('x', 'x_missing', 'x_bucket')),
        (Categorical(), ('x',)),
        (Date(), ('x_days', 'x_month', 'x_weekday', 'x_missing')),
        (Date(parts=('hour',)), ('x_hour',)),
    ],
)
def test_output_names(feature, names):
    assert output_names('x', feature) == names


@pytest.mark.parametrize(
    ('features', 'crosses', 'message'),
    [
        ({'a': 'categorical'}, [['a', 'b']], "'b' is no feature; known: a"),
        ({'a': 'categorical', 'b': 'numeric'}, [['a', 'b']], "'b' is numeric; give it buckets"),
        ({'a': 'categorical', 'b': 'date'}, [['a', 'b']], "'b' is a date"),
        ({'a': 'categorical'}, [['a', 'a']], 'names a feature twice'),
        ({'a': 'numeric', 'a_missing': 'categorical'}, [], "both become 'a_missing'"),
        ({'y': 'numeric'}, [], "the label and feature 'y' both become 'y'"),
        (
            {'a': 'categorical', 'b': 'categorical'},
            [['a', 'b'], ['a', 'b']],
            "both become 'a_x_b'",
        ),
    ],
)
def test_features_that_do_not_go_together(features, crosses, message):
    with pytest.raises(ValidationError, match=message):
        config(features, crosses)


@pytest.mark.parametrize(
    'numeric', [{'buckets': 3, 'boundaries': [1]}, {'boundaries': [2, 1]}, {'buckets': 1}]
)
def test_buckets_are_given_in_one_way(numeric):
    with pytest.raises(ValidationError):
        Numeric.model_validate(numeric)
