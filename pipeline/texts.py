"""Numbers and bounds as people read them."""

from collections.abc import Iterable
from typing import Any


def number(value: float | None) -> str:
    """Return a metric's value; `-` where it is undefined."""
    return '-' if value is None else f'{value:.4g}'


def bound_texts(bounds: Iterable[dict[str, Any]], examples: int) -> str:
    """Say what a number of rows had to reach: `rmse max 1.5, within 0.01 of baseline`.

    Args:
      bounds: Those for these rows, as a run's record keeps them.
      examples: How many rows there are.
    """
    texts = []
    for bound in bounds:
        if examples < bound['min_examples']:
            texts.append(f'too few to judge (under {bound["min_examples"]})')
            continue
        limits = [f'{key} {number(bound[key])}' for key in ('min', 'max') if key in bound]
        if (by := bound.get('no_worse_than_baseline_by')) is not None:
            limits.append(f'within {number(by)} of baseline')
        texts.append(f'{bound["metric"]} {", ".join(limits)}')
    return '; '.join(dict.fromkeys(texts))
