"""Networks over a picture's pixels that learn all they know from the train split."""

from collections.abc import Sequence

import keras
from keras import layers

from models.heads import hidden_layers, prediction
from models.inputs import ModelInput, keras_inputs
from models.settings import Cnn, Dense, Linear
from models.target import LabelStatistics, Target

MOMENTUM = 0.9
"""Of batch normalisation's means; Keras' 0.99 needs more steps than small data sets have."""


def build(
    inputs: Sequence[ModelInput],
    config: Linear | Dense | Cnn,
    target: Target,
    labels: LabelStatistics,
) -> keras.Model:
    """Build a network, uncompiled.

    Args:
        inputs: the pixels, from 0 to 255.
        config: settings of its kind.
        target: what is predicted.
        labels: its classes in the train split.

    Returns:
        A functional model from `[batch, height, width, channels]` by name to `[batch, classes]`
        probabilities, or `[batch, 1]` of the second of two classes, float32.
    """
    tensors = keras_inputs(inputs)
    x = layers.Rescaling(1 / 255, dtype='float32', name='net.scaled')(tensors[inputs[0].name])
    match config:
        case Cnn():
            for number, filters in enumerate(config.filters, 1):
                x = _block(x, f'net.block_{number}', filters, config)
            x = layers.GlobalAveragePooling2D(name='net.pooled')(x)
            x = hidden_layers(x, config.hidden)
            x = layers.Dropout(config.dropout, name='net.dropout')(x)
        case Dense():
            x = layers.Flatten(name='net.flat')(x)
            x = hidden_layers(x, config.hidden, dropout=config.dropout)
        case Linear():
            x = layers.Flatten(name='net.flat')(x)
    start = 'zeros' if isinstance(config, Linear) else 'glorot_uniform'
    total = layers.Dense(target.units, kernel_initializer=start, name='net.output')(x)
    return keras.Model(tensors, prediction(total, target, labels), name=config.kind)


def _block(x: keras.KerasTensor, name: str, filters: int, config: Cnn) -> keras.KerasTensor:
    """Put two convolutions on `[batch, height, width, channels]`, and halve height and width."""
    came_in = x
    for number in (1, 2):
        x = layers.Conv2D(
            filters,
            3,
            padding='same',
            use_bias=not config.batch_norm,
            kernel_initializer='he_normal',
            name=f'{name}.conv_{number}',
        )(x)
        if config.batch_norm:
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f'{name}.norm_{number}')(x)
        if number == 2 and config.residual:
            as_wide = layers.Conv2D(filters, 1, name=f'{name}.as_wide')(came_in)
            x = layers.Add(name=f'{name}.sum')([x, as_wide])
        x = layers.ReLU(name=f'{name}.relu_{number}')(x)
    return layers.MaxPooling2D(2, padding='same', name=f'{name}.half')(x)
