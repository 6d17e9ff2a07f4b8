"""The Trainer's `run_fn`: from raw examples and a transform graph to an exported model."""

from typing import Any, Protocol

import keras
import tensorflow as tf

from models import description, hardware, provenance, signatures
from models.callbacks import EpochLog
from models.checkpoints import Checkpoints, training_key
from models.curves import draw_curves, draw_search
from models.data import load_data
from models.events import Events
from models.progress import Progress
from models.search_space import with_values
from models.settings import Described, Task, TrainerConfig
from models.training import build_model, fit
from models.warm_start import save_model, warm_start

HISTORY_FILE = 'history.json'
"""Every epoch in numbers; this and those below are in the folder of the run (`model_run`)."""

CURVES_FILE = 'curves.png'
"""Loss, main metric and learning rate by epoch."""

RATE_FILE = 'learning_rate.json'
"""What a search for a learning rate found."""

RATE_CURVE_FILE = 'learning_rate.png'
"""The loss by learning rate of that search."""


class FnArgs(Protocol):
    """What `run_fn` uses of `tfx.components.FnArgs`."""

    train_files: list[str]
    eval_files: list[str]
    transform_graph_path: str
    serving_model_dir: str
    model_run_dir: str
    base_model: str | None
    hyperparameters: dict[str, Any] | None
    custom_config: dict[str, Any]


def run_fn(fn_args: FnArgs) -> None:
    """Train the model of a recipe and export it.

    Args:
        fn_args: as the Trainer gives it; `custom_config['trainer']` is a `TrainerConfig` as a dict,
            `custom_config['described']` may be a `Described`, `custom_config['checkpoints']` a
            folder for what a killed training goes on from, `custom_config['epochs']` their number
            in place of the settings'; `hyperparameters` is what a Tuner has
            found.

    Raises:
        ValueError: data, settings or an own function that no model can be trained with; the
            message says what to do.
    """
    config = _config(fn_args)
    distributed = hardware.strategy(config.devices)  # before any of TensorFlow's work
    keras.utils.set_random_seed(config.train.seed)
    data = load_data(fn_args.transform_graph_path, fn_args.train_files, fn_args.eval_files, config)
    with hardware.precision(config.train.precision, config.devices), distributed.scope():
        model = build_model(config, data)
        if fn_args.base_model:
            warm_start(model, fn_args.base_model)
        checkpoints = _checkpoints(fn_args, config, model)
        log = EpochLog()
        told = [log, Events(fn_args.model_run_dir, log)] if hardware.is_chief() else [log]
        fit(model, config, data, [Progress(config), *told], checkpoints)
    if not hardware.is_chief():
        return  # the chief has the same model, and writes it
    _record(log, config.task, fn_args.model_run_dir)
    signatures.export(model, data.graph, data.target, fn_args.serving_model_dir)
    save_model(model, fn_args.serving_model_dir)
    rows = {'train': data.train.rows, 'eval': data.evaluation.rows}
    provenance.write(config, rows, fn_args.serving_model_dir)
    described = Described.model_validate(fn_args.custom_config.get('described', {}))
    about = description.describe(
        data.graph, data.target, described, fn_args.train_files, fn_args.eval_files
    )
    description.write(about, fn_args.serving_model_dir)
    if checkpoints:
        checkpoints.remove()


def _config(fn_args: FnArgs) -> TrainerConfig:
    """Return the settings, with what a search has found and the epochs of this run."""
    config = TrainerConfig.model_validate(fn_args.custom_config['trainer'])
    epochs = fn_args.custom_config.get('epochs', config.train.epochs)
    if epochs < 1:
        raise ValueError(f'epochs: {epochs} is too few; give 1 or more')
    train = config.train.model_copy(update={'epochs': epochs})
    config = config.model_copy(update={'train': train})
    if fn_args.hyperparameters:
        config = with_values(config, fn_args.hyperparameters['values'])
    return config


def _checkpoints(fn_args: FnArgs, config: TrainerConfig, model: keras.Model) -> Checkpoints | None:
    """Return where training is saved; None, if no place is given."""
    folder = fn_args.custom_config.get('checkpoints')
    if not folder:
        return None
    inputs = [*fn_args.train_files, *fn_args.eval_files, fn_args.transform_graph_path]
    inputs.append(fn_args.base_model or '')
    return Checkpoints(folder, training_key(config, model, inputs))


def _record(log: EpochLog, task: Task, folder: str) -> None:
    """Write what a training was like beside TensorBoard's events."""
    files = {
        HISTORY_FILE: log.to_json().encode(),
        CURVES_FILE: draw_curves(log.epochs, log.best['epoch'], task),
    }
    if search := log.rate_search:
        files |= {RATE_FILE: search.to_json().encode(), RATE_CURVE_FILE: draw_search(search)}
    tf.io.gfile.makedirs(folder)
    for name, content in files.items():
        with tf.io.gfile.GFile(f'{folder}/{name}', 'wb') as file:
            file.write(content)
