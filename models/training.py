"""Building, compiling and fitting a model on the splits of a pipeline."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras
import tensorflow as tf

from models import hardware, own, pixel_networks, transfer, wide_deep
from models.callbacks import BestWeights, EarlyStopping, PhaseCallback, StopOnFailure
from models.checkpoints import Checkpoint, Checkpoints, SaveEpochs, Stateful
from models.data import Data, Part
from models.dataset import eval_batch
from models.losses import loss_of
from models.phases import Phase, phases
from models.rate_finder import RateSearch, search_rate
from models.schedules import learning_rate
from models.settings import OwnModel, TrainerConfig, Training, Transfer, WideDeep
from models.target import Target, class_weights

_log = logging.getLogger('sluice.models')


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
    checkpoints: Checkpoints | None = None,
    **kwargs: Any,
) -> dict[str, list[float]]:
    """Train a model, phase by phase; it ends with the weights that were best on the eval split.

    Args:
        model: from `build_model`.
        config: says for how long, and when to stop early.
        data: splits to train and to validate on.
        callbacks: more of them; a `PhaseCallback` is told of each phase.
        checkpoints: where training is saved after each epoch, and goes on from; None: nowhere.
        **kwargs: more arguments of `keras.Model.fit`, or others for those given here.

    Returns:
        Losses and metrics of each epoch, of all phases one after the other; those that were done
        before a training was resumed are not among them.

    Raises:
        TrainingError: the loss is no longer a number.
    """
    history: dict[str, list[float]] = {}
    told = [c for c in callbacks if isinstance(c, PhaseCallback)]
    resumed = checkpoints.load() if checkpoints else None
    search = RateSearch(**resumed.rate_search) if resumed and resumed.rate_search else None
    for number, phase in enumerate(phases(config)):
        if resumed and resumed.phase != phase.name:
            continue
        for callback in told:
            callback.on_phase_begin(phase)
        part = _part(model, phase, config, data)
        variables = _distinct([*model.variables, *part.network.variables])
        if number == 0 and config.train.find_rate:
            search = search or _search_rate(part, variables, phase, config, data)
            phase = _with_rate(phase, search, config)
        compile_part(part, phase, config, data)
        variables = _distinct([*variables, *part.network.optimizer.variables])
        saving = _Saving(checkpoints, variables, search, resumed) if checkpoints else None
        fitted = _fit_phase(part, phase, config, data, callbacks, saving, **kwargs)
        for name, values in fitted.items():
            history.setdefault(name, []).extend(values)
        resumed = None
    if search:
        for callback in told:
            callback.on_rate_found(search)
    return history


@dataclass(frozen=True)
class _Saving:
    """How a phase is saved, and where it goes on from."""

    checkpoints: Checkpoints
    variables: Sequence[keras.Variable]
    search: RateSearch | None
    resumed: Checkpoint | None


def _distinct(variables: Iterable[keras.Variable]) -> list[keras.Variable]:
    return list({id(v): v for v in variables}.values())


def _search_rate(
    part: Part,
    variables: Sequence[keras.Variable],
    phase: Phase,
    config: TrainerConfig,
    data: Data,
) -> RateSearch:
    def compile_with(schedule: keras.optimizers.schedules.LearningRateSchedule) -> None:
        compile_part(part, phase, config, data, schedule)

    return search_rate(part.network, variables, compile_with, _batches(part, phase, config, data))


def _with_rate(phase: Phase, search: RateSearch, config: TrainerConfig) -> Phase:
    """Return a phase with the rate that a search suggests, if that is to be used."""
    _log.info('%s: %s', phase.name, search.text)
    if config.train.find_rate != 'use' or search.suggestion is None:
        return phase
    return replace(phase, learning_rate=search.suggestion)


def _part(model: keras.Model, phase: Phase, config: TrainerConfig, data: Data) -> Part:
    """Return what of a model is fitted in a phase, with the data for that."""
    if isinstance(config.model, Transfer):
        return transfer.part(model, phase, config, data)
    return Part(model, data.train, data.evaluation)


def compile_part(
    part: Part,
    phase: Phase,
    config: TrainerConfig,
    data: Data,
    schedule: keras.optimizers.schedules.LearningRateSchedule | None = None,
) -> None:
    """Compile a part for a phase, with a schedule other than the phase's if one is given."""
    train = phase.applied(config.train)
    network = part.network
    labels = data.train.labels.weighted(_class_weights(config, data))
    rate = schedule or learning_rate(train, part.train.steps(train.batch_size) * train.epochs)
    network.compile(
        optimizer=_optimizer(train, rate),
        loss=loss_of(data.target, labels, config.train.label_smoothing),
        metrics=_metrics(data.target),
        jit_compile=hardware.compiles(),
    )
    # Otherwise the first step makes the optimizer's variables, and is traced a second time.
    network.optimizer.build(network.trainable_variables)


def _batches(
    part: Part, phase: Phase, config: TrainerConfig, data: Data, first_step: int = 0
) -> tf.data.Dataset:
    train = phase.applied(config.train)
    return part.train.batches(
        train.batch_size,
        inputs=part.network.input,
        seed=train.seed,
        class_weights=_class_weights(config, data),
        first_step=first_step,
        share=hardware.data_share(),
    )


def _fit_phase(
    part: Part,
    phase: Phase,
    config: TrainerConfig,
    data: Data,
    callbacks: Sequence[keras.callbacks.Callback],
    saving: _Saving | None,
    **kwargs: Any,
) -> dict[str, list[float]]:
    train = phase.applied(config.train)
    network = part.network
    steps = part.train.steps(train.batch_size)
    standard = [StopOnFailure(), BestWeights()]
    if train.early_stopping:
        standard.append(
            EarlyStopping(
                patience=train.early_stopping.patience, min_delta=train.early_stopping.min_delta
            )
        )
    everything = [*standard, *callbacks]
    first = 0
    if saving:
        if resumed := saving.resumed:
            first = train.epochs if resumed.stopped else resumed.epoch
        everything.append(
            SaveEpochs(
                saving.checkpoints,
                phase.name,
                saving.variables,
                [c for c in everything if isinstance(c, Stateful)],
                asdict(saving.search) if saving.search else None,
                saving.resumed,
                hardware.is_chief(),
            )
        )
    arguments = {'epochs': train.epochs, 'initial_epoch': first, 'verbose': 0} | kwargs
    fitted = network.fit(
        _batches(part, phase, config, data, first_step=first * steps),
        steps_per_epoch=steps,
        validation_data=part.evaluation.batches(
            eval_batch(network),
            inputs=network.input,
            class_weights=_class_weights(config, data),
            share=hardware.data_share(),
        ),
        callbacks=everything,
        shuffle=False,  # the batches are
        **arguments,
    )
    return fitted.history


def _class_weights(config: TrainerConfig, data: Data) -> tuple[float, ...] | None:
    return class_weights(data.target, config.train.class_weights, data.train.labels.counts)


def _optimizer(
    train: Training, rate: float | keras.optimizers.schedules.LearningRateSchedule
) -> keras.optimizers.Optimizer:
    kinds = {
        'adam': keras.optimizers.Adam,
        'adamw': keras.optimizers.AdamW,
        'sgd': keras.optimizers.SGD,
        'rmsprop': keras.optimizers.RMSprop,
    }
    return kinds[train.optimizer](rate, global_clipnorm=train.clip_norm)


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
