"""SavedModels that take a moment to write and to load."""

from pathlib import Path

import tensorflow as tf


def write_table_model(folder: Path, base: float = 0.0) -> Path:
    """Write a model of a table: `prediction` is `base` + age + size, missing ones counted as 0."""
    module = _Table(base)
    tf.saved_model.save(
        module,
        str(folder),
        signatures={
            'serving_default': module.serving_default,
            'one': module.one,
            'vectors': module.vectors,
            'integers': module.integers,
            'flags': module.flags,
            'scalar': module.scalar,
            'picky': module.picky,
            'constants': module.constants,
            'echo': module.echo,
        },
    )
    return folder


def write_picture_model(folder: Path) -> Path:
    """Write a model of pictures: `probabilities` are the means of red, green and blue, 0 to 1."""
    module = _Pictures()
    tf.saved_model.save(module, str(folder), signatures={'serving_default': module.serving_default})
    return folder


class _Table(tf.Module):
    def __init__(self, base: float) -> None:
        super().__init__()
        self.base = tf.Variable(base, dtype=tf.float64)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float64, 'age'),
            tf.TensorSpec([None], tf.float32, 'size'),
            tf.TensorSpec([None], tf.string, 'colour'),
        ]
    )
    def serving_default(self, age, size, colour):
        total = _or_zero(age) + tf.cast(_or_zero(size), tf.float64) + self.base
        colour = tf.where(colour == '', tf.constant('none'), colour)
        return {'prediction': total[:, tf.newaxis], 'label': colour[:, tf.newaxis]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, 'x')])
    def one(self, x):
        return {'y': tf.math.log(x)[:, tf.newaxis]}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, 'x')])
    def vectors(self, x):
        return {'y': tf.reduce_sum(x, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, 'x')])
    def integers(self, x):
        return {'y': 2 * x}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.bool, 'x')])
    def flags(self, x):
        return {'y': ~x}

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, 'x')])
    def scalar(self, x):
        return {'y': x + 1}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, 'x')])
    def picky(self, x):
        tf.debugging.assert_non_negative(x, 'x is below zero')
        return {'y': x}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, 'x')])
    def constants(self, x):
        return {'y': tf.constant([1.0, 2.0, 3.0]) + 0 * tf.reduce_sum(x)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, 'text')])
    def echo(self, text):
        return {'text': text, 'text_bytes': text}


class _Pictures(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, 'image_bytes')])
    def serving_default(self, image_bytes):
        means = tf.map_fn(_mean, image_bytes, fn_output_signature=tf.TensorSpec([3], tf.float32))
        return {'probabilities': means}


def _mean(picture):
    pixels = tf.io.decode_image(picture, channels=3, expand_animations=False)
    return tf.reduce_mean(tf.cast(pixels, tf.float32), axis=[0, 1]) / 255


def _or_zero(values):
    return tf.where(tf.math.is_nan(values), tf.zeros_like(values), values)
