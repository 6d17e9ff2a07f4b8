"""Telling how far a piece of work is."""

import logging
import time
from typing import Any

from models.callbacks import PhaseCallback
from models.phases import phases
from models.settings import TrainerConfig

PROGRESS_INTERVAL = 0.25
"""Seconds between reports at least, within an epoch."""

_progress = logging.getLogger('sluice.progress')


def report(
    text: str,
    *,
    done: int,
    total: int | None,
    unit: str,
    metrics: dict[str, float],
    seconds_left: float | None,
    **more: Any,
) -> None:
    """Tell how far a piece of work is; the runner draws it.

    Args:
        text: all of it in a line, for the log.
        done: how much of the work is done.
        total: how much there is; None: nobody knows.
        unit: what `done` and `total` count.
        metrics: latest values.
        seconds_left: until all is done; None: nobody knows.
        **more: `stage`: what this is the work of, `then`: what comes after it, `rate`: how many
            `rate_unit` are done per second; each may be left out.
    """
    progress = {
        'done': done,
        'total': total,
        'unit': unit,
        'metrics': metrics,
        'seconds_left': seconds_left,
        **more,
    }
    _progress.info(text, extra={'progress': progress})


class Progress(PhaseCallback):
    """Report each epoch, and within long ones a few times per second.

    Args:
        config: says which phases there are, and what a row is.
    """

    async_safe = True  # reads no weights, so that Keras need not wait for it at each step

    def __init__(self, config: TrainerConfig) -> None:
        super().__init__()
        self._phases = phases(config)
        self._batch_size = config.train.batch_size
        self._rows = 'pictures' if config.image else 'rows'

    def on_train_begin(self, logs: Any = None) -> None:
        """Start the clock."""
        self._start = self._reported = time.monotonic()
        self._first: int | None = None
        self._metrics: dict[str, float] = {}
        self._rate: float | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the epoch, and whether another one was done before this try of the training."""
        self._epoch = epoch
        self._epoch_start = time.monotonic()
        if self._first is None:
            self._first = epoch
            if epoch:
                self._tell(epoch, f'resumed at epoch {epoch + 1}/{self.params["epochs"]}', {})

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Report, if the last time is long enough ago."""
        now = time.monotonic()
        steps = self.params['steps']
        if not steps:
            return
        if batch + 1 == steps or now - self._reported >= PROGRESS_INTERVAL:
            self._rate = (batch + 1) * self._batch_size / (now - self._epoch_start)
        if now - self._reported < PROGRESS_INTERVAL:
            return
        self._reported = now
        epochs = self._epoch + min((batch + 1) / steps, 1.0)
        where = f'epoch {self._epoch + 1}/{self.params["epochs"]} step {batch + 1}/{steps}'
        self._tell(epochs, where, logs or {})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Report the epoch."""
        self._reported = time.monotonic()
        self._metrics = {k: float(v) for k, v in (logs or {}).items()}
        self._tell(epoch + 1, f'epoch {epoch + 1}/{self.params["epochs"]}', self._metrics)

    def _tell(self, epochs: float, where: str, metrics: dict[str, Any]) -> None:
        total = self.params['epochs']
        spent = time.monotonic() - self._start
        shown = self._metrics | {k: float(v) for k, v in metrics.items()}
        named = '' if self.phase is None or self.phase.is_only else self.phase.title
        text = ', '.join(f'{k} {v:.4g}' for k, v in shown.items())
        done_here = epochs - (self._first or 0)
        report(
            f'{named + ", " if named else ""}{where}{": " if text else ""}{text}',
            done=int(epochs),
            total=total,
            unit='epochs',
            metrics=shown,
            seconds_left=spent / done_here * (total - epochs) if done_here else None,
            stage=named or None,
            then=self._later(),
            rate=self._rate,
            rate_unit=self._rows,
        )

    def _later(self) -> str | None:
        """Name the phases to come; how long one takes is known once it has begun."""
        names = [p.name for p in self._phases]
        if self.phase is None or self.phase.name not in names:
            return None
        later = self._phases[names.index(self.phase.name) + 1 :]
        return ', '.join(f'{p.title} ({p.epochs} epochs)' for p in later) or None
