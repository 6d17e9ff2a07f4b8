"""JSON requests to arrays: by row (`instances`) or by column (`inputs`)."""

import binascii
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np
import orjson

from serving.errors import RequestError, did_you_mean, listed, shown
from serving.saved_model import Arrays, Signature, TensorSpec

KEYS = ('signature_name', 'instances', 'inputs')
VERTEX_KEYS = ('instances', 'parameters')

Place = Callable[[tuple[int, ...]], str]
"""Names a value in the request by its indices."""


@dataclass(frozen=True)
class Call:
    """A request, decoded.

    Attributes:
        tensors: an array for each input of the signature.
        rows: length of their first axis; None if the signature has no such axis.
        by_row: whether the request was by row, as the answer will be.
        named: whether it had its inputs by name.
    """

    tensors: Arrays
    rows: int | None
    by_row: bool
    named: bool

    @property
    def form(self) -> str:
        """The key that it came under."""
        return 'instances' if self.by_row else 'inputs'

    def place(self, row: int, name: str = '') -> str:
        """Name a row, or an input of it, as the client wrote it."""
        if not self.named or not name:
            return f'{self.form}[{row}]'
        return f'instances[{row}].{name}' if self.by_row else f'inputs.{name}[{row}]'


def parse(body: bytes) -> dict[str, Any]:
    """Parse a request's body.

    NaN is taken for a missing number, though JSON has no such word: pandas and numpy write it.

    Raises:
        RequestError: It is not a JSON object.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        value = _lenient(body, error)
    if not isinstance(value, dict):
        raise RequestError(f'the body is {shown(value)}; a JSON object is expected')
    return value


def decode(
    payload: dict[str, Any], signature: Signature, most: int, keys: Sequence[str] = KEYS
) -> Call:
    """Make a signature's inputs of a parsed request.

    A row, or a value in it, that is null or absent is missing: NaN, or '' for a string.

    Args:
        payload: the request.
        signature: the signature that it is for.
        most: instances that are allowed.
        keys: keys that the request may have.

    Raises:
        RequestError: It does not fit; names the instance and input, the value, what is allowed.
    """
    for key in payload:
        if key not in keys:
            raise RequestError(
                f'{shown(key)} is not known; {did_you_mean(key, keys)}allowed: {listed(keys)}'
            )
    given = [key for key in ('instances', 'inputs') if key in payload]
    if len(given) != 1:
        one_of = ' or '.join(key for key in keys if key in ('instances', 'inputs'))
        raise RequestError(
            'has both instances and inputs; send one of them' if given else f'has no {one_of}'
        )
    if given == ['instances']:
        return _by_row(payload['instances'], signature, most)
    return _by_column(payload['inputs'], signature, most)


def _by_row(instances: Any, signature: Signature, most: int) -> Call:
    if not isinstance(instances, list) or not instances:
        raise RequestError(f'instances: is {shown(instances)}; a list of one or more is expected')
    _check_count('instances', len(instances), most)
    inputs = signature.inputs
    unbatched = [name for name, spec in inputs.items() if spec.shape is not None and not spec.shape]
    if not inputs or unbatched:
        raise RequestError(
            f'instances: signature {shown(signature.name)} does not take rows; send inputs'
        )
    if len(inputs) == 1 and not any(map(_is_named, instances)):
        name, spec = next(iter(inputs.items()))
        array = _tensor(instances, _of_row(spec), spec, lambda at: f'instances{_indices(at)}')
        return Call({name: array}, len(instances), by_row=True, named=False)
    for i, row in enumerate(instances):
        if not _is_named(row):
            raise RequestError(
                f'instances[{i}]: is {shown(row)}; an object with inputs by name is expected: '
                f'{listed(inputs)}'
            )
        if not row.keys() <= inputs.keys():
            _refuse_unknown(f'instances[{i}].', row, inputs)
    tensors = {
        name: _tensor(
            [row.get(name) for row in instances], _of_row(spec), spec,
            lambda at, name=name: f'instances[{at[0]}].{name}{_indices(at[1:])}',
        )
        for name, spec in inputs.items()
    }  # fmt: skip
    return Call(tensors, len(instances), by_row=True, named=True)


def _by_column(columns: Any, signature: Signature, most: int) -> Call:
    inputs = signature.inputs
    if not _is_named(columns):
        if len(inputs) != 1:
            raise RequestError(
                f'inputs: is {shown(columns)}; an object with values by name is expected: '
                f'{listed(inputs)}'
            )
        columns, prefix = {next(iter(inputs)): columns}, 'inputs'
    else:
        _refuse_unknown('inputs.', columns, inputs)
        prefix = ''
    tensors: Arrays = {}
    for name, value in columns.items():
        spec = inputs[name]
        if value is None and spec.is_batched and len(columns) > 1:
            continue
        place = prefix or f'inputs.{name}'
        if isinstance(value, list):
            _check_count(place, len(value), most)
        tensors[name] = _tensor(
            [value], spec.shape, spec, lambda at, place=place: f'{place}{_indices(at[1:])}'
        )[0]
    rows = _rows_of(tensors, inputs)
    for name, spec in inputs.items():
        if name not in tensors:
            if rows is None:
                raise RequestError(f'inputs.{name}: is required')
            tensors[name] = _tensor(
                [None] * rows, _of_row(spec), spec, lambda _, name=name: f'inputs.{name}'
            )
    return Call({name: tensors[name] for name in inputs}, rows, by_row=False, named=not prefix)


def _rows_of(tensors: Arrays, inputs: dict[str, TensorSpec]) -> int | None:
    """Return the length that all columns have; None if none of them has rows."""
    rows = {name: len(a) for name, a in tensors.items() if a.ndim and inputs[name].shape != ()}
    if len(set(rows.values())) > 1:
        first, other = next((n, m) for n in rows for m in rows if rows[n] != rows[m])
        raise RequestError(
            f'inputs: {first} has {rows[first]} values and {other} has {rows[other]}; '
            'columns of one length are expected'
        )
    if rows and not next(iter(rows.values())):
        raise RequestError(f'inputs.{next(iter(rows))}: is empty; one or more values are expected')
    return next(iter(rows.values()), None)


def _tensor(
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
        length = len(leaves[0]) if expected is None else expected
        if wrong := _first(leaves, lambda leaf, length=length: len(leaf) != length):
            where = place(_at(wrong[0], lengths))
            raise RequestError(f'{where}: is {shown(wrong[1])}; {_list(length, 1, spec)}')
        lengths.append(length)
        leaves = list(itertools.chain.from_iterable(leaves))
    convert = _strings if spec.is_string else _BY_KIND[spec.dtype.kind]
    flat = convert(leaves, spec, lambda i: place(_at(i, lengths)))
    return flat.reshape(lengths)


def _floats(values: list[Any], spec: TensorSpec, place: Callable[[int], str]) -> np.ndarray:
    _check_types(values, (float, int, NoneType, bool), 'a number or null', place)
    try:
        doubles = np.array(values, dtype=np.float64)
    except OverflowError:
        doubles = np.array([_double(value) for value in values])
    with np.errstate(over='ignore'):
        array = doubles.astype(spec.dtype)
    if np.isinf(array).any():
        i = int(np.isinf(array).argmax())
        largest = float(np.finfo(np.float64 if spec.dtype.kind == 'V' else spec.dtype).max)
        raise RequestError(
            f'{place(i)}: is {shown(values[i])}; a number between ±{largest:.3g} or null is expected'
        )
    return array


def _integers(values: list[Any], spec: TensorSpec, place: Callable[[int], str]) -> np.ndarray:
    limits = np.iinfo(spec.dtype)
    expected = f'a whole number from {limits.min} to {limits.max}'
    _check_types(values, (float, int, bool), expected, place)
    wrong = _first(values, lambda v: not (limits.min <= v <= limits.max and v == int(v)))
    if wrong:
        raise RequestError(f'{place(wrong[0])}: is {shown(wrong[1])}; {expected} is expected')
    return np.array([int(value) for value in values], dtype=spec.dtype)


def _booleans(values: list[Any], spec: TensorSpec, place: Callable[[int], str]) -> np.ndarray:
    _check_types(values, (bool,), 'true or false', place)
    return np.array(values, dtype=spec.dtype)


def _strings(values: list[Any], spec: TensorSpec, place: Callable[[int], str]) -> np.ndarray:
    _check_types(values, (str, NoneType, dict), 'a string, {"b64": …} or null', place)
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        if isinstance(value, str):
            try:
                array[i] = value.encode()
            except UnicodeEncodeError:
                raise RequestError(f'{place(i)}: is not text that UTF-8 can hold') from None
        else:
            array[i] = b'' if value is None else _from_base64(value, lambda i=i: place(i))
    return array


_BY_KIND: dict[str, Callable[[list[Any], TensorSpec, Callable[[int], str]], np.ndarray]] = {
    'f': _floats,
    'V': _floats,  # bfloat16 and the like, which numpy itself does not know
    'i': _integers,
    'u': _integers,
    'b': _booleans,
}


def _from_base64(value: dict[str, Any], place: Callable[[], str]) -> bytes:
    text = value.get('b64')
    if len(value) != 1 or not isinstance(text, str):
        raise RequestError(f'{place()}: is an object; of objects only {{"b64": "…"}} is expected')
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error, or characters that are not ASCII
        raise RequestError(f'{place()}: its b64 is not base64: {error}') from None


def _lenient(body: bytes, error: orjson.JSONDecodeError) -> Any:
    """Parse JSON with the words NaN and Infinity, which the standard lacks."""
    text = f'the body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})'
    if b'NaN' not in body and b'Infinity' not in body:
        raise RequestError(text)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError(text) from None


def _double(value: Any) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.inf


def _check_types(
    values: Iterable[Any], allowed: tuple[type, ...], expected: str, place: Callable[[int], str]
) -> None:
    if wrong := _first(values, lambda value: type(value) not in allowed):
        raise RequestError(f'{place(wrong[0])}: is {shown(wrong[1])}; {expected} is expected')


def _check_count(place: str, count: int, most: int) -> None:
    if count > most:
        raise RequestError(f'{place}: has {count:,}; at most {most:,} are allowed', status=413)


def _refuse_unknown(prefix: str, given: dict[str, Any], known: Iterable[str]) -> None:
    known = list(known)
    for name in given:
        if name not in known:
            short = shown(name)[1:-1]
            raise RequestError(
                f'{prefix}{short}: is not an input; {did_you_mean(name, known)}'
                f'inputs: {listed(known)}'
            )


def _first(values: Iterable[Any], is_wrong: Callable[[Any], bool]) -> tuple[int, Any] | None:
    return next(((i, value) for i, value in enumerate(values) if is_wrong(value)), None)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() != {'b64'}


def _of_row(spec: TensorSpec) -> tuple[int | None, ...] | None:
    return None if spec.shape is None else spec.shape[1:]


def _shape_of(value: Any) -> list[None]:
    shape: list[None] = []
    while isinstance(value, list):
        shape.append(None)
        value = value[0] if value else None
    return shape


def _at(flat: int, lengths: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, lengths)) if 0 not in lengths else ()


def _indices(at: Iterable[int]) -> str:
    return ''.join(f'[{i}]' for i in at)


def _list(length: int | None, depth: int, spec: TensorSpec) -> str:
    of = 'lists' if depth > 1 else 'strings' if spec.is_string else 'numbers'
    return f'a list of {of if length is None else f"{length} {of}"} is expected'
