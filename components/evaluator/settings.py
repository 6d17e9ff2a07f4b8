"""The metrics of each task, and the gate a model must pass to be blessed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from components.evaluator.fairness_settings import CRITERIA, FairnessGate
from components.evaluator.setting_types import OneOrMore
from transforms.features import Settings


@dataclass(frozen=True)
class Metric:
    """A metric by the name recipes use, its direction and what it measures."""

    name: str
    higher_is_better: bool
    description: str


METRICS: dict[str, dict[str, Metric]] = {
    task: {m.name: m for m in metrics}
    for task, metrics in {
        'regression': (
            Metric('rmse', False, 'root mean squared error, in units of the label'),
            Metric('mae', False, 'mean absolute error, in units of the label'),
            Metric('mse', False, 'mean squared error'),
            Metric('r2', True, 'share of the variance explained'),
        ),
        'binary': (
            Metric('auc', True, 'area under the ROC curve'),
            Metric('auc_pr', True, 'average precision: area under the precision-recall steps'),
            Metric('accuracy', True, 'share of right answers at probability 0.5'),
            Metric('precision', True, 'precision at probability 0.5'),
            Metric('recall', True, 'recall at probability 0.5'),
            Metric('f1', True, 'harmonic mean of precision and recall'),
            Metric('log_loss', False, 'mean cross-entropy, in nats'),
        ),
        'multiclass': (
            Metric('accuracy', True, 'share of rows whose most likely class is right'),
            Metric('top_3_accuracy', True, 'share of rows with the right class among the top 3'),
            Metric('macro_f1', True, 'unweighted mean of the F1 of each class'),
            Metric('log_loss', False, 'mean cross-entropy, in nats'),
        ),
    }.items()
}
"""Task -> metric name -> metric; the first of each task is its headline."""


CLASS_METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric('precision', True, 'share of the rows answered with the class that are of it'),
        Metric('recall', True, 'share of the rows of the class that are answered with it'),
        Metric('f1', True, 'harmonic mean of precision and recall'),
    )
}
"""Metric name -> metric of a class against all others, by the most likely class of each row."""


def headline(task: str) -> Metric:
    """Return the metric that summarises a task."""
    return next(iter(METRICS[task].values()))


class Bound(Settings):
    """What one metric must reach."""

    min: float | None = Field(None, description='Lowest value that passes.')
    max: float | None = Field(None, description='Highest value that passes.')
    no_worse_than_baseline_by: float | None = Field(
        None,
        ge=0,
        description='How much worse than the last blessed model it may be, '
        "in the metric's own units; without such a model, any value passes.",
    )

    @model_validator(mode='after')
    def _bounds_something(self) -> 'Bound':
        if self.min is None and self.max is None and self.no_worse_than_baseline_by is None:
            raise ValueError('give min, max or no_worse_than_baseline_by')
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f'min {self.min} is above max {self.max}')
        return self


class SliceGate(Settings):
    """Metrics by the values of one or more columns, and bounds for each of the slices."""

    by: OneOrMore = Field(description='Column, or columns together, whose values make the slices.')
    metrics: dict[str, Bound] = Field(
        default_factory=dict, description='Bounds that every slice must meet.'
    )
    min_examples: int = Field(
        1, ge=1, description='Slices with fewer examples are shown, not judged.'
    )


class ClassGate(Settings):
    """Bounds for classes, each against all others, by the most likely class of each row."""

    of: OneOrMore | None = Field(None, description='The classes; null: all.')
    metrics: dict[str, Bound] = Field(
        min_length=1,
        description=f'Bounds that every such class must meet, on {", ".join(CLASS_METRICS)}.',
    )
    min_examples: int = Field(
        1, ge=1, description='Classes with fewer examples are shown, not judged.'
    )


def _as_gates(value: object) -> object:
    return (value,) if isinstance(value, dict | Settings) else value


class Gate(Settings):
    """What a model must reach to be blessed."""

    metrics: dict[str, Bound] = Field(
        default_factory=dict, description='Bounds on the whole evaluation split.'
    )
    slices: tuple[SliceGate, ...] = Field((), description='Slices to measure and judge.')
    classes: Annotated[
        tuple[ClassGate, ...],
        BeforeValidator(_as_gates, json_schema_input_type=ClassGate | tuple[ClassGate, ...]),
    ] = Field((), description='Bounds on classes of the whole evaluation split.')
    fairness: Annotated[
        tuple[FairnessGate, ...],
        BeforeValidator(_as_gates, json_schema_input_type=FairnessGate | tuple[FairnessGate, ...]),
    ] = Field((), description='Groups of people to compare, and how far apart they may be.')

    @model_validator(mode='after')
    def _judges_something(self) -> 'Gate':
        by_group = [s.metrics for s in self.slices] + [f.criteria for f in self.fairness]
        if not self.metrics and not self.classes and not any(by_group):
            raise ValueError('no bound is set, so no model could fail: name a metric under metrics')
        return self


KEPT_ROWS = 1_000_000
"""Rows of a split whose predictions are kept by default: some 10 to 50 MB."""


class Evaluation(Settings):
    """What an evaluation keeps beside its metrics."""

    keep_predictions: int = Field(
        KEPT_ROWS,
        ge=0,
        description='Rows of the evaluation split that are kept with what the models said of them, '
        'at most; of more rows, an even sample, the same each time. 0: none, and so no '
        'intervals, comparisons row by row, or worst rows.',
    )


class EvaluatorConfig(Settings):
    """All that the Evaluator needs to know; travels as JSON in its `config` property."""

    task: Literal['regression', 'binary', 'multiclass']
    label: str = Field(description='Column that holds the label, for messages.')
    gate: Gate
    splits: tuple[str, ...] = Field(
        ('eval',),
        min_length=1,
        description='Splits to measure, each by itself; the first is the one that is judged.',
    )
    evaluation: Evaluation = Evaluation()
    batch_rows: int = Field(
        8192, ge=1, description='Rows that a model answers at a time; fewer for pictures.'
    )

    @model_validator(mode='after')
    def _metrics_are_the_tasks(self) -> 'EvaluatorConfig':
        for bounds in (self.gate.metrics, *(s.metrics for s in self.gate.slices)):
            _check_names(bounds, METRICS[self.task], f'a metric of {self.task}')
        if self.task == 'regression' and self.gate.classes:
            raise ValueError('gate.classes: a regression has no classes')
        for gate in self.gate.classes:
            _check_names(gate.metrics, CLASS_METRICS, 'a metric of a class')
        for fairness in self.gate.fairness:
            what = f'a criterion of {self.task}'
            _check_names(fairness.criteria, CRITERIA[self.task], what)
        if self.gate.fairness and not self.evaluation.keep_predictions:
            raise ValueError(
                'gate.fairness is measured on the rows that are kept, and '
                'evaluation.keep_predictions is 0'
            )
        return self


def _check_names(names: Iterable[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f'; did you mean {close[0]}?' if close else ''
            raise ValueError(f'{name!r} is not {what}, which has {", ".join(known)}{hint}')
