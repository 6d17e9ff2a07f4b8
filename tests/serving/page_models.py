"""SavedModels with descriptions, as the page shows them."""

import base64
import json
from pathlib import Path
from typing import Any

import tensorflow as tf

COLOURS = ('red', 'green', 'blue')
CLASSES = ('boot', 'hat', 'sock')

TABLE: dict[str, Any] = {
    'format': 1,
    'name': 'weights',
    'about': 'weight of invented things',
    'task': 'regression',
    'label': {
        'name': 'weight_kg',
        'unit': 'kg',
        'range': {'min': 0, 'low': 10, 'median': 40, 'high': 90, 'max': 120, 'whole': False},
    },
    'classes': [],
    'input': 'columns',
    'inputs': [
        {
            'name': 'age',
            'unit': 'years',
            'type': 'integer',
            'required': False,
            'missing': 0.1,
            'range': {'min': 0, 'low': 2, 'median': 30, 'high': 70, 'max': 80, 'whole': True},
        },
        {
            'name': 'colour',
            'unit': None,
            'type': 'string',
            'required': False,
            'missing': 0.0,
            'values': [{'value': c, 'share': 0.3} for c in COLOURS],
            'complete': True,
        },
    ],
    'examples': [
        {'inputs': {'age': 20, 'colour': 'red'}, 'label': 21.5},
        {'inputs': {'age': None, 'colour': 'blue'}, 'label': 33.0},
    ],
    'pictures': [],
}
EVALUATION = {
    'metric': 'rmse', 'value': 1.25, 'baseline': None, 'split': 'test', 'rows': 1234,
    'blessed_at': '2026-11-20T10:00:00+00:00',
}  # fmt: skip


class _Weights(tf.Module):
    """age + 10 * place of the colour; missing ages count as 100."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float64, 'age'),
            tf.TensorSpec([None], tf.string, 'colour'),
        ]
    )
    def serving_default(self, age, colour):
        age = tf.where(tf.math.is_nan(age), tf.constant(100.0, tf.float64), age)
        place = tf.argmax(colour[:, tf.newaxis] == tf.constant(COLOURS), axis=1)
        return {'prediction': (age + 10 * tf.cast(place, tf.float64))[:, tf.newaxis]}


class _Clothes(tf.Module):
    """The class is the colour that a picture has most of; red: boot, green: hat, blue: sock."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, 'image_bytes')])
    def serving_default(self, image_bytes):
        means = tf.map_fn(_mean, image_bytes, fn_output_signature=tf.TensorSpec([3], tf.float32))
        shares = tf.nn.softmax(means * 6)
        classes = tf.constant(CLASSES)
        top = tf.math.top_k(shares, 2)
        return {
            'probabilities': shares,
            'classes': tf.tile(classes[tf.newaxis], [tf.shape(shares)[0], 1]),
            'label': tf.gather(classes, tf.argmax(shares, axis=1))[:, tf.newaxis],
            'top_classes': tf.gather(classes, top.indices),
            'top_probabilities': top.values,
        }


def _mean(picture):
    pixels = tf.io.decode_image(picture, channels=3, expand_animations=False)
    return tf.reduce_mean(tf.cast(pixels, tf.float32), axis=[0, 1]) / 255


def picture(red: int, green: int, blue: int) -> bytes:
    """Return a JPEG of one colour."""
    pixels = tf.fill([48, 64, 1], tf.constant(1, tf.uint8)) * tf.constant(
        [red, green, blue], tf.uint8
    )
    encoded: bytes = tf.io.encode_jpeg(pixels).numpy()
    return encoded


def write_weights(folder: Path, description: dict[str, Any] | None = TABLE) -> Path:
    """Write a table model; None for one without a description."""
    module = _Weights()
    tf.saved_model.save(module, str(folder), signatures={'serving_default': module.serving_default})
    if description:
        _write(folder, description)
    return folder


def write_clothes(folder: Path) -> Path:
    """Write a picture model, with two examples."""
    module = _Clothes()
    tf.saved_model.save(module, str(folder), signatures={'serving_default': module.serving_default})
    examples = (('boot', picture(220, 20, 20)), ('hat', picture(20, 220, 20)))
    description = {
        'format': 1, 'name': 'clothes', 'about': 'kinds of clothes', 'task': 'multiclass',
        'label': {'name': 'kind', 'unit': None}, 'classes': list(CLASSES), 'input': 'picture',
        'inputs': [{'name': 'image_bytes', 'type': 'picture'}], 'examples': [],
        'pictures': [
            {'jpeg': base64.b64encode(jpeg).decode(), 'label': label} for label, jpeg in examples
        ],
    }  # fmt: skip
    _write(folder, description)
    return folder


def _write(folder: Path, description: dict[str, Any]) -> None:
    beside = folder / 'assets.extra'
    beside.mkdir()
    (beside / 'sluice.json').write_text(json.dumps(description))
    (beside / 'evaluation.json').write_text(json.dumps(EVALUATION))
