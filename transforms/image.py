"""The `preprocessing_fn` of recipes about pictures: their bytes as they are, and their classes."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from transforms.tabular import LABEL_VOCABULARY

IMAGE = 'image'
"""Column of the encoded bytes of pictures, before the transform and after it."""


class PictureError(ValueError):
    """Data that does not hold labelled pictures."""


def preprocessing_fn(inputs: Mapping[str, Any], custom_config: Mapping[str, Any]) -> dict[str, Any]:
    """Pass pictures on, encoded, and learn the values of the label.

    Decoding is left to what reads them (`transforms.image_decoding`): pixels would make the data
    ten to a hundred times larger.

    Args:
        inputs: raw columns by name, `[batch]` or `[batch, 1]`, sparse where optional: string
            `image`, and the label.
        custom_config: names the `label`; other keys are ignored.

    Returns:
        string `[batch]`: `image`, and the label under its own name, '' for missing; its values are
        kept as vocabulary asset `label`.

    Raises:
        PictureError: a column is not there.
    """
    names = (IMAGE, custom_config['label'])
    for name in names:
        if name not in inputs:
            raise PictureError(f'column {name!r} is not in the data; it has: {", ".join(inputs)}')
    image, label = (_flat(inputs[name]) for name in names)
    tft.vocabulary(label, vocab_filename=LABEL_VOCABULARY)
    return {IMAGE: tf.identity(image), names[1]: tf.identity(label)}


def _flat(column: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    if isinstance(column, tf.SparseTensor):
        rows = column.dense_shape[0]
        one_each = tf.SparseTensor(column.indices, column.values, tf.stack([rows, 1]))
        column = tf.sparse.to_dense(one_each, '')
    return tf.reshape(column, [-1])
