"""The last layers of networks: from features to what is predicted."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from models.target import LabelStatistics, Target


def hidden_layers(
    x: keras.KerasTensor, hidden: Sequence[int], *, activation: str = 'relu', dropout: float = 0.0
) -> keras.KerasTensor:
    """Put dense layers on features `[batch, width]`, each with dropout after it."""
    for number, units in enumerate(hidden, 1):
        x = layers.Dense(units, activation=activation, name=f'net.hidden_{number}')(x)
        if dropout:
            x = layers.Dropout(dropout, name=f'net.dropout_{number}')(x)
    return x


def prediction(
    total: keras.KerasTensor, target: Target, labels: LabelStatistics
) -> keras.KerasTensor:
    """Bring a network's sum, near N(0, 1), to what is predicted.

    Where it is 0, the label's mean is predicted, or the classes' shares.

    Args:
        total: `[batch, units]`.
        target: what is predicted.
        labels: the label in the train split.

    Returns:
        float32 `[batch, units]`: numbers, or probabilities (binary: of the second class).
    """
    if target.task == 'regression':
        name = 'net.prediction'
        return layers.Rescaling(labels.deviation, labels.mean, dtype='float32', name=name)(total)
    # One row more per class, so that none has probability 0.
    logs = [math.log(count + 1) for count in labels.counts]
    binary = target.task == 'binary'
    prior = logs[1] - logs[0] if binary else logs
    activation = 'sigmoid' if binary else 'softmax'
    logits = layers.Rescaling(1.0, prior, dtype='float32', name='net.logits')(total)
    return layers.Activation(activation, dtype='float32', name='net.prediction')(logits)
