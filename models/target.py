"""What a model predicts: the label, its classes, and what the train split says about it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.settings import Task, TrainerConfig

MAX_CLASSES = 5000
"""More distinct labels than this are taken for a number by mistake called a class."""

_WHOLE_NUMBER = re.compile(r'[+-]?\d+')


class TargetError(ValueError):
    """A label that does not fit the task."""


@dataclass(frozen=True)
class Target:
    """The label of a task, and its classes in the order of the model's outputs."""

    task: Task
    label: str
    classes: tuple[str, ...] = ()

    @property
    def units(self) -> int:
        """Width of the model's output."""
        return len(self.classes) if self.task == 'multiclass' else 1


@dataclass(frozen=True)
class LabelStatistics:
    """The label in one split: `mean` and `deviation` (regression), or rows by class."""

    mean: float = 0.0
    deviation: float = 1.0
    counts: tuple[float, ...] = ()

    def weighted(self, weights: Sequence[float] | None) -> 'LabelStatistics':
        """Return these statistics with the rows of each class weighted."""
        if weights is None:
            return self
        counts = tuple(c * w for c, w in zip(self.counts, weights, strict=True))
        return LabelStatistics(self.mean, self.deviation, counts)


def resolve_target(config: TrainerConfig, values: Sequence[str]) -> Target:
    """Settle what is predicted.

    Args:
        config: names the task, the label, and perhaps the classes.
        values: distinct values of the label in the data analysed (classification).

    Returns:
        The target. Classes are those of the config, else `values` sorted: as numbers when all are
        whole, else as text. Of two, the second is the positive one.

    Raises:
        TargetError: too few or too many classes for the task.
    """
    if config.task == 'regression':
        return Target(config.task, config.label)
    classes = tuple(config.classes or _sorted(values))
    repeated = [name for name, count in Counter(classes).items() if count > 1]
    if repeated:
        raise TargetError(f'label {config.label!r}: class {repeated[0]!r} is named twice')
    shown = _shown(classes)
    if len(classes) < 2:
        raise TargetError(f'label {config.label!r} has fewer than two values: {shown}')
    if config.task == 'binary' and len(classes) > 2:
        raise TargetError(
            f'label {config.label!r} has {len(classes)} values ({shown}), but task binary needs '
            'two; use task multiclass'
        )
    if len(classes) > MAX_CLASSES:
        raise TargetError(
            f'label {config.label!r} has {len(classes)} different values ({shown}), at most '
            f'{MAX_CLASSES} classes are possible; is it a regression?'
        )
    return Target(config.task, config.label, classes)


def class_weights(
    target: Target,
    weights: Literal['balanced'] | Mapping[str, float] | None,
    counts: Sequence[float],
) -> tuple[float, ...] | None:
    """Return the weight of each class in the loss, in class order, or None for equal ones.

    balanced: rows / (classes * rows of the class), as scikit-learn has it; a class without rows
    weighs 1, as does one that a mapping does not name.

    Raises:
        TargetError: weights for a regression, or for a class that is not there.
    """
    if weights is None:
        return None
    if target.task == 'regression':
        raise TargetError(f'class_weights: label {target.label!r} is a number and has no classes')
    if weights == 'balanced':
        rows = sum(counts)
        return tuple(rows / (len(counts) * count) if count else 1.0 for count in counts)
    unknown = [name for name in weights if name not in target.classes]
    if unknown:
        raise TargetError(
            f'class_weights: {unknown[0]!r} is no class of {target.label!r}; '
            f'known: {_shown(target.classes)}'
        )
    return tuple(weights.get(name, 1.0) for name in target.classes)


def _sorted(values: Sequence[str]) -> list[str]:
    if all(_WHOLE_NUMBER.fullmatch(v) for v in values):
        return sorted(values, key=int)
    return sorted(values)


def _shown(classes: Sequence[str]) -> str:
    """Write classes for a message: the first ten."""
    more = ', ...' if len(classes) > 10 else ''
    return ', '.join(repr(c) for c in classes[:10]) + more if classes else 'none'
