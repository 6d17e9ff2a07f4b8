"""Small SavedModels with the signatures of ours, and examples that say what they shall answer.

The models answer what the columns `p`, or `p0`, `p1`, ... of a row hold, so that a test knows
every prediction; `shift` makes another model of it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

Rows = Mapping[str, Sequence[Any]]


class _Answers(tf.Module):
    """Answers with columns of the examples."""

    def __init__(self, task: str, classes: Sequence[str], shift: float) -> None:
        super().__init__()
        self.task = task
        self.shift = tf.Variable(shift)
        self.classes = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(classes or [''], tf.string), tf.range(len(classes) or 1, dtype=tf.int64)
            ),
            default_value=-1,
        )
        self.names = tf.constant(list(classes), tf.string)
        self.outputs = [f'p{i}' for i in range(len(classes))] if task == 'multiclass' else ['p']

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='examples')])
    def serving_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        columns = {name: tf.io.VarLenFeature(tf.float32) for name in self.outputs}
        parsed = tf.io.parse_example(examples, columns)
        values = tf.stack([tf.sparse.to_dense(parsed[n])[:, 0] for n in self.outputs], 1)
        if self.task == 'regression':
            return {'prediction': values + self.shift}
        if self.task == 'binary':
            probability = values * (1 - self.shift)
            both = tf.concat([1 - probability, probability], 1)
            return {'probability': probability, 'probabilities': both, 'classes': self._named(both)}
        smooth = values * (1 - self.shift) + self.shift / len(self.outputs)
        return {'probabilities': smooth, 'classes': self._named(smooth)}

    def _named(self, probabilities: tf.Tensor) -> tf.Tensor:
        return tf.tile(self.names[tf.newaxis, :], [tf.shape(probabilities)[0], 1])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='examples')])
    def labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        if self.task == 'regression':
            parsed = tf.io.parse_example(examples, {'y': tf.io.VarLenFeature(tf.float32)})
            return {'label': tf.sparse.to_dense(parsed['y'], float('nan'))[:, :1]}
        parsed = tf.io.parse_example(examples, {'y': tf.io.VarLenFeature(tf.string)})
        return {'label': self.classes.lookup(tf.sparse.to_dense(parsed['y']))[:, :1]}


def export_model(
    folder: Path,
    task: str,
    classes: Sequence[str] = (),
    shift: float = 0.0,
    leave_out: Sequence[str] = (),
) -> str:
    """Write a SavedModel and return its folder.

    Args:
        folder: Where.
        task: regression, binary or multiclass.
        classes: Class names in the order of their ids.
        shift: How far its answers are from what the rows say.
        leave_out: Signatures not to export.
    """
    model = _Answers(task, classes, shift)
    signatures = {
        'serving_default': model.serving_examples,
        'serving_examples': model.serving_examples,
        'labels': model.labels,
    }
    kept = {name: f for name, f in signatures.items() if name not in leave_out}
    tf.saved_model.save(model, str(folder), signatures=kept)
    return str(folder)


def write_examples(file: Path, rows: Rows) -> None:
    """Write columns as gzipped tf.Examples; None is a missing value, its feature empty."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(file), tf.io.TFRecordOptions(compression_type='GZIP')) as out:
        for values in zip(*rows.values(), strict=True):
            feature = {n: _feature(v) for n, v in zip(rows, values, strict=True)}
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            out.write(example.SerializeToString(deterministic=True))


def _feature(value: Any) -> tf.train.Feature:
    match value:
        case None:
            return tf.train.Feature()
        case str():
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        case float():
            return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
        case _:
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))
