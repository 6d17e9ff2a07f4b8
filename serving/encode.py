"""Arrays to JSON answers, by row or by column."""

import base64
from typing import Any

import numpy as np
import orjson

from serving.errors import RequestError
from serving.saved_model import Arrays

BYTES = '_bytes'
"""End of the names of outputs that are bytes, not text; they are sent as base64."""


def encode_rows(outputs: Arrays, rows: int) -> bytes:
    """Return `{"predictions": [...]}`: a value by row, or an object if there are more outputs.

    NaN and infinite numbers become null, which is what JSON has for them.

    Raises:
        RequestError: An output has no value for each row.
    """
    for name, array in outputs.items():
        if not array.ndim or len(array) != rows:
            raise RequestError(f'instances: output {name} is not by row; send inputs instead')
    columns = {name: _rows(name, array) for name, array in outputs.items()}
    if len(columns) == 1:
        predictions = next(iter(columns.values()))
    else:
        names = tuple(columns)
        predictions = [
            dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    return _dumps({'predictions': predictions})


def encode_columns(outputs: Arrays) -> bytes:
    """Return `{"outputs": ...}`: the one output, or an object if there are more."""
    columns = {name: _whole(name, array) for name, array in outputs.items()}
    return _dumps({'outputs': next(iter(columns.values())) if len(columns) == 1 else columns})


def dumps(value: Any) -> bytes:
    """Return plain JSON."""
    return orjson.dumps(value)


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _rows(name: str, array: np.ndarray) -> list[Any]:
    whole = _whole(name, array)
    return whole if isinstance(whole, list) else list(whole)


def _whole(name: str, array: np.ndarray) -> Any:
    """Return what orjson can write: an array of numbers, or nested lists of strings."""
    if array.dtype == object:
        text = _as_base64 if name.endswith(BYTES) else _as_text
        flat = np.empty(array.size, dtype=object)
        flat[:] = [text(value) for value in array.ravel()]
        return flat.reshape(array.shape).tolist()
    if array.dtype.kind == 'V' or array.dtype == np.float16:
        array = array.astype(np.float32)
    return np.ascontiguousarray(array) if array.ndim else array[()]


def _as_text(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return _as_base64(value)


def _as_base64(value: bytes) -> dict[str, str]:
    return {'b64': base64.b64encode(value).decode()}
