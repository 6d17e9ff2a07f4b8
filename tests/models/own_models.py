"""Models as users may write them, for the tests of `kind: dotted.path`."""

import keras

from models.inputs import keras_inputs


def linear(inputs, config, units=4):
    """A small network on one input only."""
    given = keras_inputs(i for i in inputs if i.name == 'size')
    x = keras.layers.Reshape((1,), name='flat')(given['size'])
    x = keras.layers.Dense(units, activation='relu', name='inner')(x)
    outputs = len(config.classes) if config.classes and config.task == 'multiclass' else 1
    activation = {'multiclass': 'softmax', 'binary': 'sigmoid'}.get(config.task)
    return keras.Model(given, keras.layers.Dense(outputs, activation, name='out')(x))


def no_model(inputs, config):
    return 'a model'


def two_outputs(inputs, config):
    given = keras_inputs(i for i in inputs if i.name == 'size')
    x = keras.layers.Reshape((1,))(given['size'])
    return keras.Model(given, keras.layers.Dense(2)(x))


def unknown_input(inputs, config):
    x = keras.Input((1,), name='weight')
    return keras.Model({'weight': x}, keras.layers.Dense(1)(x))


def unnamed_inputs(inputs, config):
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
