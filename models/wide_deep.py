"""Wide & deep network over named features."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from models.heads import hidden_layers, prediction
from models.inputs import ModelInput, keras_inputs
from models.settings import WideDeep
from models.target import LabelStatistics, Target


def build(
    inputs: Sequence[ModelInput],
    config: WideDeep,
    target: Target,
    labels: LabelStatistics,
) -> keras.Model:
    """Build the network of Cheng et al. 2016 (arXiv:1606.07792), uncompiled.

    Every layer has a name of its own, with a dot, so that weights can be carried over by name and
    no column's name is in the way. Before it is trained, the network predicts about the label's
    mean, or the classes' shares.

    Args:
        inputs: categories and numbers, at least one.
        config: its settings.
        target: what is predicted.
        labels: the label in the train split.

    Returns:
        A functional model from inputs by name to `[batch, 1]` float32 (regression: the label;
        binary: the probability of the second class) or `[batch, classes]` probabilities.
    """
    tensors = keras_inputs(inputs)
    numbers = _numbers(inputs, tensors)
    parts = []
    if config.wide:
        parts += _wide(inputs, tensors, numbers, target.units)
    if config.hidden:
        parts.append(_deep(inputs, tensors, numbers, config, target.units))
    total = layers.Add(name='net.total')(parts) if len(parts) > 1 else parts[0]
    return keras.Model(tensors, prediction(total, target, labels), name='wide_deep')


def embedding_width(size: int, largest: int) -> int:
    """Return the width of a category's embedding: half its ids, up to a limit."""
    return max(1, min(largest, size // 2))


def _numbers(
    inputs: Sequence[ModelInput], tensors: dict[str, keras.KerasTensor]
) -> keras.KerasTensor | None:
    """Return all numbers side by side, `[batch, numbers]`."""
    flat = [
        layers.Reshape((math.prod(i.shape),), name=f'flat.{i.name}')(tensors[i.name])
        for i in inputs
        if i.size is None
    ]
    return layers.Concatenate(name='net.numbers')(flat) if len(flat) > 1 else (flat or [None])[0]


def _wide(
    inputs: Sequence[ModelInput],
    tensors: dict[str, keras.KerasTensor],
    numbers: keras.KerasTensor | None,
    units: int,
) -> list[keras.KerasTensor]:
    """Return the terms of a linear model, each `[batch, units]`.

    A row of an embedding as wide as the output is the weight of a one-hot category, without the
    one-hot vector.
    """
    terms = [
        _embedded(i, tensors[i.name], units, f'wide.{i.name}', 'zeros')
        for i in inputs
        if i.size is not None
    ]
    if numbers is not None:
        terms.append(layers.Dense(units, kernel_initializer='zeros', name='net.linear')(numbers))
    return terms


def _deep(
    inputs: Sequence[ModelInput],
    tensors: dict[str, keras.KerasTensor],
    numbers: keras.KerasTensor | None,
    config: WideDeep,
    units: int,
) -> keras.KerasTensor:
    """Return the output of the dense part, `[batch, units]`."""
    width = config.embedding
    features = [
        _embedded(i, tensors[i.name], embedding_width(i.size, width), f'deep.{i.name}', 'uniform')
        for i in inputs
        if i.size is not None
    ]
    if numbers is not None:
        features.append(numbers)
    x = layers.Concatenate(name='net.deep')(features) if len(features) > 1 else features[0]
    x = hidden_layers(x, config.hidden, activation=config.activation, dropout=config.dropout)
    return layers.Dense(units, name='net.output')(x)


def _embedded(
    given: ModelInput, tensor: keras.KerasTensor, width: int, name: str, initializer: str
) -> keras.KerasTensor:
    """Embed a category, `[batch, width]`; several ids per row are averaged."""
    x = layers.Embedding(given.size, width, embeddings_initializer=initializer, name=name)(tensor)
    if given.shape:
        x = layers.Reshape((math.prod(given.shape), width), name=f'{name}.ids')(x)
        x = layers.GlobalAveragePooling1D(name=f'{name}.mean')(x)
    return x
