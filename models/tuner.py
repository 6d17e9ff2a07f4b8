"""The Tuner's `tuner_fn`: a KerasTuner search over the settings that a recipe names."""

import hashlib
import json
import math
import threading
import time
from typing import Any, NamedTuple, Protocol

import keras
import keras_tuner
from keras_tuner.src.distribute.utils import has_chief_oracle, is_chief_oracle
from keras_tuner.src.engine.tuner_utils import SaveBestEpoch

from models import hardware
from models.data import Data, load_data
from models.frozen import OutOfTimeError
from models.progress import report
from models.search_space import encoded, is_whole, with_values
from models.settings import Range, TrainerConfig, Transfer
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
    train = config.train.model_copy(update={'epochs': config.tune.epochs, 'find_rate': None})
    model = config.model
    if isinstance(model, Transfer):  # a trial trains the head only
        model = model.model_copy(update={'fine_tune': None})
    config = config.model_copy(update={'train': train, 'model': model})
    data = load_data(fn_args.transform_graph_path, fn_args.train_files, fn_args.eval_files, config)
    search = Search(config, data)
    tuner = _tuner(config, search, fn_args.working_dir, _project(fn_args))
    if isinstance(tuner.oracle, keras_tuner.Oracle):  # not one in another process
        search.oracle = tuner.oracle
        if is_chief_oracle() and config.tune.minutes:
            # It only answers other processes, and ends with the search.
            end = threading.Timer(60 * config.tune.minutes, search.end_if_over)
            end.daemon = True
            end.start()
    return TunerFnResult(tuner, {'verbose': 0})


class Search(keras_tuner.HyperModel):
    """Builds and fits a model with the settings of a trial."""

    def __init__(self, config: TrainerConfig, data: Data) -> None:
        """Take what all trials share, and start the clock."""
        super().__init__()
        self._config = config
        self._data = data
        self._done = 0
        self._best = math.inf
        self._start = time.monotonic()
        minutes = config.tune.minutes
        self._deadline = math.inf if minutes is None else self._start + 60 * minutes
        self.oracle: keras_tuner.Oracle | None = None

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Build and compile the model of a trial."""
        for name, choices in self._config.tune.space.items():
            if isinstance(choices, Range):
                kind = hp.Int if is_whole(name, choices) else hp.Float
                kind(name, choices.min, choices.max, sampling=choices.scale)
            else:
                hp.Choice(name, list(encoded(choices)))
        keras.utils.set_random_seed(self._config.train.seed)
        with hardware.precision(self._config.train.precision, self._config.devices):
            return build_model(with_values(self._config, hp.values), self._data)

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any
    ) -> dict[str, float]:
        """Fit the model of a trial, with its batch size, and report the best loss so far."""
        config = with_values(self._config, hp.values)
        if self._done:
            self._data.features.deadline = self._deadline
        callbacks = [
            SaveWhole(model, c) if isinstance(c, SaveBestEpoch) else c
            for c in kwargs.pop('callbacks', [])
        ]
        try:
            history = fit(model, config, self._data, [*callbacks, StopAt(self._deadline)], **kwargs)
        except OutOfTimeError:
            raise keras_tuner.errors.FailedTrialError('out of time') from None
        finally:
            self.end_if_over()
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
            seconds_left=self._seconds_left(),
        )
        return {OBJECTIVE: loss}

    def is_over(self) -> bool:
        """Whether the search has had its time, so that no trial is to begin."""
        return time.monotonic() > self._deadline

    def end_if_over(self) -> None:
        """Let the trials there are be all, once the time is over."""
        if self.is_over() and self.oracle and self.oracle.trials:
            self.oracle.max_trials = len(self.oracle.trials)

    def _seconds_left(self) -> float:
        """Guess how long the search goes on, from the trials so far and the time it may take."""
        now = time.monotonic()
        each = (now - self._start) / self._done
        by_trials = each * (self._config.tune.trials - self._done)
        return max(min(by_trials, self._deadline - now), 0.0)


class StopAt(keras.callbacks.Callback):
    """End training at a time, after the present step and a validation."""

    def __init__(self, deadline: float) -> None:
        """Take the time, of `time.monotonic`."""
        super().__init__()
        self._deadline = deadline

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the clock."""
        if time.monotonic() > self._deadline:
            self.model.stop_training = True


class SaveWhole(SaveBestEpoch):
    """Saves a whole model where only a part of it is fitted, as it is the whole that goes on."""

    def __init__(self, whole: keras.Model, saving: SaveBestEpoch) -> None:
        """Take the model, and the callback that would save the part."""
        super().__init__(saving.objective, saving.filepath)
        self._whole = whole

    def set_model(self, model: keras.Model) -> None:
        """Take the whole model in place of the part."""
        super().set_model(self._whole)


def _project(fn_args: FnArgs) -> str:
    """Name a search so that the processes of one find each other, and no other's."""
    parts = [*fn_args.train_files, fn_args.transform_graph_path]
    told = '\0'.join([*parts, json.dumps(fn_args.custom_config, sort_keys=True)])
    return f'search-{hashlib.sha256(told.encode()).hexdigest()[:12]}'


def _short(value: Any) -> str:
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def _tuner(
    config: TrainerConfig, search: Search, directory: str, project: str
) -> keras_tuner.Tuner:
    tune = config.tune
    common = {
        'objective': keras_tuner.Objective(OBJECTIVE, 'min'),
        'seed': config.train.seed,
        'directory': directory,
        'project_name': project,
        # Trials of an earlier run are not this search's; those of other processes are.
        'overwrite': is_chief_oracle() or not has_chief_oracle(),
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
