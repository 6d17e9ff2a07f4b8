"""A picture with its title, how to read it, and its numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

CANDIDATE, BASELINE = 'candidate', 'baseline'

NAMES = {CANDIDATE: 'this model', BASELINE: 'baseline'}


@dataclass(frozen=True)
class Table:
    """Rows of text; numbers are to the right."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """What is shown together.

    Attributes:
        title: What it is of.
        reading: One or two sentences on how to read it.
        svg: The picture.
        table: The same numbers.
        legend: (style, name) of each kind of mark; none needs no legend.
        wide: Whether it takes the whole width.
    """

    title: str
    reading: str
    svg: str
    table: Table
    legend: Sequence[tuple[str, str]] = ()
    wide: bool = False


def models_in(section: dict) -> list[str]:
    """Return the models that a section is about: the candidate, and perhaps the baseline."""
    return [name for name in (CANDIDATE, BASELINE) if section.get(name)]


def legend(models: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the legend of models; none for one."""
    return tuple((m, NAMES[m]) for m in models) if len(models) > 1 else ()
