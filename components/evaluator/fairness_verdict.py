"""Whether groups are as close as the gate wants them, and if not, why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from components.evaluator.fairness import Gap
from components.evaluator.measured import SliceKey
from components.evaluator.reason_texts import distinct


@dataclass(frozen=True)
class GapReason:
    """A gap that is too wide; the fields of other reasons, and which groups are apart.

    Attributes:
        metric: The criterion.
        slice: Empty: it is about all rows.
        candidate: The gap.
        baseline: The baseline's.
        kind: Key of the bound.
        bound: What is allowed.
        examples: Rows of both groups.
        by: Columns that make the groups.
        part: The rate that is compared.
        highest: The group with the highest rate, and
        lowest: that with the lowest.
        rates: The rates of both.
    """

    metric: str
    slice: SliceKey
    candidate: float
    baseline: float | None
    kind: Literal['max_gap']
    bound: float
    examples: int
    by: tuple[str, ...]
    part: str
    highest: SliceKey
    lowest: SliceKey
    rates: tuple[float, float]

    @property
    def text(self) -> str:
        """One line: `equal_opportunity by sex: recall is 0.6 for Male and 0.5 for Female, ...`."""
        gap, bound = distinct(self.candidate, self.bound)
        high, low = distinct(*self.rates)
        baseline = 'none' if self.baseline is None else f'{self.baseline:.4g}'
        return (
            f'{self.metric} by {", ".join(self.by)}: {self.part} is {high} for '
            f'{_name(self.highest)} and {low} for {_name(self.lowest)}, a gap of {gap}, above the '
            f'max_gap of {bound} ({self.examples:,} examples; baseline {baseline})'
        )


def judge_gaps(gaps: Sequence[Gap]) -> tuple[list[GapReason], list[str]]:
    """Return why gaps are too wide, and what could not be judged."""
    reasons, notes = [], []
    for gap in gaps:
        if gap.max_gap is None:
            continue
        if gap.value is None or gap.highest is None or gap.lowest is None:
            notes.append(
                f'fewer than two groups by {", ".join(gap.by)} have min_examples: '
                f'{gap.min_examples} for {gap.criterion}, so it was not checked'
            )
        elif gap.value > gap.max_gap:
            pair = [_rate(gap, gap.highest), _rate(gap, gap.lowest)]
            reasons.append(
                GapReason(
                    metric=gap.criterion,
                    slice={},
                    candidate=gap.value,
                    baseline=gap.baseline,
                    kind='max_gap',
                    bound=gap.max_gap,
                    examples=sum(rows for rows, _ in pair),
                    by=gap.by,
                    part=gap.part,
                    highest=gap.highest,
                    lowest=gap.lowest,
                    rates=(pair[0][1], pair[1][1]),
                )
            )
    return reasons, notes


def _rate(gap: Gap, group: SliceKey) -> tuple[int, float]:
    own = next(g for g in gap.groups if g.group == group)
    assert own.value is not None
    return own.examples, own.value


def _name(group: SliceKey) -> str:
    return ', '.join(map(str, group.values()))
