import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from models.signatures import _as_parsed, export
from models.training import build_model, fit
from tests.models.conftest import TYPES
from tests.transforms.analysis import serialized

TASKS = ['regression', 'binary', 'multiclass']
V1_SESSION = """
import sys
import numpy as np
import tensorflow as tf
examples = np.load(sys.argv[2], allow_pickle=True)
with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    loaded = tf.compat.v1.saved_model.loader.load(session, ['serve'], sys.argv[1])
    signature = loaded.signature_def['serving_examples']
    given = signature.inputs['examples'].name
    wanted = {name: info.name for name, info in signature.outputs.items()}
    np.savez(sys.argv[3], **session.run(wanted, {given: examples}))
"""


@pytest.fixture(scope='module')
def exported(artifacts, tmp_path_factory):
    """Return (artifacts, directory, loaded signatures) of a trained model, by task."""
    made = {}

    def of(task):
        if task not in made:
            pipeline = artifacts(task)
            config = pipeline.config(train={'epochs': 3, 'batch_size': 64, 'learning_rate': 0.05})
            model = build_model(config, pipeline.data)
            fit(model, config, pipeline.data)
            directory = str(tmp_path_factory.mktemp('exported') / task)
            export(model, pipeline.data.graph, pipeline.data.target, directory)
            made[task] = pipeline, directory, tf.saved_model.load(directory).signatures
        return made[task]

    return of


def as_examples(rows):
    return tf.constant([serialized(row, TYPES) for row in rows])


def as_json(rows, signature):
    """Write rows as a client of `serving_default` does."""
    missing = {tf.string: '', tf.float32: np.nan, tf.float64: np.nan}
    inputs = signature.structured_input_signature[1]
    return {
        name: tf.constant(
            [missing[spec.dtype] if r[name] is None else r[name] for r in rows], spec.dtype
        )
        for name, spec in inputs.items()
    }


@pytest.mark.parametrize('task', TASKS)
def test_both_signatures_give_the_same_answers_also_for_missing_values(exported, task):
    pipeline, _, signatures = exported(task)
    rows = [*pipeline.eval_rows, dict.fromkeys(TYPES)]
    assert any(r['age'] is None for r in rows[:-1])
    one = signatures['serving_examples'](examples=as_examples(rows))
    other = signatures['serving_default'](**as_json(rows, signatures['serving_default']))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_clients_give_only_what_the_transform_uses(exported):
    _, _, signatures = exported('regression')
    given = signatures['serving_default'].structured_input_signature[1]
    assert {name: (spec.dtype, spec.shape.rank) for name, spec in given.items()} == {
        'age': (tf.float64, 1),
        'size': (tf.float32, 1),
        'colour': (tf.string, 1),
        'code': (tf.float64, 1),
        'day': (tf.string, 1),
    }


@pytest.mark.parametrize('task', TASKS)
def test_exports_answer_in_a_version_1_session(exported, task, tmp_path):
    pipeline, directory, signatures = exported(task)
    examples = as_examples(pipeline.eval_rows[:20])
    np.save(tmp_path / 'examples.npy', examples.numpy())
    arguments = [directory, tmp_path / 'examples.npy', tmp_path / 'answers.npz']
    subprocess.run([sys.executable, '-c', V1_SESSION, *map(str, arguments)], check=True)
    answers = np.load(tmp_path / 'answers.npz', allow_pickle=True)
    expected = signatures['serving_examples'](examples=examples)
    assert set(answers) == set(expected)
    for name, values in expected.items():
        if values.dtype == tf.string:
            np.testing.assert_array_equal(answers[name], values.numpy())
        else:
            np.testing.assert_allclose(answers[name], values, rtol=1e-5)


def test_a_regression_answers_with_numbers(exported):
    pipeline, _, signatures = exported('regression')
    found = signatures['serving_examples'](examples=as_examples(pipeline.eval_rows))
    assert found.keys() == {'prediction'}
    assert found['prediction'].shape == (150, 1)
    labels = signatures['labels'](examples=as_examples(pipeline.eval_rows))['label']
    expected = [[r['amount']] for r in pipeline.eval_rows]
    np.testing.assert_allclose(labels, np.array(expected, np.float32))


def test_classes_carry_names_and_probabilities(exported):
    pipeline, _, signatures = exported('multiclass')
    found = signatures['serving_examples'](examples=as_examples(pipeline.eval_rows))
    assert found.keys() == {'probabilities', 'classes', 'label'}
    assert found['classes'].numpy().tolist() == [[b'low', b'mid', b'top']] * 150
    np.testing.assert_allclose(found['probabilities'].numpy().sum(axis=1), 1, rtol=1e-5)
    best = found['probabilities'].numpy().argmax(axis=1)
    names = np.array([b'low', b'mid', b'top'])[best]
    assert found['label'].numpy().tolist() == [[n] for n in names]


def test_of_two_classes_the_second_is_the_positive(exported):
    pipeline, _, signatures = exported('binary')
    found = signatures['serving_examples'](examples=as_examples(pipeline.eval_rows))
    assert found.keys() == {'probability', 'probabilities', 'classes', 'label'}
    assert found['classes'].numpy()[0].tolist() == [b'0', b'1']
    np.testing.assert_array_equal(found['probabilities'][:, 1:], found['probability'])
    np.testing.assert_allclose(found['probabilities'].numpy().sum(axis=1), 1, rtol=1e-6)
    won = np.array([r['won'] for r in pipeline.eval_rows])
    probability = found['probability'].numpy()[:, 0]
    assert probability[won == 1].mean() > probability[won == 0].mean() + 0.1


def test_labels_are_ids_and_unknown_ones_minus_one(exported):
    pipeline, _, signatures = exported('multiclass')
    rows = [*pipeline.eval_rows[:5], {'kind': 'odd'}, {'kind': None}]
    ids = {'low': 0, 'mid': 1, 'top': 2}
    found = signatures['labels'](examples=as_examples(rows))['label']
    assert found.dtype == tf.int64
    assert found.numpy().tolist() == [[ids.get(r['kind'], -1)] for r in rows]


@pytest.mark.parametrize('task', TASKS)
def test_one_row_and_none(exported, task):
    pipeline, _, signatures = exported(task)
    for count in (0, 1):
        found = signatures['serving_examples'](examples=as_examples(pipeline.eval_rows)[:count])
        assert all(len(values) == count for values in found.values())


def test_columns_of_a_curated_schema_that_are_always_there():
    given = tf.constant([1.0, np.nan], tf.float64)
    with_default = tf.io.FixedLenFeature([1], tf.int64, [7])
    assert _as_parsed('x', given, with_default).numpy().tolist() == [[1], [7]]
    text = _as_parsed('x', tf.constant(['a', '']), tf.io.FixedLenFeature([], tf.string))
    assert text.numpy().tolist() == [b'a', b'']
    with pytest.raises(tf.errors.InvalidArgumentError, match='x is required'):
        _as_parsed('x', given, tf.io.FixedLenFeature([], tf.int64))


def test_preprocessing_hands_the_network_what_it_takes(exported):
    pipeline, _, signatures = exported('regression')
    given = as_json(pipeline.eval_rows, signatures['serving_default'])
    handed = signatures['preprocessing'](**given)
    assert set(handed) == {i.name for i in pipeline.data.graph.inputs}
    for name, values in handed.items():
        assert values.shape[0] == len(pipeline.eval_rows), name
