import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from models.inputs import InputError, ModelInput, model_inputs

SCHEMA = """
feature { name: "x" type: FLOAT shape { } }
feature { name: "pair" type: FLOAT shape { dim { size: 2 } } }
feature { name: "id" type: INT int_domain { min: 0 max: 9 is_categorical: true } shape { } }
feature { name: "from_minus_one" type: INT int_domain { min: -1 max: 3 } shape { } }
feature { name: "number" type: INT shape { } }
feature { name: "label" type: BYTES shape { } }
"""


def parsed(text):
    return text_format.Parse(text, schema_pb2.Schema())


def test_integers_with_a_domain_are_categories_and_others_numbers():
    assert model_inputs(parsed(SCHEMA), 'label') == (
        ModelInput('x'),
        ModelInput('pair', shape=(2,)),
        ModelInput('id', 10),
        ModelInput('from_minus_one', 5, smallest=-1),
        ModelInput('number'),
    )


@pytest.mark.parametrize(
    ('feature', 'message'),
    [
        ('name: "t" type: BYTES shape { }', "'t' is text; make it ids"),
        ('name: "v" type: INT', "'v' is sparse"),
    ],
)
def test_features_that_models_cannot_take(feature, message):
    with pytest.raises(InputError, match=message):
        model_inputs(parsed(f'feature {{ {feature} }}'), 'label')


def test_only_raw_columns_that_are_used_are_asked_for(artifacts):
    graph = artifacts('regression').data.graph
    assert set(graph.raw) == {'age', 'size', 'colour', 'code', 'day'}
    assert set(graph.raw_label) == {'amount'}
    assert set(artifacts('binary').data.graph.raw) == {'colour', 'size'}


def test_features_need_no_label(artifacts):
    graph = artifacts('regression').data.graph
    features = graph.features(tf.io.parse_example([b''], graph.raw))
    assert set(features) == {i.name for i in graph.inputs}
    assert {i.name: features[i.name].dtype.name for i in graph.inputs} == {
        i.name: i.dtype for i in graph.inputs
    }


def test_a_transform_must_pass_the_label_on(artifacts):
    made = artifacts('regression')
    with pytest.raises(InputError, match="has no output 'price'"):
        made.load(made.config(label='price'))
