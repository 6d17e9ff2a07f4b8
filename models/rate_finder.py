"""Search for a learning rate: what the loss does while the rate rises, a step at a time.

Smith 2015 (arXiv:1506.01186) found the range in which a model learns so. Of that the suggestion
is a tenth of the rate at the lowest loss, as fastai has it (Howard & Gugger 2020,
arXiv:2002.04688, `minimum`): just before, the loss falls most; just after, it rises.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

STEPS = 100
"""Steps of a search, and the range of its rates; as fastai has them."""

LOWEST, HIGHEST = 1e-7, 10.0

DIVERGED = 4.0
"""A loss this many times the lowest ends a search."""

SMOOTHING = 0.9
"""Weight of what was before in the moving average of the losses."""

RULE = 'a tenth of the rate at the lowest smoothed loss (arXiv:1506.01186, arXiv:2002.04688)'


@dataclass(frozen=True)
class RateSearch:
    """What a search found.

    Attributes:
        rates: [steps], rising.
        losses: [steps] of one batch each, at that rate.
        smoothed: the same without most of their noise.
        suggestion: by `RULE`; None where the loss never fell by more than its noise.
    """

    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    suggestion: float | None

    @classmethod
    def of(cls, rates: Sequence[float], losses: Sequence[float]) -> Self:
        """Judge a curve; losses after the first that is not a number don't count."""
        raw = np.asarray(losses, float)
        usable = int(np.argmin(np.isfinite(raw))) if not np.isfinite(raw).all() else len(raw)
        raw = raw[:usable]
        kept = [float(r) for r in rates[:usable]]
        smooth = smoothed(raw)
        suggestion = None
        if usable > 2 and _falls(raw, smooth):
            suggestion = kept[int(smooth.argmin())] / 10
        return cls(kept, raw.tolist(), smooth.tolist(), suggestion)

    @property
    def text(self) -> str:
        """The suggestion in words."""
        if self.suggestion is None:
            return 'no learning rate made the loss fall'
        return f'suggested learning rate {self.suggestion:.2g}'

    def to_json(self) -> str:
        """Return all of it, with the rule."""
        return json.dumps({'rule': RULE, **asdict(self)}, indent=2)


def search_rate(
    network: keras.Model,
    variables: Sequence[keras.Variable],
    compile_with: Callable[[keras.optimizers.schedules.LearningRateSchedule], None],
    batches: tf.data.Dataset,
) -> RateSearch:
    """Train for some steps while the rate rises exponentially, and put everything back.

    Args:
        network: what is trained.
        variables: all that training changes, but for the optimizer's; they end as they were.
        compile_with: compiles the network for a schedule; it must be compiled anew afterwards.
        batches: as for training, endless.
    """
    before = [keras.ops.convert_to_numpy(v) for v in variables]
    compile_with(Ramp(LOWEST, HIGHEST, STEPS))
    losses = _Losses()
    network.fit(batches, steps_per_epoch=STEPS, verbose=0, callbacks=[losses], shuffle=False)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)
    ramp = Ramp(LOWEST, HIGHEST, STEPS)
    return RateSearch.of([float(ramp(i)) for i in range(len(losses.seen))], losses.seen)


def smoothed(losses: np.ndarray) -> np.ndarray:
    """Average losses with those before and after them, the nearest most, without a lag.

    Args:
        losses: [steps].

    Returns:
        [steps]: the mean of the moving average from the left and that from the right, of losses
        cut off where they have risen above the first ones by as much as they fell below them.
    """
    first = losses[:10].mean() if len(losses) else 0.0
    cut = np.minimum(losses, 2 * first - losses.min(initial=first))
    return (_averaged(cut) + _averaged(cut[::-1])[::-1]) / 2


def _averaged(losses: np.ndarray) -> np.ndarray:
    total = weight = 0.0
    averages = []
    for loss in losses:
        total = SMOOTHING * total + loss
        weight = SMOOTHING * weight + 1
        averages.append(total / weight)
    return np.array(averages)


def _falls(losses: np.ndarray, smooth: np.ndarray) -> bool:
    """Whether the smoothed loss falls by more than the noise round it."""
    lowest = int(smooth.argmin())
    noise = float((losses - smooth)[: lowest + 1].std())
    return smooth[0] - smooth[lowest] > noise


@keras.saving.register_keras_serializable('sluice')
class Ramp(keras.optimizers.schedules.LearningRateSchedule):
    """Rise from one rate to another by the same factor at each step."""

    def __init__(self, first: float, last: float, steps: int) -> None:
        """Take both rates, and the number of steps from one to the other."""
        self.first, self.last, self.steps = first, last, steps

    def __call__(self, step: int | keras.KerasTensor) -> keras.KerasTensor:
        """Return the learning rate of a step."""
        share = keras.ops.cast(step, 'float32') / (self.steps - 1)
        return self.first * keras.ops.exp(share * math.log(self.last / self.first))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {'first': self.first, 'last': self.last, 'steps': self.steps}


class _Losses(keras.callbacks.Callback):
    """Notes the loss of each batch by itself; stops when it gets out of hand."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []
        self._average = self._weight = 0.0
        self._lowest = math.inf

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.model.reset_metrics()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = float((logs or {})['loss'])
        self.seen.append(loss)
        self._average = SMOOTHING * self._average + loss
        self._weight = SMOOTHING * self._weight + 1
        average = self._average / self._weight
        self._lowest = min(self._lowest, average)
        if not math.isfinite(loss) or average > DIVERGED * self._lowest:
            self.model.stop_training = True
