"""A model's outputs as columns of a table."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

LISTED_CLASSES = 50
"""Classes that get a column of their own each, at most."""


def columns_of(outputs: Mapping[str, np.ndarray], taken: Collection[str]) -> dict[str, pa.Array]:
    """Return the columns that tell what a model predicts.

    Args:
        outputs: `[rows, ...]` by name, as `serving_default` returns them.
        taken: names of the columns that are there already.

    Returns:
        Of a regression `prediction`. Of classes `prediction`, the likeliest, and `probability`:
        of two classes that of the second, else that of the prediction, and then
        `probability_<class>` for each of at most 50. Of a model that is neither, its outputs.
        A name that is taken gets a number behind it.
    """
    columns = _columns(outputs)
    return {_free(name, taken): column for name, column in columns.items()}


def _columns(outputs: Mapping[str, np.ndarray]) -> dict[str, pa.Array]:
    if 'probabilities' not in outputs or 'classes' not in outputs:
        return {key: value for name in outputs for key, value in _plain(name, outputs[name])}
    shares = outputs['probabilities']
    columns = {'prediction': _texts(_best(outputs))}
    if 'probability' in outputs:
        return columns | {'probability': pa.array(outputs['probability'].reshape(-1))}
    columns['probability'] = pa.array(shares.max(axis=1))
    if shares.shape[1] <= LISTED_CLASSES and len(shares):
        names = [name.decode(errors='replace') for name in outputs['classes'][0]]
        for i, name in enumerate(names):
            columns[f'probability_{name}'] = pa.array(np.ascontiguousarray(shares[:, i]))
    return columns


def _best(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    if 'label' in outputs:
        return outputs['label'].reshape(-1)
    likeliest = outputs['probabilities'].argmax(axis=1)[:, np.newaxis]
    return np.take_along_axis(outputs['classes'], likeliest, axis=1).reshape(-1)


def _plain(name: str, values: np.ndarray) -> list[tuple[str, pa.Array]]:
    """Return an output as a column, or as one for each of its values per row."""
    flat = values.reshape(len(values), -1) if values.ndim > 1 else values[:, np.newaxis]
    names = [name] if flat.shape[1] == 1 else [f'{name}_{i}' for i in range(flat.shape[1])]
    return [(n, _array(np.ascontiguousarray(flat[:, i]))) for i, n in enumerate(names)]


def _array(values: np.ndarray) -> pa.Array:
    return _texts(values) if values.dtype == object else pa.array(values)


def _texts(values: np.ndarray) -> pa.Array:
    """Return strings, [rows] bytes; distinct ones are few, so each is decoded once."""
    encoded: Any = pa.array(values, pa.binary()).dictionary_encode()
    texts = [v.decode(errors='replace') for v in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _free(name: str, taken: Collection[str]) -> str:
    names = (name, *(f'{name}_{n}' for n in range(2, 1000)))
    return next(n for n in names if n not in taken)
