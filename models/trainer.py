"""The Trainer's `run_fn`: from raw examples and a transform graph to an exported model."""

import json
import time
from typing import Any, Protocol

import keras
import tensorflow as tf

from models import hardware, signatures
from models.callbacks import Progress
from models.search_space import with_values
from models.settings import TrainerConfig
from models.training import build_model, fit, load_data
from models.warm_start import save_model, warm_start


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
            `hyperparameters` what a Tuner has found.

    Raises:
        ValueError: data, settings or an own function that no model can be trained with; the
            message says what to do.
    """
    config = TrainerConfig.model_validate(fn_args.custom_config['trainer'])
    if fn_args.hyperparameters:
        config = with_values(config, fn_args.hyperparameters['values'])
    keras.utils.set_random_seed(config.train.seed)
    data = load_data(
        fn_args.transform_graph_path, fn_args.train_files, fn_args.eval_files, config
    )
    history = History()
    with hardware.precision(config.train.precision), hardware.strategy().scope():
        model = build_model(config, data)
        if fn_args.base_model:
            warm_start(model, fn_args.base_model)
        logs = keras.callbacks.TensorBoard(fn_args.model_run_dir, write_graph=False)
        fit(model, config, data, [Progress(), history, logs])
    history.write(f'{fn_args.model_run_dir}/history.json')
    signatures.export(model, data.graph, data.target, fn_args.serving_model_dir)
    save_model(model, fn_args.serving_model_dir)


class History(keras.callbacks.Callback):
    """Losses, metrics, learning rate and seconds of each epoch."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin anew."""
        self.epochs: list[dict[str, float]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the epoch."""
        self.epochs.append(
            {
                'epoch': epoch + 1,
                **{k: float(v) for k, v in (logs or {}).items()},
                'learning_rate': float(self.model.optimizer.learning_rate),
                'seconds': round(time.monotonic() - self._start, 3),
            }
        )

    def write(self, path: str) -> None:
        """Write them as JSON, with the epoch whose weights the model has."""
        best = min(self.epochs, key=lambda e: e['val_loss'])
        text = json.dumps({'best_epoch': best['epoch'], 'epochs': self.epochs}, indent=2)
        tf.io.gfile.makedirs(path.rpartition('/')[0])
        with tf.io.gfile.GFile(path, 'w') as file:
            file.write(text)
