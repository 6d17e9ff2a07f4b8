"""Whether a model passes its gate, and if not, why: pure functions over metric values."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, Self, TypeVar, get_args

from components.evaluator.errors import EvaluationError
from components.evaluator.fairness import Gap, GroupRate
from components.evaluator.fairness_verdict import GapReason, judge_gaps
from components.evaluator.measured import (
    Answers,
    ClassMetrics,
    Measured,
    SliceKey,
    SliceMetrics,
    Values,
)
from components.evaluator.reason_texts import distinct
from components.evaluator.settings import (
    CLASS_METRICS,
    METRICS,
    Bound,
    ClassGate,
    EvaluatorConfig,
    Metric,
)

FILE_NAME = 'verdict.json'
"""The verdict's file in the folder of the evaluation artifact."""

T = TypeVar('T')

Kind = Literal['min', 'max', 'no_worse_than_baseline_by']


@dataclass(frozen=True)
class Reason:
    """A bound that was missed, by a slice or, where `of_class` is given, by a class."""

    metric: str
    slice: SliceKey
    candidate: float | None
    baseline: float | None
    kind: Kind
    bound: float
    examples: int
    of_class: str | None = None

    @property
    def text(self) -> str:
        """One line: `rmse on plurality=2 is 1.74, above the max of 1.3 (312 examples; ...)`."""
        of = f' of class {self.of_class}' if self.of_class is not None else ''
        return f'{self.metric}{of}{_on(self.slice)} {self._fault()} ({self._context()})'

    def _fault(self) -> str:
        if self.candidate is None:
            return f'is undefined, so {self.kind}: {self.bound:g} is not met'
        if self.kind != 'no_worse_than_baseline_by':
            value, bound = distinct(self.candidate, self.bound)
            side = 'below' if self.kind == 'min' else 'above'
            return f'is {value}, {side} the {self.kind} of {bound}'
        worse, bound = distinct(abs(self.candidate - (self.baseline or 0)), self.bound)
        value, baseline = distinct(self.candidate, self.baseline or 0)
        return f'is {value}, {worse} worse than the baseline at {baseline}; {bound} is allowed'

    def _context(self) -> str:
        rows = f'{self.examples:,} example{"" if self.examples == 1 else "s"}'
        if self.kind == 'no_worse_than_baseline_by' and self.candidate is not None:
            return rows
        return f'{rows}; baseline {"none" if self.baseline is None else f"{self.baseline:.4g}"}'


@dataclass(frozen=True)
class Verdict:
    """Whether a model is blessed, and all that says so.

    Attributes:
        blessed: Whether every bound was met.
        reasons: The bounds that were missed.
        notes: What a reader should know beside: bounds that nothing was judged by, for instance.
        metrics: Split -> metrics by slice, the whole split first; the first split was judged.
        classes: Split -> metrics by class, in the order of the model's; empty for a regression.
        confusion: Split -> cells of the confusion matrix that are not 0, by label, then answer.
        fairness: Split -> gaps between groups, of every criterion for every gate.
    """

    blessed: bool
    reasons: tuple[Reason | GapReason, ...]
    notes: tuple[str, ...]
    metrics: Mapping[str, tuple[SliceMetrics, ...]]
    classes: Mapping[str, tuple[ClassMetrics, ...]] = field(default_factory=dict)
    confusion: Mapping[str, tuple[Answers, ...]] = field(default_factory=dict)
    fairness: Mapping[str, tuple[Gap, ...]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the verdict as JSON; reasons also carry their `text`."""
        plain = asdict(self)
        for reason, own in zip(plain['reasons'], self.reasons, strict=True):
            reason['text'] = own.text
        return json.dumps(plain, indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote."""
        # Verdicts of earlier versions don't have all of it.
        plain = {'classes': {}, 'confusion': {}, 'fairness': {}} | json.loads(text)
        return cls(
            blessed=plain['blessed'],
            reasons=tuple(map(_reason_from, plain['reasons'])),
            notes=tuple(plain['notes']),
            metrics=_by_split(plain['metrics'], lambda s: SliceMetrics(**s | _values_of(s))),
            classes=_by_split(plain['classes'], lambda c: ClassMetrics(**c | _values_of(c))),
            confusion=_by_split(plain['confusion'], lambda a: Answers(**a)),
            fairness=_by_split(plain['fairness'], _gap_from),
        )


def _reason_from(plain: dict[str, Any]) -> Reason | GapReason:
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in plain.items() if k != 'text'
    }
    return GapReason(**values) if plain['kind'] == 'max_gap' else Reason(**values)


def _gap_from(plain: dict[str, Any]) -> Gap:
    groups = tuple(GroupRate(**g) for g in plain['groups'])
    return Gap(**plain | {'by': tuple(plain['by']), 'groups': groups})


