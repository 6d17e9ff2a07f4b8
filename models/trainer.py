"""The Trainer's `run_fn`: from raw examples and a transform graph to an exported model."""

from typing import Any, Protocol

import keras

from models import description, hardware, signatures
from models.callbacks import EpochLog, Progress
from models.search_space import with_values
from models.settings import Described, TrainerConfig
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
            `custom_config['described']` may be a `Described`; `hyperparameters` is what a Tuner has
            found.

    Raises:
        ValueError: data, settings or an own function that no model can be trained with; the
            message says what to do.
    """
    config = TrainerConfig.model_validate(fn_args.custom_config['trainer'])
    if fn_args.hyperparameters:
        config = with_values(config, fn_args.hyperparameters['values'])
    keras.utils.set_random_seed(config.train.seed)
    data = load_data(fn_args.transform_graph_path, fn_args.train_files, fn_args.eval_files, config)
    log = EpochLog()
    with hardware.precision(config.train.precision), hardware.strategy().scope():
        model = build_model(config, data)
        if fn_args.base_model:
            warm_start(model, fn_args.base_model)
        events = keras.callbacks.TensorBoard(fn_args.model_run_dir, write_graph=False)
        fit(model, config, data, [Progress(), log, events])
    log.write(f'{fn_args.model_run_dir}/history.json')
    signatures.export(model, data.graph, data.target, fn_args.serving_model_dir)
    save_model(model, fn_args.serving_model_dir)
    described = Described.model_validate(fn_args.custom_config.get('described', {}))
    about = description.describe(
        data.graph, data.target, described, fn_args.train_files, fn_args.eval_files
    )
    description.write(about, fn_args.serving_model_dir)
