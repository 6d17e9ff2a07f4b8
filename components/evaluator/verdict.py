"""Whether a model passes its gate, and if not, why: pure functions over metric values."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from components.evaluator.settings import METRICS, Bound, EvaluatorConfig, SliceGate

FILE_NAME = 'verdict.json'
"""The verdict's file in the folder of the evaluation artifact."""

Kind = Literal['min', 'max', 'no_worse_than_baseline_by']


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

    slice: Mapping[str, str | int | float]
    examples: int
    metrics: Mapping[str, Values]


@dataclass(frozen=True)
class Reason:
    """A bound that was missed."""

    metric: str
    slice: Mapping[str, str | int | float]
    candidate: float | None
    baseline: float | None
    kind: Kind
    bound: float
    examples: int

    @property
    def text(self) -> str:
        """One line: `rmse on plurality=2 is 1.74, above the max of 1.3 (312 examples; ...)`."""
        return f'{self.metric}{_on(self.slice)} {self._fault()} ({self._context()})'

    def _fault(self) -> str:
        if self.candidate is None:
            return f'is undefined, so {self.kind}: {self.bound:g} is not met'
        if self.kind != 'no_worse_than_baseline_by':
            value, bound = _distinct(self.candidate, self.bound)
            side = 'below' if self.kind == 'min' else 'above'
            return f'is {value}, {side} the {self.kind} of {bound}'
        worse, bound = _distinct(abs(self.candidate - (self.baseline or 0)), self.bound)
        value, baseline = _distinct(self.candidate, self.baseline or 0)
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
    """

    blessed: bool
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]
    metrics: Mapping[str, tuple[SliceMetrics, ...]]

    def to_json(self) -> str:
        """Return the verdict as JSON; reasons also carry their `text`."""
        plain = asdict(self)
        for reason, own in zip(plain['reasons'], self.reasons, strict=True):
            reason['text'] = own.text
        return json.dumps(plain, indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote."""
        plain = json.loads(text)
        return cls(
            blessed=plain['blessed'],
            reasons=tuple(
                Reason(**{k: v for k, v in r.items() if k != 'text'}) for r in plain['reasons']
            ),
            notes=tuple(plain['notes']),
            metrics={
                split: tuple(_slice_from(s) for s in slices)
                for split, slices in plain['metrics'].items()
            },
        )


def _slice_from(plain: dict[str, Any]) -> SliceMetrics:
    metrics = {name: Values(**v) for name, v in plain['metrics'].items()}
    return SliceMetrics(plain['slice'], plain['examples'], metrics)


def judge(
    config: EvaluatorConfig,
    metrics: Mapping[str, Sequence[SliceMetrics]],
    notes: Sequence[str] = (),
) -> Verdict:
    """Hold what was measured against the gate.

    TFMA's thresholds are not used: they know neither a smallest count per slice, nor reasons that
    can be read, nor the bounds on classes and on gaps between groups that are to come.

    Args:
        config: The gate, the task and the splits; the first split is judged.
        metrics: Split -> metrics of the whole split and of each slice.
        notes: What is to be noted already.

    Returns:
        The verdict. An undefined value misses any bound; without a baseline value any candidate
        is no worse than it.
    """
    judged = metrics[config.splits[0]]
    gate = config.gate
    reasons = [r for s in judged if not s.slice for r in _missed(config.task, gate.metrics, s)]
    notes = list(notes)
    for slice_gate in gate.slices:
        own = [s for s in judged if set(s.slice) == set(slice_gate.by)]
        large = [s for s in own if s.examples >= slice_gate.min_examples]
        reasons += [r for s in large for r in _missed(config.task, slice_gate.metrics, s)]
        if slice_gate.metrics and not large:
            notes.append(_not_judged(slice_gate, own))
    return Verdict(
        blessed=not reasons,
        reasons=tuple(reasons),
        notes=tuple(notes),
        metrics={split: tuple(sorted(slices, key=_order)) for split, slices in metrics.items()},
    )


def _missed(task: str, bounds: Mapping[str, Bound], measured: SliceMetrics) -> Iterator[Reason]:
    for name, bound in bounds.items():
        values = measured.metrics[name]
        higher = METRICS[task][name].higher_is_better
        for kind in get_args(Kind):
            limit = getattr(bound, kind)
            if limit is not None and not _meets(values, kind, limit, higher):
                yield Reason(
                    name,
                    measured.slice,
                    values.candidate,
                    values.baseline,
                    kind,
                    limit,
                    measured.examples,
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


def _not_judged(gate: SliceGate, slices: Sequence[SliceMetrics]) -> str:
    largest = max((s.examples for s in slices), default=0)
    return (
        f'no slice by {", ".join(gate.by)} has min_examples: {gate.min_examples} '
        f'(the largest has {largest}), so its bounds were not checked'
    )


def _order(measured: SliceMetrics) -> tuple:
    """Whole split first, then by columns, numbers before texts, each ascending."""
    values = [(isinstance(v, str), v) for v in measured.slice.values()]
    return len(measured.slice), tuple(measured.slice), values


def _on(where: Mapping[str, str | int | float]) -> str:
    return f' on {", ".join(f"{k}={v}" for k, v in where.items())}' if where else ''


def _distinct(value: float, bound: float) -> tuple[str, str]:
    """Format two numbers with as many digits, from 4, as tell them apart."""
    for digits in range(4, 18):
        pair = f'{value:.{digits}g}', f'{bound:.{digits}g}'
        if pair[0] != pair[1] or value == bound:
            break
    return pair


def defined(value: float) -> float | None:
    """Return a metric's value, or None if it is not a finite number."""
    return value if math.isfinite(value) else None
