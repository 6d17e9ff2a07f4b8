"""Encoded rows, as TensorFlow's own protobuf reads them."""

import numpy as np
import pyarrow as pa
import pytest
from tensorflow.core.example.example_pb2 import Example

from components.query_example_gen.examples import encode


def decoded(batch: pa.RecordBatch) -> list[dict[str, list]]:
    rows = []
    for example in encode(batch).to_pylist():
        features = Example.FromString(example).features.feature
        rows.append({name: values(feature) for name, feature in features.items()})
    return rows


def values(feature: Example) -> list:
    kind = feature.WhichOneof('kind')
    found = list(getattr(feature, kind).value) if kind else []
    return [v.decode() if isinstance(v, bytes) else v for v in found]


def test_every_row_comes_back() -> None:
    # Numbers of every length as varints, texts of lengths at which their prefix grows.
    ints = [0, 1, -1, *(sign * 2**n + d for n in range(1, 63) for sign in (1, -1) for d in (-1, 0))]
    ints += [2**63 - 1, -(2**63)]
    floats = [0.0, -0.0, 1.5, -2.25, 3.4028234663852886e38, 1e-45, float('inf'), -float('inf')]
    texts = ['', 'a', 'é', '日本語', '\0', 'x' * 127, 'x' * 128, 'y' * 16_384, 'z' * 70_000]
    rng = np.random.default_rng(0)
    rows = [
        tuple(None if rng.random() < 0.1 else pool[rng.integers(len(pool))] for pool in pools)
        for pools in [(ints, floats, texts)] * 2000
    ]
    rows += [(i, None, None) for i in ints] + [(None, f, None) for f in floats]
    columns = zip(*rows, strict=True)
    kinds = (pa.int64(), pa.float64(), pa.string())
    arrays = [pa.array(list(c), kind) for c, kind in zip(columns, kinds, strict=True)]
    batch = pa.record_batch(arrays, ['i', 'f', 's'])
    expected = [
        {
            'i': [] if i is None else [i],
            'f': [] if f is None else [float(np.float32(f))],
            's': [] if s is None else [s],
        }
        for i, f, s in rows
    ]
    assert decoded(batch) == expected


def test_many_distinct_and_few_distinct_values_read_the_same() -> None:
    rng = np.random.default_rng(0)
    few = rng.integers(0, 3, 5000)
    many = rng.integers(-(2**63), 2**63 - 1, 5000)
    batch = pa.record_batch(
        {
            'few': few,
            'many': many,
            'few_texts': [f't{i}' for i in few],
            'many_texts': ['x' * (i % 300) + str(i) for i in range(5000)],
        }
    )
    rows = decoded(batch)
    assert [r['few'][0] for r in rows] == few.tolist()
    assert [r['many'][0] for r in rows] == many.tolist()
    assert [r['few_texts'][0] for r in rows] == batch['few_texts'].to_pylist()
    assert [r['many_texts'][0] for r in rows] == batch['many_texts'].to_pylist()


@pytest.mark.filterwarnings('error')
def test_a_number_beyond_float32_is_infinite() -> None:
    assert decoded(pa.record_batch({'x': [1e300, -1e300]})) == [
        {'x': [float('inf')]},
        {'x': [-float('inf')]},
    ]


def test_booleans_and_lists() -> None:
    batch = pa.record_batch(
        {
            'b': [True, False, None],
            'ints': pa.array([[1, -1], [], None], pa.list_(pa.int64())),
            'texts': pa.array([['é', ''], None, ['z']], pa.list_(pa.string())),
            'floats': pa.array([[0.5], None, []], pa.list_(pa.float64())),
        }
    )
    assert decoded(batch) == [
        {'b': [1], 'ints': [1, -1], 'texts': ['é', ''], 'floats': [0.5]},
        {'b': [0], 'ints': [], 'texts': [], 'floats': []},
        {'b': [], 'ints': [], 'texts': ['z'], 'floats': []},
    ]


def test_same_row_same_bytes_whatever_the_order_of_columns() -> None:
    one = pa.record_batch({'a': [1], 'b': ['x']})
    other = pa.record_batch({'b': ['x', 'y'], 'a': [1, 2]})
    assert encode(one)[0] == encode(other)[0]


def test_a_type_that_examples_do_not_have() -> None:
    with pytest.raises(TypeError, match='date32'):
        encode(pa.record_batch({'d': pa.array([0], pa.date32())}))
