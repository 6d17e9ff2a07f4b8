"""Learning-rate schedules over a run of known length."""

import math

import keras
from keras import ops

from models.settings import Training

ONE_CYCLE_RISE = 0.3
"""Share of a one-cycle run spent rising, unless `warmup` says otherwise."""

ONE_CYCLE_START = 1 / 25
"""First rate of a one-cycle run as a share of its peak; this and the above as fastai has them."""


@keras.saving.register_keras_serializable('sluice')
class RunSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Rise to a peak, then change as the kind of schedule says until the last step.

    Rising is linear from 0, for one_cycle along a half cosine (Smith 2018, arXiv:1803.09820).
    cyclical is the triangular policy of Smith 2015 (arXiv:1506.01186); step divides the rate by
    the same factor each time, as He et al. 2015 do (arXiv:1512.03385).
    """

    def __init__(
        self, kind: str, peak: float, end: float, rising: int, steps: int, parts: int = 1
    ) -> None:
        """Take the shape of the schedule.

        Args:
            kind: constant, cosine, exponential, step, one_cycle or cyclical.
            peak: highest learning rate.
            end: last rate (cyclical: the lowest) as a share of the peak.
            rising: steps up to the peak.
            steps: steps in all.
            parts: levels of step, cycles of cyclical.
        """
        self.kind, self.peak, self.end = kind, peak, end
        self.rising, self.steps, self.parts = rising, steps, parts

    def __call__(self, step: int | keras.KerasTensor) -> keras.KerasTensor:
        """Return the learning rate of a step."""
        step = ops.cast(step, 'float32')
        # The first step is no waste: it is one of `rising`, not at rate 0.
        risen = ops.minimum((step + 1) / max(self.rising, 1), 1.0)
        if self.kind == 'one_cycle':
            risen = ONE_CYCLE_START + (1 - ONE_CYCLE_START) * (1 - ops.cos(math.pi * risen)) / 2
        fallen = ops.clip((step - self.rising) / max(self.steps - self.rising, 1), 0.0, 1.0)
        match self.kind:
            case 'cosine' | 'one_cycle':
                share = self.end + (1 - self.end) * (1 + ops.cos(math.pi * fallen)) / 2
            case 'exponential':
                share = ops.exp(fallen * math.log(self.end))
            case 'step':
                level = ops.minimum(ops.floor(fallen * self.parts), self.parts - 1)
                share = ops.exp(level / (self.parts - 1) * math.log(self.end))
            case 'cyclical':
                # 0 at the foot of a triangle, 1 at its top.
                height = 1 - ops.abs(1 - 2 * (fallen * self.parts % 1))
                share = self.end + (1 - self.end) * height
            case _:
                share = ops.ones_like(fallen)
        return self.peak * risen * share

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {
            'kind': self.kind,
            'peak': self.peak,
            'end': self.end,
            'rising': self.rising,
            'steps': self.steps,
            'parts': self.parts,
        }


def learning_rate(train: Training, steps: int) -> float | RunSchedule:
    """Return what an optimizer takes as its learning rate.

    Args:
        train: settings.
        steps: in the whole run.
    """
    schedule = train.schedule
    warmup = schedule.warmup
    if schedule.kind == 'one_cycle':
        warmup = warmup or ONE_CYCLE_RISE
    if schedule.kind == 'constant' and not warmup:
        return train.learning_rate
    parts = {'step': schedule.levels, 'cyclical': schedule.cycles}.get(schedule.kind, 1)
    return RunSchedule(
        schedule.kind, train.learning_rate, schedule.end, round(warmup * steps), steps, parts
    )
