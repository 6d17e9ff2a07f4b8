"""How far apart groups of people are, by the usual criteria of fairness.

A criterion compares a rate of each group: a share of rows (`recall`), or a mean (`mae`). Its gap is
the difference between the highest and the lowest group; where it has several parts (both error
rates for equalized_odds, each class of several), that of the part where it is largest.

The interval of a gap is for the two groups that make it: Newcombe's hybrid score (1998, method 10)
for shares, Welch's t (1947) for means. With many groups the largest of many gaps is too large by
chance more often than it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import special

from components.evaluator.fairness_settings import CRITERIA, FairnessGate
from components.evaluator.groups import group_rows
from components.evaluator.intervals import CONFIDENCE, Interval, wilson
from components.evaluator.measured import SliceKey, defined
from components.evaluator.predictions import About, has_baseline, labels_and_answers


@dataclass(frozen=True)
class GroupRate:
    """The rate of one group.

    Attributes:
        group: Column -> value.
        examples: Rows that the rate is of.
        value: The rate; None: of no row.
        low: Lower end of its 95 % interval, and
        high: upper end.
    """

    group: SliceKey
    examples: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Gap:
    """How far apart the groups by some columns are by one criterion.

    Attributes:
        by: The columns.
        criterion: One of `CRITERIA`.
        part: The rate that is compared, such as `recall` or `recall of class 7`.
        value: Highest less lowest; None: fewer than two groups were large enough.
        low: Lower end of its 95 % interval, not below 0, and
        high: upper end.
        baseline: The baseline's gap; None: there is none.
        max_gap: What is allowed; None: it is only shown.
        min_examples: Rows that a group must have to be compared.
        highest: The group with the highest rate, and
        lowest: that with the lowest, of those that are large enough.
        groups: All groups.
    """

    by: tuple[str, ...]
    criterion: str
    part: str
    value: float | None
    low: float | None
    high: float | None
    baseline: float | None
    max_gap: float | None
    min_examples: int
    highest: SliceKey | None
    lowest: SliceKey | None
    groups: tuple[GroupRate, ...]

    @property
    def missed(self) -> bool:
        """Whether the groups are further apart than is allowed."""
        return self.max_gap is not None and self.value is not None and self.value > self.max_gap


@dataclass(frozen=True)
class _Rates:
    """One rate of every group: shares, or means with the deviation of their rows."""

    part: str
    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    deviations: NDArray[np.float64] | None = None

    def interval(self, group: int) -> Interval:
        rows, value = int(self.rows[group]), float(self.values[group])
        if not rows:
            return np.nan, np.nan
        if self.deviations is None:
            return wilson(value * rows, rows)
        if rows < 2:
            return np.nan, np.nan
        half = _t(rows - 1) * self.deviations[group] / np.sqrt(rows)
        return float(value - half), float(value + half)

    def ends(self, min_examples: int) -> tuple[int, int] | None:
        """Return the groups with the highest and the lowest rate, if there are two to compare."""
        large = np.flatnonzero(self.rows >= min_examples)
        if len(large) < 2:
            return None
        own = self.values[large]
        return int(large[own.argmax()]), int(large[own.argmin()])

    def gap(self, min_examples: int) -> float:
        ends = self.ends(min_examples)
        return -1.0 if ends is None else float(self.values[ends[0]] - self.values[ends[1]])

    def gap_interval(self, highest: int, lowest: int) -> Interval:
        difference = float(self.values[highest] - self.values[lowest])
        if self.deviations is None:
            (low_1, high_1), (low_2, high_2) = self.interval(highest), self.interval(lowest)
            one, two = float(self.values[highest]), float(self.values[lowest])
            low = difference - np.hypot(one - low_1, high_2 - two)
            high = difference + np.hypot(high_1 - one, two - low_2)
        else:
            parts = np.array(
                [self.deviations[g] ** 2 / self.rows[g] for g in (highest, lowest)], np.float64
            )
            total = float(parts.sum())
            if not total > 0:
                return max(0.0, difference), difference
            freedom = total**2 / sum(
                p**2 / (self.rows[g] - 1) for p, g in zip(parts, (highest, lowest), strict=True)
            )
            half = _t(freedom) * np.sqrt(total)
            low, high = difference - half, difference + half
        return max(0.0, float(low)), float(high)


def measure_gaps(gates: Sequence[FairnessGate], table: pa.Table, about: About) -> tuple[Gap, ...]:
    """Measure every criterion of the task for every gate.

    Args:
        gates: Which columns make groups, and what is allowed.
        table: Kept predictions, with those columns.
        about: Of the same.

    Raises:
        ValueError: If there is no such column.
    """
    gaps = []
    labels, answers = labels_and_answers(table, about)
    baseline = (
        labels_and_answers(table, about, baseline=True) if has_baseline(table.schema) else None
    )
    for gate in gates:
        _check_columns(gate.by, table.column_names)
        groups, codes = group_rows(table, gate.by)
        for criterion in CRITERIA[about.task]:
            rates = _rates(about.task, criterion, labels, answers, codes, about.classes)
            before = None
            if baseline:
                own = _rates(about.task, criterion, *baseline, codes, about.classes_baseline)
                widest = max(r.gap(gate.min_examples) for r in own)
                before = widest if widest >= 0 else None
            gaps.append(_gap(gate, criterion, groups, rates, before))
    return tuple(gaps)


def _check_columns(columns: Sequence[str], known: Sequence[str]) -> None:
    for name in columns:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f'did you mean {close[0]}?' if close else f'they have {", ".join(known)}'
            raise ValueError(f'the kept rows have no column {name}; {hint}')


def _gap(
    gate: FairnessGate,
    criterion: str,
    groups: Sequence[SliceKey],
    rates: Sequence[_Rates],
    baseline: float | None,
) -> Gap:
    worst = max(rates, key=lambda r: r.gap(gate.min_examples))
    ends = worst.ends(gate.min_examples)
    value, low, high = None, None, None
    if ends:
        value = worst.gap(gate.min_examples)
        low, high = map(defined, worst.gap_interval(*ends))
    bound = gate.criteria.get(criterion)
    return Gap(
        by=gate.by,
        criterion=criterion,
        part=worst.part,
        value=value,
        low=low,
        high=high,
        baseline=baseline,
        max_gap=bound.max_gap if bound else None,
        min_examples=gate.min_examples,
        highest=groups[ends[0]] if ends else None,
        lowest=groups[ends[1]] if ends else None,
        groups=tuple(
            GroupRate(
                group,
                int(worst.rows[i]),
                defined(float(worst.values[i])),
                *map(defined, worst.interval(i)),
            )
            for i, group in enumerate(groups)
        ),
    )


def _rates(
    task: str,
    criterion: str,
    labels: NDArray,
    answers: NDArray,
    codes: NDArray[np.intp],
    classes: Sequence[str],
) -> list[_Rates]:
    """Return the rates that a criterion compares, of each group."""
    if task == 'regression':
        error = answers.astype(np.float64) - labels
        if criterion == 'mean_error_parity':
            return [_means('mean error', error, codes)]
        return [_means('mean absolute error', np.abs(error), codes)]
    answer = answers.argmax(1) if answers.ndim == 2 else (answers > 0.5).astype(np.int64)
    if criterion == 'accuracy_parity':
        every = np.ones(len(labels), bool)
        return [_shares('accuracy', every, answer == labels, codes)]
    if task == 'binary':
        return [
            _shares(name, *_counted(name, labels == 1, answer == 1), codes)
            for name in _PARTS[criterion]
        ]
    (name,) = _PARTS[criterion]
    return [
        _shares(f'{name} of class {known}', *_counted(name, labels == i, answer == i), codes)
        for i, known in enumerate(classes)
    ]


_PARTS = {
    'demographic_parity': ('share answered',),
    'equal_opportunity': ('recall',),
    'equalized_odds': ('recall', 'false alarms'),
    'predictive_parity': ('precision',),
}


def _counted(
    name: str, labelled: NDArray[np.bool_], answered: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rows that a share is of, and those that it counts."""
    match name:
        case 'share answered':
            return np.ones(len(labelled), bool), answered
        case 'recall':
            return labelled, answered
        case 'false alarms':
            return ~labelled, answered
    return answered, labelled


def _shares(
    part: str, of: NDArray[np.bool_], counted: NDArray[np.bool_], codes: NDArray[np.intp]
) -> _Rates:
    groups = int(codes.max(initial=0)) + 1
    rows = np.bincount(codes[of], minlength=groups)
    hits = np.bincount(codes[of & counted], minlength=groups)
    with np.errstate(invalid='ignore'):
        return _Rates(part, rows, hits / rows)


def _means(part: str, values: NDArray[np.float64], codes: NDArray[np.intp]) -> _Rates:
    rows = np.bincount(codes)
    means = np.bincount(codes, values) / rows
    squares = np.bincount(codes, np.square(values - means[codes]))
    with np.errstate(invalid='ignore', divide='ignore'):
        return _Rates(part, rows, means, np.sqrt(squares / (rows - 1)))


def _t(freedom: float) -> float:
    return float(special.stdtrit(freedom, (1 + CONFIDENCE) / 2))
