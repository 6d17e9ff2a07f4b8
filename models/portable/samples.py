"""Rows to try a model with, made from its description: none of them is of the data."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


def sample_rows(
    description: Mapping[str, Any], dtypes: Mapping[str, np.dtype], rows: int, seed: int
) -> Arrays:
    """Make rows over the ranges and values that a description has, one in ten values missing.

    Args:
        description: the model's.
        dtypes: input -> its type in `serving_default`; object for strings.
        rows: how many.
        seed: of the draws.

    Returns:
        `[rows]` by input.
    """
    rng = np.random.default_rng(seed)
    inputs = {given['name']: given for given in description['inputs']}
    return {name: _column(inputs.get(name, {}), dtypes[name], rows, rng) for name in dtypes}


def _column(
    given: Mapping[str, Any], dtype: np.dtype, rows: int, rng: np.random.Generator
) -> np.ndarray:
    missing = (rng.random(rows) < 0.1) & (not given.get('required', False))
    if dtype.kind == 'O':
        values = [str(v['value']) for v in given.get('values', ())] or ['']
        drawn = np.array([v.encode() for v in (*values, 'none of these')], object)
        column = drawn[rng.integers(len(drawn), size=rows)]
        column[missing] = b''
        return column
    ends = given.get('range', {'min': 0, 'max': 1, 'whole': True})
    numbers = rng.uniform(ends['min'], ends['max'], rows)
    if ends['whole']:
        numbers = np.round(numbers)
    numbers[missing] = np.nan
    return numbers.astype(dtype)
