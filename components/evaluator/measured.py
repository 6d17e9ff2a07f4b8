"""What an evaluation found: metrics of both models by slice and by class."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

SliceKey = Mapping[str, str | int | float]
"""Column -> value; empty for the whole split."""


@dataclass(frozen=True)
class Values:
    """One metric of both models; None where it is undefined or there is no baseline."""

    candidate: float | None
    baseline: float | None = None


@dataclass(frozen=True)
class SliceMetrics:
    """The metrics of the rows that have certain values in certain columns.

    Attributes:
        slice: Column -> value; empty for the whole split.
        examples: Number of rows.
        metrics: Values by metric name.
    """

    slice: SliceKey
    examples: int
    metrics: Mapping[str, Values]


@dataclass(frozen=True)
class ClassMetrics:
    """The metrics of one class against all others, by the most likely class of each row.

    Attributes:
        name: The class.
        examples: Number of rows that are of it.
        metrics: Values by metric name.
    """

    name: str
    examples: int
    metrics: Mapping[str, Values]


@dataclass(frozen=True)
class Answers:
    """How often rows of one class were answered with one class, a cell of the confusion matrix.

    Attributes:
        label: The class that they are; None: one that the model doesn't know.
        answer: The class that the model found most likely.
        candidate: Number of rows.
        baseline: The same of the baseline; None: there is none.
    """

    label: str | None
    answer: str
    candidate: int
    baseline: int | None = None


@dataclass(frozen=True)
class Measured:
    """What an evaluation of one split found.

    Attributes:
        slices: Metrics of the whole split and of each slice.
        examples: Rows in the split.
        unknown_labels: Rows among them whose label is a class that the candidate doesn't know.
        classes: Metrics of each class, in the order of the candidate's; empty for a regression.
        confusion: Every cell of the confusion matrix that is not 0, the same order.
    """

    slices: tuple[SliceMetrics, ...]
    examples: int
    unknown_labels: int = 0
    classes: tuple[ClassMetrics, ...] = ()
    confusion: tuple[Answers, ...] = ()


def defined(value: float) -> float | None:
    """Return a metric's value, or None if it is not a finite number."""
    return value if math.isfinite(value) else None
