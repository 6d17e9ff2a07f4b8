"""ServingGate with the real server, in its own process."""

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model, ModelBlessing

from components.serving_gate.executor import Executor
from components.serving_gate.settings import ServingGateConfig
from tests.transforms.analysis import serialized

TYPES = {'age': int, 'name': str}
SPECS = {'age': tf.io.VarLenFeature(tf.int64), 'name': tf.io.VarLenFeature(tf.string)}


class Ages(tf.Module):
    """Doubles ages; if crooked, over HTTP missing ones are taken for 1."""

    def __init__(self, crooked: bool = False) -> None:
        super().__init__()
        self.missing = 1.0 if crooked else 0.0

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float64, 'age'),
            tf.TensorSpec([None], tf.string, 'name'),
        ]
    )
    def serving_default(self, age, name):
        age = tf.where(tf.math.is_nan(age), tf.constant(self.missing, tf.float64), age)
        return self._answer(age, name)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, 'examples')])
    def serving_examples(self, examples):
        columns = tf.io.parse_example(examples, SPECS)
        age = tf.sparse.to_dense(columns['age'], 0)[:, 0]
        return self._answer(tf.cast(age, tf.float64), tf.sparse.to_dense(columns['name'], '')[:, 0])

    def _answer(self, age, name):
        prediction = tf.cast(2 * age, tf.float32)[:, tf.newaxis]
        return {'prediction': prediction, 'label': tf.strings.upper(name)[:, tf.newaxis]}


def judged(folder: Path, module: tf.Module | None, blessed: bool = True) -> tuple[Any, dict]:
    """Run the executor on a model; return the blessing and its report."""
    model, examples = Model(), Examples()
    model.uri, examples.uri = str(folder / 'model'), str(folder / 'examples')
    serving = Path(model.uri, 'Format-Serving')
    if module is None:
        serving.mkdir(parents=True)
        (serving / 'saved_model.pb').write_bytes(b'broken')
    else:
        signatures = {'serving_default': module.serving_default}
        if hasattr(module, 'serving_examples'):
            signatures['serving_examples'] = module.serving_examples
        tf.saved_model.save(module, str(serving), signatures=signatures)
    examples.split_names = artifact_utils.encode_split_names(['test'])
    split = Path(examples.uri, 'Split-test')
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / 'data.gz'), 'GZIP') as writer:
        for i in range(50):
            row = {'age': None if i == 40 else i, 'name': f'né {i}'}
            writer.write(serialized(row, TYPES))
    verdict = ModelBlessing()
    verdict.uri = str(folder / 'verdict')
    Path(verdict.uri).mkdir()
    Path(verdict.uri, 'BLESSED' if blessed else 'NOT_BLESSED').touch()
    verdict.set_int_custom_property('blessed', int(blessed))
    blessing = InfraBlessing()
    blessing.uri = str(folder / 'blessing')
    Path(blessing.uri).mkdir()
    config = ServingGateConfig(split='test', rows=50)
    Executor().Do(
        {'examples': [examples], 'model': [model], 'model_blessing': [verdict]},
        {'blessing': [blessing]},
        {'config': config.model_dump_json()},
    )
    return blessing, json.loads(Path(blessing.uri, 'serving_gate.json').read_text())


@pytest.mark.slow
@pytest.mark.e2e
def test_a_model_that_answers_as_evaluated_is_blessed(tmp_path: Path) -> None:
    blessing, report = judged(tmp_path, Ages())
    assert report == {'passed': True, 'rows': 50, 'fault': ''}
    assert blessing.get_int_custom_property('blessed') == 1
    assert Path(blessing.uri, 'INFRA_BLESSED').exists()


@pytest.mark.slow
@pytest.mark.e2e
def test_the_row_that_is_answered_otherwise_is_named(tmp_path: Path) -> None:
    blessing, report = judged(tmp_path, Ages(crooked=True))
    assert report['passed'] is False
    assert report['fault'] == (
        'row 41 (age=None, name=né 40): prediction is 2 over HTTP and 0 as evaluated'
    )
    assert blessing.get_int_custom_property('blessed') == 0
    assert Path(blessing.uri, 'INFRA_NOT_BLESSED').exists()


def test_a_model_that_the_evaluator_refused_is_not_served(tmp_path: Path) -> None:
    blessing, report = judged(tmp_path, Ages(), blessed=False)
    assert report['rows'] == 0
    assert 'did not bless' in report['fault']
    assert blessing.get_int_custom_property('blessed') == 0


@pytest.mark.slow
@pytest.mark.e2e
def test_a_server_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    from components.serving_gate.server import Server, ServerError

    with Server(str(tmp_path / 'none')) as server, pytest.raises(ServerError, match='no such fol'):
        server.wait(60)
