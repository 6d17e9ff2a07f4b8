"""JSON requests to arrays: by row (`instances`) or by column (`inputs`)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from serving.errors import RequestError, did_you_mean, listed, shown
from serving.saved_model import Arrays, Signature, TensorSpec
from serving.values import Place, array_of, indices

KEYS = ('signature_name', 'instances', 'inputs')
VERTEX_KEYS = ('instances', 'parameters')


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
        array = array_of(instances, _of_row(spec), spec, lambda at: f'instances{indices(at)}')
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
        name: array_of([row.get(name) for row in instances], _of_row(spec), spec, _in_row(name))
        for name, spec in inputs.items()
    }
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
        tensors[name] = array_of([value], spec.shape, spec, _in_column(place))[0]
    rows = _rows_of(tensors, inputs)
    for name, spec in inputs.items():
        if name not in tensors:
            if rows is None:
                raise RequestError(f'inputs.{name}: is required')
            missing: list[None] = [None] * rows
            tensors[name] = array_of(missing, _of_row(spec), spec, _in_column(f'inputs.{name}'))
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


def _lenient(body: bytes, error: orjson.JSONDecodeError) -> Any:
    """Parse JSON with the words NaN and Infinity, which the standard lacks."""
    text = f'the body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})'
    if b'NaN' not in body and b'Infinity' not in body:
        raise RequestError(text)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError(text) from None


def _in_row(name: str) -> Place:
    return lambda at: f'instances[{at[0]}].{name}{indices(at[1:])}'


def _in_column(place: str) -> Place:
    return lambda at: f'{place}{indices(at[1:])}'


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


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() != {'b64'}


def _of_row(spec: TensorSpec) -> tuple[int | None, ...] | None:
    return None if spec.shape is None else spec.shape[1:]
