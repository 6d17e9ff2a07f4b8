"""tf.Examples as the JSON that a client sends for the same rows."""

import base64
import math
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

import tensorflow as tf

PICTURE = 'image_bytes'
"""Input that takes an encoded picture, whatever its column in the examples is called."""

STRIDE = 10
"""Of so many rows one is asked for, so that they are not all from one place."""

_MAGIC = (b'\xff\xd8\xff', b'\x89PNG', b'GIF8', b'BM', b'RIFF')


def spread(batches: Iterable[list[bytes]], rows: int) -> list[bytes]:
    """Return some of the first serialized examples, `rows` at most, evenly spaced.

    Args:
        batches: of that many rows each.
        rows: how many.
    """
    read = [record for batch in islice(batches, STRIDE) for record in batch]
    return read[:: max(1, len(read) // rows)][:rows]


def instance(serialized: bytes, inputs: Collection[str]) -> dict[str, Any]:
    """Return a row as a client sends it: a missing value is null, bytes are base64.

    Args:
        serialized: a tf.Example.
        inputs: the inputs that the served signature takes.
    """
    features = tf.train.Example.FromString(serialized).features.feature
    if set(inputs) == {PICTURE}:
        return {PICTURE: {'b64': base64.b64encode(_picture(features)).decode()}}
    return {name: _value(features[name]) if name in features else None for name in inputs}


def _value(feature: tf.train.Feature) -> Any:
    kind = feature.WhichOneof('kind')
    values = getattr(feature, kind).value if kind else ()
    if not values:
        return None
    if kind == 'bytes_list':
        try:
            return values[0].decode()
        except UnicodeDecodeError:
            return {'b64': base64.b64encode(values[0]).decode()}
    value = values[0]
    return value if math.isfinite(value) else None


def _picture(features: Any) -> bytes:
    named = features[PICTURE].bytes_list.value if PICTURE in features else ()
    found = (v for f in features.values() for v in f.bytes_list.value if v.startswith(_MAGIC))
    picture: bytes = named[0] if named else next(found, b'')
    return picture