def _by_split(
    plain: Mapping[str, Sequence[dict[str, Any]]], made: Callable[[dict[str, Any]], T]
) -> dict[str, tuple[T, ...]]:
    return {split: tuple(map(made, items)) for split, items in plain.items()}


def _values_of(plain: dict[str, Any]) -> dict[str, dict[str, Values]]:
    return {'metrics': {name: Values(**v) for name, v in plain['metrics'].items()}}


def judge(
    config: EvaluatorConfig,
    measured: Mapping[str, Measured],
    notes: Sequence[str] = (),
    gaps: Mapping[str, tuple[Gap, ...]] | None = None,
) -> Verdict:
    """Hold what was measured against the gate.

    TFMA's thresholds are not used: they know neither a smallest count per slice, nor reasons that
    can be read, nor bounds on classes.

    Args:
        config: The gate, the task and the splits; the first split is judged.
        measured: Split -> what was measured on it.
        notes: What is to be noted already.
        gaps: Split -> gaps between groups.

    Returns:
        The verdict. An undefined value misses any bound; without a baseline value any candidate
        is no worse than it.

    Raises:
        EvaluationError: If the gate names a class that the model doesn't have.
    """
    judged = measured[config.splits[0]]
    gate, known = config.gate, METRICS[config.task]
    reasons: list[Reason | GapReason] = [
        r for s in judged.slices if not s.slice for r in _missed(gate.metrics, known, s)
    ]
    notes = list(notes)
    for slices in gate.slices:
        own = [s for s in judged.slices if set(s.slice) == set(slices.by)]
        large = [s for s in own if s.examples >= slices.min_examples]
        reasons += [r for s in large for r in _missed(slices.metrics, known, s)]
        if slices.metrics and not large:
            notes.append(_not_judged(f'slice by {", ".join(slices.by)}', slices.min_examples, own))
    for classes in gate.classes:
        named = _named(classes, judged.classes)
        common = [c for c in named if c.examples >= classes.min_examples]
        reasons += [r for c in common for r in _missed(classes.metrics, CLASS_METRICS, c)]
        if not common:
            what = 'class' if classes.of is None else f'class of {", ".join(classes.of)}'
            notes.append(_not_judged(what, classes.min_examples, named))
    too_wide, not_compared = judge_gaps((gaps or {}).get(config.splits[0], ()))
    reasons += too_wide
    notes += not_compared
    return Verdict(
        blessed=not reasons,
        reasons=tuple(reasons),
        notes=tuple(notes),
        metrics={split: tuple(sorted(m.slices, key=_order)) for split, m in measured.items()},
        classes={split: m.classes for split, m in measured.items()},
        confusion={split: m.confusion for split, m in measured.items()},
        fairness=gaps or {},
    )


def _named(gate: ClassGate, classes: Sequence[ClassMetrics]) -> list[ClassMetrics]:
    """Return the classes that a gate is for."""
    known = [c.name for c in classes]
    for name in gate.of or ():
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f'did you mean {close[0]}?' if close else f'it has {", ".join(known[:20])}'
            raise EvaluationError(f'gate.classes: the model has no class {name}; {hint}')
    return [c for c in classes if gate.of is None or c.name in gate.of]


def _missed(
    bounds: Mapping[str, Bound], known: Mapping[str, Metric], measured: SliceMetrics | ClassMetrics
) -> Iterator[Reason]:
    for name, bound in bounds.items():
        values = measured.metrics[name]
        for kind in get_args(Kind):
            limit = getattr(bound, kind)
            if limit is not None and not _meets(values, kind, limit, known[name].higher_is_better):
                yield Reason(
                    metric=name,
                    slice=measured.slice if isinstance(measured, SliceMetrics) else {},
                    candidate=values.candidate,
                    baseline=values.baseline,
                    kind=kind,
                    bound=limit,
                    examples=measured.examples,
                    of_class=measured.name if isinstance(measured, ClassMetrics) else None,
                )


def _meets(values: Values, kind: Kind, limit: float, higher_is_better: bool) -> bool:
    if values.candidate is None:
        return False
    if kind == 'min':
        return values.candidate >= limit
    if kind == 'max':
        return values.candidate <= limit
    if values.baseline is None:
        return True
    gain = values.candidate - values.baseline
    return (gain if higher_is_better else -gain) >= -limit


def _not_judged(
    what: str, min_examples: int, measured: Sequence[SliceMetrics | ClassMetrics]
) -> str:
    largest = max((m.examples for m in measured), default=0)
    return (
        f'no {what} has min_examples: {min_examples} '
        f'(the largest has {largest}), so its bounds were not checked'
    )


def _order(measured: SliceMetrics) -> tuple:
    """Whole split first, then by columns, numbers before texts, each ascending."""
    values = [(isinstance(v, str), v) for v in measured.slice.values()]
    return len(measured.slice), tuple(measured.slice), values


def _on(where: SliceKey) -> str:
    return f' on {", ".join(f"{k}={v}" for k, v in where.items())}' if where else ''
