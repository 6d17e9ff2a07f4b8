"""What happens beside the training steps: progress, best weights, a stop when it fails."""

import json
import logging
import math
import time
from typing import Any

import keras
import tensorflow as tf

from models.phases import Phase

PROGRESS_INTERVAL = 0.25
"""Seconds between reports at least, within an epoch."""

_progress = logging.getLogger('sluice.progress')


class TrainingError(ValueError):
    """Training that cannot go on, for a reason that the settings or the data can mend."""


def report(
    text: str,
    *,
    done: int,
    total: int | None,
    unit: str,
    metrics: dict[str, float],
    seconds_left: float | None,
) -> None:
    """Tell how far a piece of work is; the runner draws it."""
    progress = {
        'done': done,
        'total': total,
        'unit': unit,
        'metrics': metrics,
        'seconds_left': seconds_left,
    }
    _progress.info(text, extra={'progress': progress})


class PhaseCallback(keras.callbacks.Callback):
    """A callback that is told which phase of training begins, before what that needs is made.

    Attributes:
        phase: the present one; None before any.
    """

    phase: Phase | None = None

    def on_phase_begin(self, phase: Phase) -> None:
        """Note the phase."""
        self.phase = phase


class Progress(PhaseCallback):
    """Report each epoch, and within long ones a few times per second."""

    async_safe = True  # reads no weights, so that Keras need not wait for it at each step

    def on_train_begin(self, logs: Any = None) -> None:
        """Start the clock."""
        self._start = self._reported = time.monotonic()
        self._epoch = 0
        self._metrics: dict[str, float] = {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Report, if the last time is long enough ago."""
        now = time.monotonic()
        steps = self.params['steps']
        if now - self._reported < PROGRESS_INTERVAL or not steps:
            return
        self._reported = now
        part = min((batch + 1) / steps, 1.0)
        self._tell(self._epoch + part, f'step {batch + 1}/{steps}', logs or {})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Report the epoch."""
        self._reported = time.monotonic()
        self._metrics = {k: float(v) for k, v in (logs or {}).items()}
        self._tell(epoch + 1, '', self._metrics)

    def _tell(self, epochs: float, where: str, metrics: dict[str, Any]) -> None:
        total = self.params['epochs']
        spent = time.monotonic() - self._start
        shown = self._metrics | {k: float(v) for k, v in metrics.items()}
        text = ', '.join(f'{k} {v:.4g}' for k, v in shown.items())
        named = '' if self.phase is None or self.phase.is_only else f'{self.phase.title}, '
        report(
            f'{named}epoch {min(self._epoch + 1, total)}/{total} {where}: {text}'.replace(
                ' :', ':'
            ),
            done=int(epochs),
            total=total,
            unit='epochs',
            metrics=shown,
            seconds_left=spent / epochs * (total - epochs),
        )


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
                rate = float(self.model.optimizer.learning_rate)
                raise TrainingError(
                    f'{name} became {loss} in epoch {epoch + 1} at learning rate {rate:.3g}: '
                    'lower train.learning_rate (or give it a warmup); if it stays, look for '
                    'extreme values in the features'
                )


class EpochLog(PhaseCallback):
    """Losses, metrics, learning rate and seconds of each epoch, of all phases."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.epochs: list[dict[str, Any]] = []

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
                'learning_rate': float(self.model.optimizer.learning_rate),
                'seconds': round(time.monotonic() - self._start, 3),
            }
        )

    def write(self, path: str) -> None:
        """Write them as JSON, with the epoch whose weights the model has."""
        last = [e for e in self.epochs if e['phase'] == self.epochs[-1]['phase']]
        best = min(last, key=lambda e: e['val_loss'])
        text = json.dumps({'best_epoch': best['epoch'], 'epochs': self.epochs}, indent=2)
        tf.io.gfile.makedirs(path.rpartition('/')[0])
        with tf.io.gfile.GFile(path, 'w') as file:
            file.write(text)
