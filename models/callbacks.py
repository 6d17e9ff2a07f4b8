"""What happens beside the training steps: a log, best weights, a stop when it fails."""

import json
import math
import time
from typing import Any

import keras
import tensorflow as tf

from models.phases import Phase
from models.rate_finder import RateSearch


class TrainingError(ValueError):
    """Training that cannot go on, for a reason that the settings or the data can mend."""


class PhaseCallback(keras.callbacks.Callback):
    """A callback that is told which phase of training begins, before what that needs is made.

    Attributes:
        phase: the present one; None before any.
    """

    phase: Phase | None = None

    def on_phase_begin(self, phase: Phase) -> None:
        """Note the phase."""
        self.phase = phase

    def on_rate_found(self, search: RateSearch) -> None:
        """Take what a search for a learning rate found, once training is done."""


class BestWeights(keras.callbacks.Callback):
    """Put back the weights of the epoch with the lowest `val_loss`, however training ends.

    Keras' own EarlyStopping does not take an improvement below `min_delta` for the best.

    Attributes:
        epoch: the best one, from 0; None before any.
    """

    def on_train_begin(self, logs: Any = None) -> None:
        """Forget earlier runs."""
        self.epoch: int | None = None
        self._lowest = math.inf
        self._weights: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the weights if they are the best so far."""
        loss = (logs or {}).get('val_loss', math.nan)
        if loss < self._lowest:
            self._lowest, self.epoch = loss, epoch
            self._weights = self.model.get_weights()

    def on_train_end(self, logs: Any = None) -> None:
        """Put the best weights back."""
        if self.epoch is not None:
            self.model.set_weights(self._weights)

    def state(self) -> dict[str, Any]:
        """Return what is the best so far."""
        return {'epoch': self.epoch, 'lowest': self._lowest, 'weights': self._weights}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.epoch, self._lowest = state['epoch'], state['lowest']
        self._weights = state['weights']


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras' early stopping by `val_loss`, which can be gone on with."""

    _REMEMBERED = ('wait', 'best', 'best_epoch', 'stopped_epoch')

    def state(self) -> dict[str, Any]:
        """Return how long it has waited, and for what."""
        return {name: getattr(self, name) for name in self._REMEMBERED}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        for name, value in state.items():
            setattr(self, name, value)


class StopOnFailure(keras.callbacks.Callback):
    """End training with an error as soon as an epoch's loss is not a number."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look at the losses.

        Raises:
            TrainingError: one is NaN or infinite.
        """
        for name in ('loss', 'val_loss'):
            loss = (logs or {}).get(name, 0.0)
            if not math.isfinite(loss):
                rate = _rate(self.model.optimizer)
                raise TrainingError(
                    f'{name} became {loss} in epoch {epoch + 1} at learning rate {rate:.3g}: '
                    'lower train.learning_rate (or give it a warmup); if it stays, look for '
                    'extreme values in the features'
                )


class EpochLog(PhaseCallback):
    """Losses, metrics, learning rate and seconds of each epoch, of all phases.

    Attributes:
        epochs: one mapping per epoch.
        resumed: epochs that an earlier try, which was killed, had done; 0: there was none.
        rate_search: what a search for a learning rate found; None: there was none.
    """

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.epochs: list[dict[str, Any]] = []
        self.resumed = 0
        self.rate_search: RateSearch | None = None

    def on_rate_found(self, search: RateSearch) -> None:
        """Note a search for a learning rate."""
        self.rate_search = search

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the epoch."""
        self.epochs.append(
            {
                'epoch': len(self.epochs) + 1,
                'phase': self.phase.name if self.phase else None,
                **{k: float(v) for k, v in (logs or {}).items()},
                'learning_rate': _rate(self.model.optimizer),
                'seconds': round(time.monotonic() - self._start, 3),
            }
        )

    def state(self) -> dict[str, Any]:
        """Return the epochs so far."""
        return {'epochs': self.epochs}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.epochs = state['epochs']
        self.resumed = len(self.epochs)

    @property
    def best(self) -> dict[str, Any]:
        """The epoch whose weights the model has: the best of the last phase."""
        last = [e for e in self.epochs if e['phase'] == self.epochs[-1]['phase']]
        return min(last, key=lambda e: e['val_loss'])

    def to_json(self) -> str:
        """Return all that was noted."""
        search = self.rate_search
        return json.dumps(
            {
                'best_epoch': self.best['epoch'],
                'resumed_after_epoch': self.resumed or None,
                'suggested_learning_rate': search and search.suggestion,
                'epochs': self.epochs,
            },
            indent=2,
        )


def _rate(optimizer: keras.optimizers.Optimizer) -> float:
    """Return the present learning rate, which of several devices is a variable on each."""
    return float(tf.convert_to_tensor(optimizer.learning_rate))
