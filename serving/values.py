"""JSON values that are nested alike, to one array."""

import binascii
import itertools
from collections.abc import Callable, Iterable, Sequence
from types import NoneType
from typing import Any

import numpy as np

from serving.errors import RequestError, shown
from serving.saved_model import TensorSpec

FLOATS: frozenset[type] = frozenset({float, int, bool, NoneType})
INTEGERS: frozenset[type] = frozenset({float, int, bool})
BOOLEANS: frozenset[type] = frozenset({bool})
STRINGS: frozenset[type] = frozenset({str, dict, NoneType})
"""What JSON may have for an input of each kind: null is a missing value, true is 1."""

Place = Callable[[tuple[int, ...]], str]
"""Names a value in the request by its indices."""

LeafPlace = Callable[[int], str]
"""Names a value by its index among those that are no lists."""


def array_of(
    values: list[Any], shape: Sequence[int | None] | None, spec: TensorSpec, place: Place
) -> np.ndarray:
    """Make one array of values that are nested alike.

    Args:
        values: one for each place of the first axis.
        shape: of each of them; None if any will do.
        spec: the input.
        place: names a value by its indices, those of `values` first.
    """
    if shape is None:
        shape = _shape_of(values[0])
    leaves, lengths = values, [len(values)]
    for axis, expected in enumerate(shape):
        if wrong := _first(leaves, lambda leaf: not isinstance(leaf, list)):
            where = place(_at(wrong[0], lengths))
            raise RequestError(
                f'{where}: is {shown(wrong[1])}; {_list(expected, len(shape) - axis, spec)}'
            )
        length = expected if expected is not None else len(leaves[0]) if leaves else 0
        if wrong := next(((i, leaf) for i, leaf in enumerate(leaves) if len(leaf) != length), None):
            where = place(_at(wrong[0], lengths))
            raise RequestError(f'{where}: is {shown(wrong[1])}; {_list(length, 1, spec)}')
        lengths.append(length)
        leaves = list(itertools.chain.from_iterable(leaves))
    convert = _strings if spec.is_string else _BY_KIND[spec.dtype.kind]
    flat = convert(leaves, spec, lambda i: place(_at(i, lengths)))
    return flat.reshape(lengths)


def _floats(values: list[Any], spec: TensorSpec, place: LeafPlace) -> np.ndarray:
    _check_types(values, FLOATS, 'a number or null', place)
    try:
        doubles = np.array(values, dtype=np.float64)
    except OverflowError:
        doubles = np.array([_double(value) for value in values])
    array = doubles if spec.dtype == np.float64 else _narrowed(doubles, spec.dtype)
    if np.isinf(array).any():
        i = int(np.isinf(array).argmax())
        largest = float(np.finfo(np.float64 if spec.dtype.kind == 'V' else spec.dtype).max)
        raise RequestError(
            f'{place(i)}: is {shown(values[i])}; null or a number within ±{largest:.3g} is expected'
        )
    return array


def _integers(values: list[Any], spec: TensorSpec, place: LeafPlace) -> np.ndarray:
    limits = np.iinfo(spec.dtype)
    expected = f'a whole number from {limits.min} to {limits.max}'
    _check_types(values, INTEGERS, expected, place)
    wrong = _first(values, lambda v: not (limits.min <= v <= limits.max and v == int(v)))
    if wrong:
        raise RequestError(f'{place(wrong[0])}: is {shown(wrong[1])}; {expected} is expected')
    return np.array([int(value) for value in values], dtype=spec.dtype)


def _booleans(values: list[Any], spec: TensorSpec, place: LeafPlace) -> np.ndarray:
    _check_types(values, BOOLEANS, 'true or false', place)
    return np.array(values, dtype=spec.dtype)


def _strings(values: list[Any], spec: TensorSpec, place: LeafPlace) -> np.ndarray:
    _check_types(values, STRINGS, 'a string, {"b64": …} or null', place)
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        if isinstance(value, str):
            try:
                array[i] = value.encode()
            except UnicodeEncodeError:
                raise RequestError(f'{place(i)}: is not text that UTF-8 can hold') from None
        else:
            array[i] = b'' if value is None else _from_base64(value, i, place)
    return array


_BY_KIND: dict[str, Callable[[list[Any], TensorSpec, LeafPlace], np.ndarray]] = {
    'f': _floats,
    'V': _floats,  # bfloat16 and the like, which numpy itself does not know
    'i': _integers,
    'u': _integers,
    'b': _booleans,
}


def _from_base64(value: dict[str, Any], i: int, place: LeafPlace) -> bytes:
    text = value.get('b64')
    if len(value) != 1 or not isinstance(text, str):
        raise RequestError(f'{place(i)}: is an object; of objects only {{"b64": "…"}} is expected')
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error, or characters that are not ASCII
        raise RequestError(f'{place(i)}: its b64 is not base64: {error}') from None


def _narrowed(doubles: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over='ignore'):
        return doubles.astype(dtype)


def _double(value: Any) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.inf


def _check_types(
    values: Iterable[Any], allowed: frozenset[type], expected: str, place: LeafPlace
) -> None:
    if not set(map(type, values)) <= allowed:
        wrong = next((i, value) for i, value in enumerate(values) if type(value) not in allowed)
        raise RequestError(f'{place(wrong[0])}: is {shown(wrong[1])}; {expected} is expected')


def _first(values: Iterable[Any], is_wrong: Callable[[Any], bool]) -> tuple[int, Any] | None:
    return next(((i, value) for i, value in enumerate(values) if is_wrong(value)), None)


def _at(flat: int, lengths: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, lengths)) if 0 not in lengths else ()


def indices(at: Iterable[int]) -> str:
    """Return indices as they are written behind a name."""
    return ''.join(f'[{i}]' for i in at)


def _list(length: int | None, depth: int, spec: TensorSpec) -> str:
    of = 'lists' if depth > 1 else 'strings' if spec.is_string else 'numbers'
    return f'a list of {of if length is None else f"{length} {of}"} is expected'


def _shape_of(value: Any) -> list[None]:
    shape: list[None] = []
    while isinstance(value, list):
        shape.append(None)
        value = value[0] if value else None
    return shape
