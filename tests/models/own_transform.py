"""A preprocessing function as a user may write it, without the recipe's features."""

import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    """Make categories with TFT's own defaults, a vector, and a whole number without a domain."""

    def dense(name, default):
        column = tft.sparse_tensor_to_dense_with_shape(inputs[name], [None, 1], default)
        return tf.squeeze(column, 1)

    age, size = dense('age', 0), dense('size', 0.0)
    return {
        'colour_id': tft.compute_and_apply_vocabulary(dense('colour', 'none'), top_k=2),
        'pair': tf.stack([size, tf.square(size)], axis=1),
        'buckets': tft.bucketize(tf.stack([age, age * 2], axis=1), 3),
        'years': age,
        'amount': dense('amount', 0.0),
    }
