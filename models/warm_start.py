"""Carrying weights over from an earlier model."""

import logging
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

KERAS_FILE = 'assets.extra/model.keras'
"""Where an exported model keeps itself for this; a SavedModel does not give its weights back."""

_log = logging.getLogger('sluice.models')


def save_model(model: keras.Model, exported: str) -> None:
    """Put a Keras file beside an exported model.

    Args:
        model: to be saved.
        exported: directory of the SavedModel; may be remote.
    """
    path = f'{exported}/{KERAS_FILE}'
    tf.io.gfile.makedirs(path.rpartition('/')[0])
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / 'model.keras'
        model.save(file)
        tf.io.gfile.copy(str(file), path, overwrite=True)


def warm_start(model: keras.Model, exported: str) -> int:
    """Copy the weights of an earlier model, layer by layer where names and shapes agree.

    Layers that do not agree keep their own weights; what was done is logged.

    Args:
        model: gets the weights.
        exported: directory of the earlier model, as `save_model` left it.

    Returns:
        Number of layers copied.
    """
    path = f'{exported}/{KERAS_FILE}'
    if not tf.io.gfile.exists(path):
        _log.warning('warm start: %s is not there; training from scratch', path)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / 'model.keras'
        tf.io.gfile.copy(path, str(file))
        earlier = keras.saving.load_model(file, compile=False)
    known = {layer.name: layer for layer in earlier.layers}
    with_weights = [layer for layer in model.layers if layer.weights]
    copied = 0
    for layer in with_weights:
        shapes = [w.shape for w in layer.weights]
        if layer.name in known and [w.shape for w in known[layer.name].weights] == shapes:
            layer.set_weights(known[layer.name].get_weights())
            copied += 1
    if copied:
        _log.info('warm start: %d of %d layers from %s', copied, len(with_weights), exported)
    else:
        _log.warning('warm start: %s has no layer in common; training from scratch', exported)
    return copied
