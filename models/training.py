"""Building, compiling and fitting a model on the splits of a pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow_transform as tft

from models import hardware, own, wide_deep
from models.callbacks import BestWeights, PhaseCallback, StopOnFailure
from models.dataset import EVAL_BATCH, Reader, Split
from models.inputs import TransformGraph, vocabulary
from models.phases import Phase, phases
from models.schedules import learning_rate
from models.settings import OwnModel, TrainerConfig, Training, WideDeep
from models.target import LabelStatistics, Target, class_weights, resolve_target
from transforms.tabular import LABEL_VOCABULARY


@dataclass(frozen=True)
class Data:
    """What there is to learn from."""

    graph: TransformGraph
    target: Target
    train: Split
    evaluation: Split


@dataclass(frozen=True)
class Part:
    """What is fitted in a phase.

    Attributes:
        network: the model, or that part of it which learns; its layers are the model's.
        train: what it learns from.
        evaluation: what it is validated on.
    """

    network: keras.Model
    train: Split
    evaluation: Split


@keras.saving.register_keras_serializable('sluice')
class StandardSquaredError(keras.losses.Loss):
    """Squared error in units of the label's variance: 1 is as good as predicting the mean.

    Gradients then do not depend on the label's unit, and learning rates mean the same everywhere.
    """

    def __init__(self, deviation: float, **kwargs: Any) -> None:
        """Take the label's standard deviation."""
        super().__init__(**{'name': 'standard_squared_error'} | kwargs)
        self.deviation = deviation

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the error of each row."""
        error = (y_true - y_pred) / self.deviation
        return keras.ops.mean(keras.ops.square(error), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return super().get_config() | {'deviation': self.deviation}


def load_data(
    transform_graph: str,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    config: TrainerConfig,
) -> Data:
    """Read the splits through the transform graph.

    Args:
        transform_graph: directory of the TransformGraph artifact.
        train_files: patterns of the train split's files.
        eval_files: patterns of the eval split's.
        config: names task and label.

    Raises:
        InputError, TargetError, DataError: the data cannot be learnt from.
    """
    output = tft.TFTransformOutput(transform_graph)
    graph = TransformGraph(output, config.label, config.task)
    target = resolve_target(config, vocabulary(output, LABEL_VOCABULARY))
    return Data(
        graph,
        target,
        train=Reader('train', train_files, graph, target).read(must_know_all=True),
        evaluation=Reader('eval', eval_files, graph, target).read(must_know_all=False),
    )


def build_model(config: TrainerConfig, data: Data) -> keras.Model:
    """Build the model of a recipe for the data it will see; `fit` compiles it."""
    target = data.target
    if isinstance(config.model, WideDeep):
        labels = data.train.labels.weighted(_class_weights(config, data))
        return wide_deep.build(data.graph.inputs, config.model, target, labels)
    if isinstance(config.model, OwnModel):
        return own.build(data.graph.inputs, config.model, config, target)
    raise NotImplementedError(config.model.kind)


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
    return Part(model, data.train, data.evaluation)


def _compile(part: Part, phase: Phase, config: TrainerConfig, data: Data) -> None:
    train = phase.applied(config.train)
    network = part.network
    labels = data.train.labels.weighted(_class_weights(config, data))
    network.compile(
        optimizer=_optimizer(train, part.train.steps(train.batch_size) * train.epochs),
        loss=_loss(data.target, labels),
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
    validation = part.evaluation.batches(EVAL_BATCH, inputs=network.input, class_weights=weights)
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
    return kinds[train.optimizer](learning_rate(train, steps))


def _loss(target: Target, labels: LabelStatistics) -> keras.losses.Loss:
    match target.task:
        case 'regression':
            return StandardSquaredError(labels.deviation)
        case 'binary':
            return keras.losses.BinaryCrossentropy()
        case _:
            return keras.losses.SparseCategoricalCrossentropy()


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
