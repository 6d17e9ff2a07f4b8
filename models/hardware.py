"""Which devices a model is trained on, and in which precision."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf


def strategy() -> tf.distribute.Strategy:
    """Return how training is distributed: over all visible GPUs, or on the one device."""
    if len(tf.config.list_logical_devices('GPU')) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def compiles() -> bool:
    """Whether steps are compiled by XLA: on GPUs; on CPUs it makes them several times slower."""
    return bool(tf.config.list_logical_devices('GPU'))


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Make a Keras dtype policy the default for layers built within."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
