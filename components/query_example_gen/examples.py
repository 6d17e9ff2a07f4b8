"""Arrow record batches as serialized tf.train.Examples, a column at a time.

Own code, since it is several times faster than the library's encoder and, unlike it, makes the
same bytes from the same row every time: columns are written in the order of their names.

An Example is a protobuf map. Each column becomes an array of its encoded map entries, and the
entries of a row are joined. Wire format: https://protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BINARY = pa.binary()
_EMPTY = pa.scalar(b'', _BINARY)
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = 0x0A, 0x12, 0x1A
"""Tags of tf.train.Feature's fields."""


def encode(batch: pa.RecordBatch) -> pa.BinaryArray:
    """Serialize each row as a tf.train.Example.

    Args:
        batch: columns of int64, float64, bool, string or binary, or lists of the first four. NULL
            becomes a feature without values, bool an int64, float64 a float32.

    Returns:
        `[rows]` serialized Examples.
    """
    names = sorted(batch.schema.names, key=lambda name: name.encode())
    entries = [_entries(name.encode(), batch.column(name)) for name in names]
    features = pc.binary_join_element_wise(*entries, _EMPTY)
    return _length_delimited(b'\x0a', features)


def _entries(key: bytes, column: pa.Array) -> pa.Array:
    """Return the map entry of a column in each row."""
    absent = pa.scalar(_map_entry(key, b''), _BINARY)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        rows = [_list_feature(column.type.value_type, v) for v in column.to_pylist()]
        return pa.array([_map_entry(key, feature) for feature in rows], _BINARY)
    encoder = _scalar_encoder(column.type)
    if column.null_count == len(column):
        return pa.repeat(absent, len(column))
    if not column.null_count:
        return encoder(key, column)
    filled = column.fill_null(pc.drop_null(column)[0])
    return pc.if_else(column.is_valid(), encoder(key, filled), absent)


def _scalar_encoder(type_: pa.DataType) -> Callable[[bytes, pa.Array], pa.Array]:
    if pa.types.is_boolean(type_):
        return lambda key, column: _ints(key, column.cast(pa.int64()))
    if pa.types.is_integer(type_):
        return _ints
    if pa.types.is_floating(type_):
        return _floats
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return _strings
    if pa.types.is_binary(type_):
        return _bytes
    raise TypeError(f'no tf.Example feature for Arrow type {type_}')


def _ints(key: bytes, column: pa.Array) -> pa.Array:
    """Encode each distinct number once where there are few, else each by itself."""
    distinct = column.dictionary_encode()
    if len(distinct.dictionary) <= max(1, len(column) // 8):
        features = [_int_feature([v]) for v in distinct.dictionary.to_pylist()]
        entries = [_map_entry(key, feature) for feature in features]
        return pa.array(entries, _BINARY).take(distinct.indices)
    varints, lengths = _varints(column.to_numpy(zero_copy_only=False))
    heads = [b'', *(_head(key, _int_feature_of_length, n) for n in range(1, 11))]
    before = pa.array(heads, _BINARY).take(pa.array(lengths))
    return pc.binary_join_element_wise(before, varints, _EMPTY)


def _floats(key: bytes, column: pa.Array) -> pa.Array:
    head = np.frombuffer(_head(key, _float_feature_of_length, 4), np.uint8)
    rows = np.empty((len(column), len(head) + 4), np.uint8)
    rows[:, : len(head)] = head
    with np.errstate(over='ignore'):  # beyond float32's range lies infinity
        values = column.to_numpy(zero_copy_only=False).astype('<f4')
    rows[:, len(head) :] = values.view(np.uint8).reshape(-1, 4)
    return _binary_array(rows.reshape(-1), np.full(len(column), rows.shape[1]))


def _strings(key: bytes, column: pa.Array) -> pa.Array:
    distinct = column.cast(_BINARY).dictionary_encode()
    if len(distinct.dictionary) <= max(1, len(column) // 8):
        entries = [_map_entry(key, _bytes_feature([v])) for v in distinct.dictionary.to_pylist()]
        return pa.array(entries, _BINARY).take(distinct.indices)
    return _bytes(key, column.cast(_BINARY))


def _bytes(key: bytes, values: pa.Array) -> pa.Array:
    lengths = pc.binary_length(values).dictionary_encode()
    heads = [_head(key, _bytes_feature_of_length, n) for n in lengths.dictionary.to_pylist()]
    before = pa.array(heads, _BINARY).take(lengths.indices)
    return pc.binary_join_element_wise(before, values, _EMPTY)


def _length_delimited(tag: bytes, bodies: pa.Array) -> pa.Array:
    lengths = pc.binary_length(bodies).dictionary_encode()
    heads = [tag + _varint(n) for n in lengths.dictionary.to_pylist()]
    before = pa.array(heads, _BINARY).take(lengths.indices)
    return pc.binary_join_element_wise(before, bodies, _EMPTY)


def _varints(numbers: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """Encode int64s as base-128 varints; returns them and their lengths, 1 to 10 bytes."""
    unsigned = numbers.astype(np.int64).view(np.uint64)
    shifted = unsigned[:, None] >> (np.arange(10, dtype=np.uint64) * np.uint64(7))
    lengths = np.maximum((shifted > 0).sum(axis=1), 1)
    place = np.arange(10)
    groups = (shifted & np.uint64(127)).astype(np.uint8)
    groups[place < lengths[:, None] - 1] |= 128
    used = np.ascontiguousarray(groups[place < lengths[:, None]])
    return _binary_array(used, lengths), lengths


def _binary_array(joined: np.ndarray, lengths: np.ndarray) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(joined)]
    return pa.Array.from_buffers(_BINARY, len(lengths), buffers)


def _head(key: bytes, feature_of_length: Callable[[int], bytes], length: int) -> bytes:
    """Return what comes before a value of a length in bytes, in a map entry of one value."""
    return _map_entry(key, feature_of_length(length))[: -length or None]


def _int_feature_of_length(n: int) -> bytes:
    return _field(_INT64_LIST, _field(0x0A, bytes(n)))


def _float_feature_of_length(n: int) -> bytes:
    return _field(_FLOAT_LIST, _field(0x0A, bytes(n)))


def _bytes_feature_of_length(n: int) -> bytes:
    return _field(_BYTES_LIST, _field(0x0A, bytes(n)))


def _list_feature(type_: pa.DataType, values: list | None) -> bytes:
    """Encode an array; BigQuery knows none that is NULL: it is one without values."""
    if pa.types.is_floating(type_):
        packed = np.array(values or (), '<f4').tobytes()
        return _field(_FLOAT_LIST, _field(0x0A, packed) if values else b'')
    if pa.types.is_integer(type_) or pa.types.is_boolean(type_):
        return _int_feature([int(v) for v in values or ()])
    return _bytes_feature([v.encode() for v in values or ()])


def _int_feature(values: list[int]) -> bytes:
    packed = b''.join(map(_varint, values))
    return _field(_INT64_LIST, _field(0x0A, packed) if values else b'')


def _bytes_feature(values: list[bytes]) -> bytes:
    return _field(_BYTES_LIST, b''.join(_field(0x0A, v) for v in values))


def _map_entry(key: bytes, feature: bytes) -> bytes:
    return _field(0x0A, _field(0x0A, key) + _field(0x12, feature))


def _field(tag: int, payload: bytes) -> bytes:
    return bytes([tag]) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])
