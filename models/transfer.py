"""Transfer: a new head on a backbone, of which at first none and then the last layers learn."""

from collections.abc import Sequence

import keras
from keras import layers

from models import backbones
from models.data import Data, Part
from models.frozen import Frozen, cut
from models.heads import hidden_layers, prediction
from models.inputs import ModelInput, keras_inputs
from models.phases import Phase, phases
from models.settings import TrainerConfig, Transfer
from models.target import LabelStatistics, Target


def build(
    inputs: Sequence[ModelInput], config: Transfer, target: Target, labels: LabelStatistics
) -> keras.Model:
    """Build the network, uncompiled. What is not the backbone's is named `net.…`.

    Args:
        inputs: the pixels, from 0 to 255.
        config: settings.
        target: what is predicted.
        labels: its classes in the train split.

    Returns:
        A functional model from `[batch, height, width, channels]` by name to `[batch, classes]`
        probabilities, or `[batch, 1]` of the second of two classes, float32.

    Raises:
        BackboneError: there is no such backbone for these pictures, or no weights for it.
    """
    tensors = keras_inputs(inputs)
    x = backbones.features(tensors[inputs[0].name], config)
    x = layers.GlobalAveragePooling2D(name='net.pooled')(x)
    x = hidden_layers(x, config.hidden)
    x = layers.Dropout(config.dropout, name='net.dropout')(x)
    total = layers.Dense(target.units, name='net.output')(x)
    return keras.Model(tensors, prediction(total, target, labels), name='transfer')


def part(model: keras.Model, phase: Phase, config: TrainerConfig, data: Data) -> Part:
    """Return what of a transfer's model is fitted in a phase.

    Layers before those that learn are run once, on the pictures as they are or on `copies` changed
    versions of each. Only if pictures are to change in every epoch are they part of what is fitted.

    Args:
        model: from `build`; its layers are told whether they learn.
        phase: says which.
        config: settings of model and training.
        data: pictures, and a store of their features.
    """
    settings = config.model
    if phase.layers is None or not isinstance(settings, Transfer):
        return Part(model, data.train, data.evaluation)
    learning = _learning(model, phase.layers)
    for layer in model.layers:
        layer.trainable = layer in learning
    copies = settings.copies if data.train.change else 1
    if copies is None:
        frozen, rest = cut(model, learning)
        features = Frozen(frozen, name='frozen')(model.input)
        return Part(keras.Model(model.input, rest(features)), data.train, data.evaluation)
    rest, train, evaluation = model, data.train, data.evaluation
    backbone = settings.model_dump_json(include={'backbone', 'options', 'weights'})
    # What is frozen in all phases is run for all of them; the head's features are made of that.
    for count in sorted({phase.layers, *(p.layers or 0 for p in phases(config))}, reverse=True):
        if count >= phase.layers:
            frozen, rest = cut(rest, _learning(model, count))
            key = (backbone, count)
            train = data.features.of((*key, 'train'), frozen, train, copies, config.train.seed)
            evaluation = data.features.of((*key, 'eval'), frozen, evaluation)
    return Part(rest, train, evaluation)


def _learning(model: keras.Model, count: int) -> list[keras.layers.Layer]:
    """Return the layers that learn: the head's, and so many of the backbone's last.

    Batch normalisation of the backbone keeps its means and scales: those of few pictures are worse.
    """
    layers_of = [x for x in model.layers if not isinstance(x, layers.InputLayer)]
    head = [x for x in layers_of if x.name.startswith('net.')]
    backbone = [x for x in layers_of if not x.name.startswith('net.')]
    last = backbone[len(backbone) - count :] if count < len(backbone) else backbone
    # Dropout has no weights, but is drawn anew at each step.
    return [x for x in head if x.weights or isinstance(x, layers.Dropout)] + [
        x for x in last if x.weights and not isinstance(x, layers.BatchNormalization)
    ]
