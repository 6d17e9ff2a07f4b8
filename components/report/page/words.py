"""Numbers and names as people read them."""

import math
from collections.abc import Mapping
from typing import Any

NOTHING = '-'


def number(value: Any, digits: int = 4) -> str:
    """Write a number with so many significant digits; whole ones in full, in groups of three.

    >>> number(1234567), number(0.123456), number(None), number(12345.678), number(3e-9)
    ('1,234,567', '0.1235', '-', '12,346', '3e-09')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(value, bool | str):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f'{int(value):,}'
    size = abs(value)
    if size < 1e-4 or size >= 1e9:
        return f'{value:.{digits}g}'
    decimals = max(digits - 1 - math.floor(math.log10(size)), 0)
    text = f'{value:,.{decimals}f}'
    return text.rstrip('0').rstrip('.') if '.' in text and size < 1 else text


def tick(value: float) -> str:
    """Write a round number, as axes and bounds have them.

    >>> tick(1.5), tick(20000.0), tick(1e-7)
    ('1.5', '20,000', '1e-07')
    """
    size = abs(value)
    return f'{value:.6g}' if value and (size < 1e-4 or size >= 1e6) else f'{value:,.6g}'


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share as a percentage."""
    return NOTHING if share is None else f'{100 * share:.{digits}f}%'


def signed(value: float | None) -> str:
    """Write a difference with its sign."""
    if value is None:
        return NOTHING
    return f'+{number(value)}' if value > 0 else number(value)


def interval(ends: list[float | None] | None) -> str:
    """Write an interval; nothing where there is none."""
    if not ends or None in ends:
        return ''
    return f'{number(ends[0])} to {number(ends[1])}'


def slice_name(where: Mapping[str, Any]) -> str:
    """Write a slice as `column = value, …`; the whole split is `all rows`."""
    return ', '.join(f'{column} = {value}' for column, value in where.items()) or 'all rows'


def seconds(value: float | None) -> str:
    """Write a duration.

    >>> seconds(3.21), seconds(75), seconds(3700)
    ('3.2 s', '1 min 15 s', '1 h 1 min')
    """
    if value is None:
        return NOTHING
    if value < 60:
        return f'{value:.1f} s'
    if value < 3600:
        return f'{value // 60:.0f} min {value % 60:.0f} s'
    return f'{value // 3600:.0f} h {value % 3600 // 60:.0f} min'


def bound(kind: str, limit: float) -> str:
    """Write a bound as a person would say it."""
    words = {
        'min': f'at least {tick(limit)}',
        'max': f'at most {tick(limit)}',
        'no_worse_than_baseline_by': f'within {tick(limit)} of the baseline',
    }
    return words.get(kind, f'{kind.replace("_", " ")} {tick(limit)}')


def setting(value: Any) -> str:
    """Write the value of a setting."""
    if value is None:
        return 'none'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, list | tuple):
        inner = (f'[{setting(v)}]' if isinstance(v, list | tuple) else setting(v) for v in value)
        return ', '.join(inner) or 'none'
    if isinstance(value, Mapping):
        return ', '.join(f'{k}: {setting(v)}' for k, v in value.items()) or 'none'
    return number(value) if isinstance(value, float) else str(value)
