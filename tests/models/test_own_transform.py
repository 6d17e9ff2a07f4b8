import numpy as np
import pytest
import tensorflow as tf

from models.inputs import ModelInput
from models.trainer import run_fn
from tests.models.conftest import TYPES, Artifacts, rows
from tests.models.own_transform import preprocessing_fn
from tests.models.test_signatures import as_examples, as_json
from tests.transforms.analysis import analyse


@pytest.fixture(scope='module')
def made(artifacts, tmp_path_factory):
    """The usual splits, with a transform of the user's."""
    usual = artifacts('regression')
    directory = tmp_path_factory.mktemp('own')
    analyse(rows(400, seed=1), TYPES, {}, directory, lambda inputs, _: preprocessing_fn(inputs))
    return Artifacts('regression', str(directory), usual.train, usual.eval, usual.eval_rows)


def test_its_outputs_are_inputs_of_models(made):
    assert {i.name: i for i in made.data.graph.inputs} == {
        # Ids -1 (not in the vocabulary), 0 and 1.
        'colour_id': ModelInput('colour_id', 3, smallest=-1),
        'pair': ModelInput('pair', shape=(2,)),
        'buckets': ModelInput('buckets', 3, (2,)),
        'years': ModelInput('years'),
    }
    ids = made.data.evaluation.columns[0]['colour_id']
    assert sorted(set(ids.numpy())) == [0, 1, 2]


def test_it_is_trained_and_exported_like_the_built_in_one(made, tmp_path):
    run_fn(made.fn_args(tmp_path, made.config()))
    signatures = tf.saved_model.load(str(tmp_path / 'model')).signatures
    one = signatures['serving_examples'](examples=as_examples(made.eval_rows))
    other = signatures['serving_default'](**as_json(made.eval_rows, signatures['serving_default']))
    np.testing.assert_array_equal(one['prediction'], other['prediction'])
    assert set(signatures['serving_default'].structured_input_signature[1]) == {
        'age',
        'size',
        'colour',
    }
