"""Networks that know pictures already: layers, preprocessing and weights of keras.applications."""

import importlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from models.settings import IMAGENET, Transfer


class BackboneError(ValueError):
    """A backbone that cannot be built, or has no weights."""


def features(pixels: keras.KerasTensor, config: Transfer) -> keras.KerasTensor:
    """Put a backbone on pixels, with the preprocessing that its weights were trained with.

    Its layers become layers of the model that is built, under the names they have in Keras.

    Args:
        pixels: `[batch, height, width, 1 or 3]`, from 0 to 255.
        config: names the backbone and its weights.

    Returns:
        Its last features, `[batch, height, width, channels]`.

    Raises:
        BackboneError: the pictures are too small for it, or its weights are not there or are those
            of another network.
    """
    if pixels.shape[-1] == 1:
        pixels = keras.layers.Concatenate(name='net.as_rgb')([pixels] * 3)
    function = getattr(keras.applications, config.backbone)
    network = _built(function, pixels.shape[1:], config)
    if config.weights_file:
        _load(network, config.weights_file, config.backbone)
    prepare = importlib.import_module(function.__module__).preprocess_input
    # `call`, not a call: it makes the backbone's layers those of the model that is built, which can
    # then be cut between any of them.
    return network.call(prepare(pixels))


def _built(
    function: Callable[..., keras.Model], shape: tuple[int, ...], config: Transfer
) -> keras.Model:
    weights = IMAGENET if config.weights == IMAGENET else None
    try:
        return function(include_top=False, weights=weights, input_shape=shape, **config.options)
    except (TypeError, ValueError) as error:
        raise BackboneError(f'model.backbone {config.backbone}: {_in_one_line(error)}') from None
    except Exception as error:  # Keras raises no narrower one if a download fails
        file = re.search(r'[^/ ]+\.h5', str(error))
        raise BackboneError(
            f'model.weights: ImageNet weights of {config.backbone} cannot be downloaded '
            f'({_in_one_line(error)}). Put {file.group() if file else "their file"} into '
            '~/.keras/models, or name a file elsewhere: --set model.weights=FILE'
        ) from error


def _load(network: keras.Model, path: str, backbone: str) -> None:
    """Load weights from a file, which may be remote."""
    if not tf.io.gfile.exists(path):
        raise BackboneError(f'model.weights: there is no file {path}')
    with tempfile.TemporaryDirectory() as directory:
        file = path
        if '://' in path:
            file = str(Path(directory) / path.rpartition('/')[2])
            tf.io.gfile.copy(path, file)
        try:
            network.load_weights(file)
        except (ValueError, OSError, KeyError) as error:
            raise BackboneError(
                f'model.weights: {path} does not hold weights of {backbone} without its top '
                f'layers: {_in_one_line(error)}'
            ) from None


def _in_one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
