import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_model_analysis as tfma

from components import example_batches
from components.evaluator.extractors import _Predict
from components.evaluator.reading import _ReadBatches
from components.evaluator.settings import EvaluatorConfig
from tests.components.evaluator.exports import write_examples

ROWS = {'y': ['a', 'b'] * 50, 'source': ['web'] * 100, 'image': ['x' * 1000] * 100}


def read(folder, columns):
    write_examples(folder / 'data.gz', ROWS)
    return list(_ReadBatches(frozenset(columns)).process(str(folder / 'data.gz')))


def test_pictures_are_read_few_at_a_time_and_only_once(tmp_path, monkeypatch):
    monkeypatch.setattr(example_batches, 'BYTES', 20_000)
    batches = read(tmp_path, ['y', 'source'])
    sizes = [len(b[tfma.INPUT_KEY]) for b in batches]
    assert sum(sizes) == 100
    assert max(sizes) < 20
    assert {tuple(b[tfma.ARROW_RECORD_BATCH_KEY].schema.names) for b in batches} == {
        ('source', 'y')
    }


def test_all_columns_are_there_to_be_named_if_one_is_not(tmp_path):
    (batch,) = read(tmp_path, ['y', 'sauce'])
    assert set(batch[tfma.ARROW_RECORD_BATCH_KEY].schema.names) == {'y', 'source', 'image'}


class Loader:
    """A model that notes how many rows it was asked for."""

    def __init__(self):
        self.asked = []
        self.signatures = {'serving_examples': self.predict, 'labels': self.labels}

    def load(self):
        return self

    def predict(self, examples):
        self.asked.append(len(examples))
        names = tf.constant([['a', 'b']] * len(examples))
        return {'probabilities': tf.fill([len(examples), 2], 0.5), 'classes': names}

    def labels(self, examples):
        return {'label': tf.zeros([len(examples), 1], tf.int64)}


def test_models_answer_as_many_rows_at_a_time_as_they_can():
    config = EvaluatorConfig.model_validate(
        {'task': 'multiclass', 'label': 'y', 'batch_rows': 4}
        | {'gate': {'metrics': {'accuracy': {'min': 0}}}}
    )
    loader = Loader()
    model = tfma.types.EvalSharedModel(model_name='', model_path='/m', model_loader=loader)
    predict = _Predict(config, [model], 'test')
    predict.setup()
    extracts = {
        tfma.INPUT_KEY: np.array([b'example'] * 10, object),
        tfma.ARROW_RECORD_BATCH_KEY: pa.record_batch({'y': [['a']] * 10}),
    }
    (found,) = predict.process(extracts)
    assert loader.asked == [4, 4, 2]
    assert found[tfma.PREDICTIONS_KEY].shape == (10, 2)
    assert found[tfma.LABELS_KEY].shape == (10,)
    assert found['classes'] == {'': ('a', 'b')}
    assert tfma.INPUT_KEY not in found
