"""Building, compiling and fitting a model on the splits of a pipeline."""

from collections.abc import Sequence
from typing import Any

import keras

from models import hardware, own, pixel_networks, transfer, wide_deep
from models.callbacks import BestWeights, PhaseCallback, StopOnFailure
from models.data import Data, Part
from models.dataset import eval_batch
from models.losses import loss_of
from models.phases import Phase, phases
from models.schedules import learning_rate
from models.settings import OwnModel, TrainerConfig, Training, Transfer, WideDeep
from models.target import Target, class_weights


def build_model(config: TrainerConfig, data: Data) -> keras.Model:
    """Build the model of a recipe for the data it will see; `fit` compiles it."""
    inputs, target = data.graph.inputs, data.target
    labels = data.train.labels.weighted(_class_weights(config, data))
    match config.model:
        case WideDeep():
            return wide_deep.build(inputs, config.model, target, labels)
        case Transfer():
            return transfer.build(inputs, config.model, target, labels)
        case OwnModel():
            return own.build(inputs, config.model, config, target)
        case _:
            return pixel_networks.build(inputs, config.model, target, labels)


def fit(
    model: keras.Model,
    config: TrainerConfig,
    data: Data,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **kwargs: Any,
) -> dict[str, list[float]]:
    """Train a model, phase by phase; it ends with the weights that were best on the eval split.

    Args:
        model: from `build_model`.
        config: says for how long, and when to stop early.
        data: splits to train and to validate on.
        callbacks: more of them; a `PhaseCallback` is told of each phase.
        **kwargs: more arguments of `keras.Model.fit`, or others for those given here.

    Returns:
        Losses and metrics of each epoch, of all phases one after the other.

    Raises:
        TrainingError: the loss is no longer a number.
    """
    history: dict[str, list[float]] = {}
    for phase in phases(config):
        for callback in callbacks:
            if isinstance(callback, PhaseCallback):
                callback.on_phase_begin(phase)
        part = _part(model, phase, config, data)
        _compile(part, phase, config, data)
        for name, values in _fit_phase(part, phase, config, data, callbacks, **kwargs).items():
            history.setdefault(name, []).extend(values)
    return history


def _part(model: keras.Model, phase: Phase, config: TrainerConfig, data: Data) -> Part:
    """Return what of a model is fitted in a phase, with the data for that."""
    if isinstance(config.model, Transfer):
        return transfer.part(model, phase, config, data)
    return Part(model, data.train, data.evaluation)


def _compile(part: Part, phase: Phase, config: TrainerConfig, data: Data) -> None:
    train = phase.applied(config.train)
    network = part.network
    labels = data.train.labels.weighted(_class_weights(config, data))
    network.compile(
        optimizer=_optimizer(train, part.train.steps(train.batch_size) * train.epochs),
        loss=loss_of(data.target, labels, config.train.label_smoothing),
        metrics=_metrics(data.target),
        jit_compile=hardware.compiles(),
    )
    # Otherwise the first step makes the optimizer's variables, and is traced a second time.
    network.optimizer.build(network.trainable_variables)


def _fit_phase(
    part: Part,
    phase: Phase,
    config: TrainerConfig,
    data: Data,
    callbacks: Sequence[keras.callbacks.Callback],
    **kwargs: Any,
) -> dict[str, list[float]]:
    train = phase.applied(config.train)
    network = part.network
    weights = _class_weights(config, data)
    batches = part.train.batches(
        train.batch_size, inputs=network.input, seed=train.seed, class_weights=weights
    )
    validation = part.evaluation.batches(
        eval_batch(network), inputs=network.input, class_weights=weights
    )
    standard = [StopOnFailure(), BestWeights()]
    if train.early_stopping:
        standard.append(
            keras.callbacks.EarlyStopping(
                patience=train.early_stopping.patience, min_delta=train.early_stopping.min_delta
            )
        )
    arguments = {'epochs': train.epochs, 'verbose': 0} | kwargs
    fitted = network.fit(
        batches,
        steps_per_epoch=part.train.steps(train.batch_size),
        validation_data=validation,
        callbacks=[*standard, *callbacks],
        shuffle=False,  # the batches are
        **arguments,
    )
    return fitted.history


def _class_weights(config: TrainerConfig, data: Data) -> tuple[float, ...] | None:
    return class_weights(data.target, config.train.class_weights, data.train.labels.counts)


def _optimizer(train: Training, steps: int) -> keras.optimizers.Optimizer:
    kinds = {
        'adam': keras.optimizers.Adam,
        'adamw': keras.optimizers.AdamW,
        'sgd': keras.optimizers.SGD,
        'rmsprop': keras.optimizers.RMSprop,
    }
    return kinds[train.optimizer](learning_rate(train, steps), global_clipnorm=train.clip_norm)


def _metrics(target: Target) -> list[keras.metrics.Metric]:
    """Return what is shown while training; gates are the Evaluator's."""
    match target.task:
        case 'regression':
            return [
                keras.metrics.RootMeanSquaredError(name='rmse'),
                keras.metrics.MeanAbsoluteError(name='mae'),
            ]
        case 'binary':
            return [
                keras.metrics.AUC(name='auc'),
                keras.metrics.BinaryAccuracy(name='accuracy'),
            ]
        case _:
            return [
                keras.metrics.SparseCategoricalAccuracy(name='accuracy'),
                keras.metrics.SparseTopKCategoricalAccuracy(3, name='top_3_accuracy'),
            ]
