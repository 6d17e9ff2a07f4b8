"""Numbers of a comparison as people read them."""

import math
from string import ascii_uppercase
from typing import Any

from components.evaluator.intervals import Interval
from components.report.page.words import number, signed


def letter(place: int) -> str:
    """Return the letter that stands for a run."""
    return ascii_uppercase[place]


def value_text(value: Any) -> str:
    """Write a metric, or a value of a recipe."""
    if isinstance(value, list):
        return f'[{", ".join(map(value_text, value))}]'
    if isinstance(value, bool) or value is None:
        return {True: 'true', False: 'false', None: 'null'}[value]
    return number(value) if isinstance(value, int | float) else str(value)


def interval_text(ends: Interval) -> str:
    """Write an interval; nothing where it is undefined."""
    return '' if any(map(math.isnan, ends)) else f'{number(ends[0])} to {number(ends[1])}'


def difference_text(value: float) -> str:
    """Write a difference with its sign."""
    return number(value) if math.isnan(value) else signed(value)


def p_text(p: float) -> str:
    """Write a p-value, marked where it is below one in twenty."""
    if math.isnan(p):
        return ''
    shown = '<0.0001' if p < 0.0001 else f'{p:.2g}'
    return f'{shown}*' if p < 0.05 else shown


def better(difference: float, higher_is_better: bool) -> bool | None:
    """Whether a difference is for the better; None: there is none."""
    if math.isnan(difference) or difference == 0:
        return None
    return (difference > 0) == higher_is_better
