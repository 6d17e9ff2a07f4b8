"""The Tuner's `tuner_fn`: a KerasTuner search over the settings that a recipe names."""

import math
from typing import Any, NamedTuple, Protocol

import keras
import keras_tuner

from models import hardware
from models.callbacks import report
from models.data import Data, load_data
from models.search_space import encoded, is_whole, with_values
from models.settings import Range, TrainerConfig
from models.training import build_model, fit

OBJECTIVE = 'val_loss'
HYPERBAND_FACTOR = 3
"""Of the configurations of a round, one in this many goes on to the next (KerasTuner's default)."""


class TunerFnResult(NamedTuple):
    """As `tfx.components.TunerFnResult`, whose import takes as long as a small search."""

    tuner: keras_tuner.Tuner
    fit_kwargs: dict[str, Any]


class FnArgs(Protocol):
    """What `tuner_fn` uses of `tfx.components.FnArgs`."""

    train_files: list[str]
    eval_files: list[str]
    transform_graph_path: str
    working_dir: str
    custom_config: dict[str, Any]


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Prepare the search of a recipe.

    Args:
        fn_args: as the Tuner gives it; `custom_config['trainer']` is a `TrainerConfig` as a dict.

    Returns:
        A tuner over `tune.space`, to be told to search.

    Raises:
        ValueError: as `run_fn`.
    """
    config = TrainerConfig.model_validate(fn_args.custom_config['trainer'])
    train = config.train.model_copy(update={'epochs': config.tune.epochs})
    config = config.model_copy(update={'train': train})
    data = load_data(fn_args.transform_graph_path, fn_args.train_files, fn_args.eval_files, config)
    return TunerFnResult(_tuner(config, Search(config, data), fn_args.working_dir), {'verbose': 0})


class Search(keras_tuner.HyperModel):
    """Builds and fits a model with the settings of a trial."""

    def __init__(self, config: TrainerConfig, data: Data) -> None:
        """Take what all trials share."""
        super().__init__()
        self._config = config
        self._data = data
        self._done = 0
        self._best = math.inf

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Build and compile the model of a trial."""
        for name, choices in self._config.tune.space.items():
            if isinstance(choices, Range):
                kind = hp.Int if is_whole(name, choices) else hp.Float
                kind(name, choices.min, choices.max, sampling=choices.scale)
            else:
                hp.Choice(name, list(encoded(choices)))
        keras.utils.set_random_seed(self._config.train.seed)
        with hardware.precision(self._config.train.precision):
            return build_model(with_values(self._config, hp.values), self._data)

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any
    ) -> dict[str, float]:
        """Fit the model of a trial, with its batch size, and report the best loss so far."""
        config = with_values(self._config, hp.values)
        history = fit(model, config, self._data, **kwargs)
        self._done += 1
        loss = min(history[OBJECTIVE])
        self._best = min(self._best, loss)
        tried = ', '.join(f'{name} {_short(hp.values[name])}' for name in self._config.tune.space)
        report(
            f'trial {self._done}: {OBJECTIVE} {loss:.4g} ({tried}); best {self._best:.4g}',
            done=self._done,
            total=self._config.tune.trials,
            unit='trials',
            metrics={OBJECTIVE: loss, f'best_{OBJECTIVE}': self._best},
            seconds_left=None,
        )
        return {OBJECTIVE: loss}


def _short(value: Any) -> str:
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def _tuner(config: TrainerConfig, search: Search, directory: str) -> keras_tuner.Tuner:
    tune = config.tune
    common = {
        'objective': keras_tuner.Objective(OBJECTIVE, 'min'),
        'seed': config.train.seed,
        'directory': directory,
        'project_name': 'search',
        # Trials of an earlier run with other settings or data are not this search's.
        'overwrite': True,
    }
    match tune.algorithm:
        case 'random':
            return keras_tuner.RandomSearch(search, max_trials=tune.trials, **common)
        case 'bayesian':
            return keras_tuner.BayesianOptimization(search, max_trials=tune.trials, **common)
        case _:
            tuner = keras_tuner.Hyperband(
                search, max_epochs=tune.epochs, factor=HYPERBAND_FACTOR, **common
            )
            # Hyperband sets its number of trials itself; the recipe's is the most there may be.
            tuner.oracle.max_trials = tune.trials
            return tuner
